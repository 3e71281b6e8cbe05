"""The launcher's decisions, with stand-ins for the command line tools on the PATH."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from dalsegno._errors import EmulatorError
from dalsegno.testing import _leash
from dalsegno.testing._firestore_emulator import FirestoreEmulator
from dalsegno.testing._launcher import HOST_VARIABLE, find_launcher
from tests.support.processes import noting_itself, pid_in, process_exists
from tests.support.waiting import until

Install = Callable[[str, str], Path]

# Answers like an emulator, on the port that firebase.json or --host-port names, from a child in a process
# group of its own, as the Firebase CLI does it; notes what it was given.
STAND_IN = """
import http.server, json, os, pathlib, re, subprocess, sys
if len(sys.argv) > 1 and sys.argv[1] == "SERVE":
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200); self.end_headers(); self.wfile.write(b"Ok\\n")
        def do_PUT(self):
            self.rfile.read(int(self.headers["Content-Length"])); self.do_GET()
        def log_message(self, *_): pass
    http.server.HTTPServer(("127.0.0.1", int(sys.argv[2])), Handler).serve_forever()
files = {path.name: path.read_text() for path in pathlib.Path(".").iterdir() if path.suffix != ".log"}
named = re.search(r"--host-port=127.0.0.1:(\\d+)", " ".join(sys.argv))
port = named[1] if named else json.loads(files["firebase.json"])["emulators"]["firestore"]["port"]
child = subprocess.Popen([sys.executable, __file__, "SERVE", str(port)], start_new_session=True)
note = {"arguments": sys.argv[1:], "files": files, "server": child.pid, "folder": os.getcwd()}
pathlib.Path(NOTE).write_text(json.dumps(note))
child.wait()
"""


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """An empty PATH, and how to put a program on it; no emulator is named in the environment."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv(HOST_VARIABLE, raising=False)

    def install(name: str, text: str) -> Path:
        program = folder / name
        program.write_text(text)
        program.chmod(0o755)
        return program

    return install


def stand_in(note: Path) -> str:
    return f"#!{sys.executable}\n{STAND_IN}".replace("NOTE", repr(str(note)))


def python(lines: str) -> str:
    return f"#!{sys.executable}\n{lines}\n"


def test_nothing_installed_is_told_with_what_to_install(tools: Install) -> None:
    """With neither CLI on the PATH the error names both and the variable that does without."""
    with pytest.raises(EmulatorError, match=r"neither gcloud nor firebase .*FIRESTORE_EMULATOR_HOST"):
        FirestoreEmulator.start()


def test_missing_java_is_told_before_anything_is_started(tools: Install) -> None:
    """With a CLI but without Java the error says that Java is missing and which version to install."""
    tools("gcloud", "")
    with pytest.raises(EmulatorError, match=r"no java is on the PATH.*version 21"):
        FirestoreEmulator.start()


def test_gcloud_with_its_component_comes_first(tools: Install) -> None:
    """Google Cloud CLI is taken when its emulator component is installed, even beside the Firebase CLI."""
    gcloud = tools("gcloud", "")
    tools("firebase", "")
    tools("java", "")
    (gcloud.parents[1] / "platform" / "cloud-firestore-emulator").mkdir(parents=True)
    assert find_launcher().title == "Google Cloud CLI"


def test_gcloud_without_its_component_gives_way_to_firebase(tools: Install) -> None:
    """A Cloud CLI that lacks the emulator component is passed over for the Firebase CLI."""
    tools("gcloud", "")
    tools("firebase", "")
    tools("java", "")
    assert find_launcher().title == "Firebase CLI"


def test_the_firebase_cli_gets_a_config_and_all_it_spawned_ends(tools: Install, tmp_path: Path) -> None:
    """The Firebase CLI finds port and rules in a firebase.json; its detached server ends with it."""
    tools("java", "")
    tools("firebase", stand_in(tmp_path / "note"))
    rules = tmp_path / "my own.rules"
    rules.write_text("the rules")
    with FirestoreEmulator.start(rules=rules, project="demo-x") as emulator:
        note = json.loads((tmp_path / "note").read_text())
        port = int(emulator.host.rpartition(":")[2])
    config = json.loads(note["files"]["firebase.json"])
    assert note["arguments"] == ["emulators:start", "--only", "firestore", "--project", "demo-x"]
    assert note["files"]["firestore.rules"] == "the rules"
    assert config["firestore"] == {"rules": "firestore.rules"}
    assert config["emulators"]["firestore"] == {"host": "127.0.0.1", "port": port}
    assert config["emulators"]["singleProjectMode"] is False
    assert not process_exists(note["server"])
    assert not Path(note["folder"]).exists()


