"""What this device knows and owes: all replicas, the clock, and the disk beneath them.

Runs on the worker thread. Invariant: a step is on disk before anybody is told of it, and a step whose disk
write failed never happened.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from dalsegno.core import clock as clocks
from dalsegno.core import replica as replicas
from dalsegno.core.document import NO_STAMP, Document, StoredSession
from dalsegno.core.policies import Restart, Schema
from dalsegno.core.ports import Batch, Store, Time
from dalsegno.core.replica import Replica
from dalsegno.core.wire import writer_of
from dalsegno.errors import DalSegnoError
from dalsegno.sync.held import Held, held_from
from dalsegno.types import DeviceId, Micros, Millis, Origin, SessionId, Value


@dataclass(frozen=True, slots=True)
class Changed:
    """What an app is told: the session before and after, which fields, and who did it."""

    session: SessionId
    before: Replica
    after: Replica
    fields: frozenset[str]
    origin: Origin
    device: DeviceId | None
    concurrent: bool


class Observer(Protocol):
    """Who is told of what the engine does; called on the worker thread, and must return at once."""

    def changed(self, change: Changed) -> None: ...

    def settled(self) -> None:
        """Something in the outboxes, the link or the known sessions moved."""
        ...


class Ledger:
    """All sessions of one user on one device."""

    def __init__(self, store: Store, time: Time, tell: Callable[[Changed], None]) -> None:
        self._store, self._time, self._tell = store, time, tell
        identity = self.identity = store.identity()
        """As it was at the start."""
        self.device = identity.device
        self.clock = clocks.HybridClock(identity.device, identity.newest_stamp)
        self.server = clocks.ServerClock()
        self._guess_ms = identity.server_offset_ms or 0.0
        self._wall_at_start = time.wall_ms() - time.steady_ms()
        self.held: dict[SessionId, Held] = {}
        self.time_known: Callable[[], None] = lambda: None
        """Called when the server's time comes to be known."""
        self._seq = 0
        self._unwritten: set[int] = set()
        """The seqs of edits whose true stamps the disk has not taken yet."""
        for stored in store.sessions():
            self._seq = max([self._seq, *(p.seq for p in stored.pending)])
            self.clock.resume(max((p.entry.stamp for p in stored.pending), default=NO_STAMP))
            if stored.pending:
                held = self.held[stored.id] = held_from(stored, Schema.parse(stored.schema))
                self._settle(held)
                self.forget_idle(stored.id)

    def _settle(self, held: Held) -> None:
        """Drops the edits that the base contains, as after a full disk was not told of that."""
        held.replica, settled = replicas.settle(held.replica)
        if settled:
            self._write_kindly(Batch(acked={held.replica.id: settled}))

    # --- time ---

    def device_ms(self) -> float:
        """This device's own idea of now; it does not jump while the process lives."""
        return self._wall_at_start + self._time.steady_ms()

    def now_ms(self) -> float:
        """The best estimate of the server's time."""
        known = self.server.server_ms(self._time.steady_ms())
        return self.device_ms() + self._guess_ms if known is None else known

    def heard(self, server_us: int, asked_ms: float) -> None:
        """The server told its time in answer to a question asked at `asked_ms` (steady)."""
        before = self.server.known
        self.server.heard(server_us / 1000, asked_ms, self._time.steady_ms())
        if self.server.known and not before:
            self._guess_ms = self.now_ms() - self.device_ms()
            self._correct()
            self.time_known()

    def _correct(self) -> None:
        """Gives edits that were stamped by a guess the stamps of the server's time, in their order."""
        rows = replicas.provisional(h.replica for h in self.held.values())
        stamps = replicas.true_stamps(rows, self._guess_ms, self.now_ms(), self.device)
        self.clock.forget_provisional()
        self.clock.observe(max(stamps.values(), default=NO_STAMP))
        self._unwritten |= stamps.keys()
        for session, held in self.held.items():
            self._become(session, replicas.restamped(held.replica, stamps), Origin.REMOTE)
        self._write_stamps()
        for held in self.held.values():
            self._settle(held)

    def ready(self) -> bool:
        """Whether stamps may be sent: they are final, and on disk, for once sent they are names for ever."""
        return self.server.known and (not self._unwritten or self._write_stamps())

    def _write_stamps(self) -> bool:
        rows = {
            session: [p for p in held.replica.pending.values() if p.seq in self._unwritten]
            for session, held in self.held.items()
        }
        written = self._write_kindly(
            Batch(
                pending={session: put for session, put in rows.items() if put},
                newest_stamp=self.clock.settled,
                server_offset_ms=self._guess_ms,
            )
        )
        if written:
            self._unwritten.clear()
        return written

    # --- the app's side ---

    def open(self, session: SessionId, schema: Schema) -> Replica:
        """The session as the disk has it; the network follows. A full disk does not stop anybody reading."""
        held = self.held.get(session)
        if held is None:
            stored = self._store.load(session)
            held = held_from(stored, schema) if stored else Held(Replica(session, schema))
            self._settle(held)
        else:
            held.replica = replace(held.replica, schema=schema)
        for entry in held.replica.base.entries.values() if held.replica.base else ():
            self.clock.observe(entry.stamp)
        self.held[session] = held
        held.users += 1
        if self.server.known and any(not p.corrected for p in held.replica.pending.values()):
            self._correct()
        held.registered = self._write_kindly(Batch(opened=self._opening(held)))
        return held.replica

    def _opening(self, held: Held) -> dict[SessionId, tuple[str, Millis]]:
        return {held.replica.id: (held.replica.schema.text, Millis(int(self.device_ms())))}

    def release(self, session: SessionId) -> None:
        """One user of the session less; what it owes is still sent."""
        held = self.held[session]
        held.users -= 1
        self.forget_idle(session)

    def forget_idle(self, session: SessionId) -> None:
        """A session that nobody uses and that owes nothing needs no memory."""
        if session in self.held and not self.held[session].wanted:
            del self.held[session]

    def edit(self, session: SessionId, values: Mapping[str, Value | Restart]) -> Replica:
        """One edit: stamped, merged, on disk, told. Raises what the store raises; then nothing was done."""
        held = self.held[session]
        final = self.server.known
        seen = self.clock.settled
        made = self.clock.tick(self.now_ms(), final=final)
        origin = replicas.origin_of(self._seq + 1, self.device_ms(), final, seen)
        after, rows, local = replicas.edit(held.replica, values, made, origin)
        if not rows and not local:
            return held.replica
        self._seq += 1
        self._store.write(
            Batch(
                opened={} if held.registered else self._opening(held),
                pending={session: rows} if rows else {},
                local={session: local} if local else {},
                parked={session: ""} if held.parked else {},
                newest_stamp=self.clock.settled,
            )
        )
        held.parked, held.registered = "", True
        self._become(session, after, Origin.HERE)
        return after

    # --- the server's side ---

    def adopt(
        self,
        session: SessionId,
        document: Document,
        tokens: Mapping[str, bytes],
        as_of: Micros = replicas.LONG_AGO,
    ) -> bool:
        """A document from the server becomes the base; what it contains leaves the outbox.

        False with `trouble`: the disk did not take it, and no resume token must vouch for it.
        """
        held, kept = self.held[session], False
        for entry in document.entries.values():
            self.clock.observe(entry.stamp)
        origin = replicas.origin_of(self._seq + 1, self.device_ms(), True, self.clock.settled)
        adopted = replicas.adopt(held.replica, document, origin, as_of)
        if adopted.replica is not held.replica:
            self._seq += bool(adopted.restored)
            kept = self._write_kindly(
                Batch(
                    bases={session: document},
                    pending={session: adopted.restored} if adopted.restored else {},
                    acked={session: adopted.settled} if adopted.settled else {},
                    landed={session: adopted.replica.landed} if adopted.settled else {},
                    tokens=tokens,
                    newest_stamp=self.clock.settled,
                )
            )
        held.garbled = ""
        self._become(session, adopted.replica, Origin.REMOTE)
        if held.parked and not adopted.replica.pending:
            self._set_parked(session, "")
        return kept

    def missing(self, session: SessionId, as_of: Micros) -> None:
        """The server has no document. What is known here stays, and is written whole with the next edit."""
        held = self.held[session]
        held.garbled = ""
        base = held.replica.base
        held.replica = replace(held.replica, missing=base is not None and base.update_time <= as_of)

    def park(self, session: SessionId, reason: str) -> None:
        """The server refuses these edits: they stay on disk, are told, and stand in nobody's way."""
        if session in self.held and self.held[session].replica.pending:
            self._set_parked(session, reason)

    def unpark(self) -> None:
        """A new connection: what was refused before may be allowed by now. Tried once for each."""
        for session, held in self.held.items():
            if held.parked:
                self._set_parked(session, "")

    def _set_parked(self, session: SessionId, reason: str) -> None:
        self.held[session].parked = reason
        self._write_kindly(Batch(parked={session: reason}))

    def remember(self, session: SessionId, document: Document) -> None:
        """A session that is not in memory: kept, so that it opens at its place even with no network.

        If the server has lost what we knew of it, it is in memory afterwards, and owed.
        """
        stored = self._store.load(session)
        if stored is None or stored.base is None:
            opened = {} if stored else {session: (document.schema, Millis(0))}
            self._write_kindly(Batch(opened=opened, bases={session: document}))
        elif stored.base.update_time < document.update_time:
            self.held[session] = held_from(stored, Schema.parse(stored.schema))
            self.adopt(session, document, {})
            self.forget_idle(session)

    def keep_tokens(self, tokens: Mapping[str, bytes]) -> None:
        self._write_kindly(Batch(tokens=tokens))

    def keep(self, batch: Batch) -> None:
        """What the server knows better anyway; on a full disk it is forgotten."""
        self._write_kindly(batch)

    def _write_kindly(self, batch: Batch) -> bool:
        """What came from the server can come again: a full disk must not stop the app from seeing it."""
        try:
            self._store.write(batch)
        except DalSegnoError as error:
            self.trouble = str(error)
        else:
            self.trouble = ""
        return not self.trouble

    trouble: str = ""
    """Why the disk took nothing the last time, or ''."""

    # --- telling ---

    def _become(self, session: SessionId, after: Replica, origin: Origin) -> None:
        held = self.held[session]
        before, held.replica = held.replica, after
        fields = replicas.changed_fields(before, after)
        if origin is Origin.HERE:
            fields |= {n for n, v in after.local.items() if before.local.get(n, _ABSENT) != v}
        if not fields:
            return
        device = self.device if origin is Origin.HERE else _newest_writer(after, fields)
        both = origin is Origin.REMOTE and any(
            replicas.concurrent(before, after, n, self.device) for n in fields
        )
        self._tell(Changed(session, before, after, fields, origin, device, both))

    @property
    def owes(self) -> bool:
        """Whether any edit has not been confirmed by the server."""
        return any(h.replica.pending for h in self.held.values())

    def stored(self) -> Iterable[StoredSession]:
        return self._store.sessions()

    def tokens(self) -> Mapping[str, bytes]:
        return self._store.tokens()


_ABSENT = object()


def _newest_writer(after: Replica, fields: Iterable[str]) -> DeviceId | None:
    entries = [after.view[n] for n in fields if n in after.view]
    return writer_of(max(entries, key=lambda e: e.stamp)) if entries else None
