"""Starts, waits for and stops the official Auth emulator, or attaches to one that runs.

It is a part of the Firebase CLI, which needs Node, but no Java. Calls block the caller's thread; standard
library only. Invariant: what was started here ends with this process, however it ends (`leash.py`); what was
attached to is left as it is.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from dalsegno._errors import EmulatorError
from dalsegno.testing._launcher import LOOPBACK, Launcher, Process

HOST_VARIABLE = "FIREBASE_AUTH_EMULATOR_HOST"
START_TIMEOUT_S = 120.0  # 5 s on a quiet machine; the first start after installation reads 200 MB from disk
ATTACH_TIMEOUT_S = 20.0  # for one that is busy: where none is, that is told at once
REQUEST_TIMEOUT_S = 10.0
POLL_S = 0.1
ATTEMPTS = 3  # a free port may be taken by someone else in the seconds before Node binds it
ADMINISTRATOR = "owner"
PORT_TAKEN = "is not open on 127.0.0.1, could not start"  # firebase-tools 15, of each of its three ports


class AuthEmulator:
    """One running Auth emulator; a context manager that stops it (unless it was attached to).

    `host` is "address:port", as `FIREBASE_AUTH_EMULATOR_HOST` wants it. `project` is the one whose users it
    has, whatever the API key.
    """

    def __init__(
        self, host: str, project: str, process: Process | None = None, firebase: Path | None = None
    ) -> None:
        self.host: str = host
        self.project = project
        self._process = process
        self._firebase = firebase

    @classmethod
    def start(cls, project: str, *, firebase: Path | None = None, timeout_s: float = START_TIMEOUT_S) -> Self:
        """Attaches to `FIREBASE_AUTH_EMULATOR_HOST` or starts an emulator; returns when it answers.

        project    a `demo-…` project: the Firebase CLI then asks for no log-in and no network
        firebase   the Firebase CLI; default: the one on the PATH

        Raises:
            EmulatorError: nothing is installed, or it does not start; the message says what to do.
        """
        return cls.launch(project, firebase=firebase).ready(timeout_s)

    @classmethod
    def launch(cls, project: str, *, firebase: Path | None = None) -> Self:
        """As `start`, but returns at once: Node takes ten seconds, in which other things can be done.

        `ready` waits for it, and only then is `host` final.

        Raises:
            EmulatorError: nothing is installed; the message says what to do.
        """
        if named := os.environ.get(HOST_VARIABLE):
            return cls(named, project)
        emulator = cls("", project, firebase=firebase)
        emulator._spawn()
        return emulator

    def ready(self, timeout_s: float = START_TIMEOUT_S) -> Self:
        """Waits until it answers, and returns itself.

        Raises:
            EmulatorError: it does not; then nothing of it runs any more.
        """
        if self.attached:
            if not self.answers(ATTACH_TIMEOUT_S):
                raise EmulatorError(f"{HOST_VARIABLE} names {self.host}, but no Auth emulator answers there.")
            return self
        deadline = time.monotonic() + timeout_s
        try:
            for left in reversed(range(ATTEMPTS)):
                try:
                    self._await_answer(deadline)
                    return self
                except _PortTaken:
                    if not left:
                        raise
                    self.stop()
                    self._spawn()
        except BaseException:
            self.stop()
            raise
        raise AssertionError("unreachable")

    @property
    def attached(self) -> bool:
        """Whether somebody else runs this emulator; `stop` then leaves it alone."""
        return self._process is None

    def answers(self, timeout_s: float = 1.0) -> bool:
        """Whether an Auth emulator answers at `host` right now."""
        try:
            return "authEmulator" in self.request("GET", "/", timeout_s=timeout_s)
        except EmulatorError:
            return False

    def administer(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """A request as the project's administrator: `path` follows `…/v1/projects/{project}`."""
        base = f"/identitytoolkit.googleapis.com/v1/projects/{self.project}"
        return self.request(method, base + path, body)

    def request(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        timeout_s: float = REQUEST_TIMEOUT_S,
    ) -> dict[str, Any]:
        """A request as the administrator, who may everything.

        Raises:
            EmulatorError: no emulator answers, or it refuses.
        """
        address, _, port = self.host.rpartition(":")
        connection = http.client.HTTPConnection(address, int(port), timeout=timeout_s)
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {ADMINISTRATOR}"}
        try:
            connection.request(method, path, json.dumps(body or {}) if method != "GET" else None, headers)
            response = connection.getresponse()
            answer = json.loads(response.read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise EmulatorError(f"No Auth emulator answers at {self.host}: {error}") from error
        finally:
            connection.close()
        if response.status != 200 or not isinstance(answer, dict):
            raise EmulatorError(f"The Auth emulator refuses {method} {path}: HTTP {response.status}")
        return answer

    def stop(self) -> None:
        """Ends the emulator with all its processes; may be called again. An attached one goes on."""
        if self._process is not None:
            self._process.end()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _spawn(self) -> None:
        port, *others = _free_ports(3)
        launcher = _launcher(self._firebase, others)
        self.host = f"{LOOPBACK}:{port}"
        self._process = Process.spawn(launcher, port, self.project, None)

    def _await_answer(self, deadline: float) -> None:
        assert self._process is not None
        while not self.answers():
            ended = self._process.ended()
            if ended or time.monotonic() > deadline:
                said = self._process.output()
                words = "\n".join(f"    {line}" for line in said.splitlines()[-8:])
                what = "ended before it answered" if ended else f"did not answer at {self.host} in time"
                kind = _PortTaken if ended and PORT_TAKEN in said else EmulatorError
                raise kind(f"The Auth emulator {what}. Its last words:\n{words}")
            time.sleep(POLL_S)


class _PortTaken(EmulatorError):
    pass


def _launcher(firebase: Path | None, others: list[int]) -> Launcher:
    binary = str(firebase) if firebase else shutil.which("firebase")
    if os.name != "posix" or not binary or not Path(binary).exists() or shutil.which("node") is None:
        raise EmulatorError(
            "The Auth emulator is part of the Firebase CLI, which needs Node 20 or newer: npm install -g "
            f"firebase-tools; or set {HOST_VARIABLE} to an emulator that runs (as on Windows)."
        )

    def command(port: int, project: str, rules: bool) -> list[str]:
        return [binary, "emulators:start", "--only", "auth", "--project", project]

    def files(port: int, rules: bool) -> Mapping[str, str]:
        hub, logging = ({"host": LOOPBACK, "port": other} for other in others)
        emulators = {"auth": {"host": LOOPBACK, "port": port}, "hub": hub, "logging": logging}
        return {"firebase.json": json.dumps({"emulators": {**emulators, "ui": {"enabled": False}}})}

    return Launcher("Firebase CLI", command, files)


def _free_ports(count: int) -> list[int]:
    probes = [socket.create_server((LOOPBACK, 0)) for _ in range(count)]
    try:
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()
