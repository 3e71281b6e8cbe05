"""Asking another device to take over: `holder.ask {to, stamp, lease, until}` in the document. Pure.

The asker plays on until the other has taken the lease, so there is nothing to roll back. It is taken only
while the lease is the one that was asked of, and before `until`; the take bears the time of the ask, so that
whoever pressed play since holds.
"""

from __future__ import annotations

from collections.abc import Mapping

from dalsegno._core import clock as clocks
from dalsegno._core.document import Document
from dalsegno._core.document_serializer import hlc_of
from dalsegno._core.lease import holder_of
from dalsegno._core.messages import Write
from dalsegno._core.record import record
from dalsegno._core.types import DeviceId, Millis, SessionId, Stamp, Value

ASK_MS = 5_000
"""How long another device has to take over."""
GRACE_MS = 1_000
"""How long after that the asker still waits for the word that it was taken in time."""


@record(frozen=True, slots=True)
class Ask:
    """`stamp` names it;  `lease`: of the line that is to be taken;  `until_ms`: by the server's time."""

    to: DeviceId
    stamp: Stamp
    lease: Stamp
    until_ms: Millis

    @property
    def asker(self) -> DeviceId:
        return clocks.device_of(self.stamp)

    @property
    def taken_as(self) -> Stamp:
        """The lease of the device that takes it."""
        return clocks.renamed(self.stamp, self.to)


def ask_of(document: Document | None) -> Ask | None:
    """What stands in the document; None = nothing, or nothing that makes sense."""
    holder, raw = holder_of(document), document.holder if document is not None else None
    found = raw.get("ask") if isinstance(raw, Mapping) else None
    if holder is None or not isinstance(found, Mapping):
        return None
    to, stamp, lease, until = (found.get(name) for name in ("to", "stamp", "lease", "until"))
    if not isinstance(to, str) or not isinstance(stamp, str) or not clocks.is_stamp(stamp):
        return None
    if lease != holder.lease or not isinstance(until, int) or isinstance(until, bool):
        return None
    return Ask(DeviceId(to), Stamp(stamp), holder.lease, Millis(until))


def asking(session: SessionId, base: Document, ask: Ask | None, here: DeviceId) -> Write:
    """The write that asks, or takes an ask away; everything else of the holder stays."""
    before = base.holder if base.holder is not None else {}
    holder: dict[str, Value] = {name: value for name, value in before.items() if name != "ask"}
    if ask is not None:
        holder["ask"] = {"to": ask.to, "stamp": ask.stamp, "lease": ask.lease, "until": ask.until_ms}
    return Write(
        ("sessions", session),
        {("holder",): holder, ("hlc",): hlc_of(base, {}), ("device",): here},
        base.update_time,
        increments={("rev",): 1},
        server_times=(("at",),),
    )
