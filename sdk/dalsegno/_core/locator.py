"""A layout-independent place in a publication: Readium's Locator, for text and for audio.

Pure. Invariants: a Locator that exists is valid, small (it lives in a session document) and does not change;
whatever keys another reader wrote into it survive a round trip through `from_value` and `to_value`; and a
part that makes no sense costs that part alone, as long as there is an `href`.

Beside Readium's own keys, `locations` carries `charOffset` and `contentHash`: the character offset in the
plain text of the resource, and the hash of that text. Where the hash still fits, the offset is the place.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self, TypeAlias

from dalsegno._core.read_only import read_only

Value: TypeAlias = Any  # None, bool, int, float, str, bytes, datetime, list and dict of those

MAX_HREF = 1024
MAX_TYPE = 128
MAX_TITLE = 200
MAX_HIGHLIGHT = 200  # a long sentence; more would not make it easier to find
MAX_CONTEXT = 60
MAX_FRAGMENTS = 8
MAX_FRAGMENT = 200
MAX_EXTRA = 2000  # characters of unknown keys and values together
MAX_DEPTH = 8
MAX_INT = 2**63 - 1  # what Firestore holds
ROUNDING = 0.001  # so far outside of [0, 1] a fraction was rounded; further, it is no fraction

XHTML = "application/xhtml+xml"


@dataclass(frozen=True, slots=True)
class Locations:
    """Where in the resource. `progression` and `total_progression` are in [0, 1], `position` counts from 1,
    `fragments` are such as ``t=389.84`` (seconds) or an element's id, `char_offset` counts characters of the
    resource's plain text, whose hash is `content_hash`. Raises ValueError on anything else."""

    progression: float | None = None
    total_progression: float | None = None
    position: int | None = None
    fragments: tuple[str, ...] = ()
    char_offset: int | None = None
    content_hash: str | None = None
    extra: Mapping[str, Value] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        _check_fraction(self.progression, "locations.progression")
        _check_fraction(self.total_progression, "locations.totalProgression")
        _check_int(self.position, "locations.position", least=1)
        _check_int(self.char_offset, "locations.charOffset", least=0)
        if not isinstance(self.fragments, tuple) or len(self.fragments) > MAX_FRAGMENTS:
            raise ValueError(f"locations.fragments must be at most {MAX_FRAGMENTS} texts")
        for fragment in self.fragments:
            _check_text(fragment, "locations.fragments", MAX_FRAGMENT)
        if self.content_hash is not None:
            _check_text(self.content_hash, "locations.contentHash", MAX_FRAGMENT)
        _check_extra(self.extra, "locations", _LOCATIONS_KEYS)
        object.__setattr__(self, "extra", read_only(self.extra))

    def to_value(self) -> dict[str, Value]:
        known: dict[str, Value] = {
            "progression": self.progression,
            "totalProgression": self.total_progression,
            "position": self.position,
            "fragments": list(self.fragments) or None,
            "charOffset": self.char_offset,
            "contentHash": self.content_hash,
        }
        return {**self.extra, **{key: value for key, value in known.items() if value is not None}}

    @classmethod
    def from_value(cls, value: object) -> Self:
        """What makes sense of it; the rest is as if it were not there."""
        raw = _mapping(value)
        fragments = raw.get("fragments")
        texts = fragments if isinstance(fragments, list | tuple) else ()
        return cls(
            progression=_fraction(raw.get("progression")),
            total_progression=_fraction(raw.get("totalProgression")),
            position=_whole(raw.get("position"), least=1),
            fragments=tuple(f for f in texts if _text(f, MAX_FRAGMENT) is not None)[:MAX_FRAGMENTS],
            char_offset=_whole(raw.get("charOffset"), least=0),
            content_hash=_text(raw.get("contentHash"), MAX_FRAGMENT),
            extra=_others(raw, _LOCATIONS_KEYS),
        )


