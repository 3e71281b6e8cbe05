"""The picture: a view in so many columns and rows, as lines of styled pieces. Pure.

Narrow ones (a watch: 20 × 8) give each session two lines, wide ones a row of a table. Invariant: no line is
wider than the screen, and no piece holds what was not made safe.
"""

from __future__ import annotations

from collections.abc import Sequence

from dalsegno._client.recent_list import Recent
from dalsegno._core.types import DeviceInfo, Link
from dalsegno._watch.cells import cut, fit, width
from dalsegno._watch.summary import summary
from dalsegno._watch.view import View, age

Piece = tuple[str, str]
"""A style, and text that fits."""
Line = tuple[Piece, ...]

PLAIN, BOLD, DIM, GOOD, BAD = "plain", "bold", "dim", "good", "bad"
TABLE_FROM = 64
"""Columns."""
ROOMY_FROM = 12
"""Rows: from here on there is room for a line for each device."""
AGE = 6
LEAST = 8


def lines(view: View, columns: int, rows: int | None = None) -> list[Line]:
    """`rows`: how many there are; None = as many as it takes."""
    columns = max(LEAST, columns)
    last = _devices(view, columns, rows)
    room = None if rows is None else max(0, rows - 1 - len(last))
    shown = _sessions(view, columns)[:room]
    return [_head(view, columns), *shown, *last][:rows]


def _head(view: View, columns: int) -> Line:
    status = view.status
    live = status.link is Link.LIVE
    online = sum(device.online for device in view.devices)
    left = f"{status.link.value}: {status.reason}" if status.reason else status.link.value
    right = f"{online} of {len(view.devices)} on" if live else ""
    left, right = _apart(f"{_dot(live)} {left}", right, columns)
    return ((GOOD if live else BAD, left), (DIM, right))


def _apart(left: str, right: str, columns: int) -> tuple[str, str]:
    """Both, at the two ends of a line; the right one only if there is room for all of it."""
    room = columns - width(right) - 1
    if not right or room < LEAST:
        return fit(left, columns), ""
    return fit(left, room) + " ", cut(right, columns)


# --- sessions ---


def _sessions(view: View, columns: int) -> list[Line]:
    if not view.sessions:
        return [((DIM, fit("nothing to carry on with yet", columns)),)]
    if columns >= TABLE_FROM:
        return _table(view, columns)
    return [line for session in view.sessions for line in _card(session, view.now_ms, columns)]


def _card(session: Recent, now_ms: int, columns: int) -> list[Line]:
    """Two lines: which and when; whose, and where it stands."""
    name, at = _apart(session.id, age(session.at_ms, now_ms), columns)
    whose = cut(_who(session), columns // 3)
    rest = columns - width(whose) - 2
    told = (
        f"{session.schema} {summary(session.state, now_ms)}"
        if columns >= 48
        else summary(session.state, now_ms)
    )
    return [
        ((BOLD, name), (DIM, at)),
        ((DIM, f" {whose} "), (PLAIN, fit(told, rest))),
    ]


def _table(view: View, columns: int) -> list[Line]:
    """A row each; every column as wide as it needs to be, within its share."""
    cells = [(s.id, s.schema, _who(s)) for s in view.sessions]
    shares = columns // 4, columns // 7, columns // 6
    widths = [
        min(share, max(map(width, column)))
        for share, column in zip(shares, zip(*cells, strict=True), strict=True)
    ]
    rest = columns - sum(widths) - AGE - 4 * 2
    return [_row(session, view.now_ms, widths, rest) for session in view.sessions]


def _row(session: Recent, now_ms: int, widths: Sequence[int], rest: int) -> Line:
    name, schema, whose = widths
    return (
        (BOLD, fit(session.id, name)),
        (DIM, "  " + fit(session.schema, schema)),
        (PLAIN, "  " + fit(summary(session.state, now_ms), rest)),
        (DIM, "  " + fit(_who(session), whose)),
        (DIM, "  " + age(session.at_ms, now_ms).rjust(AGE)),
    )


def _who(session: Recent) -> str:
    return session.device.name if session.device else "nobody"


# --- devices ---


def _devices(view: View, columns: int, rows: int | None) -> list[Line]:
    """A line for each, if there is room; else all others in one."""
    if rows is not None and rows < ROOMY_FROM:
        others = [device for device in view.devices if not device.here] or view.devices
        names = "  ".join(f"{_dot(device.online)} {device.name}" for device in others)
        return [((PLAIN, fit(names, columns)),)]
    most = len(view.devices) if rows is None else max(1, rows // 4)
    shown = [_device(device, view.now_ms, columns) for device in view.devices]
    if len(shown) > most:
        left = f"  and {len(shown) - most + 1} more"
        shown = [*shown[: most - 1], ((DIM, fit(left, columns)),)]
    return [((DIM, fit("", columns)),), *shown]


def _device(device: DeviceInfo, now_ms: int, columns: int) -> Line:
    known = " ".join(filter(None, (device.kind, device.app)))
    here = " (here)" if device.here else ""
    how = "signed out" if device.signed_out else "online" if device.online else age(device.seen_at_ms, now_ms)
    left, right = _apart(f"{_dot(device.online)} {device.name}{here}  {known}", how, columns)
    return ((GOOD if device.online else DIM, left), (DIM, right))


def _dot(lit: bool) -> str:
    return "●" if lit else "○"
