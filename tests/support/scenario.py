"""The language of tests/spec: whole engines on virtual time, told as stories.

    story = Scenario()
    phone = story.device("phone").opens("book").edits(place=1)
    phone.sees(place=1).is_saved(Saved.HERE)
    story.settles()
    phone.is_saved(Saved.EVERYWHERE)
    story.server_has(place=1)

Words in the present tense do something; `sees`, `has_sent`, `is_…` check, and fail with a sentence. No
threads, no sleeps, no network. A call of the app runs what is due at that instant; `time_passes` the rest.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Self

from dalsegno._core.clock import stamp
from dalsegno._core.document import Document, Entry
from dalsegno._core.document_serializer import decode, write_of
from dalsegno._core.messages import ResourcePath, RpcError, Snapshot, Target
from dalsegno._core.types import DeviceId, Micros, SessionId
from dalsegno.testing._simulated_rules import Fields, refusal
from dalsegno.testing._simulated_server import SimulatedServer
from dalsegno.testing._virtual_clock import START_MS, VirtualClock
from tests.support.scenario_device import HOUR_MS, ScenarioDevice
from tests.support.scenario_places import BOOK, path_of
from tests.support.simulation.device import READING
from tests.support.simulation.network import Fate

__all__ = [
    "BOOK",
    "HELD",
    "HOUR_MS",
    "LOST",
    "STRANGER",
    "UNANSWERED",
    "Scenario",
    "ScenarioDevice",
    "applied_but_told",
    "refused",
]

STRANGER = DeviceId("00000000000000ff")

LOST = Fate(reaches_ms=None)
UNANSWERED = Fate(answer_ms=None)
HELD = Fate(held=True)


def refused(code: str) -> Fate:
    """The server does not apply the call, and says so."""
    return Fate(instead=RpcError(code))


def applied_but_told(code: str) -> Fate:
    """The server applies the call, and the answer is an error."""
    return Fate(told=RpcError(code))


class Scenario:
    """One user: a server, and devices."""

    def __init__(self) -> None:
        self.virtual_clock = VirtualClock()
        self.server = SimulatedServer(self.virtual_clock)
        self.devices: list[ScenarioDevice] = []

    def device(self, name: str, *, clock_ahead_h: float = 0.0, starts: bool = True) -> ScenarioDevice:
        number, skew_ms = len(self.devices) + 1, clock_ahead_h * HOUR_MS
        made = ScenarioDevice(name, number, self.virtual_clock, self.server, skew_ms)
        self.devices.append(made)
        if starts:
            made.starts()
        return made

    def time_passes(self, *, ms: float = 0, seconds: float = 0, minutes: float = 0, hours: float = 0) -> Self:
        self.virtual_clock.run(ms + seconds * 1e3 + minutes * 6e4 + hours * HOUR_MS)
        return self

    def all_sleep(self, *, hours: float, clocks_stand: bool = True) -> Self:
        """The devices sleep: nothing runs on them, what is due is late; only the server's time goes on.

        clocks_stand   on these systems the steady clock does not count that
        """
        self.virtual_clock.now_ms += hours * HOUR_MS
        for device in self.devices if clocks_stand else ():
            device.time.stood_ms += hours * HOUR_MS
        return self

    @property
    def seconds(self) -> float:
        """Since the story began."""
        return (self.virtual_clock.now_ms - START_MS) / 1e3

    def settles(self) -> Self:
        """Long enough for everything that is on its way."""
        return self.time_passes(seconds=5)

    # --- what the server does ---

    def server_says(
        self,
        session: str = BOOK,
        *,
        by: DeviceId = STRANGER,
        ago_s: float = 0,
        knowing: int | None = None,
        **fields: Any,
    ) -> Self:
        """Another device's commit, upon the newest document; `knowing`: the rev that its user had seen."""
        now = int(self.virtual_clock.now_ms - ago_s * 1e3)
        base = self.document(session)
        rev = knowing if knowing is not None else base.rev if base else 0
        entries = {n: Entry(v, stamp(now, 0, by), rev) for n, v in fields.items()}
        label = base.schema if base else READING.label
        self.server.commit([write_of(SessionId(session), label, base, entries, by)])
        return self

    def server_puts(self, session: str = BOOK, **fields: Any) -> Self:
        """An administrator writes these fields of the document; `None` for the whole of it deletes."""
        before = self.server.get(path_of(session))
        known: Mapping[str, Any] = before.fields if before and before.fields else {}
        self.server.put((path_of(session), {**known, **fields}))
        return self

    def server_deletes(self, session: str = BOOK) -> Self:
        self.server.put((path_of(session), None))
        return self

    def puts_mark(self, id: str, session: str = BOOK, *, deleted: bool = False, **fields: Any) -> Self:
        """An administrator writes a mark, or deletes it."""
        self.server.put(
            ((*path_of(session), "marks", id), None if deleted else {"at": self.moment, **fields})
        )
        return self

    def refuses_marks(self, for_ms: float = math.inf) -> Self:
        """The rules are of a version that knows none; or for a moment something is not as it should be."""
        honest, until_ms = self.server.rules, self.virtual_clock.now_ms + for_ms

        def is_refused(path: ResourcePath) -> bool:
            return len(path) == 4 and self.virtual_clock.now_ms < until_ms

        self.server.rules = lambda path, *rest: "no marks" if is_refused(path) else honest(path, *rest)
        return self

    def refuses(self, *fields: str) -> Self:
        """From now on the rules take no edit of these fields of a session."""

        def rules(path: ResourcePath, before: Fields | None, after: Fields, now: Micros) -> str:
            is_session = path[0] == "sessions" and len(path) == 2
            old = before["stamps"] if before and is_session else {}
            new = [n for n in fields if is_session and after["stamps"].get(n) != old.get(n)]
            return f"no {new[0]} now" if new else refusal(path, before, after, now)

        self.server.rules = rules
        return self

    @property
    def moment(self) -> datetime:
        return datetime.fromtimestamp(self.virtual_clock.now_ms / 1e3, UTC)

    # --- what the server has ---

    def marks(self, session: str = BOOK) -> dict[str, dict[str, Any]]:
        """The session's marks, by their ids."""
        found = self.server.matches(Target(0, "", (*path_of(session), "marks"), "at", 100))
        return {path[-1]: dict(v.fields or {}) for path, v in found.items()}

    def document(self, session: str = BOOK) -> Document | None:
        found = self.server.get(path_of(session))
        if found is None or found.fields is None:
            return None
        decoded = decode(Snapshot(found.path, found.fields, found.time))
        assert isinstance(decoded, Document), f"the server's document makes no sense: {decoded}"
        return decoded

    def server_has(self, session: str = BOOK, *, rev: int | None = None, **fields: Any) -> Self:
        document = self.document(session)
        assert document is not None, f"the server has no document of {session!r}"
        found = {n: document.entries[n].value for n in fields if n in document.entries}
        assert fields == found, f"the server has {found}, and not {fields}"
        assert rev is None or rev == document.rev, f"the server is at rev {document.rev}, and not {rev}"
        return self

    def server_has_nothing(self, session: str = BOOK) -> Self:
        assert self.document(session) is None, f"the server has a document of {session!r}"
        return self