@dataclass(frozen=True, slots=True)
class Text:
    """What stands at the place: `highlight` (at most 200 characters), `before` and `after` it (60 each)."""

    before: str = ""
    highlight: str = ""
    after: str = ""
    extra: Mapping[str, Value] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        _check_text(self.before, "text.before", MAX_CONTEXT)
        _check_text(self.highlight, "text.highlight", MAX_HIGHLIGHT)
        _check_text(self.after, "text.after", MAX_CONTEXT)
        _check_extra(self.extra, "text", _TEXT_KEYS)
        object.__setattr__(self, "extra", read_only(self.extra))

    def to_value(self) -> dict[str, Value]:
        known = {"before": self.before, "highlight": self.highlight, "after": self.after}
        return {**self.extra, **{key: value for key, value in known.items() if value}}

    @classmethod
    def from_value(cls, value: object) -> Self:
        """Quotes longer than our caps (other readers keep whole paragraphs) are cut; what is no text goes."""
        raw = _mapping(value)
        before, highlight, after = (_text(raw.get(key)) or "" for key in _TEXT_KEYS)
        if len(highlight) > MAX_HIGHLIGHT:
            highlight, after = highlight[:MAX_HIGHLIGHT], highlight[MAX_HIGHLIGHT:]
        return cls(before[-MAX_CONTEXT:], highlight, after[:MAX_CONTEXT], _others(raw, _TEXT_KEYS))

    @classmethod
    def quote(cls, text: str, start: int, end: int) -> Self:
        """The words of `text` from `start` to `end`, with as much of what surrounds them as fits."""
        end = min(end, start + MAX_HIGHLIGHT)
        return cls(text[max(0, start - MAX_CONTEXT) : start], text[start:end], text[end : end + MAX_CONTEXT])


_LOCATIONS_KEYS = ("progression", "totalProgression", "position", "fragments", "charOffset", "contentHash")
_TEXT_KEYS = ("before", "highlight", "after")
_LOCATOR_KEYS = ("href", "type", "title", "locations", "text")


@dataclass(frozen=True, slots=True)
class Locator:
    """A place: which resource (`href`, its media `type`), where in it, and the words that stand there.

    As a value: ``{"href", "type", "title"?, "locations": {…}, "text": {…}, …unknown keys}``.
    """

    href: str
    type: str = XHTML
    locations: Locations = field(default_factory=Locations)
    text: Text = field(default_factory=Text)
    title: str = ""
    extra: Mapping[str, Value] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        _check_text(self.href, "href", MAX_HREF)
        if not self.href:
            raise ValueError("href is empty: a locator names the resource that it points into")
        _check_text(self.type, "type", MAX_TYPE)
        _check_text(self.title, "title", MAX_TITLE)
        if not isinstance(self.locations, Locations) or not isinstance(self.text, Text):
            raise ValueError("locations must be a Locations and text a Text")
        _check_extra(self.extra, "locator", _LOCATOR_KEYS)
        object.__setattr__(self, "extra", read_only(self.extra))

    def to_value(self) -> dict[str, Value]:
        """Plain values, ready for JSON and for Firestore; what is unset is left out."""
        value: dict[str, Value] = {**self.extra, "href": self.href, "type": self.type}
        locations, text = self.locations.to_value(), self.text.to_value()
        value |= {"title": self.title} if self.title else {}
        value |= {"locations": locations} if locations else {}
        value |= {"text": text} if text else {}
        return value

    @classmethod
    def from_value(cls, value: object) -> Self:
        """The locator that `value` describes, without what makes no sense in it. ValueError: no href."""
        if not isinstance(value, Mapping):
            raise ValueError(f"a locator is a map, not {type(value).__name__}")
        media_type = _text(value.get("type"), MAX_TYPE)
        return cls(
            href=value.get("href"),  # type: ignore[arg-type]  # checked in there
            type=XHTML if media_type is None else media_type,
            locations=Locations.from_value(value.get("locations")),
            text=Text.from_value(value.get("text")),
            title=(_text(value.get("title")) or "")[:MAX_TITLE],
            extra=_others(value, _LOCATOR_KEYS),
        )

    @classmethod
    def at_time(cls, href: str, media_type: str, position_s: float, duration_s: float | None = None) -> Self:
        """A place in a recording; `duration_s`, where known, gives it a progression too."""
        if not math.isfinite(position_s) or position_s < 0:
            raise ValueError(f"position_s must be a finite time from 0, not {position_s}")
        progression = min(1.0, position_s / duration_s) if duration_s else None
        return cls(
            href, media_type, Locations(progression=progression, fragments=(f"t={round(position_s, 3)}",))
        )

    @property
    def time_s(self) -> float | None:
        """The time of a ``t=…`` fragment, in seconds; None when there is none (or it is nonsense)."""
        for fragment in self.locations.fragments:
            if fragment.startswith("t="):
                try:
                    time_s = float(fragment[2:].partition(",")[0])
                except ValueError:
                    continue
                if math.isfinite(time_s) and time_s >= 0:
                    return time_s
        return None

    @property
    def progression(self) -> float | None:
        return self.locations.progression

    @property
    def total_progression(self) -> float | None:
        return self.locations.total_progression


