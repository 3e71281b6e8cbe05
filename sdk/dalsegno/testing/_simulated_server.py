"""A Firestore in memory, on virtual time, for one user: commits, reads, listeners with resume tokens.

It does what the engine relies on, and no more: compare-and-set, increments, server times, the security rules
that matter, and the order of messages on a Listen stream. One contract suite holds it to the official
emulator. Single thread; nothing happens but by a call or by the virtual clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from dalsegno._core.messages import (
    ANY,
    DocumentChange,
    DocumentGone,
    ExistenceFilter,
    RemoteEvent,
    ResourcePath,
    RpcError,
    Snapshot,
    StreamEnded,
    Target,
    TargetChange,
    Write,
)
from dalsegno._core.types import Micros
from dalsegno.testing._simulated_rules import Asker, Fields, refusal
from dalsegno.testing._virtual_clock import VirtualClock

Emit = Callable[[RemoteEvent], None]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HEARTBEAT_MS = 30_000.0


class Rejected(Exception):
    """A commit that was not applied."""

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(code, message)
        self.fault = RpcError(code, message)


@dataclass(frozen=True, slots=True)
class Version:
    """One version of one document; `fields` None = deleted."""

    path: ResourcePath
    time: Micros
    fields: Fields | None

    def snapshot(self) -> Snapshot | None:
        return None if self.fields is None else Snapshot(self.path, _copy(self.fields), self.time)


class SimulatedServer:
    """`history` holds every version of every document, oldest first."""

    def __init__(self, virtual_clock: VirtualClock) -> None:
        self.virtual_clock = virtual_clock
        self.hidden: dict[ResourcePath, str] = {}
        """What no stream is shown, and the code that says so."""
        self.history: list[Version] = []
        self.streams: list[ServerStream] = []
        self.rules = refusal
        self.committed: Callable[[ResourcePath, Fields | None, Fields, Micros], None] = lambda *_: None
        self.compares = True
        """False plants a bug: no compare-and-set, the last writer simply wins."""
        self.looks_again = True
        """Whether the rules are asked for each change that a stream tells, as the official emulator does."""
        self.knows_sign_ins = True
        """False: the rules are of a version that asks for no registration, and revokes nothing."""
        self._now: dict[ResourcePath, Version] = {}
        self._last = Micros(0)

    # --- documents ---

    def time(self) -> Micros:
        """The server's time; no two commits share one."""
        self._last = Micros(max(self._last + 1, int(self.virtual_clock.now_ms * 1000)))
        return self._last

    def get(self, path: ResourcePath) -> Version | None:
        found = self._now.get(path)
        return found if found is not None and found.fields is not None else None

    def commit(self, writes: Sequence[Write], sign_in: str = "") -> Micros:
        """Applies all writes or none. Raises Rejected; rules come before preconditions, as at Google.

        `sign_in`: under which the caller works; '' = of that no rule asks.
        """
        now = self.time()
        after = [(w, self._applied(w, now)) for w in writes if not w.deletes]
        asker = self._asker(sign_in, {w.path: fields for w, fields in after})
        for write in writes:
            if write.deletes and (why := asker.why_not_delete(write.path, bool(sign_in))):
                raise Rejected("PERMISSION_DENIED", why)
        for write, fields in after:
            before = self.get(write.path)
            old = before.fields if before else None
            why = self.rules(write.path, old, fields, now)
            if sign_in and self.knows_sign_ins and not why:
                why = asker.refusal(write.path, old, fields, now)
            if why:
                raise Rejected("PERMISSION_DENIED", why)
        for write in writes:
            self._check(write)
        stood = {w.path: self.get(w.path) for w in writes}
        gone = [(w.path, None) for w in writes if w.deletes and stood[w.path]]
        self.put(*((w.path, fields) for w, fields in after), *gone, time=now)
        for write, fields in after:
            found = stood[write.path]
            self.committed(write.path, found.fields if found else None, fields, now)
        return now

    def read(self, path: ResourcePath, sign_in: str = "") -> Snapshot | None:
        """Raises Rejected."""
        if sign_in and not self._asker(sign_in).may_read(path):
            raise Rejected("PERMISSION_DENIED", "the sign-in was ended")
        return found.snapshot() if (found := self.get(path)) else None

    def _asker(self, sign_in: str, writes: Mapping[ResourcePath, Fields] | None = None) -> Asker:
        def before(path: ResourcePath) -> Fields | None:
            found = self.get(path)
            return found.fields if found else None

        return Asker(sign_in, before, lambda path: (writes or {}).get(path) or before(path))

    def put(self, *documents: tuple[ResourcePath, Fields | None], time: Micros | None = None) -> Micros:
        """What an administrator does: no rules, no preconditions. None deletes."""
        now = self.time() if time is None else time
        for path, fields in documents:
            self._now[path] = Version(path, now, fields)
            self.history.append(self._now[path])
        for stream in list(self.streams):
            stream.publish({path for path, _ in documents}, now)
        return now

    def roll_back(self, path: ResourcePath, to: Version) -> None:
        """A backup is restored: the document is as it was, update time and all; streams end."""
        self._now[path] = to
        for stream in list(self.streams):
            stream.end(RpcError("UNAVAILABLE", "restarting"))

    def _applied(self, write: Write, now: Micros) -> Fields:
        before = self.get(write.path)
        fields: Fields = _copy(before.fields) if before and before.fields else {}
        for path, value in write.fields.items():
            _put(fields, path, _copy(value))
        for path, amount in write.increments.items():
            _put(fields, path, _take(fields, path, 0) + amount)
        for path in write.server_times:
            _put(fields, path, _EPOCH + timedelta(microseconds=now))
        return fields

    def _check(self, write: Write) -> None:
        found = self.get(write.path)
        if write.base == ANY or not self.compares:
            return
        if write.base is None and found is not None:
            raise Rejected("ALREADY_EXISTS", "the document exists")
        if write.base is not None and found is None:
            raise Rejected("NOT_FOUND", "no such document")
        if found is not None and found.time != write.base:
            raise Rejected("FAILED_PRECONDITION", "the document has moved")

    # --- listeners ---

    def listen(
        self,
        number: int,
        targets: Iterable[Target],
        emit: Emit,
        *,
        honours: bool = True,
        sign_in: str = "",
    ) -> ServerStream:
        """Opens a stream; `honours`: resume tokens are good (else they are answered with RESET)."""
        stream = ServerStream(self, number, emit, honours, sign_in)
        self.streams.append(stream)
        for target in targets:
            stream.add(target)
        stream.beat()
        return stream

    def matches(self, target: Target) -> dict[ResourcePath, Version]:
        """The documents of a target now."""
        if not target.newest:
            found = self.get(target.path)
            return {target.path: found} if found else {}
        inside = [
            v
            for path, v in self._now.items()
            if path[:-1] == target.path and v.fields is not None and target.order_by in v.fields
        ]
        inside.sort(key=lambda v: v.fields[target.order_by], reverse=True)  # type: ignore[index]
        return {v.path: v for v in inside[: target.newest]}


