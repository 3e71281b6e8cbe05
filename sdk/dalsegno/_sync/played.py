"""What a device knows of a line beside the documents: what was heard here, and whether it looked since. Pure.

Invariant: how far something was heard is on disk within a second; so a device that died in the middle of its
sound leaves the place behind that was heard, and not one that nobody heard.
"""

from __future__ import annotations

from collections.abc import Mapping

from dalsegno._core.record import record
from dalsegno._core.ruling import NEVER
from dalsegno._core.types import Value

KEPT_AS = "?line"
"""Among the local fields of a session; no field of a State class can have this name."""


@record(frozen=True, slots=True)
class Played:
    """
    heard_ms   until when the line was heard here, by the server's time; `NEVER`
    unlooked   it was taken over here without a connection, and nobody has looked at the document since
    began_ms   since when it sounds here, steady; `NEVER`
    told_at    the connection on which the document was told last; see `Lines`
    ruled_at   the same, and whose music it is was decided by that
    silent_at  where the line began that moves on though its sound has ended: a full disk did not take that
               it rests
    """

    heard_ms: float = NEVER
    unlooked: bool = False
    began_ms: float = NEVER
    told_at: int = -1
    ruled_at: int = -1
    silent_at: Mapping[str, Value] | None = None

    @classmethod
    def from_local(cls, local: Mapping[str, Value]) -> Played:
        """As it was kept; what makes no sense was not."""
        kept = local.get(KEPT_AS)
        heard = kept.get("heard") if isinstance(kept, Mapping) else None
        if not isinstance(kept, Mapping):
            return cls()
        heard_ms = float(heard) if isinstance(heard, int) and not isinstance(heard, bool) else NEVER
        return cls(heard_ms, kept.get("unlooked") is True)

    def to_keep(self, before: Played) -> dict[str, Value]:
        """The local field that keeps it, where that is otherwise than before."""
        if (self.heard_ms, self.unlooked) == (before.heard_ms, before.unlooked):
            return {}
        heard = None if self.heard_ms == NEVER else int(self.heard_ms)
        return {KEPT_AS: {"heard": heard, "unlooked": self.unlooked}}
