"""`dalsegno watch`, as a user starts it, beside another device, against the official emulators."""

from __future__ import annotations

import getpass
import io
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import dalsegno as ds
from dalsegno._cli import NOBODY_LISTENS, main
from dalsegno._watch import command
from dalsegno.admin import Authority
from dalsegno.admin._pairing_desk import Desk
from dalsegno.pairing import request_code
from dalsegno.testing import AuthEmulator
from tests.integration.conftest import StartDevice
from tests.support.auth_emulator import fresh_email
from tests.support.pairing_helper import serving
from tests.support.pseudo_terminal import ROOT, PseudoTerminal
from tests.support.waiting import until

PASSWORD = "a good password"
MODULE = ["-m", "dalsegno._cli"]


@pytest.fixture
def arguments(tmp_path: Path, project: str, emulator_host: str) -> list[str]:
    """A watch of alice's."""
    return ["watch", "--project", project, "--emulator", emulator_host, "--home", str(tmp_path / "watch")]


@pytest.fixture
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is said by the environment."""
    for name in ("FIRESTORE_EMULATOR_HOST", "FIREBASE_AUTH_EMULATOR_HOST", "DALSEGNO_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "100")


def test_once_prints_how_it_stands_at_the_server(
    device: StartDevice,
    arguments: list[str],
    no_variables: None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """On a device that knew nothing before: what the other one did, by its name, and that it is online."""
    monkeypatch.setattr(command, "HEARD_S", 60.0)
    phone = device("phone")
    phone.open("moby\x1b[31m")
    phone.update("moby\x1b[31m", furthest=0.25)
    phone.until_saved()

    def shown() -> list[str] | None:
        assert 0 == main([*arguments, "--once"])
        lines = capsys.readouterr().out.splitlines()
        assert ["●", "live"] == lines[0].split()[:2]
        assert [r"moby\x1b[31m", "reading/1", "furthest", "0.25"] == lines[1].split()[:4]
        online = [line for line in lines[2:] if line.startswith("● phone") and line.endswith("online")]
        return lines if online and "  phone  " in lines[1] else None

    until(shown, what="the phone's card, which may come later than its edit")


def test_a_terminal_of_20_by_8_follows_another_device(device: StartDevice, arguments: list[str]) -> None:
    """What is done there is shown here; a larger window shows more; Ctrl-C gives the terminal back."""
    phone = device("phone")
    phone.open("book")
    phone.update("book", furthest=0.1)
    with PseudoTerminal([*MODULE, *arguments], 20, 8, {}) as terminal:
        terminal.until_shows("● live", "furthest 0.1", "● phone")
        assert all(len(line) <= 20 for line in terminal.lines)
        terminal.types("typed")
        phone.update("book", furthest=0.2)
        terminal.until_shows("furthest 0.2")
        assert not any("typed" in line for line in terminal.lines)
        terminal.resize(90, 24)
        terminal.until_shows("reading/1", "2 of 2 on")
        assert {"1049"} == terminal.modes
        terminal.process.send_signal(signal.SIGINT)
        assert 0 == terminal.ends()
        assert {"7", "25"} == terminal.modes
        assert terminal.echoes
        assert [] == terminal.strange


def test_a_pipe_gets_a_line_for_each_change_until_nobody_reads(
    device: StartDevice, arguments: list[str]
) -> None:
    """`dalsegno watch | head`: it ends without a word at the first change that nobody reads."""
    phone = device("phone")
    phone.open("book")
    phone.update("book", note="one")
    phone.until_saved()
    with subprocess.Popen(
        [sys.executable, *MODULE, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        first = next(line for line in process.stdout if " session " in line)
        assert " session book reading/1 " in first
        assert first.endswith("note one\n")
        process.stdout.close()
        phone.update("book", note="two")
        assert NOBODY_LISTENS == process.wait(30.0)
        assert "" == process.stderr.read()


def test_a_server_that_says_nothing_is_code_1(
    arguments: list[str],
    no_variables: None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What is known here is shown all the same."""
    monkeypatch.setattr(command, "HEARD_S", 0.0)
    assert 1 == main([*arguments, "--once", "--emulator", "127.0.0.1:9"])
    assert "nothing to carry on with yet" in capsys.readouterr().out


@pytest.fixture
def user(
    auth_emulator: AuthEmulator,
    accounts_by_environment: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> ds.SignedIn:
    """Somebody with an account, who is signed in on a phone."""
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr(command, "HEARD_S", 60.0)
    phone = ds.account(auth_emulator.project, api_key="demo", home=tmp_path / "phone")
    return phone.sign_up(fresh_email(), PASSWORD)


@pytest.fixture
def signed_out(auth_emulator: AuthEmulator, tmp_path: Path) -> list[str]:
    """A watch on which nobody has signed in."""
    return ["watch", "--once", "--project", auth_emulator.project, "--home", str(tmp_path / "watch")]


def test_a_user_signs_in_once(
    user: ds.SignedIn,
    signed_out: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The first time by address and password; from then on this device is known."""
    assert 1 == main(signed_out)
    assert "nobody is signed in here" in capsys.readouterr().err
    monkeypatch.setattr(getpass, "getpass", lambda *_: PASSWORD)
    assert 0 == main([*signed_out, "--email", user.email])
    assert 0 == main(signed_out)
    assert 2 == capsys.readouterr().out.count("● live")


def test_a_device_without_a_keyboard_signs_in_by_a_code(
    user: ds.SignedIn,
    signed_out: list[str],
    auth_emulator: AuthEmulator,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """That the phone shows."""
    with (
        Authority.open(auth_emulator.project) as authority,
        serving(Desk(authority.accounts, authority.sign_ins)) as server,
    ):
        code = request_code(server.url, user)
        monkeypatch.setattr(sys, "stdin", io.StringIO(f"{code.text}\n"))
        assert 0 == main([*signed_out, "--pairing", server.url])
    captured = capsys.readouterr()
    assert captured.out.startswith("● live")
    assert captured.err.startswith("The code")


def test_an_unsigned_user_and_a_sign_in_do_not_go_together(
    arguments: list[str], no_variables: None, capsys: pytest.CaptureFixture[str]
) -> None:
    """One sentence says so."""
    assert 1 == main([*arguments, "--user", "bob", "--api-key", "demo"])
    assert capsys.readouterr().err.startswith("dalsegno: --user is for emulators")
