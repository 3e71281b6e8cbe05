"""Starts, waits for and stops the official Firestore emulator, or attaches to one that runs.

In this order: the emulator named by `FIRESTORE_EMULATOR_HOST`, Google Cloud CLI, the Firebase CLI.
Calls block the caller's thread; standard library only. Invariant: what was started here ends with this
process, Java too, however it ends; what was attached to is left as it is.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import socket
import sys
import time
import types
from collections.abc import Callable
from pathlib import Path
from typing import Self
from urllib.parse import quote

from dalsegno._errors import EmulatorError
from dalsegno.testing._launcher import HOST_VARIABLE, LOOPBACK, Launcher, Process, find_launcher

DEMO_PROJECT = "demo-dalsegno"  # Firebase promises that a project called demo-… never reaches real resources
START_TIMEOUT_S = 120.0  # 2 s on a quiet machine; the first start after installation reads 100 MB from disk
ATTACH_TIMEOUT_S = 5.0
REQUEST_TIMEOUT_S = 30.0
POLL_S = 0.05
ATTEMPTS = 3  # a free port may be taken by someone else before Java binds it

Progress = Callable[[str], None]


class FirestoreEmulator:
    """One running Firestore emulator; a context manager that stops it (unless it was attached to).

    `host` is "address:port", as `FIRESTORE_EMULATOR_HOST` wants it.
    """

    def __init__(self, host: str, process: Process | None = None) -> None:
        self.host = host
        self._process = process

    @classmethod
    def start(
        cls,
        *,
        rules: Path | None = None,
        port: int | None = None,
        project: str = DEMO_PROJECT,
        progress: Progress = lambda message: None,
        timeout_s: float = START_TIMEOUT_S,
    ) -> Self:
        """Attaches to `FIRESTORE_EMULATOR_HOST` or starts an emulator, and returns when it answers.

        `rules`: security rules for all projects (None: everything is allowed). An attached emulator takes
        rules only project by project, so there they are loaded for `project` alone; see `load_rules`.
        `port`: None takes a free one. `project`: for the Firebase CLI; the emulator serves any.
        Raises EmulatorError, saying what to do: nothing installed, port taken, rules that do not compile, …
        """
        text = _read(rules)
        if named := os.environ.get(HOST_VARIABLE):
            return cls._attach(named, port, project, text, progress)
        launcher = find_launcher()
        for attempt in range(ATTEMPTS):
            try:
                return cls._launch(launcher, port, project, text, progress, timeout_s)
            except _PortTaken:
                if port is not None or attempt == ATTEMPTS - 1:
                    raise
        raise AssertionError("unreachable")

    @classmethod
    def _attach(
        cls, host: str, port: int | None, project: str, rules: str | None, progress: Progress
    ) -> Self:
        if port is not None and not host.endswith(f":{port}"):
            raise EmulatorError(
                f"{HOST_VARIABLE} is set to {host}, so no emulator is started on port {port}. "
                f"Unset {HOST_VARIABLE}, or do not ask for a port."
            )
        if not re.fullmatch(r"[^/:\s]+:\d+", host):
            raise EmulatorError(
                f"{HOST_VARIABLE} is set to {host!r}: it must be address:port, without http://."
            )
        progress(f"using the Firestore emulator at {host} ({HOST_VARIABLE})")
        emulator = cls(host)
        deadline = time.monotonic() + ATTACH_TIMEOUT_S
        while not emulator.answers():
            if time.monotonic() > deadline:
                raise EmulatorError(
                    f"{HOST_VARIABLE} names {host}, but no Firestore emulator answers there. "
                    f"Start it, or unset {HOST_VARIABLE} to have one started."
                )
            time.sleep(POLL_S)
        if rules is not None:
            emulator.load_rules(project, rules)
        return emulator

    @classmethod
    def _launch(
        cls,
        launcher: Launcher,
        port: int | None,
        project: str,
        rules: str | None,
        progress: Progress,
        timeout_s: float,
    ) -> Self:
        port = _free_port() if port is None else _checked_port(port)
        progress(f"starting the Firestore emulator on {LOOPBACK}:{port} ({launcher.title})")
        started = time.monotonic()
        emulator = cls(f"{LOOPBACK}:{port}", Process.spawn(launcher, port, project, rules))
        try:
            emulator._await_answer(launcher, started + timeout_s)
            if rules is not None:  # given bad rules at its start, the emulator runs on without a word
                left_s = started + timeout_s - time.monotonic()
                emulator.load_rules(project, rules, max(left_s, REQUEST_TIMEOUT_S))
        except BaseException:
            emulator.stop()
            raise
        progress(f"the Firestore emulator answers after {time.monotonic() - started:.1f} s")
        return emulator

    def _await_answer(self, launcher: Launcher, deadline: float) -> None:
        assert self._process is not None
        while not self.answers():
            if self._process.ended():
                raise _failure(launcher, self.host, self._process.output(), self.last_words())
            if time.monotonic() > deadline:
                raise EmulatorError(
                    f"The Firestore emulator ({launcher.title}) did not answer at {self.host} in time. "
                    f"Its last words:\n{self.last_words()}"
                )
            time.sleep(POLL_S)

    @property
    def attached(self) -> bool:
        """Whether somebody else runs this emulator; `stop` then leaves it alone."""
        return self._process is None

    def answers(self) -> bool:
        """Whether an emulator answers at `host` right now."""
        try:
            return self._request("GET", "/", timeout_s=1.0) == (200, b"Ok\n")
        except EmulatorError:
            return False

    def load_rules(self, project: str, text: str, timeout_s: float = REQUEST_TIMEOUT_S) -> None:
        """Replaces the security rules of one project, at once; EmulatorError has the compiler's message.

        timeout_s   an emulator that has just begun compiles its first rules slowly
        """
        body = json.dumps({"rules": {"files": [{"name": "firestore.rules", "content": text}]}}).encode()
        path = f"/emulator/v1/projects/{quote(project)}:securityRules"
        status, answer = self._request("PUT", path, body, timeout_s)
        if status != 200:
            raise EmulatorError(f"The security rules were refused: {_message(answer)}")

    def clear(self, project: str) -> None:
        """Deletes every document of one project."""
        path = f"/emulator/v1/projects/{quote(project)}/databases/(default)/documents"
        status, answer = self._request("DELETE", path)
        if status != 200:
            raise EmulatorError(f"The emulator did not clear {project}: {_message(answer)}")

    def wait(self, timeout_s: float | None = None) -> bool:
        """Waits until the emulator has ended by itself; False if it still runs (or was attached to)."""
        return self._process is not None and self._process.ended(timeout_s)

    def last_words(self, lines: int = 8) -> str:
        """The end of what the started emulator has printed, without Java's stack traces."""
        printed = self._process.output().splitlines() if self._process else []
        words = [f"    {line}" for line in printed if line.strip() and "\tat " not in line]
        return "\n".join(words[-lines:]) or "    (none)"

    def stop(self) -> None:
        """Ends the emulator with all its processes; may be called again. An attached one goes on."""
        if self._process is not None:
            self._process.end()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: types.TracebackType | None,
    ) -> None:
        self.stop()

    def _request(
        self, method: str, path: str, body: bytes | None = None, timeout_s: float = REQUEST_TIMEOUT_S
    ) -> tuple[int, bytes]:
        # http.client, not urllib: a proxy from the environment has no business on the way to the loopback.
        address, _, port = self.host.rpartition(":")
        connection = http.client.HTTPConnection(address, int(port), timeout=timeout_s)
        try:
            # Without this content type the emulator answers 404 to rules.
            connection.request(method, path, body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            return response.status, response.read()
        except (OSError, http.client.HTTPException) as error:
            raise EmulatorError(f"No Firestore emulator answers at {self.host}: {error}") from error
        finally:
            connection.close()


class _PortTaken(EmulatorError):
    pass


def _port_taken(host: str) -> _PortTaken:
    port = host.rpartition(":")[2]
    return _PortTaken(
        f"Port {port} on {LOOPBACK} is taken by another program. End that program, choose another port, or, "
        f"if it is a Firestore emulator, use it: export {HOST_VARIABLE}={host}"
    )


def _failure(launcher: Launcher, host: str, output: str, last_words: str) -> EmulatorError:
    if "Address already in use" in output or "Could not start Firestore Emulator, port taken" in output:
        return _port_taken(host)
    return EmulatorError(
        f"The Firestore emulator ({launcher.title}) ended before it answered. Is its component installed "
        "(gcloud components install cloud-firestore-emulator), and is Java 21 or newer? Its last words:\n"
        + last_words
    )


def _message(answer: bytes) -> str:
    try:
        return str(json.loads(answer)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return answer.decode(errors="replace")


def _read(rules: Path | None) -> str | None:
    if rules is None:
        return None
    try:
        return rules.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise EmulatorError(f"The rules in {rules} cannot be read: {error}") from error


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def _checked_port(port: int) -> int:
    if not 1 <= port <= 65535:
        raise EmulatorError(f"{port} is not a port: choose one from 1 to 65535.")
    with socket.socket() as probe:
        if sys.platform != "win32":  # there, this would take a port from who has it
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a port in TIME_WAIT is free
        try:
            probe.bind((LOOPBACK, port))
        except PermissionError as error:
            raise EmulatorError(f"Port {port} needs special rights: choose one above 1023.") from error
        except OSError as error:
            raise _port_taken(f"{LOOPBACK}:{port}") from error
    return port
