"""Laws of the playhead, for any playhead and any moment."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from dalsegno._core.playhead import AT_LIMIT_MS, POSITION_LIMIT_MS, RATE_LIMIT, Playhead

times = st.integers(0, AT_LIMIT_MS)
positions = st.floats(0, POSITION_LIMIT_MS)
playheads = st.builds(Playhead, positions, st.floats(0, RATE_LIMIT), times)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.dictionaries(st.sampled_from(["position", "rate", "at", "x"]), inner) | st.lists(inner),
    max_leaves=6,
)


@given(playheads)
def test_value_round_trip(playhead: Playhead) -> None:
    """What is written is read back as the same playhead."""
    assert playhead == Playhead.from_value(playhead.to_value())


@given(playheads, times, times)
def test_never_moves_back(playhead: Playhead, one: int, other: int) -> None:
    """A later moment never has an earlier position."""
    earlier, later = sorted((one, other))
    assert playhead.position_at(earlier) <= playhead.position_at(later)


@given(playheads, times, times)
def test_pausing_is_where_it_was(playhead: Playhead, now: int, later: int) -> None:
    """A pause keeps, for ever, the position of the moment it was made."""
    assert playhead.position_at(now) == playhead.paused_at(now).position_at(later)


ordinary = st.builds(Playhead, st.floats(0, 1e9), st.floats(0, 4), st.integers(0, 10**13))
spans = st.integers(0, 10**7)


@given(ordinary, spans, spans)
def test_writing_it_anew_does_not_bend_the_line(playhead: Playhead, first: int, second: int) -> None:
    """Writing the playhead anew on the way (a hand-over, a reopening) changes no later position."""
    middle = playhead.at + first
    again = Playhead.playing_from(playhead.position_at(middle), middle, playhead.rate)
    expected = playhead.position_at(middle + second)
    assert math.isclose(expected, again.position_at(middle + second), abs_tol=1e-3, rel_tol=1e-12)


@given(playheads, times, st.floats(0, 1e9))
def test_stays_inside_the_track(playhead: Playhead, now: int, duration: float) -> None:
    """With a duration the position lies between 0 and that duration."""
    assert 0 <= playhead.position_at(now, duration) <= duration


@given(values)
def test_any_value_is_a_playhead_or_a_value_error(value: object) -> None:
    """Whatever a remote document holds, reading it gives a playhead or ValueError, nothing else."""
    try:
        Playhead.from_value(value)
    except ValueError:
        return
