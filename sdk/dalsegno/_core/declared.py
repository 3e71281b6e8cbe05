"""What stands behind the `=` of a State's field, and what an app says to `update` beside plain values.
Pure."""

from __future__ import annotations

import typing
from types import UnionType
from typing import Any, TypeVar, overload

from dalsegno._core import policies
from dalsegno._core.fields import FieldCodec
from dalsegno._core.ordered import Ordered
from dalsegno._core.policies import Policy
from dalsegno._core.record import record
from dalsegno._core.wishes import Add, Restart

T = TypeVar("T")
N = TypeVar("N", bound=float)

_NUMBERS = (policies.HIGHEST, policies.LOWEST, policies.COUNTER)


@record(frozen=True, slots=True)
class Declared:
    """What stands behind the `=` of a field, until the class is made. `item`: the type of an `ordered`'s
    items."""

    policy: Policy
    default: Any
    item: Any = None


def latest(default: T) -> T:
    """A field whose last writer wins, by the time of the edit and never by its arrival."""
    return typing.cast(T, Declared(policies.LATEST, default))


def held(default: T) -> T:
    """A field of what is played (track, playhead): all of them are one line, written together, and one device
    holds it: `session.take_over(track=…, playhead=…)` on whichever somebody presses play.

    The line of the newest take-over stands; what other devices edit of it is remote control.
    """
    return typing.cast(T, Declared(policies.HELD, default))


def highest(default: N) -> N:
    """A number that only grows (furthest read); `restart(value)` begins a new round below it.

    It never shows below its default.
    """
    return typing.cast(N, Declared(policies.HIGHEST, default))


def lowest(default: N) -> N:
    """A number that only falls (best time); `restart(value)` begins a new round above it.

    It never shows above its default.
    """
    return typing.cast(N, Declared(policies.LOWEST, default))


@overload
def counter() -> int: ...
@overload
def counter(default: N) -> N: ...
def counter(default: Any = 0) -> Any:
    """A number that every device adds to (times played): `session.update(plays=add(1))`. Each addition counts
    once, whoever else adds at the same time.

    default  where it begins: what is added stands on top of it, in the document too
    """
    return Declared(policies.COUNTER, default)


@overload
def ordered(item: type[T]) -> Ordered[T]: ...
@overload
def ordered(item: UnionType) -> Ordered[Any]: ...
def ordered(item: Any) -> Any:
    """A sequence of up to 500 small items (a queue), `queue: Ordered[str] = ordered(str)`, which begins
    empty.

    What two devices insert, move, change and remove at the same time is all kept, and stands in the same
    order on both. The edit is the difference between the value that is given and the one that it was made of:
    `session.update(queue=session.state.queue.append("c1"))`. A list is compared with what the app read last.
    """
    return Declared(policies.ORDERED, (), item)


def text(default: str = "") -> str:
    """A text that several devices write, line by line: `session.update(body="…")`.

    The edit is the difference to the text that the app read last (`session.state.body`). Edits of different
    lines are all kept; of two edits of the same line the newer one stands. A line that was changed on one
    device and deleted on another stays.
    """
    return typing.cast(str, Declared(policies.TEXT, default))


def on_this_device(default: T) -> T:
    """A field that never leaves this device (a text size)."""
    return typing.cast(T, Declared(policies.ON_THIS_DEVICE, default))


def restart(value: N) -> N:
    """For a `highest` field: `session.update(furthest=restart(0.0))` lets a re-read begin at 0 again. The
    same for a `lowest` one."""
    return typing.cast(N, Restart(value))


def add(amount: N) -> N:
    """For a `counter` field: `session.update(plays=add(1))`, or less with `add(-1)`."""
    return typing.cast(N, Add(amount))


def misfit(declared: Declared, hint: Any, codec: FieldCodec) -> str:
    """Why a field of this type cannot have this policy; '' if it can."""
    policy = declared.policy
    if policy in _NUMBERS and not codec.is_number:
        return f"is `{policy.name}`, and so it is an int or a float, and nothing else"
    if policy is policies.TEXT and codec.converter.name != "str":
        return "is `text`, and so it is a str, and nothing else"
    if policy is not policies.ORDERED:
        return "is Ordered[…], and so it is declared with ordered(…)" if codec.is_ordered else ""
    named = getattr(declared.item, "__name__", str(declared.item))
    if not codec.is_ordered or _item_of(hint) not in (None, declared.item):
        return f"is declared with ordered({named}), and so its type is Ordered[{named}]"
    return ""


def _item_of(hint: Any) -> Any:
    return typing.get_args(hint)[0] if typing.get_origin(hint) is Ordered else None
