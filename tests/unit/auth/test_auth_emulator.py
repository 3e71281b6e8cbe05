"""The launcher of the Auth emulator, with a stand-in for the Firebase CLI."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from dalsegno._errors import EmulatorError
from dalsegno.testing._auth_emulator import HOST_VARIABLE, AuthEmulator
from tests.support.waiting import until

Install = Callable[[str, str], Path]

# Answers on the port that firebase.json names, from a child in a process group of its own; notes what it was
# given. A request that is no GET / is refused.
STAND_IN = """
import http.server, json, os, pathlib, subprocess, sys
if len(sys.argv) > 1 and sys.argv[1] == "SERVE":
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200); self.end_headers(); self.wfile.write(b'{"authEmulator": {}}')
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(400); self.end_headers(); self.wfile.write(b'{}')
        def log_message(self, *_): pass
    http.server.HTTPServer(("127.0.0.1", int(sys.argv[2])), Handler).serve_forever()
emulators = json.loads(pathlib.Path("firebase.json").read_text())["emulators"]
port = str(emulators["auth"]["port"])
child = subprocess.Popen([sys.executable, __file__, "SERVE", port], start_new_session=True)
note = {"arguments": sys.argv[1:], "emulators": emulators, "server": child.pid, "folder": os.getcwd()}
pathlib.Path(NOTE).write_text(json.dumps(note))
child.wait()
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """An empty PATH, and how to put a program on it; no emulator is named in the environment."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv(HOST_VARIABLE, raising=False)

    def put(name: str, text: str) -> Path:
        program = folder / name
        program.write_text(text)
        program.chmod(0o755)
        return program

    return put


def test_it_starts_on_free_ports_and_leaves_no_process(install: Install, tmp_path: Path) -> None:
    """`--only auth` of one demo project, each part on a port of its own; the whole tree ends with it."""
    note = tmp_path / "note.json"
    install("node", "#!/bin/sh\n")
    install("firebase", f"#!{sys.executable}\nNOTE = {str(note)!r}\n{STAND_IN}")
    with AuthEmulator.start("demo-unit") as emulator:
        until(lambda: note.exists() and note.read_text(), what="the stand-in's note")
        given = json.loads(note.read_text())
        assert emulator.answers() and not emulator.attached
        assert psutil.pid_exists(given["server"])
    assert ["emulators:start", "--only", "auth", "--project", "demo-unit"] == given["arguments"]
    ports = {part["port"] for part in given["emulators"].values() if "port" in part}
    assert (3, f"127.0.0.1:{given['emulators']['auth']['port']}") == (len(ports), emulator.host)
    assert {"enabled": False} == given["emulators"]["ui"]
    assert not psutil.pid_exists(given["server"])
    assert not Path(given["folder"]).exists()


def test_without_the_firebase_cli_it_says_what_to_install(install: Install) -> None:
    """Nothing installed, or a CLI without Node: one sentence with the command."""
    with pytest.raises(EmulatorError, match="npm install -g firebase-tools"):
        AuthEmulator.start("demo-unit")
    install("firebase", "#!/bin/sh\n")
    with pytest.raises(EmulatorError, match="needs Node"):
        AuthEmulator.start("demo-unit")


def test_one_that_ends_at_once_is_told_with_its_last_words(install: Install) -> None:
    """A CLI that fails is no endless wait: its own words say why."""
    install("node", "#!/bin/sh\n")
    install("firebase", "#!/bin/sh\necho this Node is too old >&2\nexit 1\n")
    with pytest.raises(EmulatorError, match="this Node is too old"):
        AuthEmulator.start("demo-unit")


def test_a_port_that_was_taken_meanwhile_is_replaced_by_another(install: Install, tmp_path: Path) -> None:
    """The CLI ends with its words on a taken port: it is started again, on other ports."""
    note = tmp_path / "note.json"
    install("node", "#!/bin/sh\n")
    refusing_once = f"""#!{sys.executable}
import pathlib, sys
first = pathlib.Path({str(tmp_path / "first")!r})
if not first.exists():
    first.write_text(pathlib.Path("firebase.json").read_text())
    sys.exit("auth: Port 5 is not open on 127.0.0.1, could not start Authentication Emulator.")
NOTE = {str(note)!r}
"""
    install("firebase", refusing_once + STAND_IN)
    with AuthEmulator.launch("demo-unit").ready() as emulator:
        assert emulator.answers()
        first = json.loads((tmp_path / "first").read_text())["emulators"]["auth"]["port"]
        assert emulator.host != f"127.0.0.1:{first}"


def test_one_that_never_answers_is_given_up(
    install: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A CLI that hangs is ended after the given time."""
    install("node", "#!/bin/sh\n")
    pid = tmp_path / "pid"
    install(
        "firebase", f"#!{sys.executable}\nimport os, time\nopen({str(pid)!r}, 'w').write(str(os.getpid()))\n"
    )
    program = install("firebase", (tmp_path / "bin" / "firebase").read_text() + "time.sleep(600)\n")

    def answers(_: AuthEmulator) -> bool:
        until(lambda: pid.exists() and pid.read_text(), what="the CLI")
        return False

    monkeypatch.setattr(AuthEmulator, "answers", answers)
    with pytest.raises(EmulatorError, match="did not answer"):
        AuthEmulator.start("demo-unit", firebase=program, timeout_s=0)
    assert not psutil.pid_exists(int(pid.read_text()))


def test_one_that_runs_is_attached_to_and_left_alone(
    install: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The environment's emulator is used, and goes on afterwards; what it refuses is told."""
    install("node", "#!/bin/sh\n")
    install("firebase", f"#!{sys.executable}\nNOTE = {str(tmp_path / 'note')!r}\n{STAND_IN}")
    with AuthEmulator.start("demo-unit") as running:
        monkeypatch.setenv(HOST_VARIABLE, running.host)
        with AuthEmulator.start("demo-unit") as emulator:
            assert (running.host, True) == (emulator.host, emulator.attached)
            with pytest.raises(EmulatorError, match="refuses POST"):
                emulator.administer("POST", "/accounts:update", {})
        assert running.answers()
    with pytest.raises(EmulatorError, match="no Auth emulator answers there"):
        AuthEmulator.start("demo-unit")
