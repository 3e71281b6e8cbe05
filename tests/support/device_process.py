"""A device in a process of its own: a real client that a test drives over JSON lines.

    with DeviceProcess() as phone:
        phone.connect(home, "phone", project, host)
        phone.open("book", "reading")
        phone.update("book", place={...}, furthest=0.2)

The process is this module too (`python -m tests.support.device_process`). Values go over the wire in the
form in which Firestore would hold them.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dalsegno as ds
from tests.support.child import PATIENCE_S, Child, serve, tell
from tests.support.waiting import until

APP = "device-process"


class Reading(ds.State, schema="reading/1"):
    place: ds.Locator | None = ds.latest(None)
    furthest: float = ds.highest(0.0)
    note: str = ds.latest("")
    text_size: float = ds.on_this_device(18.0)


class Listening(ds.State, schema="listening/1"):
    track: str = ds.latest("")
    playhead: ds.Playhead = ds.latest(ds.Playhead())
    volume: float = ds.latest(0.5)


class Music(ds.State, schema="music/1"):
    track: str = ds.held("")
    playhead: ds.Playhead = ds.held(ds.Playhead())
    volume: float = ds.latest(0.5)


KINDS: Mapping[str, type[ds.State]] = {"reading": Reading, "listening": Listening, "music": Music}
TYPED: Mapping[str, Any] = {"place": ds.Locator, "playhead": ds.Playhead}


def plain(state: ds.State) -> dict[str, Any]:
    """A state as JSON holds it."""
    values = {name: getattr(state, name) for name in state.__fields__}
    return {name: value.to_value() if hasattr(value, "to_value") else value for name, value in values.items()}


def typed(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The reverse, field by field."""
    return {
        name: TYPED[name].from_value(value) if name in TYPED and value is not None else value
        for name, value in fields.items()
    }


class DeviceProcess(Child):
    """The parent's side: one process, which is one device after the other."""

    def __init__(self) -> None:
        super().__init__("tests.support.device_process")
        self.profile = ""
        self.device_id = ""
        self._last: dict[str, str] = {}

    def connect(self, home: Path, profile: str, project: str, host: str, user: str = "alice") -> str:
        """Becomes this device; gives its id."""
        self.profile = profile
        self._last = {"home": str(home), "profile": profile, "project": project, "host": host, "user": user}
        return self.connect_again()

    def connect_again(self) -> str:
        """The same device once more, after its client was closed."""
        self.device_id = self.ask("connect", **self._last)
        return self.device_id

    def reusable(self) -> bool:
        """Ends what the process has been, if it is still alive: then it can be another device."""
        if not self.alive:
            return False
        try:
            self.ask("close", timeout_s=0.0)
        except AssertionError:
            return False
        self.events.clear()
        return True

    def open(self, session: str, kind: str = "reading") -> dict[str, Any]:
        """Opens a session; gives its state, as it comes from disk."""
        state: dict[str, Any] = self.ask("open", session=session, kind=kind)
        return state

    def update(self, session: str, /, **fields: Any) -> dict[str, Any]:
        state: dict[str, Any] = self.ask("update", session=session, fields=fields)
        return state

    def state(self, session: str) -> dict[str, Any]:
        state: dict[str, Any] = self.ask("state", session=session)
        return state

    def heard(self, session: str, /, timeout_s: float = PATIENCE_S, **fields: Any) -> dict[str, Any]:
        """Waits for a callback that tells of a change by another device, after which these fields hold."""
        return self.event(
            lambda e: (
                e.get("changed") == session
                and e["origin"] == "remote"
                and all(e["state"][name] == value for name, value in fields.items())
            ),
            timeout_s,
        )

    def until_state(self, session: str, /, timeout_s: float = PATIENCE_S, **fields: Any) -> dict[str, Any]:
        """Waits until these fields are shown, however they came; gives the whole state."""

        def shown() -> dict[str, Any] | None:
            state = self.state(session)
            return state if all(state[name] == value for name, value in fields.items()) else None

        return until(shown, timeout_s=timeout_s, what=f"{self.profile} to show {fields}") or {}

    def until_link(self, *links: str, timeout_s: float = PATIENCE_S) -> dict[str, Any]:
        """Waits until the link is one of these; gives the status."""

        def reached() -> dict[str, Any] | None:
            status: dict[str, Any] = self.ask("status")
            return status if status["link"] in links else None

        return until(reached, timeout_s=timeout_s, what=f"{self.profile} to be {links}") or {}

    def until_saved(self, timeout_s: float = PATIENCE_S) -> None:
        """Waits until the server has confirmed everything."""
        deadline = time.monotonic() + timeout_s
        while not self.ask("flush", timeout_s=1.0):
            if time.monotonic() > deadline:
                raise AssertionError(
                    f"{self.profile} is not saved: {self.ask('status')}\n{self.errors()[-4000:]}"
                )


