"""The versions of the app that a household may have: other fields, other policies, other schema versions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from dalsegno._core.document import Entry
from dalsegno._core.policies import HIGHEST, LATEST, ON_THIS_DEVICE, Policy, Schema

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


class FieldPolicies:
    """Which policies the versions of a household give each field; more than one: the field is contested."""

    def __init__(self, versions: Iterable[str]) -> None:
        self._known: dict[str, list[Policy]] = {}
        self._schemas = [VERSIONS[version] for version in dict.fromkeys(versions)]
        for version in dict.fromkeys(versions):
            for name, policy in VERSIONS[version].policies.items():
                known = self._known.setdefault(name, [])
                if policy not in known:
                    known.append(policy)

    def contested(self, name: str) -> bool:
        return len(self._known.get(name, ())) > 1

    def is_latest(self, name: str) -> bool:
        return self._known.get(name, []) == [LATEST]

    def known_to_all(self, name: str) -> bool:
        """Whether every version has the field: one that has not gives it back to nobody."""
        return all(name in schema.policies for schema in self._schemas)

    def supersede(self, name: str, final: Entry, entry: Entry) -> bool:
        """Whether, by any of its policies, `final` is the entry or stands in its place."""
        known = self._known.get(name, [LATEST])
        return final.stamp == entry.stamp or any(policy.join(final, entry) == final for policy in known)
