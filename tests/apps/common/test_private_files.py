"""What both apps leave on the disk after people used them: other users of the machine can read none of it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from apps.common.driving import AppProcess
from apps.common.whole import whole
from apps.reader.shelf import Shelf
from tests.apps.player.sounds import noise, write_sound

pytestmark = [
    pytest.mark.skipif(os.name != "posix", reason="there are no such modes here"),
    pytest.mark.no_cover,
]
PATIENCE_S = 60.0


@pytest.fixture(autouse=True)
def usual_umask() -> Iterator[None]:
    """What most systems give: others may read what is made without care."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def open_to_others(folder: Path) -> list[str]:
    """But for Kivy's icons, which it copies with its package's modes, into a folder that is closed."""
    return sorted(
        f"{path.relative_to(folder)} {path.stat().st_mode & 0o777:o}"
        for path in folder.rglob("*")
        if path.stat().st_mode & 0o077 and "icon" not in path.parts
    )


def test_a_profile_after_a_journey_is_its_users_alone(
    tmp_path: Path, own_book: Path, project: str, emulator_host: str
) -> None:
    """A book is copied and read, music is scanned; what an older version left open is closed too."""
    home, music = tmp_path / "home", tmp_path / "music"
    music.mkdir()
    write_sound(music / "Alba.wav", noise(2, seed=1), title="Alba", artist="Trio")
    left = (
        home / "library" / "Old.epub",
        home / "reader-default.log",
        home / "player-default" / "library-1.json",
    )
    home.mkdir()
    for path in left:
        path.parent.mkdir(exist_ok=True)
        path.write_text("of an older version")
    common = ("--offscreen", "--project", project, "--emulator", emulator_host, "--home", home)
    with (
        AppProcess("apps.reader", *common, "--log", home / "support.log", own_book, name="reader") as reader,
        AppProcess("apps.player", *common, "--audio", "none", music, name="player") as player,
    ):
        reader.wait(lambda s: s["screen"] == "book", "the book", timeout_s=PATIENCE_S)
        player.wait(lambda s: s["screen"] == "player", "the player", timeout_s=PATIENCE_S)
        player.wait(lambda _: len(list(home.glob("player-*/*.json"))) == 2, "its index", timeout_s=PATIENCE_S)
        reader.key("right")
        reader.wait(lambda s: s["saved"] == "EVERYWHERE", "a saved place", timeout_s=PATIENCE_S)
        assert [] == open_to_others(home)
    assert [] == open_to_others(home)
    assert "commit call=" in (home / "support.log").read_text("utf-8")
    assert {own_book.name, "Old.epub"} == {path.name for path in (home / "library").iterdir()}


def test_a_copied_book_was_never_open(tmp_path: Path, own_book: Path) -> None:
    """Also while it is being copied, and in a program that has not laid a mask."""
    with whole(tmp_path / "index.json") as half:
        assert 0o600 == half.stat().st_mode & 0o777
        half.write_text("titles")
    assert 0o600 == (tmp_path / "index.json").stat().st_mode & 0o777
    added = Shelf(tmp_path / "library").add(own_book)
    assert 0o600 == added.path.stat().st_mode & 0o777