def progression_at(offset: int, length: int) -> float:
    """How far `offset` is into a text of `length` characters; an empty text is at its beginning."""
    return min(1.0, max(0.0, offset / length)) if length > 0 else 0.0


def offset_at(progression: float, length: int) -> int:
    """The inverse of `progression_at`, to the character."""
    return max(0, min(length, round(progression * length)))


# --- what makes sense of what others wrote -------------------------------------------------------------


def _mapping(value: object) -> Mapping[str, Value]:
    return value if isinstance(value, Mapping) else {}


def _others(raw: Mapping[str, Value], known: Sequence[str]) -> dict[str, Value]:
    """The unknown keys that a locator can carry; the first ones, where they are too large together."""
    kept, room = dict[str, Value](), MAX_EXTRA
    for key, value in raw.items():
        try:
            size = MAX_EXTRA + 1 if key in known else _size({key: value}, "unknown keys", MAX_DEPTH)
        except ValueError:
            continue
        if size <= room:
            kept[key], room = value, room - size
    return kept


def _text(value: object, most: int | None = None) -> str | None:
    good = isinstance(value, str) and _encodable(value) and (most is None or len(value) <= most)
    return value if good and isinstance(value, str) else None


def _fraction(value: object) -> float | None:
    """JavaScript clients write 1.0 as the integer 1, and sums of roundings end at 1.0000001."""
    if type(value) not in (int, float) or not -ROUNDING <= value <= 1 + ROUNDING:  # type: ignore[operator]
        return None
    return min(1.0, max(0.0, float(value)))  # type: ignore[arg-type]


def _whole(value: object, least: int) -> int | None:
    """JavaScript clients may write 12 as the double 12.0."""
    number = int(value) if isinstance(value, float) and value.is_integer() else value
    return number if type(number) is int and least <= number <= MAX_INT else None


# --- checks -------------------------------------------------------------------------------------------


def _check_fraction(value: object, name: str) -> None:
    if value is not None and not (isinstance(value, float) and 0.0 <= value <= 1.0):
        raise ValueError(f"{name} must be a number from 0 to 1, not {_shown(value)}")


def _check_int(value: object, name: str, least: int) -> None:
    if value is not None and not (type(value) is int and least <= value <= MAX_INT):
        raise ValueError(f"{name} must be a whole number from {least}, not {_shown(value)}")


def _check_text(value: object, name: str, most: int) -> None:
    if not isinstance(value, str):
        raise ValueError(f"{name} must be a text, not {_shown(value)}")
    if len(value) > most:
        raise ValueError(f"{name} has {len(value)} characters, more than {most}")
    if not _encodable(value):
        raise ValueError(f"{name} has half a surrogate pair in it, which is not text: {_shown(value)}")


def _check_extra(extra: object, name: str, known: Sequence[str]) -> None:
    if not isinstance(extra, Mapping):
        raise ValueError(f"the unknown keys of {name} must be a map, not {_shown(extra)}")
    for key in known:
        if key in extra:
            raise ValueError(f"{key} is a field of {name} and cannot be an unknown key as well")
    if _size(extra, f"the unknown keys of {name}", MAX_DEPTH) > MAX_EXTRA:
        raise ValueError(f"the unknown keys of {name} are larger than {MAX_EXTRA} characters")


def _size(value: object, name: str, depth: int) -> int:
    """About how many characters `value` takes; ValueError if it is nothing that a document can hold."""
    if depth < 0:
        raise ValueError(f"{name} are nested more than {MAX_DEPTH} deep")
    if value is None or isinstance(value, bool):
        return 4
    if isinstance(value, datetime) and value.tzinfo is not None:
        return 8
    if isinstance(value, int) and -MAX_INT - 1 <= value <= MAX_INT:
        return 8
    if isinstance(value, float) and math.isfinite(value):
        return 8
    if isinstance(value, bytes) or (isinstance(value, str) and _encodable(value)):
        return len(value)
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return sum(_size(each, name, depth - 1) for pair in value.items() for each in pair)
    if isinstance(value, list | tuple):
        return 2 + sum(_size(each, name, depth - 1) for each in value)
    raise ValueError(f"{name} hold {_shown(value)}, which a document cannot keep")


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _shown(value: object) -> str:
    """The type alone: where somebody reads is nobody's business."""
    return type(value).__name__
