"""The table of a session's way to the server: whole, executed, and shown in the docs as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from dalsegno._core.upload_state import (
    NEXT,
    ON_ITS_WAY,
    RESTING,
    UploadEvent,
    UploadState,
    as_markdown,
    follow,
)

PAGE = Path(__file__).resolve().parents[3] / "docs" / "uploading.md"
BEGIN, END = "<!-- the table: begin -->\n", "<!-- the table: end -->"


def test_the_page_shows_the_table() -> None:
    """docs/uploading.md has the states and transitions as they are executed; else: put there what follows."""
    shown = PAGE.read_text("utf-8").partition(BEGIN)[2].partition(END)[0].strip()
    assert as_markdown() == shown, f"docs/uploading.md should show:\n{as_markdown()}"


def test_every_state_is_reached_and_left() -> None:
    """None is a trap, and none is of no use."""
    assert set(UploadState) == {after for (before, _), after in NEXT.items() if before is not after}
    assert set(UploadState) == {before for (before, _), after in NEXT.items() if before is not after}


def test_every_event_happens() -> None:
    """An event without a row is a word for nothing."""
    assert set(UploadEvent) == {event for _, event in NEXT}


def test_what_is_not_in_the_table_is_an_error() -> None:
    """A commit is not answered twice."""
    with pytest.raises(KeyError):
        follow(UploadState.READY, UploadEvent.COMMITTED)


def test_whoever_waits_for_an_answer_looks_at_nothing_else() -> None:
    """A look at the session changes the state only where nothing is on its way and nothing in doubt."""
    looks = {UploadEvent.LOOKS_GOOD, UploadEvent.LOOKS_REFUSED}
    assert not {before for before, event in NEXT if event in looks} & (ON_ITS_WAY | {UploadState.IN_DOUBT})
    assert RESTING == {before for before, event in NEXT if event in looks}
