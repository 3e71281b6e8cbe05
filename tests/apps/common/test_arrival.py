"""The first moments of a session: nobody is shown a default as if it were the place, or waits for long."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest

import dalsegno as ds
from apps.common.arrival import LOOK_S, Arrival, Search


class Start:
    """An app that has just opened a session; `later` is what it has put off."""

    def __init__(self, *, known: bool = False, track: str = "") -> None:
        self.later: list[tuple[float, Callable[[], None]]] = []
        self.told: list[Search] = []
        session = SimpleNamespace(known=known, state=SimpleNamespace(track=track))
        self.arrival = Arrival(session, "track", self._after, lambda: self.told.append(self.arrival.search))

    def _after(self, seconds: float, call: Callable[[], None]) -> Callable[[], object]:
        self.later.append((seconds, call))
        return self.later.clear

    def changes(self, *fields: str, became_known: bool = False) -> None:
        self.arrival.handle(SimpleNamespace(fields=frozenset(fields), became_known=became_known))


@pytest.mark.parametrize(("known", "track"), [(True, ""), (False, "alba"), (True, "alba")])
def test_what_is_there_is_not_looked_for(known: bool, track: str) -> None:
    """The disk knows, or something was played here before anything was known."""
    start = Start(known=known, track=track)
    assert (Search.DONE, []) == (start.arrival.search, start.later)


def test_it_ends_when_it_is_known() -> None:
    """Once, and no timer is left."""
    start = Start()
    start.changes(became_known=True)
    start.changes("track")
    assert ([Search.DONE], []) == (start.told, start.later)


def test_it_ends_in_time_and_again_when_it_is_known_after_all() -> None:
    """A second and a half."""
    start = Start()
    ((seconds, call),) = start.later
    call()
    start.changes("track", became_known=True)
    assert (LOOK_S, [Search.NOT_YET, Search.DONE]) == (seconds, start.told)


def test_who_acts_is_not_kept_waiting() -> None:
    """What the user does here ends it; what is only set up for this device does not."""
    start = Start()
    start.changes("volume")
    assert start.arrival.looking
    start.changes("track")
    assert [Search.NOT_YET] == start.told


@pytest.mark.parametrize(("link", "looks"), [(link, link.name in ("CONNECTING", "LIVE")) for link in ds.Link])
def test_offline_there_is_nobody_to_ask(link: ds.Link, looks: bool) -> None:
    """Nor where the server refuses to say."""
    start = Start()
    start.arrival.line_is(link)
    assert looks == start.arrival.looking
