"""Where a playhead is that nobody may be moving any more.

Pure. Invariant: a position is never made up beyond the track that was playing: a playhead that ran past the
end of its track with nobody writing the next one belongs to a device that has stopped without a word.
"""

from __future__ import annotations

from apps.player.shared import Shared

RUN_OUT_GRACE_MS = 10_000  # a live device announces its next track within this, bad network included
LONGEST_UNKNOWN_MS = 6 * 3_600_000  # with no duration known: a long audio book's chapter, not a night


def ran_out(state: Shared, now_ms: int) -> bool:
    """Whether the playhead moved on past the end of its track: nobody is playing any more."""
    limit_ms = (state.duration_ms or LONGEST_UNKNOWN_MS) + RUN_OUT_GRACE_MS
    return bool(state.playhead.moving and state.playhead.position_at(now_ms) > limit_ms)


def place_ms(state: Shared, settled_ms: float, now_ms: int) -> float:
    """Where the music is, by where its line says that it stands (`settled_ms`); run out: where the line was
    written, which is the last thing known for certain."""
    if ran_out(state, now_ms):
        return float(state.playhead.position)
    return float(min(settled_ms, state.duration_ms) if state.duration_ms else settled_ms)
