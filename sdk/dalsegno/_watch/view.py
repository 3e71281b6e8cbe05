"""What there is to show: one look at a client, and what of it ages by itself. Pure, but for the look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dalsegno._client.client import Client
from dalsegno._client.recent_list import Recent
from dalsegno._core.types import DeviceInfo, Status
from dalsegno._watch.summary import moves

SESSIONS = 50
"""The newest; as many as the stream tells of."""
REST_S = 10.0
"""Ages are drawn anew at most so often."""
_STEPS = ((60, 1, "now"), (3600, 60, "min"), (86_400, 3600, "h"), (7 * 86_400, 86_400, "d"))


@dataclass(frozen=True, slots=True)
class View:
    """How it stands. `now_ms`: the server's time, milliseconds of the Unix epoch."""

    status: Status
    sessions: Sequence[Recent]
    devices: Sequence[DeviceInfo]
    now_ms: int


def look(client: Client) -> View:
    """At once, from what is known here. Raises Closed."""
    return View(client.status, client.recent(SESSIONS), client.devices(), client.now_ms())


def age(at_ms: int, now_ms: int) -> str:
    """ "now", "3 min", "2 h", "5 d", "9 w"; "" for what never was. What a fast clock puts ahead is now."""
    if at_ms <= 0:
        return ""
    seconds = max(0, now_ms - at_ms) // 1000
    for below, unit_s, unit in _STEPS:
        if seconds < below:
            return unit if unit == "now" else f"{seconds // unit_s} {unit}"
    return f"{seconds // (7 * 86_400)} w"


def stale_in_s(view: View) -> float:
    """After how long an age, or a playhead that moves, reads otherwise, if nothing happens before."""
    if any(moves(session.state) for session in view.sessions):
        return REST_S
    seen = [session.at_ms for session in view.sessions]
    seen += [device.seen_at_ms for device in view.devices if not device.online]
    return max(REST_S, min((_next_s(at_ms, view.now_ms) for at_ms in seen if at_ms > 0), default=3600.0))


def _next_s(at_ms: int, now_ms: int) -> float:
    seconds = max(0, now_ms - at_ms) / 1000
    unit_s = 60 if seconds < 3600 else 3600 if seconds < 86_400 else 86_400
    return unit_s - seconds % unit_s + 0.05  # just after it, as timers may be early
