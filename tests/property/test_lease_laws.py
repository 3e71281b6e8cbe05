"""Laws of presence: whoever watches sees a living device online, and a dead one not for long."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dalsegno._core.messages import Snapshot
from dalsegno._core.types import DeviceId, DeviceInfo, Micros
from dalsegno._sync.devices.cards import Card, DeviceCard, card_of, card_write, sign_in_of
from dalsegno._sync.devices.lease import LEASE_MS, due_ms, is_online, lease_until_ms, listed, next_change_ms

NOW_MS = 1_790_000_000_000.0
SAYS = DeviceCard("phone", "phone", "linux", "reader")
ME = DeviceInfo(DeviceId("f" * 16), "me", "phone", "linux", "reader", True, True, 0, False)

moments = st.integers(-10 * LEASE_MS, 10 * LEASE_MS)
cards = st.builds(
    lambda number, left, ago, out: Card(
        DeviceId(f"{number:016x}"), SAYS, "1", int(NOW_MS) - abs(ago), int(NOW_MS) + left, out, Micros(1)
    ),
    st.integers(0, 2**40),
    moments,
    moments,
    st.booleans(),
)
others = st.lists(cards, max_size=6, unique_by=lambda c: c.id)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.datetimes(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
names = st.sampled_from(
    ["name", "kind", "platform", "app", "sign_in", "seen", "until", "revoked", "expire_at", "devices", "at"]
)


@given(cards, others, st.booleans())
def test_a_beat_is_due_before_a_watched_lease_ends(mine: Card, around: list[Card], arrived: bool) -> None:
    """With a whole lease written at each due time, somebody who looks never sees a gap."""
    due = due_ms(mine, around, NOW_MS, arrived=arrived)
    assert due >= NOW_MS
    if any(is_online(other, NOW_MS) for other in around):
        assert due <= max(mine.until_ms, NOW_MS)


@given(others)
def test_alone_nothing_is_due_soon(around: list[Card]) -> None:
    """Nobody who is online, a card of now: nothing before tomorrow."""
    gone = [c for c in around if not is_online(c, NOW_MS)]
    mine = Card(ME.id, SAYS, "1", int(NOW_MS), lease_until_ms(NOW_MS), False, Micros(1))
    assert due_ms(mine, gone, NOW_MS, arrived=True) > NOW_MS + 10 * LEASE_MS


@given(others)
def test_between_two_changes_the_list_stays(around: list[Card]) -> None:
    """Until the next change that is foretold, nobody goes on or offline; at it, somebody does."""
    change = next_change_ms(around, NOW_MS)
    before = listed(ME, around, NOW_MS)
    until = NOW_MS + 100 * LEASE_MS if change is None else change - 1
    assert before == listed(ME, around, max(until, NOW_MS))
    assert change is None or before != listed(ME, around, change)


@given(others)
def test_everybody_is_listed_once(around: list[Card]) -> None:
    """This device first."""
    infos = listed(ME, around, NOW_MS)
    assert ME == infos[0]
    assert sorted([ME.id, *(c.id for c in around)]) == sorted(i.id for i in infos)


@given(st.dictionaries(names | st.text(max_size=5), values, max_size=9))
def test_a_document_of_nonsense_is_a_device_or_a_sign_in_all_the_same(fields: dict[str, object]) -> None:
    """Nothing that a hostile program writes there ends the list."""
    snapshot = Snapshot(("devices", "a" * 16), fields, Micros(1))  # type: ignore[arg-type]
    assert isinstance(listed(ME, [card_of(snapshot)], NOW_MS)[1].online, bool)
    assert isinstance(sign_in_of(snapshot).revoked, bool)


@given(st.integers(0, 2**45), st.text(max_size=100), st.booleans())
def test_a_card_is_read_as_it_was_written(now_ms: int, name: str, named: bool) -> None:
    """But for the name, where that is left alone."""
    says = DeviceCard(name, "phone", "linux", "reader")
    written = card_write(ME.id, says, "7", until_ms=now_ms + 5, now_ms=now_ms, named=named)
    fields = {path[0]: value for path, value in written.fields.items()}
    read = card_of(Snapshot(written.path, fields, Micros(1)))
    assert DeviceCard(name if named else "", "phone", "linux", "reader") == read.says
    assert (ME.id, "7", now_ms + 5, False) == (read.id, read.sign_in, read.until_ms, read.revoked)
