"""How the official emulators are started here: which command line tool, and its process on a leash.

Standard library only. Invariant: what a `Process` started ends with this one, however that ends (`leash.py`).
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from dalsegno._errors import EmulatorError

LOOPBACK = "127.0.0.1"
HOST_VARIABLE = "FIRESTORE_EMULATOR_HOST"
STOP_TIMEOUT_S = 10.0

_OR_ATTACH = f"set {HOST_VARIABLE} to an emulator that runs"


@dataclass(frozen=True, slots=True)
class Launcher:
    """One way to start a server: a name for people, the command, the files in its folder, and what is added
    to its environment."""

    title: str
    command: Callable[[int, str, bool], list[str]]
    files: Callable[[int, bool], Mapping[str, str]] = lambda port, rules: {}
    environment: Mapping[str, str] = field(default_factory=dict)


def _gcloud(binary: str) -> Launcher:
    def command(port: int, project: str, rules: bool) -> list[str]:
        start = [binary, "emulators", "firestore", "start", f"--host-port={LOOPBACK}:{port}"]
        return [*start, "--rules=firestore.rules"] if rules else start

    return Launcher("Google Cloud CLI", command)


def _firebase(binary: str) -> Launcher:
    def command(port: int, project: str, rules: bool) -> list[str]:
        return [binary, "emulators:start", "--only", "firestore", "--project", project]

    def files(port: int, rules: bool) -> Mapping[str, str]:
        config = {
            "firestore": {"rules": "firestore.rules"} if rules else {},
            "emulators": {
                "firestore": {"host": LOOPBACK, "port": port},
                "ui": {"enabled": False},
                "singleProjectMode": False,  # every test has a project of its own
            },
        }
        return {"firebase.json": json.dumps(config, indent=2)}

    return Launcher("Firebase CLI", command, files)


def find_launcher() -> Launcher:
    """The first way to start an emulator that is installed here; else EmulatorError says what to install."""
    if os.name != "posix":
        raise EmulatorError(
            f"Starting the emulator works on Linux and macOS only. Start it yourself and set {HOST_VARIABLE}."
        )
    gcloud, firebase = shutil.which("gcloud"), shutil.which("firebase")
    if gcloud is None and firebase is None:
        raise EmulatorError(
            "No Firestore emulator found: neither gcloud nor firebase is on the PATH. Install Google Cloud "
            "CLI (https://cloud.google.com/sdk/docs/install) with its component cloud-firestore-emulator, "
            f"or the Firebase CLI (npm install -g firebase-tools), or {_OR_ATTACH}."
        )
    if shutil.which("java") is None:
        raise EmulatorError(
            "The Firestore emulator runs on Java, and no java is on the PATH. Install a Java runtime, "
            f"version 21 or newer (for example: apt install default-jre-headless), or {_OR_ATTACH}."
        )
    if gcloud is not None and (firebase is None or _has_component(gcloud)):
        return _gcloud(gcloud)
    assert firebase is not None
    return _firebase(firebase)


def _has_component(gcloud: str) -> bool:
    return (Path(gcloud).resolve().parent.parent / "platform" / "cloud-firestore-emulator").is_dir()


@dataclass(slots=True)
class Process:
    """The server's process tree, on its leash."""

    leash: subprocess.Popen[bytes]
    scratch: Path
    log: IO[bytes] = field(repr=False)

    @classmethod
    def spawn(cls, launcher: Launcher, port: int, project: str, rules: str | None) -> Process:
        # The scratch folder is the command's working directory, so that no path with a blank needs to be
        # named: the emulator's own start script breaks on those.
        scratch = Path(tempfile.mkdtemp(prefix="dalsegno-emulator-"))
        for name, text in launcher.files(port, rules is not None).items():
            (scratch / name).write_text(text, encoding="utf-8")
        if rules is not None:
            (scratch / "firestore.rules").write_text(rules, encoding="utf-8")
        arguments = [str(scratch), *launcher.command(port, project, rules is not None)]
        with (scratch / "emulator.log").open("ab") as log:
            leash = subprocess.Popen(
                [sys.executable, "-I", "-S", str(Path(__file__).with_name("_leash.py")), *arguments],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**_quiet_environment(), **launcher.environment},
                start_new_session=True,  # Ctrl-C in a terminal is for us; the leash notices when we are gone
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),  # the same on Windows
            )
        return cls(leash, scratch, (scratch / "emulator.log").open("rb"))

    def ended(self, timeout_s: float | None = 0.0) -> bool:
        try:
            self.leash.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return False
        return True

    def output(self) -> str:
        if self.log.closed:
            return ""
        self.log.seek(0)
        return self.log.read().decode(errors="replace").replace("\r\n", "\n")

    def end(self) -> None:
        assert self.leash.stdin is not None
        self.leash.stdin.close()
        if not self.ended(STOP_TIMEOUT_S):
            self.leash.kill()
            self.leash.wait()
        self.log.close()  # first: Windows removes no file that is open
        shutil.rmtree(self.scratch, ignore_errors=True)


def _quiet_environment() -> dict[str, str]:
    """gcloud neither looks for updates nor reports usage: an emulator's start needs no network."""
    return {
        **os.environ,
        "CLOUDSDK_CORE_DISABLE_USAGE_REPORTING": "true",
        "CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK": "true",
        "FIREBASE_CLI_DISABLE_UPDATE_CHECK": "true",
        "NO_UPDATE_NOTIFIER": "1",
    }
