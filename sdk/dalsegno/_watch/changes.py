"""What happened between two looks, a line for each: for a pipe. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from dalsegno._client.recent_list import Recent
from dalsegno._core.types import DeviceInfo
from dalsegno._watch.cells import cut
from dalsegno._watch.summary import summary
from dalsegno._watch.view import View

MOST_CELLS = 240
"""Of a line: more is for no eye."""


def told(before: View | None, after: View) -> list[str]:
    """Oldest first, so that the newest stands last, as in a log. `before` is None: all that there is."""
    at = datetime.fromtimestamp(after.now_ms / 1000).astimezone().isoformat(timespec="seconds")
    return [cut(f"{at} {what}", MOST_CELLS) for what in _told(before, after)]


def _told(before: View | None, after: View) -> Iterator[str]:
    status = after.status
    if before is None or before.status.link is not status.link:
        yield f"link {status.link.value}: {status.reason}".rstrip(": ")
    known = {device.id: _device(device) for device in before.devices} if before else {}
    for device in after.devices:
        if known.get(device.id) != _device(device):
            yield f"device {_device(device)}"
    seen = {session.id: _edit(session) for session in before.sessions} if before else {}
    for session in reversed(after.sessions):
        if seen.get(session.id) != _edit(session):
            whose = session.device.name if session.device else "nobody"
            yield f"session {session.id} {session.schema} {whose}: {summary(session.state, after.now_ms)}"


def _device(device: DeviceInfo) -> str:
    return f"{device.name} {'signed out' if device.signed_out else 'online' if device.online else 'offline'}"


def _edit(session: Recent) -> tuple[object, ...]:
    """What makes it news: not that the name of its device has come to be known."""
    return session.at_ms, session.schema, session.state
