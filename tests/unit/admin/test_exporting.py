"""Where an export goes: a file of its own for each user, on every system."""

from __future__ import annotations

import re

from dalsegno.admin._exporting import default_file

ODD = [
    "alice",
    "Alice",
    "ALICE",
    "a:b",
    "a\\b",
    "a b",
    "a-b",
    "ends.",
    "con",
    "日本",
    "x" * 128,
    "x" * 127,
    "é" * 128,
]


def test_plain_ids_are_the_name() -> None:
    """A plain id is the file's name."""
    assert "export-alice-1_2.json" == default_file("alice-1_2")


def test_each_user_has_a_file_of_their_own() -> None:
    """`Alice` and `alice` are one name for macOS and Windows: no two ids share a file, whatever the case; and
    no name has what some system refuses, or is too long."""
    names = [default_file(uid) for uid in ODD]
    assert len(ODD) == len({name.lower() for name in names})
    assert all(re.fullmatch(r"export-[A-Za-z0-9_-]{1,64}(~[0-9a-f]{8})?\.json", name) for name in names)
