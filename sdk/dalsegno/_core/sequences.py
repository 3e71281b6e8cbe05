"""The policies `ordered` and `text`, as everybody knows them; what they do is in `sequence_merge`. Pure.

An app's start does not pay for what only few fields need: that module and all beneath it are loaded with the
first call.
"""

from __future__ import annotations

from collections.abc import Callable, Set
from typing import TYPE_CHECKING

from dalsegno._core.document import Entry
from dalsegno._core.ordered import Named
from dalsegno._core.record import record
from dalsegno._core.types import Stamp
from dalsegno._core.wishes import ItemId, Wish

if TYPE_CHECKING:
    from dalsegno._core.items import Items
    from dalsegno._core.sequence_merge import SequenceMerge


@record(frozen=True, slots=True)
class Sequenced:
    """Insertions, changes, moves and removals of all devices, each kept. `lines`: it is a text."""

    name: str
    lines: bool
    shared: bool = True
    joins: bool = True

    @property
    def merge(self) -> SequenceMerge:
        """What does it."""
        from dalsegno._core import sequence_merge

        return sequence_merge.LINES if self.lines else sequence_merge.LISTS

    def write(self, current: Entry | None, value: Wish, stamp: Stamp, basis: int) -> Entry:
        return self.merge.write(current, value, stamp, basis)

    def fault(self, current: Entry | None, made: Entry) -> str:
        return self.merge.fault(current, made)

    def join(self, ours: Entry, theirs: Entry) -> Entry:
        return self.merge.join(ours, theirs)

    def contains(self, ours: Entry, theirs: Entry) -> bool:
        return self.merge.contains(ours, theirs)

    def stamps(self, entry: Entry) -> Set[Stamp]:
        return self.merge.stamps(entry)

    def restamped(self, entry: Entry, renamed: Callable[[Stamp], Stamp]) -> Entry:
        return self.merge.restamped(entry, renamed)

    def items(self, entry: Entry) -> Items:
        """What an entry holds."""
        return self.merge.items(entry)

    def names(self, entry: Entry) -> tuple[ItemId, ...]:
        """The items' names, in the order of the value; none, where these do not fit."""
        return self.merge.names(entry)


def named(policy: object, entry: Entry) -> Named | None:
    """The list of an `ordered` field, with the names of its items; None for all other fields."""
    if not isinstance(policy, Sequenced) or policy.lines or not isinstance(entry.value, (list, tuple)):
        return None
    return Named(entry.value, policy.names(entry))


ORDERED = Sequenced("ordered", lines=False)
TEXT = Sequenced("text", lines=True)
