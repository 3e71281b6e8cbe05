"""One emulator for the whole test run, started when the first test asks for it.

The pytest process that owns the run (under xdist: the controller) listens on a loopback port and starts
the emulator when somebody connects; every worker, and every process that a test starts, can ask it for
the address. The emulator ends with that process. Invariant: one run, one emulator, whatever the number
of workers.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
import uuid
from functools import cache
from pathlib import Path
from typing import Any

from dalsegno._errors import EmulatorError
from dalsegno.testing._firestore_emulator import FirestoreEmulator
from dalsegno.testing._launcher import HOST_VARIABLE

RULES = Path(__file__).parents[2] / "firestore.rules"
SERVICE_VARIABLE = "DALSEGNO_TEST_EMULATOR"  # not Firestore's own: that one turns stock clients into owners
START_TIMEOUT_S = 150.0


class EmulatorService:
    """Answers each connection with JSON: the emulator's address and whether it is attached, or a failure."""

    def __init__(self) -> None:
        self._attach_to = os.environ.pop(HOST_VARIABLE, None)
        self._emulator: FirestoreEmulator | None = None
        self._server = socket.create_server(("127.0.0.1", 0))
        os.environ[SERVICE_VARIABLE] = "127.0.0.1:{1}".format(*self._server.getsockname())
        self._thread = threading.Thread(target=self._serve, name="emulator-service", daemon=True)
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
            answer = self._answer().encode()
            with connection, contextlib.suppress(OSError):  # who gave up waiting is gone; others will ask
                connection.sendall(answer)

    def _answer(self) -> str:
        try:
            if self._emulator is None:
                self._emulator = (
                    FirestoreEmulator(self._attach_to)
                    if self._attach_to
                    else FirestoreEmulator.start(rules=RULES)
                )
        except EmulatorError as error:
            return json.dumps({"failure": str(error)})
        return json.dumps({"host": self._emulator.host, "attached": self._emulator.attached})


def start_soon() -> None:
    """Has the emulator started in the background, since it takes Java some seconds."""
    host, _, port = os.environ[SERVICE_VARIABLE].partition(":")
    socket.create_connection((host, int(port)), timeout=START_TIMEOUT_S).close()


@cache
def _asked() -> dict[str, Any]:
    host, _, port = os.environ[SERVICE_VARIABLE].partition(":")
    with socket.create_connection((host, int(port)), timeout=START_TIMEOUT_S) as connection:
        answer: dict[str, Any] = json.loads(b"".join(iter(lambda: connection.recv(4096), b"")))
    if "failure" in answer:
        raise EmulatorError(answer["failure"])
    return answer


def shared_emulator() -> FirestoreEmulator:
    """The run's emulator; started now if nobody has asked before."""
    return FirestoreEmulator(_asked()["host"])


def fresh_project() -> str:
    """The id of a new project, empty, where firestore.rules hold: no test sees another's documents."""
    name = f"demo-{uuid.uuid4().hex[:12]}"
    if _asked()["attached"]:  # one that we started has them for all projects; compiling them costs 40 ms
        shared_emulator().load_rules(name, RULES.read_text(encoding="utf-8"))
    return name
