"""A device with very many sessions, in a process of its own; run by `benchmarks.size`.

Nobody answers at its server unless a figure needs one: what is measured is this device alone.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dalsegno as ds
from dalsegno._core.document import Document, Entry
from dalsegno._core.ports import Batch
from dalsegno._core.types import DeviceId, Micros, Millis, ProjectId, SessionId, Stamp, UserId
from dalsegno._persistence.location import folder
from dalsegno._persistence.sqlite import SqliteStore
from tests.support.child import serve
from tests.support.waiting import until

USER = "alice"
NOTE = "a sentence that somebody kept for later, " * 45
"""With its place and stamps, a session takes about 2 KB."""
TOKEN = b"a resume token of forty bytes, or nearly"
WIDE = [f"track-{number:04d}" for number in range(2_000)]


class Note(ds.State, schema="note/1"):
    text: str = ds.latest("")
    small: int = ds.latest(0)


class Queue(ds.State, schema="queue/1"):
    items: list[str] = ds.latest([])
    small: int = ds.latest(0)


class Crowd:
    """What the bench can ask of the process."""

    def __init__(self) -> None:
        self._client: ds.Client | None = None
        self._sessions: list[ds.Session[Any]] = []

    def fill(self, project: str, home: str, name: str, count: int) -> None:
        """Puts so many sessions of 2 KB on disk, as a long life with this app leaves them behind."""
        where = folder("bench", name, ProjectId(project), UserId(USER), Path(home))
        store = SqliteStore.open(where, USER)
        batch = 500
        for first in range(0, count, batch):
            documents = {
                SessionId(f"note-{n}"): _document(n) for n in range(first, min(first + batch, count))
            }
            opened = {session: ("note/1 small=latest text=latest", Millis(1)) for session in documents}
            tokens = {
                f"session:{session}": b"a resume token of forty bytes, or nearly" for session in documents
            }
            store.write(Batch(opened=opened, bases=documents, tokens=tokens))
        store.close()

    def connect(self, project: str, host: str, home: str, name: str) -> float:
        """Connects; gives how long that took, ms."""
        user = ds.Unsigned(USER)
        before = time.perf_counter()
        self._client = ds.connect(
            project, user=user, device=name, profile=name, app="bench", home=Path(home), emulator=host
        )
        return (time.perf_counter() - before) * 1000

    def recent(self, expected: int) -> float:
        """The first `recent(20)`; gives how long it took, ms."""
        before = time.perf_counter()
        found = self._live().recent(20)
        took = (time.perf_counter() - before) * 1000
        assert len(found) == min(expected, 20), f"recent() found {len(found)}"
        return took

    def open(self, first: int, count: int) -> list[float]:
        """Opens more sessions; gives how long each took, ms."""
        return [*self._open(first, count)]

    def _open(self, first: int, count: int) -> Iterator[float]:
        client = self._live()
        for number in range(first, first + count):
            before = time.perf_counter()
            self._sessions.append(client.open(f"note-{number}", Note))
            yield (time.perf_counter() - before) * 1000

    def updates(self, count: int) -> list[float]:
        """Edits in the first session, 50 a second; gives how long each took, ms."""
        return _edits(self._sessions[0], count)

    def wide(self, count: int) -> dict[str, list[float]]:
        """Edits of a small field by turns: beside a large one, and beside nothing."""
        wide, narrow = self._live().open("wide", Queue), self._live().open("narrow", Queue)
        wide.update(items=WIDE)
        narrow.update(small=-1)
        self.settle()
        took: dict[str, list[float]] = {"wide": [], "narrow": []}
        for _ in range(count // 10):
            took["wide"] += _edits(wide, 10)
            took["narrow"] += _edits(narrow, 10)
        return took

    def edit_and_close(self, count: int) -> None:
        """An edit in each of so many sessions, each closed after it."""
        for number in range(count):
            with self._live().open(f"drain-{number}", Note) as session:
                session.update(small=number + 1, text="left behind")

    def saved(self, timeout_s: float) -> float:
        """Waits until everything is at the server; gives how long that took, s."""
        before = time.perf_counter()
        until(lambda: self._live().status.saved is ds.Saved.EVERYWHERE, timeout_s=timeout_s)
        return time.perf_counter() - before

    def settle(self) -> None:
        """Waits until the network stack is loaded and has found that nobody answers."""
        until(lambda: self._live().status.link is ds.Link.OFFLINE, timeout_s=30)

    def rss_mb(self) -> float:
        """Memory once all is settled."""
        import psutil

        self.settle()
        return float(psutil.Process().memory_info().rss / 2**20)

    def close(self) -> None:
        self._live().close(0.0)

    def _live(self) -> ds.Client:
        assert self._client is not None
        return self._client


def _document(number: int) -> Document:
    stamp = Stamp(f"{1_700_000_000_000 + number:015d}-00000-00000000000000bb")
    entries = {"text": Entry(NOTE, stamp, 1), "small": Entry(number, stamp, 1)}
    at = Micros((1_700_000_000_000 + number) * 1000)
    return Document("note/1", entries, 2, Millis(at // 1000), DeviceId("00000000000000bb"), at, at)


def _edits(session: ds.Session[Any], count: int) -> list[float]:
    took = []
    for number in range(count):
        before = time.perf_counter()
        session.update(small=number)
        took.append((time.perf_counter() - before) * 1000)
        time.sleep(0.02)
    return took


if __name__ == "__main__":
    serve(Crowd())
    sys.exit(0)
