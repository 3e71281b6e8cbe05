"""The first moments of a session: is there a place to show yet, or only a default that looks like one?

Knows no Kivy; on the app's thread. Invariants: nothing here waits; whoever was here before, or
has done something here, is not kept from the page; and a search that has ended does not begin again.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any, Protocol

import dalsegno as ds

LOOK_S = 1.5  # what a person waits for a place before a page is better than none

After = Callable[[float, Callable[[], None]], Callable[[], object]]
"""Calls after so many seconds, on the app's thread; what it returns prevents that."""


class Search(Enum):
    """LOOKING: show no place yet. NOT_YET: what is shown is a default. DONE: what is shown is the place."""

    LOOKING = "looking"
    NOT_YET = "not yet"
    DONE = "done"


class Opened(Protocol):
    """A session, as far as it says whether its place is one."""

    @property
    def known(self) -> bool: ...
    @property
    def state(self) -> Any: ...


class Arrival:
    """Hand it each change of the session, and how the line is; `tell` is called when `search` is another."""

    def __init__(self, session: Opened, field: str, after: After, tell: Callable[[], None]) -> None:
        """`field` says where the user is; as long as that is nothing, nobody has been anywhere."""
        self._field, self._tell = field, tell
        is_there = session.known or bool(getattr(session.state, field))
        self.search = Search.DONE if is_there else Search.LOOKING
        self._forget = (lambda: None) if is_there else after(LOOK_S, self._give_up)

    @property
    def looking(self) -> bool:
        return self.search is Search.LOOKING

    def handle(self, change: Any) -> None:
        """The session has changed; what the user does before anything is known ends the looking, too."""
        if change.became_known:
            self._become(Search.DONE)
        elif self._field in change.fields:
            self._give_up()

    def line_is(self, link: ds.Link) -> None:
        """Where nobody can be asked there is nothing to wait for."""
        if link in (ds.Link.OFFLINE, ds.Link.DENIED):
            self._give_up()

    def close(self) -> None:
        self._forget()

    def _give_up(self) -> None:
        if self.looking:
            self._become(Search.NOT_YET)

    def _become(self, search: Search) -> None:
        if search is not self.search:
            self._forget()
            self.search = search
            self._tell()
