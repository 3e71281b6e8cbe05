"""An edit whose call has returned, as the witness remembers it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from dalsegno._core import clock as clocks
from dalsegno._core.document import Entry, Pending
from dalsegno._core.types import DeviceId

TOLERANCE_MS = 15_000
"""How wrong the estimate of the server's time may be on these lines: half of the slowest first answer."""


@dataclass(slots=True)
class Confirmed:
    """An edit whose call had returned; `row` follows corrections.

    settled   the device's next edit of the field answers for it now
    fell      it was made blindly, and the document had the field already: a mark keeps it
    instead   what the server had, or had in its place, when it left the disk; where the policies differ
    """

    device: int
    session: str
    field: str
    row: Pending
    true_ms: float
    settled: bool = False
    instead: Entry | None = None
    fell: bool = False

    @property
    def claim(self) -> Entry:
        """What must be there at the end, or be superseded."""
        return self.instead or self.row.entry


def in_truth(edit: Confirmed) -> Entry:
    """As it would have been stamped by a clock that is slow by what an estimate may be wrong."""
    early_ms = edit.true_ms - TOLERANCE_MS
    return replace(edit.row.entry, stamp=clocks.stamp(int(early_ms), 0, DeviceId("0" * 16)))
