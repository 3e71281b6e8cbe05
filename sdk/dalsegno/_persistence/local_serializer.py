"""Values and documents as text for the disk, and back. Pure; any thread.

Invariant: what is decoded equals what was encoded, kind for kind: 1, 1.0 and True stay apart, and so do bytes
and text. Sequences come back as lists. Anything undecodable raises `Damaged`, never half a value.

JSON holds most values as they are. Bytes and times are `{"$bytes": base64}` and `{"$time": ISO 8601}`; a map
with a key that begins with `$` is wrapped as `{"$map": {…}}`, so that nobody's data can pass for a tag.
"""

from __future__ import annotations

import base64
import contextlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from dalsegno._core.document import Document, Entry, Pending
from dalsegno._core.types import DeviceId, Micros, Millis, Stamp, Value
from dalsegno._errors import UsageError


class Damaged(Exception):
    """A stored row makes no sense; the store sets its file aside."""


def encode_value(value: Value) -> str:
    """Raises UsageError for what no Firestore field can hold."""
    return _encode(value)


def decode_value(text: str) -> Value:
    """Raises Damaged."""
    value: Value = _decode(text)
    return value


def encode_head(document: Document) -> str:
    """A document without its fields, and how many of them there are: each has a row of its own."""
    return _encode(
        [
            document.schema,
            len(document.entries),
            document.rev,
            document.hlc,
            document.device,
            document.at,
            document.update_time,
            document.holder,
            document.landed,
        ]
    )


def decode_head(text: str) -> tuple[Document, int]:
    """A document without its fields, and how many there are to be. Raises Damaged."""
    try:
        schema, count, *head = _decode(text)
        return _document(schema, {}, *head), _whole(count)
    except (TypeError, ValueError, AttributeError) as error:
        raise Damaged(f"a stored document makes no sense ({type(error).__name__})") from error


def encode_entry(entry: Entry) -> str:
    return _encode(_entry_parts(entry))


def decode_entry(text: str) -> Entry:
    """Raises Damaged."""
    try:
        return _entry(*_decode(text))
    except (TypeError, ValueError) as error:
        raise Damaged(f"a stored field makes no sense ({type(error).__name__})") from error


def decode_document(text: str) -> Document:
    """A document in one piece, as formats 1 to 3 of the database had it. Raises Damaged."""
    try:
        schema, entries, *head = _decode(text)
        return _document(schema, {name: _entry(*parts) for name, parts in entries.items()}, *head)
    except (TypeError, ValueError, AttributeError) as error:
        raise Damaged(f"a stored document makes no sense ({type(error).__name__})") from error


def _document(
    schema: object,
    entries: Mapping[str, Entry],
    rev: object,
    hlc: object,
    device: object,
    at: object,
    update_time: object,
    holder: object,
    landed: object = None,
) -> Document:
    return Document(
        schema=_text(schema),
        entries=entries,
        rev=_whole(rev),
        hlc=Millis(_whole(hlc)),
        device=DeviceId(_text(device)),
        at=Micros(_whole(at)),
        update_time=Micros(_whole(update_time)),
        holder=None if holder is None else _map(holder),
        landed={} if landed is None else {DeviceId(d): Stamp(_text(s)) for d, s in _map(landed).items()},
    )


def decode_revs(text: str) -> dict[str, int]:
    """Field → rev. Raises Damaged."""
    try:
        return {name: _whole(rev) for name, rev in _map(_decode(text)).items()}
    except TypeError as error:
        raise Damaged(f"stored revs make no sense ({type(error).__name__})") from error


def encode_pending(row: Pending) -> str:
    """The part of an outbox row that has no column of its own."""
    return _encode(
        [*_entry_parts(row.entry), row.device_ms, row.corrected, row.after, row.guessed, row.blind]
    )


def decode_pending(field: str, seq: int, text: str) -> Pending:
    """Raises Damaged."""
    try:
        value, stamp, basis, extra, device_ms, corrected, after, *more = _decode(text)
        guessed, blind = more or ((), False)  # formats 1 to 4 did not say
        return Pending(
            field=_text(field),
            entry=_entry(value, stamp, basis, extra),
            seq=_whole(seq),
            device_ms=Millis(_whole(device_ms)),
            corrected=bool(corrected),
            after=Stamp(_text(after)),
            guessed=tuple((Stamp(_text(s)), Millis(_whole(ms))) for s, ms in guessed),
            blind=bool(blind),
        )
    except (TypeError, ValueError) as error:
        raise Damaged(f"a stored edit makes no sense ({type(error).__name__})") from error


def _entry_parts(entry: Entry) -> list[Any]:
    return [entry.value, entry.stamp, entry.basis, entry.extra]


def _entry(value: Value, stamp: object, basis: object, extra: object) -> Entry:
    return Entry(value, Stamp(_text(stamp)), _whole(basis), _map(extra))


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"text expected, not {type(value).__name__}")
    return value


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"a whole number expected, not {type(value).__name__}")
    return value


def _map(value: object) -> dict[str, Value]:
    if not isinstance(value, dict):
        raise TypeError(f"a map expected, not {type(value).__name__}")
    return value


# --- JSON with tags -----------------------------------------------------------------------------------

_JSON = json.JSONEncoder(separators=(",", ":"))
"""Made once: `json.dumps` would make one for each value."""

_MARK = '"$'
"""Text without this holds no tag and nothing like one: both ways then run in C alone."""


def _encode(value: Any) -> str:
    try:
        with contextlib.suppress(TypeError):  # bytes, a time or another kind of mapping somewhere inside
            text = _JSON.encode(value)
            if _MARK not in text:
                return text
        return _JSON.encode(_tagged(value))
    except RecursionError:
        raise UsageError("This value is nested too deeply to be stored.") from None


def _tagged(value: Any) -> Any:
    match value:
        case None | bool() | int() | float() | str():
            return value
        case bytes():
            return {"$bytes": base64.b64encode(value).decode("ascii")}
        case datetime():
            return {"$time": value.isoformat()}
        case Mapping():
            tagged = {str(key): _tagged(item) for key, item in value.items()}
            return {"$map": tagged} if any(key.startswith("$") for key in tagged) else tagged
        case Sequence():
            return [_tagged(item) for item in value]
        case _:
            raise UsageError(
                f"A {type(value).__name__} cannot be stored. A field holds None, bool, int, float, str, "
                "bytes, datetime, and lists and maps of those."
            )


def _decode(text: str) -> Any:
    try:
        return _untagged(json.loads(text)) if _MARK in text else json.loads(text)
    except (TypeError, ValueError, RecursionError, AttributeError) as error:
        raise Damaged(f"a stored value makes no sense ({type(error).__name__})") from error


def _untagged(value: Any) -> Any:
    match value:
        case {"$bytes": text}:
            return base64.b64decode(text, validate=True)
        case {"$time": text}:
            return datetime.fromisoformat(text)
        case {"$map": inner}:
            return {key: _untagged(item) for key, item in inner.items()}
        case dict():
            return {key: _untagged(item) for key, item in value.items()}
        case list():
            return [_untagged(item) for item in value]
        case _:
            return value
