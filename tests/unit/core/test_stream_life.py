"""The table of the stream's life, and the page that shows it."""

from __future__ import annotations

from dalsegno._core.stream_life import NEXT, Action, StreamState
from tests.support.stream_table import shown, table


def test_the_page_shows_the_table_that_is_executed() -> None:
    """docs/stream.md is equal to it; `python -m tests.support.stream_table` writes it anew."""
    assert table() == shown()


def test_every_state_can_be_reached_and_left() -> None:
    """From IDLE, by the table alone."""
    reached = {StreamState.IDLE}
    for _ in StreamState:
        reached |= {after for (before, _), (after, _) in NEXT.items() if before in reached}
    assert set(StreamState) == reached
    assert set(StreamState) == {before for (before, _), (after, _) in NEXT.items() if after is not before}


def test_every_action_is_done_somewhere() -> None:
    """What nobody does any more is taken out."""
    assert set(Action) == {action for _, action in NEXT.values()}
