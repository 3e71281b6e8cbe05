"""A layout-independent place in a publication: Readium's Locator, for text and for audio.

Pure. Invariants: a Locator that exists is valid and small (it lives in a session document), and whatever
keys another reader wrote into it survive a round trip through `from_value` and `to_value`.

Beside Readium's own keys, `locations` carries `charOffset` and `contentHash`: the character offset in the
plain text of the resource, and the hash of that text. Where the hash still fits, the offset is the place.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self, TypeAlias

Value: TypeAlias = Any  # None, bool, int, float, str, bytes, list and dict of those

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
        raw = _mapping(value, "locations")
        fragments = raw.get("fragments")
        if fragments is None:
            fragments = ()
        elif not isinstance(fragments, Sequence) or isinstance(fragments, str | bytes):
            raise ValueError(f"locations.fragments must be a list of texts, not {_shown(fragments)}")
        return cls(
            progression=_float(raw.get("progression")),
            total_progression=_float(raw.get("totalProgression")),
            position=raw.get("position"),
            fragments=tuple(fragments),
            char_offset=raw.get("charOffset"),
            content_hash=raw.get("contentHash"),
            extra=_without(raw, _LOCATIONS_KEYS),
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

    def to_value(self) -> dict[str, Value]:
        known = {"before": self.before, "highlight": self.highlight, "after": self.after}
        return {**self.extra, **{key: value for key, value in known.items() if value}}

    @classmethod
    def from_value(cls, value: object) -> Self:
        """Quotes longer than our caps (other readers keep whole paragraphs) are cut, not refused."""
        raw = _mapping(value, "text")
        before, highlight, after = (_text(raw.get(key), f"text.{key}") for key in _TEXT_KEYS)
        if len(highlight) > MAX_HIGHLIGHT:
            highlight, after = highlight[:MAX_HIGHLIGHT], highlight[MAX_HIGHLIGHT:]
        return cls(before[-MAX_CONTEXT:], highlight, after[:MAX_CONTEXT], _without(raw, _TEXT_KEYS))

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
        """The locator that `value` describes; ValueError names what is wrong with it."""
        raw = _mapping(value, "a locator")
        if not isinstance(raw.get("href"), str):
            raise ValueError(f"a locator needs href as a text, not {_shown(raw.get('href'))}")
        return cls(
            href=raw["href"],
            type=_text(raw.get("type", XHTML), "type"),
            locations=Locations.from_value(raw.get("locations", {})),
            text=Text.from_value(raw.get("text", {})),
            title=_text(raw.get("title"), "title")[:MAX_TITLE],
            extra=_without(raw, _LOCATOR_KEYS),
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


def _mapping(value: object, name: str) -> Mapping[str, Value]:
    if value is None:
        value = {}
    if not isinstance(value, Mapping):
        raise ValueError(f"{name} must be a map, not {_shown(value)}")
    return value


def _without(raw: Mapping[str, Value], known: Sequence[str]) -> dict[str, Value]:
    return {key: value for key, value in raw.items() if key not in known}


def _text(value: object, name: str) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValueError(f"{name} must be a text, not {_shown(value)}")
    return value


def _float(value: Value) -> Value:
    """JavaScript clients write 1.0 as the integer 1."""
    return float(value) if type(value) is int and abs(value) <= 1 else value


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
    if isinstance(value, int) and abs(value) <= MAX_INT:
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
    shown = repr(value)
    return shown if len(shown) <= 60 else shown[:57] + "…"
