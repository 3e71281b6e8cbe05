"""What happens to the household, by kind: `_do_<kind>` for each kind of `schedule.KINDS`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from dalsegno._core.marks import Leaving
from dalsegno._core.messages import ResourcePath, RpcError
from dalsegno._core.policies import HIGHEST, Restart, Schema
from dalsegno._core.screen import Shown
from dalsegno._core.types import Micros, SessionId
from dalsegno._errors import StorageFull
from dalsegno._sync.sync_engine import SyncEngine
from dalsegno.testing._simulated_rules import Fields, refusal
from dalsegno.testing._simulated_server import ServerStream, SimulatedServer, Version
from dalsegno.testing._virtual_clock import VirtualClock
from tests.support.simulation.device import SimulatedDevice
from tests.support.simulation.line_witness import LineWitness
from tests.support.simulation.network import Way
from tests.support.simulation.schedule import MUSIC, Event, Schedule
from tests.support.simulation.versions import MUSIC as MUSIC_VERSIONS
from tests.support.simulation.versions import VERSIONS
from tests.support.simulation.witness import Witness

LEAVE_MS = 2_000.0
"""How long an app that is put away waits until its device has said that it leaves."""
NEW_SIGN_INS = 1_800_000_000


class Acts:
    """One household and its server; `Simulation` makes it."""

    _schedule: Schedule
    virtual_clock: VirtualClock
    server: SimulatedServer
    witness: Witness
    line_witness: LineWitness
    devices: list[SimulatedDevice]
    versions: list[str]
    """Of the app on each device, as of now."""
    _refused: Counter[str]
    _edits = 0
    _sign_ins = 0
    _ending = False

    def _schema(self, it: SimulatedDevice, session: str) -> Schema | None:
        """None = this version of the app has no such session."""
        versions = MUSIC_VERSIONS if session == MUSIC else VERSIONS
        return versions.get(self.versions[self.devices.index(it)])

    def _open(self, it: SimulatedDevice, session: str) -> None:
        schema = self._schema(it, session)
        if schema is not None and it.engine is not None and not self._users(it, session):
            it.open(session, schema)

    def _users(self, it: SimulatedDevice, session: str) -> int:
        assert it.engine is not None
        held = it.engine.local_store.open_sessions.get(session)  # type: ignore[call-overload]
        return held.users if held else 0

    # --- a device and its app ---

    def _happen(self, event: Event) -> None:
        it = self.devices[event.device]
        runs = it.engine is not None and (not it.sleep.frozen or event.kind == "crash")
        if runs or event.kind in ("line", "jump"):
            act: Callable[..., Any] = getattr(self, f"_do_{event.kind}")
            act(it, *event.args)

    def _do_edit(self, it: SimulatedDevice, session: str, field: str, number: float, again: bool) -> None:
        schema = self._schema(it, session)
        assert schema is not None
        policies = schema.policies
        if field not in policies:
            field = "place"
        self._edits += 1
        value: Any = number if field == "furthest" else f"{it.id[-2:]}:{self._edits}"
        wish = Restart(value) if again and policies[field] is HIGHEST else value
        self._open(it, session)
        if it.engine is not None and self._writes(it, session, {field: wish}):
            self.witness.confirmed(self.devices.index(it), it, session, field, value)

    def _writes(self, it: SimulatedDevice, session: str, values: Mapping[str, Any]) -> bool:
        """False: the disk was full, or the process died."""
        try:
            return it.edit(session, values)
        except StorageFull:
            if not it.disk.full:
                raise
        return False

    # --- its user's places ---

    def _do_leap(self, it: SimulatedDevice, session: str) -> None:
        """A jump that the app names: what was there before is kept."""
        self._edits += 1
        value = f"{it.id[-2:]}:{self._edits}"
        self._place(
            it, session, lambda engine, id: engine.edit(id, {"place": value}, leaving=Leaving("jump"))
        )

    def _do_go_back(self, it: SimulatedDevice, session: str) -> None:
        self._place(it, session, lambda engine, id: engine.way_back.go_back(id, ["place"]))

    def _do_take(self, it: SimulatedDevice, session: str) -> None:
        """Whatever is offered just then."""

        def take(engine: SyncEngine, id: SessionId) -> None:
            offer = engine.local_store.open_sessions[id].screen.get("place", Shown()).offer
            if offer is not None:
                engine.way_back.take(id, {"place": offer})

        self._place(it, session, take)

    def _place(
        self, it: SimulatedDevice, session: str, act: Callable[[SyncEngine, SessionId], object]
    ) -> None:
        """Does it, and remembers the place that comes of it, if another edit does."""
        self._open(it, session)
        if it.engine is None:
            return
        before = it.replica(session).pending.get("place")
        try:
            done = it.does(lambda engine: act(engine, SessionId(session)))
        except StorageFull:
            if not it.disk.full:
                raise
            return
        row = it.replica(session).pending.get("place") if done else None
        if row is not None and row is not before:
            self.witness.confirmed(self.devices.index(it), it, session, "place", row.entry.value)

    # --- opened and closed ---

    def _do_open(self, it: SimulatedDevice, session: str) -> None:
        self._open(it, session)

    def _do_close(self, it: SimulatedDevice, session: str) -> None:
        if self._users(it, session):
            it.release(session)

    def _do_line(self, it: SimulatedDevice, way: str) -> None:
        it.line.turn(Way[way])

    def _do_crash(self, it: SimulatedDevice, _: float) -> None:
        it.die()

    def _do_upgrade(self, it: SimulatedDevice, which: float) -> None:
        """Another version of the app is installed, newer or older: one that the household began with."""
        versions = self._schedule.household.versions
        self.versions[self.devices.index(it)] = versions[int(which * len(versions))]
        it.die()

    def _do_die_at_write(self, it: SimulatedDevice, writes: int, after: bool) -> None:
        setattr(it.disk, "dies_after" if after else "dies_before", it.disk.writes + writes)

    def _do_fill_disk(self, it: SimulatedDevice, for_ms: float) -> None:
        it.disk.full = True

        def free() -> None:
            it.disk.full = False

        self.virtual_clock.after(for_ms, free)

    def _do_jump(self, it: SimulatedDevice, by_ms: float) -> None:
        it.set_skew(max(-86_400_000.0, min(86_400_000.0, it.skew_ms + by_ms)))

    def _do_pause(self, it: SimulatedDevice, for_ms: float) -> None:
        """As `Client.pause`: the others are told first, if that can be done soon."""
        engine, paused = it.engine, False
        assert engine is not None

        def pause() -> None:
            nonlocal paused
            if it.engine is engine and not paused and not self._ending:
                paused = True
                self.virtual_clock.after(for_ms, resume)
                engine.pause()

        def resume() -> None:
            if it.engine is engine and not self._ending:
                it.run(engine.resume)

        it.run(lambda: engine.leave(pause))
        self.virtual_clock.after(LEAVE_MS, lambda: it.run(pause))

    def _do_change_network(self, it: SimulatedDevice) -> None:
        assert it.engine is not None
        it.run(it.engine.network_changed)

    def _do_hurry(self, it: SimulatedDevice) -> None:
        assert it.engine is not None
        it.run(it.engine.hurry)

    def _do_want_recent(self, it: SimulatedDevice) -> None:
        assert it.engine is not None
        it.run(it.engine.want_recent)

    # --- who is signed in ---

    def _other(self, which: float) -> SimulatedDevice:
        return self.devices[int(which * len(self.devices))]

    def _do_sign_out(self, it: SimulatedDevice, which: float) -> None:
        """One device throws another out: refused for the one in hand, and where the link is down."""
        assert it.engine is not None
        devices = it.engine.devices
        it.run(lambda: devices.sign_out(self._other(which).id) and None)

    def _do_rename(self, it: SimulatedDevice, which: float, name: str) -> None:
        assert it.engine is not None
        devices = it.engine.devices
        it.run(lambda: devices.rename(self._other(which).id, name) and None)

    def _do_sign_in(self, it: SimulatedDevice) -> None:
        """The user signs in again: its tokens are of another sign-in from now on."""
        self._sign_ins += 1
        self._works_under(it, str(NEW_SIGN_INS + self._sign_ins))

    def _do_share_sign_in(self, it: SimulatedDevice, which: float) -> None:
        """As at the Auth emulator: a new token is of the sign-in that was the user's last, on any device."""
        self._works_under(it, self._other(which).line.sign_in)

    def _works_under(self, it: SimulatedDevice, sign_in: str) -> None:
        it.line.sign_in = sign_in
        if it.engine is not None:
            it.run(it.engine.network_changed)

    # --- what the server does to a stream ---

    def _stream(self, it: SimulatedDevice) -> ServerStream | None:
        incoming = it.line.remote.stream if it.line.remote else None
        return incoming.side if incoming and incoming.side and incoming.side.open else None

    def _target(self, stream: ServerStream, session: str) -> int:
        paths = {s.target.path: number for number, s in stream.targets.items()}
        return paths.get(("sessions", session), 0)

    def _do_reset_stream(self, it: SimulatedDevice, session: str) -> None:
        if stream := self._stream(it):
            stream.reset(self._target(stream, session))

    def _do_miscount(self, it: SimulatedDevice, session: str, count: int) -> None:
        stream = self._stream(it)
        if stream and not (count == 0 and self.server.get(("sessions", session))):
            stream.count(self._target(stream, session), count)

    def _do_repeat(self, it: SimulatedDevice, session: str, which: float) -> None:
        versions = self._since_it_was_created(session)
        stream = self._stream(it)
        if stream and versions:
            stream.repeat(self._target(stream, session), versions[int(which * len(versions))])

    def _since_it_was_created(self, session: str) -> list[Version]:
        """The versions of the present document: once one is deleted, no server sends an old one of it."""
        found: list[Version] = []
        for version in self.server.history:
            if version.path == ("sessions", session):
                found = [*found, version] if version.fields is not None else []
        return found

    def _do_end_stream(self, it: SimulatedDevice, code: str) -> None:
        if stream := self._stream(it):
            stream.end(RpcError(code))

    def _do_refuse_target(self, it: SimulatedDevice, session: str, code: str) -> None:
        if stream := self._stream(it):
            stream.refuse(self._target(stream, session), code)

    def _do_refuse_field(self, it: SimulatedDevice, field: str, for_ms: float) -> None:
        """For a while the rules take no edit of the field, in whatever session."""
        self._refused[field] += 1

        def allow() -> None:
            self._refused[field] -= 1

        self.virtual_clock.after(for_ms, allow)

    def _rules(self, path: ResourcePath, before: Fields | None, after: Fields, now: Micros) -> str:
        is_session = path[0] == "sessions" and len(path) == 2
        old = before["stamps"] if before and is_session else {}
        for field, times in self._refused.items():
            if times > 0 and is_session and after["stamps"].get(field) != old.get(field):
                return f"no {field} now"
        return refusal(path, before, after, now)

    # --- what an administrator does, or a disaster ---

    def _do_delete(self, it: SimulatedDevice, session: str) -> None:
        """One document is deleted."""
        self._lose({("sessions", session): None})

    def _do_restore(self, it: SimulatedDevice, which: float, whole: bool) -> None:
        """An export of a moment ago is imported: the documents are as they were, with new update times.

        `whole`: what was not in it is deleted first; else it stays.
        """
        history = self.server.history
        then = history[int(which * len(history))].time if history else 0
        found: dict[ResourcePath, Fields | None] = {}
        for version in history:
            if version.time <= then or (whole and version.path not in found):
                found[version.path] = version.fields if version.time <= then else None
        self._lose(found)

    def _do_new_server(self, it: SimulatedDevice) -> None:
        """An emulator without a disk is started anew: everything is gone, and all connections end."""
        self._lose({version.path: None for version in self.server.history})
        for stream in list(self.server.streams):
            stream.end(RpcError("UNAVAILABLE", "restarting"))

    def _lose(self, documents: dict[ResourcePath, Fields | None]) -> None:
        self.witness.lost(documents)
        if ("sessions", MUSIC) in documents:
            self.line_witness.history.lossy = True
        self.server.put(*documents.items())
