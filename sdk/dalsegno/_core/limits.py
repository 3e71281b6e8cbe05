"""What a session's document takes, so that the server never has to refuse it. Pure; any thread.

Firestore's own limits (a document of 1 MiB, 20 levels, names) and those of `firestore.rules` (64 fields). The
40,000 index entries and the 1,500 bytes of an indexed value are no limits here: `firestore.indexes.json`
takes `state` and what stands beside it out of all indexes.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from dalsegno._core.document import Entry
from dalsegno._core.types import Value
from dalsegno._errors import UsageError

MAX_FIELD_BYTES = 256 * 1024
"""A field larger than this does not belong into a document that may hold 1 MiB in all."""
MAX_STATE_BYTES = 768 * 1024
"""All fields of a session with their bookkeeping. The rest of 1 MiB (256 KiB) is for what is not counted
here: `rev`, `holder` and the like, and what other devices write before this one hears of it."""
MAX_FIELDS = 64
"""Fields that are shared; `haveStamps` in firestore.rules."""
MAX_DEPTH = 18
"""Maps and lists in each other inside of a field: 20 in a document, less `state` itself, and one to spare."""
MAX_PATH_BYTES = 1_400
"""A field's name and the keys of maps down to a value, with a dot between them: Firestore takes 1,500 of a
whole path. The rest is for `state`, for `merge.….round` and for positions in lists."""
INT64 = range(-(2**63), 2**63)

_RESERVED = re.compile("__.*__", re.DOTALL)
_FIELD_OVERHEAD = 128
"""Stamp (39), basis (8) and what stands around a policy's own bookkeeping, rounded up; the field's name
stands four times."""


def name_fault(name: object, room: int = MAX_PATH_BYTES) -> str:
    """Why this cannot be a field's name or a key of a map; '' if it can. `room`: bytes left of its path."""
    if type(name) is str and name.isascii() and 0 < len(name) <= room and name[0] != "_":
        return ""  # nearly always
    if not isinstance(name, str):
        return f"a key is {type(name).__name__}, not str"
    if not name:
        return "a key is empty"
    if not is_unicode(name):
        return "a key holds half of a surrogate pair, which is no Unicode character"
    if len(name.encode()) > room:
        return f"a key is longer than {MAX_PATH_BYTES} bytes, with the field and the keys that it stands in"
    if is_reserved(name):
        return "a key is like __this__, which Firestore keeps for itself"
    return ""


def is_reserved(name: str) -> bool:
    """Whether Firestore keeps such a name for itself, of fields, keys and documents."""
    return _RESERVED.fullmatch(name) is not None


def is_unicode(text: str) -> bool:
    """Whether the text can be encoded: no half of a surrogate pair."""
    try:
        return text.isascii() or text.encode() is not None
    except UnicodeEncodeError:
        return False


