"""What is told before it is on disk, and what a crash in between means."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dalsegno._core.clock import stamp
from dalsegno._core.document import Document, Entry
from dalsegno._core.types import DeviceId, Micros, Millis, SessionId
from dalsegno._sync.local_store import LocalStore
from dalsegno._sync.view_change import ViewChange
from dalsegno.testing._memory_persistence import MemoryStore
from dalsegno.testing._virtual_clock import DeviceTime, VirtualClock
from tests.support.simulation.device import READING
from tests.support.simulation.disk import Disk
from tests.support.stores import Died

BOOK = SessionId("book")
OTHER = DeviceId("00000000000000bb")


def document(place: int) -> Document:
    """As another device has written it."""
    entry = Entry(place, stamp(1_700_000_000_000, 0, OTHER), 0)
    return Document("reading/1", {"place": entry}, 1, Millis(0), OTHER, Micros(7), Micros(7))


def test_what_comes_from_the_server_is_told_before_it_is_on_disk() -> None:
    """The app need not wait for the disk. A process that dies in between hears it again, and tells it again:
    no resume token vouches for what is not on disk."""
    store, told = MemoryStore(), list[frozenset[str]]()
    disk = Disk(store)
    local_store = LocalStore(
        disk, DeviceTime(VirtualClock()), lambda change: told.append(change.fields), lambda: None
    )
    local_store.open(BOOK, READING)
    disk.dies_before = disk.writes + 1
    with pytest.raises(Died):
        local_store.hearing.adopt(BOOK, document(9), {"session:book": b"token"})
    assert [{"place"}] == told

    again = store.reopened()
    local_store = LocalStore(
        again, DeviceTime(VirtualClock()), lambda change: told.append(change.fields), lambda: None
    )
    local_store.open(BOOK, READING)
    assert {} == dict(again.tokens())
    assert local_store.hearing.adopt(BOOK, document(9), {})
    assert [{"place"}, {"place"}] == told


def test_a_document_that_the_disk_has_is_not_written_again() -> None:
    """A commit's answer and its echo on the stream tell the same: whichever comes second costs no write."""
    disk = Disk(MemoryStore())
    local_store = LocalStore(disk, DeviceTime(VirtualClock()), lambda _: None, lambda: None)
    local_store.open(BOOK, READING)
    assert local_store.hearing.adopt(BOOK, document(9), {})
    before = disk.writes
    assert local_store.hearing.adopt(BOOK, document(9), {"session:book": b"token"})
    assert before == disk.writes
    assert local_store.hearing.adopt(BOOK, replace(document(10), update_time=Micros(8)), {})
    assert before + 1 == disk.writes


def test_an_edit_is_on_disk_before_it_is_told() -> None:
    """What this device's user did, nobody could tell again."""
    store = MemoryStore()
    on_disk = []

    def tell(change: ViewChange) -> None:
        stored = store.load(BOOK)
        on_disk.append({p.field for p in stored.pending} if stored else set())

    local_store = LocalStore(store, DeviceTime(VirtualClock()), tell, lambda: None)
    local_store.open(BOOK, READING)
    local_store.edit(BOOK, {"place": 3})
    assert [{"place"}] == on_disk


def test_an_edits_stamp_is_on_disk_beside_its_row() -> None:
    """A row can be damaged, or be superseded by a guess: what may have been sent under its stamp is older
    than all that comes, all the same."""
    store, clock = MemoryStore(), VirtualClock()
    local_store = LocalStore(store, DeviceTime(clock), lambda _: None, lambda: None)
    local_store.heard(int(clock.now_ms * 1000), 0.0)
    local_store.open(BOOK, READING)
    made = local_store.edit(BOOK, {"place": 3}).view["place"].stamp
    assert made == store.identity().newest_stamp