class Device:
    """The process's side."""

    def __init__(self) -> None:
        self._client: ds.Client | None = None
        self._sessions: dict[str, ds.Session[Any]] = {}
        self._offers: dict[str, ds.Change[Any]] = {}

    def connect(self, home: str, profile: str, project: str, host: str, user: str) -> str:
        self._client = ds.connect(
            project,
            user=ds.Unsigned(user),
            device=profile,
            app=APP,
            profile=profile,
            home=Path(home),
            emulator=host,
        )
        self._client.on_status(lambda status: tell(status=status.link.value, reason=status.reason))
        return self._client.device.id

    def open(self, session: str, kind: str) -> dict[str, Any]:
        self._sessions[session] = opened = self.client.open(session, KINDS[kind])
        opened.on_change(lambda change: self._told(session, change))
        return plain(opened.state)

    def _told(self, session: str, change: ds.Change[Any]) -> None:
        if change.advice is ds.Advice.OFFER:
            self._offers[session] = change
        if change.fields:
            _tell(session, change)

    @property
    def client(self) -> ds.Client:
        assert self._client is not None
        return self._client

    def update(self, session: str, fields: dict[str, Any]) -> dict[str, Any]:
        return plain(self._sessions[session].update(**typed(fields)))

    def known(self, session: str) -> bool:
        return self._sessions[session].known

    def take(self, session: str) -> None:
        """The newest offer."""
        self._offers[session].take()

    def jump(self, session: str, fields: dict[str, Any]) -> None:
        self._sessions[session].update(**typed(fields), mark="jump")

    def go_back(self, session: str) -> bool:
        return self._sessions[session].go_back()

    # --- who plays ---

    def press(self, session: str, track: str = "", position_ms: float = -1.0) -> None:
        """Play, here: of this track, or what stands there."""
        music = self._sessions[session]
        place = position_ms if position_ms >= 0 else music.settled.playhead.position
        playhead = ds.Playhead.playing_from(place, self.client.now_ms())
        music.take_over(playhead=playhead, **({"track": track} if track else {}))

    def release(self, session: str) -> None:
        self._sessions[session].release()

    def holder(self, session: str) -> dict[str, Any] | None:
        """Who plays, and where the music is now."""
        music = self._sessions[session]
        found, state = music.holder, music.settled
        if found is None:
            return None
        place = {"track": state.track, "position_ms": state.playhead.position}
        return {"name": found.device.name, "here": found.here, "active": found.active, **place}

    def answer(self, session: str, takes: bool) -> None:
        """What it says when another device asks it to take over."""
        music = self._sessions[session]

        def asked(transfer: ds.Transfer[Any]) -> None:
            if takes:
                place = transfer.state.playhead.position
                tell(took=transfer.take(playhead=ds.Playhead.playing_from(place, self.client.now_ms())))
            else:
                transfer.decline()

        music.on_transfer(asked)

    def transfer(self, session: str, device: str) -> str:
        """How it ended: `taken`, or why not."""
        try:
            self._sessions[session].transfer(device).result(20.0)
        except ds.NotTaken as error:
            return error.why
        return "taken"

    def marks(self, session: str) -> list[dict[str, Any]]:
        return [
            {"reason": m.reason, "note": m.values.get("note"), "track": m.values.get("track")}
            for m in self._sessions[session].marks
        ]

    def state(self, session: str) -> dict[str, Any]:
        return plain(self._sessions[session].state)

    def saved(self, session: str) -> str:
        return str(self._sessions[session].saved.value)

    def status(self) -> dict[str, Any]:
        status = self.client.status
        return {"link": status.link.value, "reason": status.reason, "saved": status.saved.value}

    def recent(self) -> list[dict[str, Any]]:
        return [
            {"id": r.id, "schema": r.schema, "state": dict(r.state), "device": r.device and r.device.name}
            for r in self.client.recent()
        ]

    def now_ms(self) -> int:
        return self.client.now_ms()

    def notices(self) -> list[str]:
        return self.client.notices

    def flush(self, timeout_s: float) -> bool:
        return self.client.flush(timeout_s)

    def close_session(self, session: str) -> None:
        self._sessions.pop(session).close()

    def close(self, timeout_s: float = 2.0) -> bool:
        self._sessions.clear()
        client, self._client = self._client, None
        return client is None or client.close(timeout_s)

    def threads(self) -> list[str]:
        return sorted(thread.name for thread in threading.enumerate())


def _tell(session: str, change: ds.Change[Any]) -> None:
    tell(
        changed=session,
        fields=sorted(change.fields),
        state=plain(change.state),
        previous=plain(change.previous),
        origin=change.origin.value,
        device=change.device and change.device.name,
        concurrent=change.concurrent,
        advice=change.advice.value,
        rule=change.why and change.why.rule.value,
        offered=plain(change.offered),
    )


if __name__ == "__main__":
    serve(Device())
    sys.exit(0)
