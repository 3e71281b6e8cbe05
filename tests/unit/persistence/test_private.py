"""Local data are for their user alone: no other user of the machine can read them, or their names."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

import dalsegno as ds
from dalsegno._auth.stored_sign_in import SignInStore, StoredSignIn
from dalsegno._core.types import UserId
from dalsegno._private_files import make_private, make_private_folder, tighten_all

pytestmark = pytest.mark.skipif(os.name != "posix", reason="there are no such modes here")
NOBODY = "127.0.0.1:9"


@pytest.fixture(autouse=True)
def usual_umask() -> Iterator[None]:
    """What most systems give: others may read what is made without care."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def open_to_others(folder: Path) -> list[str]:
    """Whatever in `folder`, and itself, somebody else could read."""
    return sorted(
        f"{path.relative_to(folder)} {path.stat().st_mode & 0o777:o}"
        for path in (folder, *folder.rglob("*"))
        if path.stat().st_mode & 0o077
    )


def used(home: Path) -> None:
    """A client was here, and has written."""
    with ds.connect("demo-private", user=ds.Unsigned("alice"), home=home, emulator=NOBODY) as client:
        client.close(0.0)


def test_what_a_client_makes_is_for_its_user_alone(tmp_path: Path) -> None:
    """Folders from the home down, the database, its log, the lock."""
    used(tmp_path / "home")
    assert [] == open_to_others(tmp_path / "home")


def test_what_was_open_is_closed_at_the_next_start(tmp_path: Path) -> None:
    """An older version, or an app's own `mkdir`, left it open; the home itself is for whoever chose it."""
    home = tmp_path / "home"
    used(home)
    for path in (home, *home.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    used(home)
    assert [". 755"] == open_to_others(home)


def test_a_home_that_nobody_chose_is_closed_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's own place for data: `dalsegno/` shows who uses this, and for what."""
    home = tmp_path / "dalsegno"
    home.mkdir(mode=0o755)
    monkeypatch.delenv("DALSEGNO_HOME", raising=False)
    monkeypatch.setattr("dalsegno._persistence.location.default_home", lambda: home)
    with ds.connect("demo-private", user=ds.Unsigned("alice"), emulator=NOBODY) as client:
        client.close(0.0)
    assert [] == open_to_others(home)


def test_the_folders_of_a_sign_in_are_for_its_user_alone(tmp_path: Path) -> None:
    """A first sign-in makes folders before any store does: all of them, not only the last one."""
    path = tmp_path / "home" / "reader" / "default" / "demo" / "user.json"
    SignInStore(path, None).save(StoredSignIn(UserId("uid-1"), "", True, "refresh"))
    assert [] == open_to_others(tmp_path / "home")


def test_links_are_left_alone(tmp_path: Path) -> None:
    """What a link in our folder leads to is not ours to close."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("of somebody")
    make_private_folder(tmp_path / "ours")
    make_private(tmp_path / "ours" / "file")
    (tmp_path / "ours" / "link").symlink_to(elsewhere)
    tighten_all(tmp_path / "ours")
    assert 0o644 == elsewhere.stat().st_mode & 0o777