@dataclass(slots=True)
class _Served:
    target: Target
    shown: dict[ResourcePath, Micros] = field(default_factory=dict)


class ServerStream:
    """The server's side of one Listen stream."""

    def __init__(self, server: SimulatedServer, number: int, emit: Emit, honours: bool, sign_in: str) -> None:
        self.number: int = number
        self._server, self._emit, self._honours = server, emit, honours
        self._sign_in = sign_in
        self.targets: dict[int, _Served] = {}
        self.open: bool = True

    def add(self, target: Target) -> None:
        """ADD, the documents (all, or those since the resume token), CURRENT, and a consistent look."""
        if not self._may_read(target):
            self._emit(TargetChange(self.number, "REMOVE", (target.id,), cause=RpcError("PERMISSION_DENIED")))
            return
        if code := self._server.hidden.get(target.path):
            self._emit(TargetChange(self.number, "REMOVE", (target.id,), cause=RpcError(code)))
            return
        served = self.targets[target.id] = _Served(target)
        self._emit(TargetChange(self.number, "ADD", (target.id,)))
        since = int(target.resume_token) if target.resume_token and self._honours else 0
        if target.resume_token and not since:
            self._emit(TargetChange(self.number, "RESET", (target.id,)))
        self._fill(served, since)

    def _may_read(self, target: Target) -> bool:
        return not self._sign_in or self._server._asker(self._sign_in).may_read(target.path)

    def remove(self, target: int) -> None:
        if self.targets.pop(target, None):
            self._emit(TargetChange(self.number, "REMOVE", (target,)))

    def publish(self, paths: set[ResourcePath], now: Micros) -> None:
        """Documents changed: each target hears what concerns it, then all is consistent.

        Whoever was thrown out meanwhile hears, instead of the change, that the target is none of theirs.
        """
        heard = False
        for number, served in list(self.targets.items()):
            if any(_concerns(served.target, path) for path in paths):
                if not self._server.looks_again or self._may_read(served.target):
                    self._tell(served, self._server.matches(served.target))
                else:
                    self.refuse(number, "PERMISSION_DENIED")
                heard = True
        if heard:
            self.look(now)

    def beat(self) -> None:
        """The sign of life that Google's servers give every 30 s or so."""
        if self.open:
            self.look()
            self._server.virtual_clock.after(HEARTBEAT_MS, self.beat)

    def look(self, now: Micros | None = None) -> None:
        """All targets are consistent at this time."""
        time = self._server.time() if now is None else now
        self._emit(TargetChange(self.number, "NO_CHANGE", (), time, _token(time)))

    def reset(self, target: int) -> None:
        """Takes back what was sent, and sends it again."""
        if served := self.targets.get(target):
            self._emit(TargetChange(self.number, "RESET", (target,)))
            self._fill(served, 0)

    def count(self, target: int, count: int | None = None) -> None:
        """An existence filter, right unless `count` is given."""
        if served := self.targets.get(target):
            self._emit(ExistenceFilter(self.number, target, len(served.shown) if count is None else count))
            self.look()

    def refuse(self, target: int, code: str) -> None:
        """The server ends this target, the others go on."""
        if self.targets.pop(target, None):
            self._emit(TargetChange(self.number, "REMOVE", (target,), cause=RpcError(code)))

    def repeat(self, target: int, version: Version | None = None) -> None:
        """Sends a document again, or an old version of it: duplicates and stragglers must change nothing."""
        if served := self.targets.get(target):
            for found in [version] if version else list(self._server.matches(served.target).values()):
                if snapshot := found.snapshot():
                    self._emit(DocumentChange(self.number, snapshot, (target,)))
            self.look()

    def end(self, fault: RpcError) -> None:
        """The server ends the stream."""
        if self.open:
            self.close()
            self._emit(StreamEnded(self.number, fault))

    def close(self) -> None:
        """Nothing more is sent."""
        if self.open:
            self.open = False
            self._server.streams.remove(self)

    def _fill(self, served: _Served, since: int) -> None:
        found = self._server.matches(served.target)
        served.shown = {path: v.time for path, v in found.items() if v.time <= since}
        self._tell(served, found)
        if since and not served.target.newest and not found:  # deleted while nobody listened
            self._emit(ExistenceFilter(self.number, served.target.id, 0))
        now = self._server.time()
        self._emit(TargetChange(self.number, "CURRENT", (served.target.id,), now, _token(now)))
        self.look(now)

    def _tell(self, served: _Served, found: Mapping[ResourcePath, Version]) -> None:
        me = (served.target.id,)
        for path, version in found.items():
            if served.shown.get(path) != version.time and (snapshot := version.snapshot()):
                self._emit(DocumentChange(self.number, snapshot, me))
        for path in served.shown.keys() - found.keys():
            self._emit(DocumentGone(self.number, path, me))
        served.shown = {path: v.time for path, v in found.items()}


def _token(time: Micros) -> bytes:
    return str(time).encode()


def _concerns(target: Target, path: ResourcePath) -> bool:
    return path[:-1] == target.path if target.newest else path == target.path


def _copy(value: Any) -> Any:
    """Maps and lists anew; what cannot change as it is."""
    if isinstance(value, Mapping):
        return {name: _copy(item) for name, item in value.items()}
    return [_copy(item) for item in value] if isinstance(value, (list, tuple)) else value


def _put(fields: Fields, path: Sequence[str], value: Any) -> None:
    for name in path[:-1]:
        if not isinstance(fields.get(name), dict):
            fields[name] = {}
        fields = fields[name]
    fields[path[-1]] = value


def _take(fields: Fields, path: Sequence[str], default: Any) -> Any:
    for name in path[:-1]:
        fields = fields.get(name, {})
    return fields.get(path[-1], default)
