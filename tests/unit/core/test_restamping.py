"""Edits that a wrong clock timed: all their stamps are set right, those in a policy's bookkeeping too."""

from __future__ import annotations

from typing import Any

import pytest

from dalsegno._core import replica as replicas
from dalsegno._core.policies import ORDERED, TEXT
from dalsegno._core.wishes import Revised
from dalsegno._persistence.local_serializer import decode_pending, encode_pending
from tests.property.joining_devices import DAY_MS, Device, Server, settle

MINUTE_MS = 60_000


def changed(device: Device, field: str, old: str, new: str) -> None:
    """One item is changed into another; it stays the same one."""
    entry = device.replica.view[field]
    if field == "body":
        return device.edits(body=Revised(str(entry.value).replace(old, new), entry.value))
    items: list[Any] = list(entry.value)  # type: ignore[arg-type]
    wanted = [new if item == old else item for item in items]
    return device.edits(queue=Revised(wanted, items, ORDERED.names(entry), tuple(range(len(items)))))


def both_begin(server: Server, one: Device, other: Device) -> None:
    one.edits(queue=Revised(["a", "b"]), body=Revised("a\nb"))
    one.sends()
    one.hears()
    other.hears()


def value(device: Device, field: str) -> Any:
    found = device.value[field]
    return found.split("\n") if field == "body" else found


@pytest.mark.parametrize("field", ["queue", "body"])
@pytest.mark.parametrize("ahead_ms", [DAY_MS, -DAY_MS, 0])
def test_two_edits_by_a_wrong_clock_find_their_true_places_among_anothers(field: str, ahead_ms: int) -> None:
    """The phone, a day off and offline, edits `a` at 1 and `b` at 3 minutes; the laptop `a` at 2 and `b` at
    2.

    The laptop's is the newer `a`, the phone's the newer `b`: though the phone's two edits are one row of its
    outbox, which bears one stamp.
    """
    server = Server()
    laptop, phone = Device(0, server), Device(1, server, ahead_ms)
    both_begin(server, laptop, phone)
    phone.is_corrected = False
    server.now_ms += MINUTE_MS
    changed(phone, field, "a", "phone's a")
    server.now_ms += MINUTE_MS
    changed(laptop, field, "a", "laptop's a")
    changed(laptop, field, "b", "laptop's b")
    server.now_ms += MINUTE_MS
    changed(phone, field, "b", "phone's b")
    server.now_ms += 10 * MINUTE_MS
    laptop.sends()
    settle(server, [laptop, phone])
    assert ["laptop's a", "phone's b"] == value(phone, field)
    policy = ORDERED if field == "queue" else TEXT
    assert server.document is not None
    newest = [item.written for item in policy.items(server.document.entries[field]).shown]
    began = 10 * DAY_MS
    assert [began + 2 * MINUTE_MS, began + 3 * MINUTE_MS] == [int(stamp[:15]) for stamp in newest]


def test_a_final_edit_in_the_same_row_keeps_its_stamp() -> None:
    """It was stamped by the server's time, and may have been sent: only what came after that is set right."""
    server = Server()
    laptop, phone = Device(0, server), Device(1, server, DAY_MS)
    both_begin(server, laptop, phone)
    server.now_ms += MINUTE_MS
    changed(phone, "queue", "a", "final")
    final = phone.replica.view["queue"].stamp
    phone.is_corrected = False
    server.now_ms += MINUTE_MS
    changed(phone, "queue", "b", "guessed")
    phone.learns_the_time()
    row = phone.replica.pending["queue"]
    stamps = [item.written for item in ORDERED.items(row.entry).shown]
    assert [final, row.entry.stamp] == stamps
    assert 10 * DAY_MS + 2 * MINUTE_MS == int(row.entry.stamp[:15])


def test_after_a_crash_the_row_still_knows_which_of_its_stamps_are_guesses() -> None:
    """That stands on the disk with it; rows of older versions of the SDK have one edit's stamp alone."""
    server = Server()
    phone = Device(1, server, DAY_MS, corrected=False)
    phone.edits(queue=Revised(["a"]))
    server.now_ms += MINUTE_MS
    phone.edits(queue=Revised(["a", "b"]))
    row = phone.replica.pending["queue"]
    text = encode_pending(row)
    assert row == decode_pending("queue", row.seq, text)
    assert [11 * DAY_MS] == [made_ms for _, made_ms in row.guessed]
    older = text[: text.rindex(",[[")] + "]"
    assert () == decode_pending("queue", row.seq, older).guessed


def test_a_clock_that_is_set_meanwhile_moves_all_guesses() -> None:
    """Each edit of the row was made so long before the others as the steady clock says."""
    server = Server()
    phone = Device(1, server, DAY_MS, corrected=False)
    phone.edits(queue=Revised(["a"]))
    server.now_ms += MINUTE_MS
    phone.edits(queue=Revised(["a", "b"]))
    phone.replica, rows = replicas.retimed(phone.replica, -DAY_MS)
    phone.ahead_ms = 0
    phone.learns_the_time()
    items = ORDERED.items(phone.replica.pending["queue"].entry).shown
    assert [10 * DAY_MS, 10 * DAY_MS + MINUTE_MS] == [int(item.written[:15]) for item in items]
    assert [10 * DAY_MS] == [made_ms for _, made_ms in rows[0].guessed]


def test_guesses_take_no_more_room_than_what_bears_them() -> None:
    """A thousand edits of one line before the server is heard: one stamp in the text, and one guess beside
    it."""
    phone = Device(1, Server(), DAY_MS, corrected=False)
    for n in range(100):
        phone.edits(body=Revised(f"first\n{n}"), best=100 - n)
    assert 1 >= len(phone.replica.pending["body"].guessed) - 1
    assert () == phone.replica.pending["best"].guessed