def storable(value: Any, room: int = MAX_PATH_BYTES, depth: int = MAX_DEPTH, in_list: bool = False) -> Value:
    """A copy of a plain value that is nobody else's, of plain types alone.

    room   bytes that are left for the keys on the way to its inner values
    Raises ValueError that says why no document can hold it, without quoting it.
    """
    if isinstance(value, (dict, list, tuple)):
        return _storable_composite(value, room, depth, in_list)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        if not is_unicode(value):
            raise ValueError("a text holds half of a surrogate pair, which is no Unicode character")
        return str.__str__(value)
    if isinstance(value, int):
        if value not in INT64:
            raise ValueError("an integer has more than 64 bits")
        return int(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError("a float is not finite")
        return float(value)
    return _storable_rarity(value, room, depth, in_list)


def _storable_rarity(value: Any, room: int, depth: int, in_list: bool) -> Value:
    if isinstance(value, bytes):
        return bytes(value)
    if isinstance(value, datetime):
        return utc(value)
    if isinstance(value, Mapping):
        return _storable_composite(value, room, depth, in_list)
    raise ValueError(f"a document holds no {type(value).__name__}")


def _storable_composite(value: Any, room: int, depth: int, in_list: bool) -> Value:
    if depth <= 0:
        raise ValueError(f"maps and lists are nested deeper than {MAX_DEPTH}")
    if isinstance(value, Mapping):
        for key in value:
            if fault := name_fault(key, room):
                raise ValueError(fault)
        return {
            str.__str__(key): storable(item, room - len(key.encode()) - 1, depth - 1)
            for key, item in value.items()
        }
    if in_list:
        raise ValueError("a list stands directly in a list, which Firestore does not store")
    return [storable(item, room, depth - 1, in_list=True) for item in value]


def utc(moment: datetime) -> datetime:
    """The moment in UTC. Raises ValueError: no time zone, or outside the years 1 to 9999."""
    if moment.utcoffset() is None:
        raise ValueError("a datetime has no time zone")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("a datetime is outside the years 1 to 9999 of UTC") from None


def size_of(value: Value) -> int:
    """Bytes as Firestore counts them, never fewer."""
    if isinstance(value, str):
        return (len(value) if value.isascii() else len(value.encode("utf-8", "surrogatepass"))) + 1
    if value is None or isinstance(value, (int, float)):
        return 8
    if isinstance(value, bytes):
        return len(value)
    if isinstance(value, (list, tuple)):
        return sum(map(size_of, value))
    if isinstance(value, (dict, Mapping)):  # a dict is known at once, other maps take a search
        return 32 + sum(map(size_of, value)) + sum(map(size_of, value.values()))
    return 8


class DocumentSize:
    """How large a session's document is, field by field: measured once, then only where it changes."""

    def __init__(self, fields: Mapping[str, Entry]) -> None:
        self._sizes: dict[str, int] = {}
        self._checked: dict[str, tuple[Entry, int]] = {}
        """What was measured last, before it was there."""
        self.measure(fields, fields)

    def measure(self, fields: Mapping[str, Entry], names: Iterable[str]) -> None:
        """These fields changed."""
        for name in names:
            if name not in fields:
                self._sizes.pop(name, None)
                continue
            entry, size = self._checked.pop(name, (None, 0))
            self._sizes[name] = size if size and entry is fields[name] else _field_size(name, fields[name])

    def check(self, fields: Mapping[str, Entry]) -> None:
        """Raises UsageError if the document would grow beyond its bounds; what makes it smaller passes."""
        self._checked = {name: (entry, _field_size(name, entry)) for name, entry in fields.items()}
        grown = {name: size - self._sizes.get(name, 0) for name, (_, size) in self._checked.items()}
        if len(self._sizes.keys() | fields.keys()) > max(MAX_FIELDS, len(self._sizes)):
            new = ", ".join(sorted(fields.keys() - self._sizes.keys()))
            raise UsageError(
                f"{new}: a session's document holds {MAX_FIELDS} fields, and it has them already"
            )
        for name, (entry, size) in self._checked.items():
            if entry.extra and grown[name] > 0 and size - _named(name) > MAX_FIELD_BYTES:
                raise UsageError(
                    f"{name} would be larger than {MAX_FIELD_BYTES // 1024} KiB with its bookkeeping of who "
                    "wrote what: keep a part of it elsewhere, and a link here"
                )
        growth = sum(grown.values())
        if growth > 0 and sum(self._sizes.values()) + growth > MAX_STATE_BYTES:
            raise UsageError(
                f"{max(grown, key=lambda name: grown[name])} would make this session larger than "
                f"{MAX_STATE_BYTES // 1024} KiB in all: keep it elsewhere, and a link here"
            )


def _field_size(name: str, entry: Entry) -> int:
    return size_of(entry.value) + (size_of(entry.extra) if entry.extra else 0) + _named(name)


def _named(name: str) -> int:
    return 4 * (len(name.encode()) + 1) + _FIELD_OVERHEAD