def test_gcloud_gets_port_and_rules_without_a_path(tools: Install, tmp_path: Path) -> None:
    """Rules reach gcloud as a bare file name, because its start script breaks on blanks."""
    tools("java", "")
    tools("gcloud", stand_in(tmp_path / "note"))
    rules = tmp_path / "my own.rules"
    rules.write_text("the rules")
    with FirestoreEmulator.start(rules=rules) as emulator:
        note = json.loads((tmp_path / "note").read_text())
    start = ["emulators", "firestore", "start", f"--host-port={emulator.host}"]
    assert note["arguments"] == [*start, "--rules=firestore.rules"]
    assert note["files"] == {"firestore.rules": "the rules"}


def test_progress_is_told(tools: Install, tmp_path: Path) -> None:
    """A start of seconds is announced, and so is its end."""
    tools("java", "")
    tools("gcloud", stand_in(tmp_path / "note"))
    told: list[str] = []
    with FirestoreEmulator.start(progress=told.append) as emulator:
        assert [f"starting the Firestore emulator on {emulator.host} (Google Cloud CLI)"] == told[:1]
    assert len(told) == 2 and told[1].startswith("the Firestore emulator answers after ")


def test_a_tool_that_ends_at_once_is_quoted(tools: Install) -> None:
    """When the tool gives up, the error shows what it said, without the frames of a stack trace."""
    tools("java", "")
    lines = 'print("needs a newer Java\\n[firestore] \\tat io.netty.Some.where"); raise SystemExit(3)'
    tools("gcloud", python(lines))
    with pytest.raises(EmulatorError, match="ended before it answered") as caught:
        FirestoreEmulator.start()
    assert "    needs a newer Java" in str(caught.value)
    assert "io.netty" not in str(caught.value)


