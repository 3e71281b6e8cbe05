"""Laws of values on disk."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from dalsegno._core.document import Entry
from dalsegno._core.types import Value
from dalsegno._persistence.local_serializer import (
    Damaged,
    decode_document,
    decode_entry,
    decode_head,
    decode_pending,
    decode_value,
    encode_entry,
    encode_head,
    encode_pending,
    encode_value,
)
from tests.support.stores import document, edit, stamp
from tests.support.values import exact, keys, values


@given(values)
def test_value_round_trip(value: Value) -> None:
    """What is stored comes back: the same kinds, the same bits."""
    assert exact(value) == exact(decode_value(encode_value(value)))


@given(st.dictionaries(keys, values, max_size=4), st.none() | st.dictionaries(keys, values, max_size=3))
def test_document_round_trip(fields: dict[str, Value], holder: dict[str, Value] | None) -> None:
    """A document comes back as it was, whatever its fields are called and hold."""
    written = replace(document(fields, rev=3), holder=holder)
    head, count = decode_head(encode_head(written))
    entries = {name: decode_entry(encode_entry(entry)) for name, entry in written.entries.items()}
    assert len(fields) == count
    read = replace(head, entries=entries)
    assert replace(written, entries={}, holder=None) == replace(read, entries={}, holder=None)
    assert exact(holder) == exact(read.holder)
    assert exact(fields) == exact({name: entry.value for name, entry in read.entries.items()})
    assert {stamp(3)} >= {entry.stamp for entry in read.entries.values()}


@given(values, st.dictionaries(keys, values, max_size=3), st.booleans())
def test_edit_round_trip(value: Value, extra: dict[str, Value], corrected: bool) -> None:
    """An edit comes back as it was."""
    row = replace(edit("field", None, 7), entry=Entry(value, stamp(5), 3, extra), corrected=corrected)
    read = decode_pending(row.field, row.seq, encode_pending(row))
    assert exact(value) == exact(read.entry.value)
    assert exact(extra) == exact(read.entry.extra)
    still = Entry(None, stamp(5), 3)
    assert replace(row, entry=still) == replace(read, entry=replace(read.entry, value=None, extra={}))


@given(st.text(max_size=40) | st.builds(encode_value, values).map(lambda text: text[:-1]))
def test_any_text_is_a_value_or_damaged(text: str) -> None:
    """Any text decodes to a value that can be stored again, or is `Damaged`; nothing else ever happens."""
    for decode in (
        decode_value,
        decode_document,
        decode_head,
        decode_entry,
        lambda text: decode_pending("field", 1, text),
    ):
        try:
            decode(text)
        except Damaged:
            continue
