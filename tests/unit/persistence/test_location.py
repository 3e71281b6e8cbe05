"""Folders of local data."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dalsegno._core.types import ProjectId, UserId
from dalsegno._errors import UsageError
from dalsegno._persistence import location

HOME = Path("/home-of-tests")
PROJECT = ProjectId("demo-project")


def _folder(user: str, *, app: str = "reader", profile: str = "phone", project: str = PROJECT) -> Path:
    return location.folder(app, profile, ProjectId(project), UserId(user), HOME)


def test_plain_names_are_kept() -> None:
    """Plain names are the folders' names."""
    assert HOME / "reader" / "phone" / "demo-project" / "alice" == _folder("alice")


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "a/b", "a\\b", ".hidden", "ends.", "x" * 41, "con", "NUL.txt", "a b", "é", "a\n", "~"],
)
@pytest.mark.parametrize("what", ["app", "profile"])
def test_bad_names_are_named(what: str, name: str) -> None:
    """An app or profile name that is no good for a folder is a UsageError that says what a good one is."""
    with pytest.raises(UsageError, match=f"no good {what} name: use 1 to 40"):
        _folder("alice", **{what: name})


def test_case_of_a_profile_does_not_count() -> None:
    """`Phone` and `phone` are one profile everywhere, as they would be on a Mac."""
    assert _folder("alice", profile="Phone") == _folder("alice", profile="phone")


ODD = [
    "Alice",
    "alice",
    "a/b",
    "../../etc",
    "..",
    "con",
    "日本",
    "a" * 128,
    "a" * 127,
    "x~y",
    "\ud800",
    "a b",
    "a-b",
    "nul",
    "con.txt",
    "com\N{SUPERSCRIPT ONE}",
    "conin$",
    "alice.",
    "alice ",
    "ALICE",
    "a:b",
    "x" * 41,
    "X" * 128,
]
RESERVED = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])(\..*)?", re.IGNORECASE)
"""What Windows keeps to itself, with any ending."""


def test_any_user_id_has_a_folder_of_its_own() -> None:
    """No two user ids share a folder, ignoring case, and none leads anywhere but under its project."""
    folders = [_folder(user) for user in ODD]
    assert {HOME / "reader" / "phone" / PROJECT} == {folder.parent for folder in folders}
    assert len(ODD) == len({folder.name.lower() for folder in folders})
    assert all(len(folder.name.encode()) <= 64 for folder in folders)
    assert not [folder.name for folder in folders if RESERVED.fullmatch(folder.name)]
    assert not [folder.name for folder in folders if re.search(r'[<>:"/\\|?*\x00-\x1f]|[. ]$', folder.name)]
    hashed = _folder("Alice").name
    assert hashed != _folder(hashed).name


def test_projects_are_apart() -> None:
    """The same user of another project has another folder."""
    assert _folder("alice") != _folder("alice", project="other")


@pytest.mark.parametrize("bad", [{"user": ""}, {"user": "alice", "project": ""}])
def test_empty_ids_are_refused(bad: dict[str, str]) -> None:
    """An empty user or project is a UsageError."""
    with pytest.raises(UsageError, match="not empty"):
        _folder(**bad)


def test_home_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """DALSEGNO_HOME is the home when none is passed; without it, the system's folder for data."""
    monkeypatch.setenv(location.HOME_VARIABLE, "/elsewhere")
    assert Path("/elsewhere/reader") in location.folder("reader", "p", PROJECT, UserId("u")).parents
    monkeypatch.delenv(location.HOME_VARIABLE)
    assert "dalsegno" == location.default_home().name
