"""Laws of fields: what is written comes back, whatever arrives is read or refused, and nothing is shared."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import dalsegno as ds
from dalsegno._core.fields import FieldCodec, codec_for
from dalsegno._core.limits import is_reserved, size_of, storable
from dalsegno._errors import UsageError
from dalsegno._remote import protos
from dalsegno._remote.serializer import decode, encode_into
from tests.support.values import exact, values


class Mood(enum.Enum):
    CALM = "calm"
    WILD = 3


@dataclass(frozen=True)
class Style:
    size: float = 18.0
    shade: Literal["light", 1, None] = "light"
    tags: list[str] = field(default_factory=list)


words = st.text(st.characters(exclude_categories=["Cs"]), max_size=9)
keys = words.filter(lambda name: bool(name) and not is_reserved(name))
whole = st.integers(-(2**63), 2**63 - 1)
finite = st.floats(allow_nan=False, allow_infinity=False)
styles = st.builds(Style, finite, st.sampled_from(["light", 1, None]), st.lists(words, max_size=3))
places = st.builds(
    ds.Locator,
    href=words.filter(bool),
    title=words,
    extra=st.dictionaries(words.map("x-{}".format), st.lists(whole, max_size=2), max_size=1),
)
TYPES: dict[Any, st.SearchStrategy[Any]] = {
    bool | int | float | str | bytes | None: (
        st.booleans() | whole | finite | words | st.binary(max_size=9) | st.none()
    ),
    datetime | None: st.none() | st.datetimes(timezones=st.just(UTC)),
    list[int | float]: st.lists(whole | finite, max_size=4),
    tuple[int, Mood, str]: st.tuples(whole, st.sampled_from(Mood), words),
    dict[str, list[Mood | int | None]]: st.dictionaries(
        keys,
        st.lists(st.sampled_from(Mood) | whole.filter(lambda n: n != 3) | st.none(), max_size=3),
        max_size=3,
    ),
    list[Style | None]: st.lists(styles | st.none(), max_size=3),
    ds.Locator | str | None: places | words | st.none(),
    dict[str, Style] | list[Style]: st.lists(styles, max_size=2) | st.dictionaries(keys, styles),
}
CODECS = {hint: codec_for(hint, "State.field") for hint in TYPES}
each_type = pytest.mark.parametrize("hint", CODECS, ids=[str(n) for n in range(len(CODECS))])


@each_type
@given(data=st.data())
def test_what_is_written_comes_back(hint: Any, data: st.DataObject) -> None:
    """Through Firestore's own form, to the same value of the same type."""
    codec, value = CODECS[hint], data.draw(TYPES[hint])
    plain = codec.encode(value, "field")
    sent = protos.Value()
    encode_into(sent, plain)
    arrived = decode(sent)
    assert exact(plain) == exact(arrived)
    back = codec.decode(arrived)
    assert value == back
    assert isinstance(back, type(value))


@each_type
@given(plain=values)
@example(plain=[None, {"a": [3, "calm"]}])
@example(plain={"a": {"size": "x", "tags": [1, "t"]}, "b": 3})
def test_whatever_arrives_is_read_or_refused(hint: Any, plain: Any) -> None:
    """A ValueError, or a value that this device can write as it is: and then it is read as the same."""
    codec: FieldCodec = CODECS[hint]
    try:
        found = codec.decode(plain)
        encoded = codec.encode(found, "field")
    except ValueError:
        return
    except UsageError as error:  # a key that no server has
        assert "a key" in str(error)
        return
    assert found == codec.decode(encoded)


@given(plain=values)
def test_what_is_storable_is_a_copy_that_is_no_smaller_than_firestore_counts(plain: Any) -> None:
    """Of plain types alone, which Firestore's form takes."""
    try:
        copy = storable(plain)
    except ValueError:
        return
    sent = protos.Value()
    encode_into(sent, copy)
    assert exact(copy) == exact(decode(sent))
    assert _counted(copy) <= size_of(copy)


def _counted(value: Any) -> int:
    """Bytes as Firestore documents them, an entry's key and value each."""
    match value:
        case None | bool():
            return 1
        case str():
            return len(value.encode()) + 1
        case bytes():
            return len(value)
        case dict():
            return sum(_counted(key) + _counted(item) for key, item in value.items())
        case list():
            return sum(_counted(item) for item in value)
        case _:
            return 8
