"""The hybrid clock and the estimate of the server's time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dalsegno._core.clock import DRIFT, HybridClock, ServerClock, after, device_of, is_stamp, millis_of, stamp
from dalsegno._core.document import NO_STAMP
from dalsegno._core.types import Stamp
from tests.property.entries import DEVICES, devices, stamps

US = DEVICES[0]
times = st.floats(-1e15, 1e16) | st.integers(0, 5).map(float)
steps = st.lists(st.tuples(st.just("tick"), times) | st.tuples(st.just("observe"), stamps), max_size=20)


@given(steps)
def test_stamps_only_grow(run: list[tuple[str, object]]) -> None:
    """Whatever the wall clock does and whoever is heard: a new stamp is newer than all made or seen."""
    clock, newest = HybridClock(US), NO_STAMP
    for kind, what in run:
        if kind == "tick":
            made = clock.tick(what, final=True)  # type: ignore[arg-type]
            assert made > newest
            assert is_stamp(made)
            newest = made
        else:
            clock.observe(what)  # type: ignore[arg-type]
            newest = max(newest, what)  # type: ignore[call-overload]


@given(st.lists(st.tuples(st.integers(0, 10**14), st.integers(0, 99_999), devices), max_size=10))
def test_stamps_sort_as_text(parts: list[tuple[int, int, str]]) -> None:
    """Sorting the texts sorts by time, then counter, then device: any client can compare them."""
    assert [stamp(*p) for p in sorted(parts)] == sorted(stamp(*p) for p in parts)  # type: ignore[arg-type]


@given(st.integers(0, 10**14), devices)
def test_a_stamp_can_be_read(millis: int, device: str) -> None:
    """Its time and its device stand in it."""
    made = stamp(millis, 7, device)  # type: ignore[arg-type]
    assert (millis, device) == (millis_of(made), device_of(made))


@given(st.integers(0, 10**14))
def test_the_counter_overflows_into_the_next_millisecond(millis: int) -> None:
    """100,000 edits in one millisecond still sort."""
    full = stamp(millis, 99_999, US)
    assert stamp(millis + 1, 0, US) == after(full, 0, US)


@given(st.text() | st.from_regex(r"\d{15}-\d{5}-[0-9a-f]{16}") | st.integers() | st.none())
def test_only_stamps_are_stamps(text: object) -> None:
    """Exactly the fixed-width form in ASCII, as the security rules want it, and nothing around it."""
    found = is_stamp(text)
    if found:
        assert isinstance(text, str)
        assert text.isascii()
        assert text == stamp(int(text[:15]), int(text[16:21]), device_of(Stamp(text)))


@given(st.lists(times, min_size=1, max_size=5), times)
def test_provisional_stamps_can_be_taken_back(wrong: list[float], right: float) -> None:
    """After `forget_provisional` a stamp is made as if the wrong clock had never been asked."""
    clock, fresh = HybridClock(US), HybridClock(US)
    for now in wrong:
        clock.tick(now, final=False)
    clock.forget_provisional()
    assert fresh.tick(right, final=True) == clock.tick(right, final=True)


@given(stamps, stamps, times)
def test_what_was_seen_is_never_taken_back(seen: Stamp, resumed: Stamp, now: float) -> None:
    """Stamps of others are final, the ones resumed from an earlier run are not."""
    clock = HybridClock(US)
    clock.resume(resumed)
    clock.observe(seen)
    assert clock.tick(now, final=False) > max(seen, resumed)
    clock.forget_provisional()
    assert seen == clock.settled
    assert clock.tick(now, final=True) > seen


@given(
    offset=st.integers(-(10**8), 10**8),
    looks=st.lists(st.tuples(st.floats(0, 1e6), st.floats(0, 5e3), st.floats(0, 1)), min_size=1, max_size=8),
)
def test_the_estimate_is_never_further_off_than_its_best_answer_allows(
    offset: int, looks: list[tuple[float, float, float]]
) -> None:
    """The server's time lies between asking and hearing: each answer bounds the error, drift widens it."""
    clock = ServerClock()
    assert not clock.known
    heard = sorted((asked + trip, asked, trip, where) for asked, trip, where in looks)
    for at, asked, trip, where in heard:
        clock.heard(asked + trip * where + offset, asked, at)
    estimate, last = clock.server_ms(0.0), heard[-1][0]
    assert estimate is not None
    assert clock.error_ms <= min(trip / 2 + (last - at) * DRIFT for at, _, trip, _ in heard) + 1e-3
    assert abs(estimate - offset) <= clock.error_ms + 1e-3


@given(offset=st.integers(-(10**8), 10**8), differ=st.floats(-19.0, 19.0), age=st.floats(1.0, 3_600_000.0))
def test_two_servers_that_differ_a_little_are_no_clock_that_jumped(
    offset: int, differ: float, age: float
) -> None:
    """An estimate that is good to the millisecond is not given away for what a stream of an hour allows."""
    clock = ServerClock()
    clock.heard(offset + 100.0, 100.0, 100.0)
    clock.heard(offset + differ + 200.0 + age, 100.0, 200.0 + age)
    assert clock.known and clock.error_ms <= 20.0 + age * DRIFT


@given(offset=st.integers(-(10**8), 10**8), jump=st.integers(10**4, 10**8))
def test_a_clock_that_jumped_is_believed_as_it_is_now(offset: int, jump: int) -> None:
    """Bounds that contradict each other are not averaged: the newer answer stands."""
    clock = ServerClock()
    clock.heard(offset + 50.0, 0.0, 100.0)
    clock.heard(offset + jump + 250.0, 200.0, 300.0)
    estimate = clock.server_ms(0.0)
    assert estimate is not None
    assert abs(estimate - offset - jump) <= 51.0
