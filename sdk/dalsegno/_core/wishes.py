"""What an app may ask of a field, beside a plain value: to restart, to count, to rearrange. Pure."""

from __future__ import annotations

from typing import TypeAlias

from dalsegno._core.record import record
from dalsegno._core.types import Stamp, Value

ItemId: TypeAlias = "tuple[str, int]"
"""The name of one item for ever: the device that made it, and that device's count."""


@record(frozen=True, slots=True)
class Restart:
    """A value that begins a new round of a `highest` or `lowest` field: a re-read may start at 0 again."""

    value: Value


@record(frozen=True, slots=True)
class Add:
    """So much more of a `counter` field. `start`: where it begins, if nobody has counted yet."""

    amount: int | float
    start: int | float = 0


@record(frozen=True, slots=True)
class Revised:
    """A sequence or a text as the app wants it, and what the app had before its eyes when it made that.

    What the edit means is the difference of the two; what other devices did meanwhile is not part of it.

    given     the sequence as a plain value: a list, or a text
    seen      the same as the app saw it; None = as it stands
    seen_ids  the ids of the items in `seen`, as far as the value knows them
    sources   for each item of `given` its index in `seen`, None = a new one; None = by comparison
    moved     indexes in `seen` of those that the app has moved, and not the others past them
    start     what stands there as long as nobody has written
    """

    given: Value
    seen: Value = None
    seen_ids: tuple[ItemId, ...] | None = None
    sources: tuple[int | None, ...] | None = None
    moved: frozenset[int] = frozenset()
    start: Value = None


@record(frozen=True, slots=True)
class Kept:
    """A `held` field stays as it is, in a line of which others are edited; `start`: as it begins, where
    nobody has written it yet."""

    start: Value


@record(frozen=True, slots=True)
class Played:
    """What a step leaves in one field of the line. `lease`, `act`: see `line.Rank`; '' = this very edit's
    stamp."""

    value: Value
    lease: Stamp | str = ""
    act: Stamp | str = ""
    released: bool = False


Wish: TypeAlias = "Value | Restart | Add | Revised | Kept | Played"
"""What an edit says of one field."""


def plain(wish: Wish) -> Value:
    """The value that is wished for, as far as the wish alone tells."""
    if isinstance(wish, Restart):
        return wish.value
    if isinstance(wish, Add):
        return wish.start + wish.amount
    if isinstance(wish, Kept):
        return wish.start
    if isinstance(wish, Played):
        return wish.value
    return wish.given if isinstance(wish, Revised) else wish
