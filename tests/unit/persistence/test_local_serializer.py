"""Values on disk: what is odd, and what is damaged."""

from __future__ import annotations

from types import MappingProxyType

import pytest

from dalsegno._core.ports import Batch
from dalsegno._errors import UsageError
from dalsegno._persistence.local_serializer import (
    Damaged,
    decode_document,
    decode_pending,
    decode_value,
    encode_value,
)
from dalsegno._persistence.rows import prepared
from tests.support.stores import BOOK, edit
from tests.support.values import exact


def test_plain_values_are_plain_json() -> None:
    """What JSON can say is stored as JSON that anyone can read."""
    assert '{"position":1.0,"at":2,"on":true,"to":null}' == encode_value(
        {"position": 1.0, "at": 2, "on": True, "to": None}
    )


def test_other_mappings_and_sequences() -> None:
    """Read-only mappings and tuples are stored too; they come back as dict and list."""
    value = MappingProxyType({"a": (1, MappingProxyType({"$b": b"c"}))})
    assert exact({"a": [1, {"$b": b"c"}]}) == exact(decode_value(encode_value(value)))


def test_unknown_kind_is_named() -> None:
    """The error for a value that cannot be stored names its kind and the kinds that can."""
    with pytest.raises(UsageError, match=r"A complex cannot be stored.*bytes"):
        encode_value([{"a": 1j}])  # type: ignore[dict-item]


def test_too_deep() -> None:
    """A value without end is an error, and no crash, whichever kind it is made of."""
    for leaf in (1, b"bytes"):
        value: object = leaf
        for _ in range(100_000):
            value = [value]
        with pytest.raises(UsageError, match="nested too deeply"):
            encode_value(value)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    ["", "{", "nul", '{"$bytes":"?"}', '{"$bytes":1}', '{"$time":"today"}', '{"$map":[]}', "[" * 100_000],
)
def test_damaged_value(text: str) -> None:
    """Text that no value was ever stored as is `Damaged`, never some other value."""
    with pytest.raises(Damaged):
        decode_value(text)


@pytest.mark.parametrize(
    "text", ["{}", "[]", "null", "1", "[1,2,3,4,5,6,7,8]", '["s",{"a":[1]},0,0,"",0,0,null]']
)
def test_damaged_document(text: str) -> None:
    """JSON of another shape is `Damaged`."""
    with pytest.raises(Damaged):
        decode_document(text)


@pytest.mark.parametrize("text", ["{}", "[]", "null", "[1,2,3,4,5,6,7]", '[1,"stamp",0,{},"then",true,""]'])
def test_damaged_edit(text: str) -> None:
    """An outbox row of another shape is `Damaged`."""
    with pytest.raises(Damaged):
        decode_pending("field", 1, text)


def test_bad_value_stops_before_the_transaction() -> None:
    """A batch with a bad value is refused while it is encoded."""
    with pytest.raises(UsageError):
        prepared(Batch(pending={BOOK: [edit("a", object(), 1)]}))  # type: ignore[arg-type]
