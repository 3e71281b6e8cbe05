"""A device on Dal Segno, in a process of its own; run by `benchmarks` (see `tests.support.child`)."""

from __future__ import annotations

import random
import sys
import threading
import time
from functools import partial
from pathlib import Path
from typing import Any

import dalsegno as ds
from tests.support.child import serve, tell
from tests.support.waiting import until


class Reading(ds.State, schema="reading/1"):
    place: ds.Locator | None = ds.latest(None)
    furthest: float = ds.highest(0.0)
    text_size: float = ds.on_this_device(18.0)


class Draft(ds.State, schema="draft/1"):
    text: str = ds.latest("")
    serial: int = ds.latest(0)


def place(serial: int) -> ds.Locator:
    """A page of a book, as the reader would store it."""
    return ds.Locator.from_value(
        {
            "href": "OEBPS/chapter-07.xhtml",
            "type": "application/xhtml+xml",
            "title": "The Counterpane",
            "locations": {"progression": 0.4375, "position": serial, "contentHash": "9f86d081884c7d65"},
            "text": {"before": "round me in the most loving and ", "highlight": "affectionate manner."},
        }
    )


class Ours:
    """What the bench can ask of the process."""

    def __init__(self) -> None:
        self._client: ds.Client | None = None
        self._sessions: dict[str, ds.Session[Reading]] = {}
        self._heard_only: list[ds.Session[Reading]] = []
        self._drafts: dict[str, ds.Session[Draft]] = {}

    def start(self, project: str, host: str, home: str, name: str) -> None:
        user = ds.Unsigned("alice")
        self._client = ds.connect(
            project, user=user, device=name, profile=name, app="bench", home=Path(home), emulator=host
        )

    def open(self, sessions: list[str]) -> None:
        assert self._client is not None
        for name in sessions:
            if name not in self._sessions:
                self._sessions[name] = session = self._client.open(name, Reading)
                session.on_change(_heard)

    def open_to_hear(self, sessions: list[str]) -> None:
        """Opens sessions that others write: `updates` leaves them alone."""
        assert self._client is not None
        for name in sessions:
            session = self._client.open(name, Reading)
            self._heard_only.append(session)
            session.on_change(_heard)

    def open_draft(self, sessions: list[str]) -> None:
        assert self._client is not None
        for name in sessions:
            self._drafts[name] = draft = self._client.open(name, Draft)
            draft.on_change(partial(_written, name))

    def write(self, session: str, size: int, serial: int) -> int:
        """One edit of so many bytes; gives when `update` was called, nanoseconds."""
        text = random.Random(serial).randbytes(size // 2).hex()
        before = time.monotonic_ns()
        self._drafts[session].update(text=text, serial=serial)
        return before

    def live(self) -> None:
        """Waits until everything is connected, and everything owed is at the server."""
        client = self._client
        assert client is not None
        until(lambda: client.status.link is ds.Link.LIVE, timeout_s=30)
        until(lambda: client.flush(1.0), timeout_s=30)

    def update(self, session: str, serial: int, rest_s: float = 0.0) -> list[int]:
        """One page turn; gives when `update` was called and when it returned, nanoseconds.

        `rest_s`: how long to be silent after it.
        """
        here = place(serial)
        before = time.monotonic_ns()
        self._sessions[session].update(place=here, furthest=serial / 1e6)
        after = time.monotonic_ns()
        time.sleep(rest_s)
        return [before, after]

    def updates(self, count: int, pause_s: float, first: int, sessions: int | None = None) -> list[int]:
        """Many page turns, in the first of so many sessions by turns; gives how long `update` took, ns."""
        names = list(self._sessions)[:sessions]
        took = []
        for number in range(count):
            before, after = self.update(names[number % len(names)], first + number)
            took.append(after - before)
            time.sleep(pause_s)
        return took

    def footprint(self) -> dict[str, Any]:
        return footprint()

    def close(self) -> bool:
        assert self._client is not None
        return self._client.close(5.0)


def _heard(change: ds.Change[Reading]) -> None:
    at_ns = time.monotonic_ns()
    if change.origin is ds.Origin.REMOTE and change.state.place is not None:
        tell(heard=change.state.place.locations.position, at_ns=at_ns)


def _written(session: str, change: ds.Change[Draft]) -> None:
    at_ns = time.monotonic_ns()
    if change.origin is ds.Origin.REMOTE:
        tell(written=[session, change.state.serial], at_ns=at_ns)


def footprint() -> dict[str, Any]:
    """Threads (Python's, without the main one; and the system's) and memory of this process."""
    import psutil

    process = psutil.Process()
    return {
        "threads": len(threading.enumerate()) - 1,
        "names": sorted(t.name for t in threading.enumerate()),
        "os_threads": process.num_threads(),
        "rss_mb": process.memory_info().rss / 2**20,
    }


if __name__ == "__main__":
    serve(Ours())
    sys.exit(0)
