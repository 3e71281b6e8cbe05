"""A device in a process of its own that edits all the while; run by `tunnels` (see `tests.support.child`).

Each edit has a field of its own, so that none hides behind a later one; `place` is written by all. Every
edit whose `update` has returned is told, and so is every edit of another device that the app was shown, both
with the time (monotonic, nanoseconds: one clock for all processes of a machine).
"""

from __future__ import annotations

import random
import sys
import threading
import time
import types
from pathlib import Path
from typing import Any

import dalsegno as ds
from tests.support.child import serve, tell

SLOTS = 30
"""How many edits of one device a session keeps apart: the rules allow 64 fields."""
NAMES = ("a", "b")
PAUSE_S = (0.15, 0.9)


def _body(namespace: dict[str, Any]) -> None:
    slots = [f"{name}{number}" for name in NAMES for number in range(SLOTS)]
    namespace["__annotations__"] = {"place": str, **dict.fromkeys(slots, int)}
    namespace.update(place=ds.latest(""), **{slot: ds.latest(0) for slot in slots})


Trip: Any = types.new_class("Trip", (ds.State,), {"schema": "trip/1"}, _body)


class Rider:
    """What can be asked of the process."""

    def __init__(self) -> None:
        self._client: ds.Client | None = None
        self._name = ""
        self._sessions: dict[str, ds.Session[Any]] = {}
        self._lock = threading.Lock()
        self._leg = ""
        self._made = 0
        self._halted = threading.Event()
        self._editor: threading.Thread | None = None

    def start(self, project: str, host: str, home: str, name: str) -> None:
        """`name`: "a" or "b", whose slots this device fills."""
        self._name = name
        user = ds.Unsigned("alice")
        self._client = ds.connect(
            project, user=user, device=name, app="trip", profile=name, home=Path(home), emulator=host
        )
        self._client.on_status(
            lambda s: tell(link=s.link.value, reason=s.reason, saved=s.saved.value, at_ns=time.monotonic_ns())
        )

    def leg(self, session: str) -> None:
        """From now on another session is edited."""
        assert self._client is not None
        opened = self._client.open(session, Trip)
        opened.on_change(lambda change: _show(session, self._name, change))
        with self._lock:
            self._sessions[session] = opened
            self._leg, self._made = session, 0

    def ride(self, seed: int) -> None:
        """Edits at random moments until `halt`."""
        self._editor = threading.Thread(target=self._edit, args=(random.Random(seed),), daemon=True)
        self._editor.start()

    def halt(self) -> None:
        self._halted.set()
        if self._editor is not None:
            self._editor.join()

    def status(self) -> list[str]:
        assert self._client is not None
        status = self._client.status
        return [status.link.value, status.reason, status.saved.value]

    def flush(self, timeout_s: float) -> bool:
        assert self._client is not None
        return self._client.flush(timeout_s)

    def state(self, session: str) -> dict[str, Any]:
        """The fields that were ever written, and `place`."""
        state = self._sessions[session].state
        return {name: value for name in Trip.__fields__ if (value := getattr(state, name))}

    def close(self) -> bool:
        assert self._client is not None
        return self._client.close(5.0)

    def _edit(self, chance: random.Random) -> None:
        while not self._halted.wait(chance.uniform(*PAUSE_S)):
            with self._lock:
                number, leg = self._made, self._leg
                edit: dict[str, Any] = {"place": f"{self._name} {number}"}
                if number < SLOTS:
                    edit[f"{self._name}{number}"] = number + 1
                self._sessions[leg].update(**edit)
                if number < SLOTS:
                    tell(edit=number, leg=leg, at_ns=time.monotonic_ns())
                self._made += 1


def _show(leg: str, own: str, change: ds.Change[Any]) -> None:
    at_ns = time.monotonic_ns()
    numbers = [int(name[1:]) for name in change.fields if name != "place" and name[0] != own]
    if change.origin is ds.Origin.REMOTE and numbers:
        tell(shown=numbers, leg=leg, at_ns=at_ns)


if __name__ == "__main__":
    serve(Rider())
    sys.exit(0)
