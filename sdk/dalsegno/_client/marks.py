"""Places worth going back to, as an app sees them. Values; any thread."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from dalsegno._core import marks
from dalsegno._core import state as states
from dalsegno._core.types import Device, DeviceId, Value
from dalsegno._errors import UsageError

_NOTHING = object()


@dataclass(frozen=True, slots=True)
class Mark:
    """A place worth going back to: `Session.go_back` goes to the newest one.

    values  what the fields were, by their names
    device  whose place it was, as far as known
    at_ms   when it became a mark, milliseconds of the Unix epoch by the server's time
    reason  why: `blind` (edited before it was known how the session stands), `merge` (it lost to an edit
            that had not seen it), `follow` (the screen went along with another device), `declined` (it was
            offered, and the user read on), `taken` (an offer was taken instead), `back` (the user went back
            from there), `hand_off` (another device plays; this was heard beyond where that began, or gave
            way to it), or what the app said in `update(mark=…)`
    """

    values: Mapping[str, Any]
    device: Device | None
    at_ms: int
    reason: str


def shown(
    cls: type[states.State],
    found: Sequence[marks.Mark],
    device_of: Callable[[DeviceId | None], Device | None],
) -> list[Mark]:
    """Those that have something which this class understands."""
    made = [(mark, _understood(cls, mark)) for mark in found]
    return [
        Mark(MappingProxyType(values), device_of(mark.device), int(mark.at_ms), mark.reason)
        for mark, values in made
        if values
    ]


def _understood(cls: type[states.State], mark: marks.Mark) -> dict[str, Any]:
    return {
        name: cls.__fields__[name].codec.decode(value)
        for name, value in mark.values.items()
        if makes_sense(cls, name, value)
    }


def makes_sense(cls: type[states.State], name: str, value: Value) -> bool:
    """Whether the class has the field, and the field this value: another version's may make none here."""
    try:
        return name in cls.__fields__ and cls.__fields__[name].codec.decode(value) is not _NOTHING
    except ValueError:
        return False


def to_go_back_to(cls: type[states.State], names: Collection[str]) -> frozenset[str]:
    """Which of these fields a user can go back in; of all, if none is named. Raises UsageError."""
    states.check_names(cls, names)
    fields = cls.__fields__
    able = {n for n in names or fields if fields[n].policy.shared and not fields[n].policy.joins}
    if names and able != set(names):
        wrong = ", ".join(sorted(set(names) - able))
        raise UsageError(f"{wrong}: no places are kept of a field that stays here, or joins all edits")
    return frozenset(able)


def defaults_of(cls: type[states.State], names: Iterable[str]) -> dict[str, Value]:
    """What these fields show as long as nobody has edited them; None is no place."""
    specs = [cls.__fields__[name] for name in names]
    return {
        spec.name: spec.codec.encode(spec.default, spec.name)
        for spec in specs
        if spec.policy.shared and not spec.policy.joins and spec.default is not None
    }


def check_reason(reason: str | None) -> str:
    """Raises UsageError."""
    if reason is None:
        return ""
    if not isinstance(reason, str) or not marks.REASON.fullmatch(reason):
        raise UsageError(
            f"mark={reason!r} is no reason: a word of small letters and _ such as mark='jump', 32 at the most"
        )
    return reason
