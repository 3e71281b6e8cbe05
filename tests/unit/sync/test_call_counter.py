"""What a client asks of the server is counted, and what failed and comes again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

import dalsegno as ds
from dalsegno._core.messages import CommitFailed, ReadFailed, RpcError, Write
from dalsegno._sync.call_counter import CallCounter
from dalsegno.testing._simulated_firestore import SimulatedFirestore, SimulatedRemote
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


def test_an_app_reads_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody edits: no commit, but for those of the device. One edit: exactly one more, each time."""
    cloud, kinds, commit = SimulatedFirestore(), list[set[str]](), SimulatedRemote.commit

    def heard(remote: SimulatedRemote, ticket: int, writes: Sequence[Write]) -> None:
        kinds.append({write.path[0] for write in writes})
        commit(remote, ticket, writes)

    monkeypatch.setattr(SimulatedRemote, "commit", heard)
    with cloud.client(tmp_path, "phone") as phone:

        def counted() -> tuple[int, int]:
            """Commits with edits: those that were sent, and those that the counters tell of."""
            sent = sum("sessions" in kind for kind in kinds)
            return sent, phone.counters.commits - (len(kinds) - sent)

        book = phone.open("moby", Book)
        until(lambda: phone.status.link is ds.Link.LIVE)
        assert (0, 0) == phone._runtime.worker.call(counted)
        for number in (1, 2):
            book.update(note=str(number))
            assert phone.flush(30.0)
            assert (number, number) == phone._runtime.worker.call(counted)
        assert (1, 0) == (phone.counters.listens, phone.counters.reconnects)
