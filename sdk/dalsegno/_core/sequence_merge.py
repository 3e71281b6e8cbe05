"""How `ordered` and `text` work: a list, or a text by lines, of which every edit is kept. Pure.

Loaded with the first such field: most apps have none.

Invariant: an entry that this policy made is a function of its items, stamp and basis, and they can be read
from it again. One that makes no sense, or has no bookkeeping, counts as a list that its last writer set as a
whole.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from dataclasses import replace

from dalsegno._core import item_serializer
from dalsegno._core.document import NO_STAMP, Entry
from dalsegno._core.items import Items, contains, joined, nameless
from dalsegno._core.limits import size_of
from dalsegno._core.memo import Memo
from dalsegno._core.orders import is_same_entry
from dalsegno._core.record import record
from dalsegno._core.sequence_edit import anew, difference, revised
from dalsegno._core.types import Stamp, Value
from dalsegno._core.wishes import ItemId, Revised, Wish, plain

_READ: Memo[Items] = Memo(8)
_JOINED: Memo[Entry] = Memo(4)
_MADE: Memo[bool] = Memo(8)
"""Each edit, echo and look asks several times for the same few."""


@record(frozen=True, slots=True)
class Form:
    """How a sequence stands in a document.

    values_of   a plain value's items; the number says how many there should be, -1 = that is not known
    value_of    items as a plain value
    may_be      whether an item can have this value
    lines       it is a text: what stands in the place of a line is that line, changed
    """

    values_of: Callable[[Value, int], Sequence[Value]]
    value_of: Callable[[Sequence[Value]], Value]
    may_be: Callable[[Value], bool]
    lines: bool = False


@record(frozen=True, slots=True)
class SequenceMerge:
    """Insertions, changes, moves and removals of all devices, each kept; see `items`. As `Policy` has it."""

    form: Form

    def write(self, current: Entry | None, value: Wish, stamp: Stamp, basis: int) -> Entry:
        wish = value if isinstance(value, Revised) else Revised(plain(value))
        items = self.items(current) if current is not None else self._begun(wish.start)
        after = self._revised(items, wish, stamp)
        if current is not None and after is items:
            return current
        made = self._entry(after, stamp, basis)
        is_too_much = self.form.lines and size_of(made.extra) > MOST_BOOKKEEPING
        return self._entry(anew(after, stamp), stamp, basis) if is_too_much else made

    def _begun(self, start: Value) -> Items:
        """As it stands before anybody has written: the default, whose items are the same on every device."""
        values = self.form.values_of(start, -1)
        return nameless(values, NO_STAMP) if values else Items({}, {})

    def _revised(self, items: Items, wish: Revised, stamp: Stamp) -> Items:
        given, now = self.form.values_of(wish.given, -1), items.shown
        if wish.seen is None:
            seen: Sequence[Value] = [item.value for item in now]
        else:
            seen = self.form.values_of(wish.seen, -1)
        return revised(items, difference(now, seen, given, wish, self.form.lines), stamp)

    def join(self, ours: Entry, theirs: Entry) -> Entry:
        if is_same_entry(ours, theirs):
            return ours
        return _JOINED.of((self, ours, theirs), lambda: self._joined(ours, theirs))

    def _joined(self, ours: Entry, theirs: Entry) -> Entry:
        for one, other in ((ours, theirs), (theirs, ours)):
            newer = (one.stamp, one.basis) >= (other.stamp, other.basis)
            if newer and _MADE.has((self, one)) and self.contains(one, other):
                return one  # as it would be made again: mostly an edit, and what it was made upon
        stamp, basis = max((ours.stamp, ours.basis), (theirs.stamp, theirs.basis))
        return self._entry(joined(self.items(ours), self.items(theirs)), stamp, basis)

    def contains(self, ours: Entry, theirs: Entry) -> bool:
        """Not by the stamp: that of a joined entry is the newest of many edits, and says of none of the
        others whether they are in it."""
        return ours is theirs or contains(self.items(ours), self.items(theirs))

    def stamps(self, entry: Entry) -> Set[Stamp]:
        versions = self.items(entry).versions.values()
        return {v.written for v in versions} | {v.placed for v in versions}

    def restamped(self, entry: Entry, renamed: Callable[[Stamp], Stamp]) -> Entry:
        """The stamps decide which value and which place of an item is the newest. Names of items stay."""
        items = self.items(entry)
        versions = {
            name: replace(v, written=renamed(v.written), placed=renamed(v.placed))
            for name, v in items.versions.items()
        }
        return self._entry(Items(versions, items.seen), renamed(entry.stamp), entry.basis)

    def items(self, entry: Entry) -> Items:
        """What an entry holds."""
        return _READ.of((self, entry), lambda: self._items(entry))

    def _items(self, entry: Entry) -> Items:
        form = self.form
        try:
            return item_serializer.decode(entry.extra, lambda n: form.values_of(entry.value, n), form.may_be)
        except ValueError:
            return nameless(form.values_of(entry.value, -1), entry.stamp)

    def names(self, entry: Entry) -> tuple[ItemId, ...]:
        """The items' names, in the order of the value; none, where these do not fit."""
        items = self.items(entry).shown
        fits = len(items) == len(self.form.values_of(entry.value, len(items)))
        return tuple(item.id for item in items) if fits else ()

    def fault(self, current: Entry | None, made: Entry) -> str:
        """Only what an edit adds is refused: what others have put there already is nobody's mistake here."""
        count = len(self.items(made).shown)
        if self.form.lines or count <= max(MOST_ITEMS, len(self.items(current).shown) if current else 0):
            return ""
        return (
            f"would have {count} items, and an ordered field holds {MOST_ITEMS}: remove some first, or keep "
            "the rest elsewhere"
        )

    def _entry(self, items: Items, stamp: Stamp, basis: int) -> Entry:
        values, extra = item_serializer.encode(items)
        made = Entry(self.form.value_of(values), stamp, basis, extra)
        _READ.of((self, made), lambda: items)  # it is asked for soon
        _MADE.of((self, made), lambda: True)
        return made


def _listed(value: Value, _: int) -> Sequence[Value]:
    return value if isinstance(value, (list, tuple)) else []


def _lines(value: Value, count: int) -> Sequence[Value]:
    """Between two line feeds; what ends with one has an empty line there. No text is no line, if not one."""
    if not isinstance(value, str) or (not value and count != 1):
        return []
    return value.split("\n")


def _text(lines: Sequence[Value]) -> Value:
    return "\n".join(str(line) for line in lines)


def _is_line(value: Value) -> bool:
    return isinstance(value, str) and "\n" not in value


LISTS = SequenceMerge(Form(_listed, list, lambda _: True))
LINES = SequenceMerge(Form(_lines, _text, _is_line, lines=True))
MOST_BOOKKEEPING = 96 * 1024
"""Of a text whose lines were written one by one, about two thousand of them: then all begin anew, so that a
long text can still be edited."""
MOST_ITEMS = 500
"""Of an `ordered` field, by edits here: each is in one document, which is sent and read as a whole. What two
devices add at the same time may come to more; that is shown and kept, and can only be made shorter here."""
