"""A device of a story: where its user is, what is offered, and the way back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

from dalsegno._core.marks import Leaving, Mark
from dalsegno._core.messages import ResourcePath
from dalsegno._core.types import Advice, SessionId
from dalsegno._sync.open_session import OpenSession
from dalsegno._sync.view_change import ViewChange
from tests.support.simulation.device import SimulatedDevice

BOOK = "book"


def path_of(session: str) -> ResourcePath:
    return ("sessions", session)


class ScenarioPlaces(SimulatedDevice):
    """The part of a `ScenarioDevice` that is about places."""

    def _soon(self) -> Self:
        self.virtual_clock.run()
        return self

    def shows_marks(self, session: str = BOOK) -> Self:
        """The app shows the way back: it asks for the marks."""
        self.run(lambda: self._engine.way_back.marks(SessionId(session)) and None)
        return self._soon()

    def edits_for(self, reason: str, session: str = BOOK, **values: Any) -> Self:
        """An edit before which the app keeps a mark, for this reason."""
        self.run(lambda: self._engine.edit(SessionId(session), values, leaving=Leaving(reason)) and None)
        return self._soon()

    def goes_back(self, session: str = BOOK, fields: Sequence[str] = ("place",)) -> Self:
        """To the newest mark of a place."""
        self.run(lambda: self._engine.way_back.go_back(SessionId(session), fields))
        return self._soon()

    def takes(self, *fields: str, session: str = BOOK) -> Self:
        """What is offered of these fields."""
        found = {name: self._open(session).screen[name].offer for name in fields}
        offers = {name: offer for name, offer in found.items() if offer is not None}
        assert set(fields) == offers.keys(), f"{self.name} is offered {offers}"
        self.run(lambda: self._engine.way_back.take(SessionId(session), offers))
        return self._soon()

    def takes_told(self) -> list[ViewChange]:
        """What the app was told since the last time; that a session became known is told besides."""
        told, self.told = self.told, []
        return [change for change in told if change.fields]

    def was_offered(self, **values: Any) -> Self:
        """Exactly one change since the last time, with these values to be taken or left."""
        return self._was_advised(Advice.OFFER, values)

    def followed(self, **values: Any) -> Self:
        """Exactly one change since the last time, which took the screen to these values."""
        return self._was_advised(Advice.FOLLOW, values)

    def _was_advised(self, advice: Advice, values: dict[str, Any]) -> Self:
        told = self.takes_told()
        assert 1 == len(told), f"{self.name} was told {len(told)} times: {[dict(c.advice) for c in told]}"
        found = {
            n: one.entry.value for n, one in told[0].advice.items() if one.advice is advice and one.entry
        }
        wanted = {name: found.get(name) for name in values}
        assert values == wanted, f"{self.name} was advised {told[0].advice}, and not to {advice} {values}"
        return self

    def takes_told_of(self, place: Any, advice: Advice) -> Self:
        """Among what was told since the last time this place, with this advice."""
        told = [c.advice["place"] for c in self.takes_told() if "place" in c.advice]
        found = [(one.entry.value, one.advice) for one in told if one.entry is not None]
        assert (place, advice) in found, f"{self.name} was told {found}"
        return self

    def shows(self, session: str = BOOK, **values: Any) -> Self:
        """What the screen shows, whatever the state is."""
        screen = self._open(session).screen
        found = {n: entry.value for n in values if n in screen and (entry := screen[n].entry) is not None}
        assert values == found, f"{self.name} shows {found}, and not {values}"
        return self

    def has_marks(self, *places: Any, session: str = BOOK) -> Self:
        """The places to go back to, newest first."""
        found = [mark.values.get("place") for mark in self.marks(session)]
        assert list(places) == found, f"{self.name} has marks of {found}, and not {places}"
        return self

    def marks(self, session: str = BOOK) -> Sequence[Mark]:
        """The places to go back to, newest first."""
        return self._open(session).shelf.newest_first

    def marks_written(self, session: str = BOOK) -> int:
        """How many marks it has sent."""
        path = (*path_of(session), "marks")
        return sum(w.path[:-1] == path and not w.deletes for _, writes in self.line.commits for w in writes)

    def _open(self, session: str) -> OpenSession:
        return self._engine.local_store.open_sessions[SessionId(session)]
