"""Marks at the simulated Firestore and at the official emulator: one suite for both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from dalsegno._core import marks
from dalsegno._core.clock import stamp
from dalsegno._core.document import Entry
from dalsegno._core.marks import Mark
from dalsegno._core.messages import FieldPath, ResourcePath, Snapshot, Target
from dalsegno._core.types import Value
from dalsegno._core.watch_change_aggregator import ListenMessage, Raised, WatchChangeAggregator
from tests.contract.turns import BOOK, US, code
from tests.support.remotes import Client

(MARK,) = marks.marks_of("jump", {"place": Entry(1, stamp(5, 0, US))}, 0)
WRITE = marks.write_of(BOOK, MARK, US)
ON_MARKS = Target(1, "marks", marks.path_of(BOOK), "at", 20)


def kept(client: Client) -> Mark | None:
    snapshot = client.read(*WRITE.path).snapshot
    return marks.decode(snapshot) if snapshot is not None else None


def test_a_mark_is_written_and_read(client: Client) -> None:
    """Its reason, its values and its edit; the time is the server's."""
    assert "OK" == code(client.commit(WRITE))
    found = kept(client)
    assert found is not None and found.at_ms > 0
    assert MARK == replace(found, at_ms=MARK.at_ms)


def test_the_same_mark_again_changes_nothing(client: Client) -> None:
    """Whoever had no answer, or keeps the same place on another device, writes it once more."""
    client.commit(WRITE)
    again = marks.write_of(BOOK, replace(MARK, reason="merge"), US)
    assert "OK" == code(client.commit(again))
    found = kept(client)
    assert found is not None and MARK.values == found.values


@pytest.mark.parametrize(
    "fields",
    [{("state",): {"place": 2}}, {("stamp",): stamp(6, 0, US)}, {("kind",): "A jump"}, {("note",): 1}],
    ids=lambda f: ".".join(next(iter(f))),
)
def test_a_mark_does_not_change(client: Client, fields: dict[FieldPath, Value]) -> None:
    """What it keeps is kept."""
    client.commit(WRITE)
    assert "PERMISSION_DENIED" == code(client.commit(replace(WRITE, fields={**WRITE.fields, **fields})))


def test_a_mark_is_deleted_and_so_is_one_that_is_not_there(client: Client) -> None:
    """In one commit with another that is written, too."""
    client.commit(WRITE)
    (other,) = marks.marks_of("jump", {"place": Entry(2, stamp(7, 0, US))}, 0)
    deletion = marks.deletion_of(BOOK, MARK.id)
    assert "OK" == code(client.commit(marks.write_of(BOOK, other, US), deletion))
    assert None is kept(client)
    assert "OK" == code(client.commit(deletion))


def test_sessions_are_not_deleted(client: Client) -> None:
    """Of what the engine deletes, only marks may be."""
    client.commit(WRITE)
    refused = client.commit(replace(marks.deletion_of(BOOK, "x"), path=("sessions", BOOK, "more", "x")))
    assert "PERMISSION_DENIED" == code(refused)


def test_the_newest_marks_are_listened_to(client: Client) -> None:
    """Each that is written is told, and each that is deleted: as such, or (at the emulator) by a RESET."""
    watch = WatchChangeAggregator()
    watch.add(ON_MARKS, [])
    client.commit(WRITE)
    client.listen(1, ON_MARKS)
    assert [WRITE.path] == list(told(client, watch))
    client.commit(marks.deletion_of(BOOK, MARK.id))
    assert {WRITE.path: None} == told(client, watch)


def told(client: Client, watch: WatchChangeAggregator) -> Mapping[ResourcePath, Snapshot | None]:
    """What the next consistent look changes."""
    for _ in range(500):
        for message in client.rest():
            if isinstance(message, ListenMessage):
                for output in watch.handle(message):
                    if isinstance(output, Raised) and output.changed:
                        return output.changed
        client.read(*WRITE.path)  # a turn, in which something may arrive
    return {}
