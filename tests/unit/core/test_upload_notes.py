"""What a session remembers of its way to the server, as text."""

from __future__ import annotations

import pytest

from dalsegno._core.clock import stamp
from dalsegno._core.types import DeviceId, Problem
from dalsegno._core.upload_notes import Notes

NOTES = Notes(
    {"place": Problem("place", "the server refuses this edit", "INVALID_ARGUMENT", 1_764_000_000_000)},
    {"furthest": stamp(5, 1, DeviceId("0" * 16))},
)


def test_what_is_written_is_read() -> None:
    """All of it; and nothing to remember is an empty text."""
    assert NOTES == Notes.parse(NOTES.text)
    assert ("", Notes()) == (Notes().text, Notes.parse(""))


@pytest.mark.parametrize(
    "text",
    [
        "the security rules refuse this edit",
        "7",
        "[]",
        '{"problems": []}',
        '{"problems": {"place": ["why", "CODE", "now"]}}',
        '{"problems": {"place": ["why", "CODE"]}}',
        '{"problems": {"place": 7}}',
        '{"restored": {"place": "soon"}}',
        '{"restored": 7}',
        "[" * 100_000,
    ],
    ids=lambda text: text[:30],
)
def test_nonsense_is_no_notes(text: str) -> None:
    """What an earlier version wrote, or nobody: then it is tried again."""
    assert Notes() == Notes.parse(text)
