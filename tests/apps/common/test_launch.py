"""The command line that both apps share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from apps.common.launch import prepare
from apps.common.options import parse


def test_a_command_line_becomes_options() -> None:
    """What is written on the command line is what the app gets."""
    options = parse(
        "reader",
        "Reads.",
        [
            "--profile",
            "phone",
            "--device",
            "Pixel 8",
            "--size",
            "390x780",
            "--emulator",
            "127.0.0.1:8080",
            "a.epub",
        ],
    )
    assert ("phone", "Pixel 8", (390, 780), "127.0.0.1:8080", (Path("a.epub"),)) == (
        options.profile,
        options.device,
        options.size,
        options.emulator,
        options.paths,
    )
    assert not options.drive, "nobody drives an app that was not started for it"


def test_a_size_that_is_none_is_refused_with_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    """The error says how a size is written."""
    with pytest.raises(SystemExit):
        parse("reader", "Reads.", ["--size", "big"])
    assert "'big' is not like 390x780" in capsys.readouterr().err


def test_a_home_that_cannot_be_made_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the folder for local data cannot be, the app says so and what to do, before it opens a window."""
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    monkeypatch.setattr(os, "umask", lambda mask: 0)  # it is the test run's process, and others' files
    with pytest.raises(SystemExit, match=f"Cannot write to {blocked}.*--home"):
        prepare(parse("reader", "Reads.", ["--home", str(blocked)]))