def test_a_tool_that_never_answers_is_ended(
    tools: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An emulator that does not answer in time is ended, and the error says where it was expected."""
    tools("java", "")
    note = tmp_path / "note"
    tools("gcloud", python(f"{noting_itself(note)}; time.sleep(600)"))
    # It is there when it is asked, however slow the machine is, and its time is over already.
    monkeypatch.setattr(FirestoreEmulator, "answers", lambda _: bool(until(lambda: pid_in(note))) and False)
    with pytest.raises(EmulatorError, match=r"did not answer at 127\.0\.0\.1:\d+ in time"):
        FirestoreEmulator.start(timeout_s=0.0)
    assert not process_exists(pid_in(note))


def test_a_taken_port_is_named(tools: Install) -> None:
    """Asking for a port that another program has is an error that names it and offers three ways out."""
    tools("java", "")
    tools("gcloud", "")
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        ways_out = rf"Port {port} .* is taken.*End that program, choose another port.*export {HOST_VARIABLE}="
        with pytest.raises(EmulatorError, match=ways_out):
            FirestoreEmulator.start(port=port)


def test_a_free_port_that_is_lost_is_chosen_again(tools: Install, tmp_path: Path) -> None:
    """If someone takes the free port before Java does, another is tried; nobody is bothered."""
    tools("java", "")
    once = tmp_path / "once"
    lost = f"if not pathlib.Path({str(once)!r}).exists():\n    pathlib.Path({str(once)!r}).touch()\n"
    lost += "    print('java.net.BindException: Address already in use'); raise SystemExit(0)\n"
    tools("gcloud", stand_in(tmp_path / "note").replace("files = {", f"{lost}files = {{"))
    with FirestoreEmulator.start() as emulator:
        assert once.exists() and emulator.answers()


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_an_impossible_port_is_refused(tools: Install, port: int) -> None:
    """A number that is no port is called that."""
    tools("java", "")
    tools("gcloud", "")
    with pytest.raises(EmulatorError, match=f"{port} is not a port: choose one from 1 to 65535"):
        FirestoreEmulator.start(port=port)


def test_rules_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    """A rules file that is missing, or is no text, is named before anything is started."""
    binary = tmp_path / "binary.rules"
    binary.write_bytes(b"\xff\xfe\x00")
    for path in (tmp_path / "missing.rules", binary):
        with pytest.raises(EmulatorError, match=f"The rules in {path} cannot be read"):
            FirestoreEmulator.start(rules=path)


def test_attaching_to_a_dead_address_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A named emulator that does not answer is an error, never silently replaced by another."""
    monkeypatch.setattr("dalsegno.testing._firestore_emulator.ATTACH_TIMEOUT_S", 0.0)
    monkeypatch.setenv(HOST_VARIABLE, "127.0.0.1:1")
    with pytest.raises(EmulatorError, match=r"names 127\.0\.0\.1:1, but no Firestore emulator answers there"):
        FirestoreEmulator.start()


@pytest.mark.parametrize("value", ["http://127.0.0.1:8080", "127.0.0.1", "127.0.0.1:", "8080", ":8080"])
def test_a_malformed_address_is_told(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    """FIRESTORE_EMULATOR_HOST must be address:port; anything else is shown as it was found."""
    monkeypatch.setenv(HOST_VARIABLE, value)
    with pytest.raises(EmulatorError, match=f"is set to '{value}': it must be address:port"):
        FirestoreEmulator.start()


def test_a_port_beside_a_named_emulator_is_a_contradiction(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asking for a port while another emulator is named is refused instead of guessed."""
    monkeypatch.setenv(HOST_VARIABLE, "127.0.0.1:8080")
    with pytest.raises(EmulatorError, match=r"no emulator is started on port 9090. Unset"):
        FirestoreEmulator.start(port=9090)


def test_the_leash_ends_what_ignores_sigterm(tmp_path: Path) -> None:
    """A process that ignores SIGTERM, in a group of its own and below another process, ends all the same."""
    note = tmp_path / "note"
    ignore = "import os, signal; os.setsid(); signal.signal(signal.SIGTERM, signal.SIG_IGN)"
    stubborn = f"{ignore}; {noting_itself(note)}; time.sleep(600)"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {stubborn!r}])"
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    leashed = hold([sys.executable, "-c", parent], scratch)
    until(lambda: pid_in(note), what="the stubborn process")
    assert leashed.stdin is not None
    leashed.stdin.close()
    leashed.wait(timeout=30)
    assert not process_exists(pid_in(note))
    assert not scratch.exists()


def test_the_leash_passes_on_how_the_command_ended(tmp_path: Path) -> None:
    """A command that ends by itself takes its left-over children along, and its exit code is passed on."""
    note = tmp_path / "note"
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    child = f"import os; os.setsid(); {noting_itself(note)}; time.sleep(600)"
    parent = "import pathlib, subprocess, sys\n"
    parent += f"subprocess.Popen([sys.executable, '-c', {child!r}])\n"
    parent += f"while not (note := pathlib.Path({str(note)!r})).exists() or not note.read_text(): pass\n"
    parent += "raise SystemExit(7)"
    leashed = hold([sys.executable, "-c", parent], scratch)
    assert leashed.wait(timeout=30) == 7
    assert not process_exists(pid_in(note))


def test_the_leash_holds_on_while_the_command_lives(tmp_path: Path) -> None:
    """A command that is stopped and goes on, and one whose orphan ends, are not ended for it."""
    first, second = tmp_path / "first", tmp_path / "second"
    orphan = f"{noting_itself(first)}; os.execvp('true', ['true'])"
    parent = "import os, pathlib, subprocess, sys, time\n"
    parent += f"subprocess.run(['sh', '-c', '\"$0\" -c \"$1\" &', sys.executable, {orphan!r}])\n"
    parent += f"while not pathlib.Path({str(tmp_path / 'go')!r}).exists(): time.sleep(0.01)\n"
    parent += f"{noting_itself(second)}; time.sleep(600)"
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    leashed = hold([sys.executable, "-c", parent], scratch)
    until(lambda: pid_in(first) and not process_exists(pid_in(first)), what="the orphan's end")
    (command,) = [child for child in psutil.Process(leashed.pid).children() if process_exists(child.pid)]
    command.suspend()
    until(lambda: command.status() == psutil.STATUS_STOPPED, what="the command to be stopped")
    command.resume()
    (tmp_path / "go").touch()
    until(lambda: pid_in(second), what="the command's next step")
    assert command.pid == pid_in(second)
    assert leashed.stdin is not None
    leashed.stdin.close()
    leashed.wait(timeout=30)
    assert not process_exists(command.pid)


def test_the_leash_tells_of_a_command_that_is_not_there(tmp_path: Path) -> None:
    """A command that cannot be started is named, with the shell's exit code for it."""
    leashed = hold([str(tmp_path / "nowhere")], tmp_path)
    assert leashed.stderr is not None
    assert (leashed.wait(timeout=30), leashed.stderr.read()) == (
        127,
        f"{tmp_path / 'nowhere'}: No such file or directory\n".encode(),
    )


def hold(command: list[str], scratch: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-I", "-S", _leash.__file__, str(scratch), *command],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
