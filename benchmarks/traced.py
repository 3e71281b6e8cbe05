"""A device whose steps are timed, in a process of its own; run by `benchmarks.latency`.

The product knows nothing of it: its functions are wrapped here. Marks are nanoseconds of the system's steady
clock, which both processes share. One edit at a time.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import dalsegno as ds
from benchmarks.ours import Ours, Reading, place
from dalsegno._client.open_sessions import OpenSessions
from dalsegno._core.messages import DocumentChange
from dalsegno._persistence.sqlite import SqliteStore
from dalsegno._remote import listen_call
from dalsegno._remote.firestore import FirestoreRemote
from dalsegno._sync.sync_engine import SyncEngine
from tests.support.child import serve, tell

sent: dict[str, int] = {}
heard: dict[str, int] = {}
"""The marks of the newest edit of ours, and of the newest document that came."""
_inside: list[dict[str, int]] = []
"""Whose marks the step belongs to that is done now, on the engine's thread."""


def mark(marks: dict[str, int], name: str) -> None:
    """The first time counts."""
    marks.setdefault(name, time.monotonic_ns())


def wrap(owner: Any, name: str, around: Callable[..., Any]) -> None:
    """Calls `around(original, *arguments)` in place of a function."""
    original = getattr(owner, name)
    setattr(owner, name, lambda *arguments: around(original, *arguments))


def _edit(original: Callable[..., Any], *arguments: Any) -> Any:
    sent.clear()
    mark(sent, "edit begins")
    _inside.append(sent)
    try:
        return original(*arguments)
    finally:
        _inside.pop()
        mark(sent, "edit ends")


def _write(original: Callable[..., Any], *arguments: Any) -> Any:
    if not _inside:
        return original(*arguments)
    mark(_inside[-1], "disk begins")
    try:
        return original(*arguments)
    finally:
        mark(_inside[-1], "disk ends")


def _commit(original: Callable[..., Any], *arguments: Any) -> Any:
    mark(sent, "commit begins")
    try:
        return original(*arguments)
    finally:
        mark(sent, "commit handed over")


def _parsed(original: Callable[..., Any], *arguments: Any) -> Any:
    arrived = time.monotonic_ns()
    event = original(*arguments)
    if isinstance(event, DocumentChange):
        heard.clear()
        heard["arrived"] = arrived
        mark(heard, "parsed")
    return event


def _handle_event(original: Callable[..., Any], *arguments: Any) -> Any:
    if not isinstance(arguments[1], DocumentChange):
        return original(*arguments)
    mark(heard, "taken")
    _inside.append(heard)
    try:
        return original(*arguments)
    finally:
        _inside.pop()


def _changed(original: Callable[..., Any], *arguments: Any) -> Any:
    if _inside and _inside[-1] is heard:
        mark(heard, "joined")
    return original(*arguments)


class Traced(Ours):
    """As `Ours`, with marks."""

    def timed_update(self, session: str, serial: int) -> dict[str, int]:
        here = place(serial)
        called = time.monotonic_ns()
        self._sessions[session].update(place=here, furthest=serial / 1e6)
        returned = time.monotonic_ns()
        time.sleep(0.03)
        return {"called": called, "returned": returned, **sent}

    def open_traced(self, sessions: list[str]) -> None:
        assert self._client is not None
        for name in sessions:
            self._sessions[name] = session = self._client.open(name, Reading)
            session.on_change(_heard)


def _heard(change: ds.Change[Reading]) -> None:
    at_ns = time.monotonic_ns()
    if change.origin is ds.Origin.REMOTE and change.state.place is not None:
        tell(heard=change.state.place.locations.position, marks={**without_disk(heard), "callback": at_ns})


def without_disk(marks: dict[str, int]) -> dict[str, int]:
    """The writer's names stay the writer's."""
    return {f"heard, {name}" if "disk" in name else name: at for name, at in marks.items()}


if __name__ == "__main__":
    wrap(SyncEngine, "edit", _edit)
    wrap(SqliteStore, "write", _write)
    wrap(FirestoreRemote, "commit", _commit)
    wrap(listen_call, "parsed", _parsed)
    wrap(SyncEngine, "handle_event", _handle_event)
    wrap(OpenSessions, "changed", _changed)
    serve(Traced())
    sys.exit(0)
