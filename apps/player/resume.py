"""Where to go on, when the one who was playing may be gone.

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


def playing_elsewhere(state: Shared, me: str, now_ms: int) -> bool:
    """Whether another device is making sound right now, as far as anyone can know."""
    return bool(
        state.playhead.moving
        and state.playing_on is not None
        and state.playing_on != me
        and not ran_out(state, now_ms)
    )


def resume_position_ms(state: Shared, me: str, now_ms: int) -> float:
    """Where the music is or should go on; to be asked while this device itself is silent.

    Paused: exactly where it was paused. Moving on another device: where it is by now. Moving by our own
    hand though we are silent: we crashed; then it is where our sound was last noted (at most some seconds
    before the end), or where the line was written. Run out: where the line was written, which is the last
    thing known for certain.
    """
    playhead, duration_ms = state.playhead, state.duration_ms or None
    if playing_elsewhere(state, me, now_ms):
        return float(playhead.position_at(now_ms, duration_ms))
    position_ms = playhead.position
    if playhead.moving and state.playing_on == me and state.heard is not None:
        heard = state.heard
        if state.heard_track == state.track and heard.at >= playhead.at:
            position_ms = heard.position
    return float(position_ms if duration_ms is None else min(position_ms, duration_ms))
