"""The log for support: off until it is asked for, private, bounded, and without anybody in it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

import dalsegno as ds
from dalsegno import _support_log
from dalsegno._core.rpc_error import TABLE
from dalsegno._support_log import note, short
from tests.support.clients import Note


@pytest.fixture(autouse=True)
def ends() -> Iterator[None]:
    yield
    ds.log_to(None)


def test_it_is_off_until_it_is_asked_for(tmp_path: Path) -> None:
    """And once it is off again, nothing is written any more."""
    note("before", count=1)
    ds.log_to(tmp_path / "log")
    note("between", count=2, code="PERMISSION_DENIED", live=True, took_ms=3.7)
    ds.log_to(None)
    note("after", count=3)
    [first, line] = (tmp_path / "log").read_text("utf-8").splitlines()
    assert first.split(" ", 2)[2].startswith("log python=3.")
    assert line.split("Z ", 1)[1] == "between count=2 code=PERMISSION_DENIED live=True took_ms=4"


@pytest.mark.parametrize(
    "value",
    [
        *("anna@example.com", "Moby Dick", "fedcba9876543210", "a" * 41, "ä", "", "secret\n"),
        *("Anna", "moby-dick", "ANNA", "anna.smith", "xabcdefgh", "192.168.1.10", "10.1.1.10"),
    ],
)
def test_what_is_no_word_of_ours_is_not_written(tmp_path: Path, value: str) -> None:
    """Whoever adds a line cannot give somebody away by mistake."""
    ds.log_to(tmp_path / "log")
    note("event", value=value)
    assert (tmp_path / "log").read_text("utf-8").endswith("event value=?\n")


def test_every_word_of_ours_is_written(tmp_path: Path) -> None:
    """How a client stands, and what a server answers, is what the log is for."""
    words = [*TABLE, *(state.value for state in (*ds.Link, *ds.Saved)), "sessions", "devices", "signins"]
    ds.log_to(tmp_path / "log")
    for word in (*words, "3.11", "3.14.10", short("moby")):
        note("event", value=word)
    first, *lines = (tmp_path / "log").read_text("utf-8").splitlines()
    assert [*words, "3.11", "3.14.10", short("moby")] == [line.split("value=")[1] for line in lines]
    assert "?" not in first


def test_a_session_is_told_from_others_and_not_known() -> None:
    """The same all through a process, so that its commits can be followed; and no hash of the name alone."""
    assert short("moby") == short("moby") != short("dick")
    assert short("moby").isalpha()


@pytest.mark.skipif(os.name != "posix", reason="there are no such modes here")
def test_it_is_bounded_and_its_users_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two files at the most, also where one was open to others."""
    monkeypatch.setattr(_support_log, "MOST_BYTES", 1000)
    path = tmp_path / "folder" / "log"
    path.parent.mkdir(mode=0o755)
    path.write_text("old\n")
    path.chmod(0o644)
    ds.log_to(path)
    for number in range(1000):
        note("event", number=number)
    files = sorted(path.parent.iterdir())
    assert ["log", "log.1"] == [file.name for file in files]
    assert {0o600} == {file.stat().st_mode & 0o777 for file in files}
    assert all(file.stat().st_size <= 1000 for file in files)


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """Whoever wants a log is told at once that there will be none."""
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ds.UsageError, match="choose another file"):
        ds.log_to(tmp_path / "file" / "log")


def test_the_environment_can_ask_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed app is asked by its user's support, who cannot change it."""
    monkeypatch.setenv("DALSEGNO_LOG", str(tmp_path / "log"))
    with ds.connect(
        "demo-log", user=ds.Unsigned("alice"), home=tmp_path / "home", emulator="127.0.0.1:9"
    ) as client:
        client.open("moby", Note).update(page=1)
        client.close(0.0)
    written = (tmp_path / "log").read_text("utf-8")
    assert "status link=" in written
    assert "moby" not in written
    assert "alice" not in written
