"""What a client asks of the server is counted, and what failed and comes again."""

from __future__ import annotations

from pathlib import Path

import pytest

import dalsegno as ds
from dalsegno._core.messages import CommitFailed, ReadFailed, RpcError
from dalsegno._sync.call_counter import CallCounter
from dalsegno.testing._simulated_firestore import SimulatedFirestore
from tests.support.client_tests import Book
from tests.support.scenario import Scenario, refused
from tests.support.waiting import until


@pytest.mark.parametrize(
    ("event", "retries"),
    [
        (CommitFailed(1, RpcError("UNAVAILABLE")), 1),
        (CommitFailed(1, RpcError("FAILED_PRECONDITION")), 1),
        (CommitFailed(1, RpcError("INVALID_ARGUMENT")), 0),
        (ReadFailed(1, RpcError("DEADLINE_EXCEEDED")), 1),
        (ReadFailed(1, RpcError("PERMISSION_DENIED")), 0),
    ],
    ids=str,
)
def test_what_passes_is_tried_again(event: CommitFailed | ReadFailed, retries: int) -> None:
    """A refusal is none."""
    counter = CallCounter()
    counter.handle(event)
    assert ds.Counters(retries=retries) == counter.counters


def test_a_bad_line_shows_in_the_counters() -> None:
    """Every call is counted, and a stream that is opened again."""
    story = Scenario()
    phone = story.device("phone").opens()
    story.settles()
    phone.next_commits(refused("ABORTED")).edits(place=1)
    story.settles()
    assert phone.engine is not None
    before = phone.engine.calls.counters
    assert (len(phone.line.commits), len(phone.line.reads)) == (before.commits, before.reads)
    assert (1, 1, 0) == (before.retries, before.listens, before.reconnects)
    phone.link_drops()
    phone.link_returns()
    story.time_passes(minutes=2)
    after = phone.engine.calls.counters
    assert len(phone.line.listens) == after.listens == after.reconnects + 1 > 1


def test_an_app_reads_them(tmp_path: Path) -> None:
    """Nobody edits: no commit. One edit: one commit more, beside those of the device."""
    cloud = SimulatedFirestore()
    with cloud.client(tmp_path, "phone") as phone:
        book = phone.open("moby", Book)
        book.update(note="first")
        assert phone.flush(30.0)
        before = phone.counters
        book.update(note="second")
        assert phone.flush(30.0)
        until(lambda: phone.counters.commits > before.commits)
        assert (1, 0) == (phone.counters.listens, phone.counters.reconnects)
