"""A device of a story: what its user and its line do, and checks of what it shows, sent and stored."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future
from typing import Any, Self

from dalsegno._core.messages import StreamAges
from dalsegno._core.policies import Schema
from dalsegno._core.types import DeviceInfo, Link, Origin, Saved, SessionId, Status
from dalsegno.testing._simulated_server import ServerStream, SimulatedServer
from dalsegno.testing._virtual_clock import START_MS, VirtualClock
from tests.support.scenario_lines import ScenarioLines
from tests.support.scenario_places import BOOK, path_of
from tests.support.simulation.device import READING
from tests.support.simulation.network import Fate, Way

HOUR_MS = 3_600_000.0


class ScenarioDevice(ScenarioLines):
    """One device of the story."""

    def __init__(
        self, name: str, number: int, virtual_clock: VirtualClock, server: SimulatedServer, skew_ms: float
    ) -> None:
        super().__init__(name, number, virtual_clock, server, skew_ms=skew_ms, chance=lambda: 0.5)
        self._fates: dict[str, deque[Fate]] = {"commit": deque(), "read": deque(), "listen": deque()}
        self.line.choose = self._choose
        self.device_lists = 0
        """How often the list of devices was told anew."""
        self.recent_lists = 0
        """How often the server told of the recent sessions."""

    def _choose(self, kind: str) -> Fate:
        return self._fates[kind].popleft() if self._fates[kind] else Fate()

    # --- the app and its process ---

    def starts(self, *, network: bool = True) -> Self:
        self.start(attach=network)
        return self._soon()

    def opens(self, session: str = BOOK, schema: Schema = READING) -> Self:
        self.open(session, schema)
        return self._soon()

    def closes(self, session: str = BOOK) -> Self:
        self.release(session)
        return self._soon()

    def edits(self, session: str = BOOK, **values: Any) -> Self:
        """The user does something; it is on disk when this returns, and on its way."""
        self.edit(session, values)
        return self._soon()

    def discards(self, *fields: str, session: str = BOOK) -> Self:
        """The user lets go of unsent edits; of all, if no field is named."""
        self.run(lambda: self._engine.discard(SessionId(session), fields) and None)
        return self._soon()

    def crashes(self) -> Self:
        """kill -9."""
        self.die()
        return self

    def restarts(self, *, opens: str | None = BOOK) -> Self:
        """Crashes if it runs, starts, and opens a session again, if told to."""
        if self.engine is not None:
            self.die()
        self.starts()
        return self.opens(opens) if opens else self

    def pauses(self) -> Self:
        self.run(self._engine.pause)
        return self._soon()

    def resumes(self) -> Self:
        self.run(self._engine.resume)
        return self._soon()

    def hurries(self) -> Self:
        """What a flush does."""
        self.run(self._engine.hurry)
        return self._soon()

    def changes_network(self) -> Self:
        self.run(self._engine.network_changed)
        return self._soon()

    def shows_devices(self) -> Self:
        """The app shows the user's devices."""
        self.run(self._engine.want_devices)
        return self._soon()

    def leaves(self) -> Self:
        """What a pause or the end does first."""
        self.run(lambda: self._engine.leave(lambda: None))
        return self.pauses()

    def renames(self, device: ScenarioDevice, name: str) -> Future[None]:
        future = self._engine.devices.rename(device.id, name)
        self._soon()
        return future

    def throws_out(self, device: ScenarioDevice) -> Future[None]:
        future = self._engine.devices.sign_out(device.id)
        self._soon()
        return future

    def signs_in_again(self) -> Self:
        """The user signs in, perhaps anew: another sign-in, and the app says so."""
        self.line.sign_in = str(int(self.virtual_clock.now_ms / 1e3) + 1)
        return self.changes_network()

    def token_changes_sign_in(self, sign_in: str) -> Self:
        """The next token is of another sign-in, and nobody says so."""
        self.line.sign_in = sign_in
        return self

    def token_ages(self) -> Self:
        """The token of the present stream ends: another stream takes its place."""
        number = self._engine.listen_stream.stream
        self.run(lambda: self._engine.handle_event(StreamAges(number, 0.0)))
        return self

    def devices_changed(self) -> None:
        self.device_lists += 1

    def recent_changed(self) -> None:
        self.recent_lists += 1

    def clock_jumps(self, *, hours: float) -> Self:
        self.set_skew(self.skew_ms + hours * HOUR_MS)
        return self

    def dies_after_writes(self, count: int) -> Self:
        """The process is killed right after so many more batches are on disk."""
        self.disk.dies_after = self.disk.writes + count
        return self

    def disk_fills(self) -> Self:
        self.disk.full = True
        return self

    def disk_frees(self) -> Self:
        self.disk.full = False
        return self

    # --- the line and the server, for this device ---

    def link_drops(self, way: Way = Way.CUT) -> Self:
        self.line.turn(way)
        return self

    def link_returns(self) -> Self:
        self.line.turn(Way.UP)
        return self

    def next_commits(self, *fates: Fate) -> Self:
        self._fates["commit"].extend(fates)
        return self

    def next_reads(self, *fates: Fate) -> Self:
        self._fates["read"].extend(fates)
        return self

    def next_listens(self, *fates: Fate) -> Self:
        self._fates["listen"].extend(fates)
        return self

    def server_acks(self) -> Self:
        """The server does the held call, and answers."""
        self.virtual_clock.run(5)
        assert self.line.held, f"{self.name} has no call held at the server"
        self.line.held.pop(0)()
        self.virtual_clock.run(5)
        return self

    @property
    def stream(self) -> ServerStream:
        """The server's side of this device's stream."""
        assert self.line.remote is not None
        incoming = self.line.remote.stream
        assert incoming is not None and incoming.side is not None, f"{self.name} has no open stream"
        return incoming.side

    def target(self, session: str = BOOK) -> int:
        """The number under which this device listens to the session."""
        served = self.stream.targets.items()
        return next(number for number, s in served if s.target.path == path_of(session))

    # --- checks: what the app saw ---

    def sees(self, session: str = BOOK, **values: Any) -> Self:
        view = self.view(session)
        found = {n: view[n] for n in values if n in view}
        assert values == found, f"{self.name} sees {found}, and not {values}"
        return self

    def sees_nothing(self, session: str = BOOK) -> Self:
        assert {} == self.view(session), f"{self.name} sees {self.view(session)}"
        return self

    def was_told(self, *fields: str, origin: Origin = Origin.REMOTE, concurrent: bool | None = None) -> Self:
        """Exactly one change since the last time, of these fields."""
        told = self.takes_told()
        assert 1 == len(told), f"{self.name} was told {len(told)} times: {[set(c.fields) for c in told]}"
        assert (set(fields), origin) == (set(told[0].fields), told[0].origin)
        assert concurrent is None or concurrent == told[0].concurrent, f"concurrent is {told[0].concurrent}"
        return self

    def was_told_nothing(self) -> Self:
        told = self.takes_told()
        assert not told, f"{self.name} was told of {[set(c.fields) for c in told]}"
        return self

    @property
    def status(self) -> Status:
        return self._engine.status()

    def is_saved(self, saved: Saved) -> Self:
        assert saved is self.status.saved, f"{self.name} says: saved {self.status.saved.value}"
        return self

    def is_linked(self, link: Link, reason: str = "") -> Self:
        found = self.status
        assert link is found.link, f"{self.name} says {found.link.value} ({found.reason})"
        assert reason in found.reason, f"{self.name} says {found.reason!r}"
        return self

    def sees_devices(self, **states: str) -> Self:
        """The other devices by name, each "online", "offline" or "signed out"; in their order on the list."""
        here, *others = self._engine.devices.list_all()
        assert here.here, f"{self.name} is not the first on its own list"
        found = {d.name: _word(d) for d in others}
        assert list(states.items()) == list(found.items()), f"{self.name} sees {found}, and not {states}"
        return self

    @property
    def lists_itself(self) -> DeviceInfo:
        """Itself, on its own list."""
        return self._engine.devices.list_all()[0]

    def is_signed_out(self, reason: str = "") -> Self:
        found = self.status
        assert found.signed_out, f"{self.name} says {found.link.value} ({found.reason})"
        return self.is_linked(Link.DENIED, reason)

    def has_problems(self, session: str = BOOK, **codes: str) -> Self:
        """What the server refuses of the session: field = code, longest first."""
        found = {p.field: p.code for p in self._engine.uploader.problems(SessionId(session))}
        assert list(codes.items()) == list(found.items()), f"{self.name} has problems {found}, not {codes}"
        return self

    # --- checks: what was sent, what is on disk ---

    def has_sent(self, count: int) -> Self:
        """So many commits of sessions since the process started."""
        sent = self.session_commits()
        assert count == len(sent), f"{self.name} has sent {len(sent)} commits, and not {count}: {sent}"
        return self

    def sent_last(self, **values: Any) -> Self:
        sent = self.session_commits()
        assert sent, f"{self.name} has sent nothing"
        assert values == sent[-1], f"{self.name} sent {sent[-1]} last, and not {values}"
        return self

    def beats(self) -> list[float]:
        """When it wrote its card, in seconds of the story."""
        return [
            (ms - START_MS) / 1e3
            for ms, writes in self.line.commits
            if any(w.path == ("devices", self.id) for w in writes)
        ]

    def commit_kinds(self) -> list[list[str]]:
        """Of each commit, the collections that it writes to."""
        return [[write.path[0] for write in writes] for _, writes in self.line.commits]

    def session_commits(self) -> list[dict[str, Any]]:
        """The fields of each commit."""
        return [
            {path[1]: v for path, v in write.fields.items() if path[0] == "state"}
            for _, writes in self.line.commits
            for write in writes
            if write.path[0] == "sessions" and len(write.path) == 2
        ]

    def has_on_disk(self, session: str = BOOK, **values: Any) -> Self:
        """The outbox holds just these edits."""
        stored = self.store.load(SessionId(session))
        found = {p.field: p.entry.value for p in stored.pending} if stored else {}
        assert values == found, f"the outbox of {self.name} holds {found}, and not {values}"
        return self

    def knows_on_disk(self, session: str = BOOK, **values: Any) -> Self:
        """The newest server document on disk has these fields."""
        stored = self.store.load(SessionId(session))
        base = stored.base.entries if stored and stored.base else {}
        found = {n: base[n].value for n in values if n in base}
        assert values == found, f"{self.name} has {found} of the server on disk, and not {values}"
        return self


def _word(device: DeviceInfo) -> str:
    return "signed out" if device.signed_out else "online" if device.online else "offline"
