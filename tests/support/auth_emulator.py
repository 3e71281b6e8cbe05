"""One Auth emulator for the whole test run, started when the first test asks for it, next to Firestore's.

As with `tests/support/emulator.py`, the pytest process that owns the run starts it and ends it; workers ask
for the address. It has one project; each test has users of its own.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import socket
import threading
import time
import uuid
from functools import cache
from pathlib import Path
from typing import Any

from dalsegno._errors import EmulatorError
from dalsegno.testing._auth_emulator import HOST_VARIABLE, AuthEmulator
from tests.support.waiting import until

ROOT = Path(__file__).parents[2]
FIREBASE = ROOT / ".tools" / "firebase" / "node_modules" / ".bin" / "firebase"
PROJECT = "demo-sign-in"
AUDIENCE = "https://identitytoolkit.googleapis.com/google.identity.identitytoolkit.v1.IdentityToolkit"
SERVICE_VARIABLE = "DALSEGNO_TEST_AUTH_EMULATOR"  # not Firebase's own: production paths must stay testable
START_TIMEOUT_S = 150.0


class AuthEmulatorService:
    """Answers each connection with JSON: the emulator's address, or why there is none."""

    def __init__(self) -> None:
        self._attach_to = os.environ.pop(HOST_VARIABLE, None)
        self._emulator: AuthEmulator | None = None
        self._server = socket.create_server(("127.0.0.1", 0))
        os.environ[SERVICE_VARIABLE] = "127.0.0.1:{1}".format(*self._server.getsockname())
        self._thread = threading.Thread(target=self._serve, name="auth-emulator-service", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stops the emulator, if there was one."""
        os.environ.pop(SERVICE_VARIABLE, None)
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._thread.join()
        if self._emulator is not None:
            self._emulator.stop()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:  # closed
                return
            answer = json.dumps(self._answer()).encode()
            with connection, contextlib.suppress(OSError):  # who only wanted it started is gone
                connection.sendall(answer)

    def _answer(self) -> dict[str, Any]:
        try:
            if self._emulator is None:
                self._emulator = self._started()
        except EmulatorError as error:
            return {"failure": str(error)}
        return {"host": self._emulator.host}

    def _started(self) -> AuthEmulator:
        if self._attach_to:
            return AuthEmulator(self._attach_to, PROJECT)
        if not FIREBASE.exists():
            raise EmulatorError("the Firebase CLI is not in .tools: `make tools` fetches it")
        return AuthEmulator.start(PROJECT, firebase=FIREBASE)


def start_soon() -> None:
    """Has the emulator started in the background, since it takes Node 10 s: the first test waits less."""
    host, _, port = os.environ[SERVICE_VARIABLE].partition(":")
    socket.create_connection((host, int(port)), timeout=START_TIMEOUT_S).close()


@cache
def shared_auth_emulator() -> AuthEmulator:
    """The run's Auth emulator; started now if nobody has asked before."""
    host, _, port = os.environ[SERVICE_VARIABLE].partition(":")
    with socket.create_connection((host, int(port)), timeout=START_TIMEOUT_S) as connection:
        answer: dict[str, Any] = json.loads(b"".join(iter(lambda: connection.recv(4096), b"")))
    if "failure" in answer:
        raise EmulatorError(answer["failure"])
    return AuthEmulator(answer["host"], PROJECT)


def fresh_email() -> str:
    """An address that no other test has."""
    return f"{uuid.uuid4().hex[:12]}@example.com"


def custom_token(uid: str) -> str:
    """What a trusted server would sign; the emulator does not look at signatures."""
    claims = json.dumps({"uid": uid, "aud": AUDIENCE}).encode()
    return f"e30.{base64.urlsafe_b64encode(claims).rstrip(b'=').decode()}."


def next_second() -> None:
    """Returns in another second: two sign-ins of a user within one are one for the rules."""
    now_s = int(time.time())
    until(lambda: int(time.time()) > now_s, what="the next second")


def change_user(emulator: AuthEmulator, uid: str, **changes: object) -> None:
    """What an administrator can do to a user: `disableUser=True`, `password=…`."""
    emulator.administer("POST", "/accounts:update", {"localId": uid, **changes})


def delete_user(emulator: AuthEmulator, uid: str) -> None:
    emulator.administer("POST", "/accounts:delete", {"localId": uid})


def mails(emulator: AuthEmulator, email: str) -> list[dict[str, Any]]:
    """The mails that Firebase would have sent to this address, oldest first."""
    answer = emulator.request("GET", f"/emulator/v1/projects/{emulator.project}/oobCodes")
    return [mail for mail in answer["oobCodes"] if mail["email"] == email]
