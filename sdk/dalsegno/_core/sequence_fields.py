"""Fields that are sequences: the type `Ordered[…]`, and what an app's value says about its edit. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from dalsegno._core.converters import Converter, read
from dalsegno._core.ordered import Named, Ordered
from dalsegno._core.types import Value
from dalsegno._core.wishes import ItemId, Revised
from dalsegno._errors import UsageError


def ordered(item: Converter, where: str) -> Converter:
    """`Ordered[item]`; lists and tuples are taken too."""
    if item.is_list:
        raise UsageError(f"{where}: Firestore has no lists of lists; put a dict or a class in between")
    if item.is_fresh:
        raise UsageError(
            f"{where}: an item that can be changed in place would not be sent: make it a frozen dataclass"
        )

    def accepts(value: Any) -> bool:
        return isinstance(value, (Ordered, list, tuple)) and all(map(item.accepts, value))

    return Converter(
        f"Ordered of {item.name}",
        accepts,
        lambda value: [item.to_plain(i) for i in value],
        lambda value: _read(value, item.from_plain, ()),
        lambda value: _read(value, lambda one: read(item, one), (ValueError,)),
        accepts,
        is_list=True,
        item=item,
    )


def _read(value: Value, one: Callable[[Value], Any], forgiven: tuple[type[Exception], ...]) -> Ordered[Any]:
    """Without the items that make no sense to this app: it cannot touch them, and they stay where they
    are."""
    if not isinstance(value, (list, tuple)):
        raise ValueError("no list")
    names = value.names if isinstance(value, Named) and len(value.names) == len(value) else None
    found: list[Any] = []
    kept: list[ItemId] = []
    for index, plain in enumerate(value):
        try:
            found.append(one(plain))
        except forgiven:
            continue
        if names is not None:
            kept.append(names[index])
    if value and not found:
        raise ValueError("nothing in it makes sense")
    return Ordered._shown(found, None if names is None else tuple(kept))


def wish_for(item: Converter, value: Any, plain: Value, start: Value) -> Revised:
    """What `update(queue=value)` means, as far as the value knows what it was made of."""
    if not isinstance(value, Ordered) or value._origins is None:
        return Revised(plain, start=start)
    seen = [item.to_plain(one) for one in value._seen]
    return Revised(plain, seen, value._seen_names, value._origins, value._moved, start)


def made_upon(item: Converter | None, wish: Revised, seen: Any) -> Revised:
    """The wish of a value that does not know what it was made of: the app made it of what it saw last."""
    if wish.seen is not None or seen is None:
        return wish
    if not isinstance(seen, Sequence) or isinstance(seen, str) or item is None:
        return replace(wish, seen=seen)
    names = seen._seen_names if isinstance(seen, Ordered) else None
    return replace(wish, seen=[item.to_plain(one) for one in seen], seen_ids=names)
