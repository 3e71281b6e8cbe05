"""Lists and maps that do not change in place: what a state hands out. Pure; any thread.

Whoever reads finds a list and a dict (`isinstance`, `==`, `json`); whoever writes is told what to do instead.
Copies, slices and sums are plain lists and dicts again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn, TypeVar

from dalsegno._errors import UsageError

T = TypeVar("T")
K = TypeVar("K")


class ReadOnlyList(list[T]):
    """A list for readers."""

    __slots__ = ()

    def __reduce__(self) -> tuple[type[list[T]], tuple[list[T]]]:
        return list, (list(self),)


class ReadOnlyDict(dict[K, T]):
    """A dict for readers."""

    __slots__ = ()

    def __reduce__(self) -> tuple[type[dict[K, T]], tuple[dict[K, T]]]:
        return dict, (dict(self),)


def _refuse(self: object, *_: Any, **__: Any) -> NoReturn:
    kind = "dict" if isinstance(self, dict) else "list"
    raise UsageError(
        f"what a state holds does not change in place: copy it with {kind}(…), change the copy, and write "
        "that with session.update(…)"
    )


_LIST_WRITES = "append clear extend insert pop remove reverse sort __delitem__ __iadd__ __imul__ __setitem__"
_DICT_WRITES = "clear pop popitem setdefault update __delitem__ __ior__ __setitem__"
for _kind, _writes in ((ReadOnlyList, _LIST_WRITES), (ReadOnlyDict, _DICT_WRITES)):
    for _name in _writes.split():
        setattr(_kind, _name, _refuse)


def read_only(value: Any) -> Any:
    """A copy of a plain value in which no list and no map can be changed, at any depth."""
    if isinstance(value, Mapping):
        return ReadOnlyDict({key: read_only(item) for key, item in value.items()})
    if isinstance(value, (list, tuple)):
        return ReadOnlyList([read_only(item) for item in value])
    return value
