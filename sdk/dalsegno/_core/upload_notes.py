"""What a session remembers of its way to the server, over restarts: one text beside its outbox. Pure.

Invariant: `Notes.parse(notes.text) == notes`; a text that makes no sense is no notes: then what was refused
is tried again, and refused again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import field

from dalsegno._core.clock import is_stamp
from dalsegno._core.record import record
from dalsegno._core.types import Problem, Stamp


@record(frozen=True, slots=True)
class Notes:
    """`problems`: field → why the server refuses it; `restored`: as in `Replica`."""

    problems: Mapping[str, Problem] = field(default_factory=dict)
    restored: Mapping[str, Stamp] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """For the disk; '' = nothing to remember."""
        if not self.problems and not self.restored:
            return ""
        problems = {p.field: [p.reason, p.code, p.since_ms] for p in self.problems.values()}
        return json.dumps({"problems": problems, "restored": dict(self.restored)}, sort_keys=True)

    @classmethod
    def parse(cls, text: str) -> Notes:
        try:
            found = json.loads(text) if text else {}
            return cls(
                {name: _problem(name, *why) for name, why in found.get("problems", {}).items()},
                {name: Stamp(at) for name, at in found.get("restored", {}).items() if is_stamp(at)},
            )
        except (ValueError, TypeError, AttributeError, RecursionError):
            return cls()


def _problem(name: str, reason: object, code: object, since_ms: object) -> Problem:
    if not (isinstance(reason, str) and isinstance(code, str) and type(since_ms) is int):
        raise ValueError("no problem")
    return Problem(name, reason, code, since_ms)
