"""The versions of the app that a household may have: other fields, other policies, other schema versions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from dalsegno._core.document import Entry
from dalsegno._core.policies import HELD, HIGHEST, LATEST, ON_THIS_DEVICE, Policy, Schema

SCHEMA = Schema(
    "reading", 2, {"place": LATEST, "furthest": HIGHEST, "note": LATEST, "text_size": ON_THIS_DEVICE}
)
"""What most devices have."""

VERSIONS: Mapping[str, Schema] = {
    "new": SCHEMA,
    "old": Schema("reading", 1, {"place": LATEST, "text_size": ON_THIS_DEVICE}),
    "latest": Schema(
        "reading", 1, {"place": LATEST, "furthest": LATEST, "note": LATEST, "text_size": ON_THIS_DEVICE}
    ),
    "private": Schema(
        "reading", 2, {"place": LATEST, "furthest": HIGHEST, "note": ON_THIS_DEVICE, "text_size": LATEST}
    ),
    "newest": Schema("reading", 3, {**SCHEMA.policies, "mood": LATEST}),
}

_LISTENING = Schema("listening", 1, {"track": HELD, "playhead": HELD, "volume": LATEST})

MUSIC: Mapping[str, Schema] = {
    "new": _LISTENING,
    "latest": _LISTENING,
    "private": Schema("listening", 1, {**_LISTENING.policies, "volume": ON_THIS_DEVICE}),
    "newest": Schema("listening", 2, {**_LISTENING.policies, "mood": LATEST, "chapter": HELD}),
}
"""The same of the music, which `old` does not have. What plays is held in all of them: one that does not hold
it takes a line apart."""


class FieldPolicies:
    """Which policies the versions of a household give each field; more than one: the field is contested."""

    def __init__(self, versions: Iterable[str]) -> None:
        self._known: dict[str, list[Policy]] = {}
        self._fields = [_fields_of(version) for version in dict.fromkeys(versions)]
        for fields in self._fields:
            for name, policy in fields.items():
                known = self._known.setdefault(name, [])
                if policy not in known:
                    known.append(policy)

    def contested(self, name: str) -> bool:
        return len(self._known.get(name, ())) > 1

    def is_latest(self, name: str) -> bool:
        return self._known.get(name, []) == [LATEST]

    def is_held(self, name: str) -> bool:
        return HELD in self._known.get(name, ())

    def known_to_all(self, name: str) -> bool:
        """Whether every version has the field: one that has not gives it back to nobody."""
        return all(name in fields for fields in self._fields)

    def supersede(self, name: str, final: Entry, entry: Entry) -> bool:
        """Whether, by any of its policies, `final` is the entry or stands in its place."""
        known = self._known.get(name, [LATEST])
        return final.stamp == entry.stamp or any(policy.join(final, entry) == final for policy in known)


def _fields_of(version: str) -> Mapping[str, Policy]:
    """Of all sessions of this version; no two of these have a field of the same name."""
    music = MUSIC.get(version)
    return {**VERSIONS[version].policies, **(music.policies if music else {})}
