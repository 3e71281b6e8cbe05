"""The server's time as this device knows it, a guess until then, and the stamps that were made by the guess.

Worker thread. Invariant: a stamp is sent only when it is final, by the server's time, and on disk.
"""

from __future__ import annotations

from collections.abc import Callable

from dalsegno._core import clock as clocks
from dalsegno._core import replica as replicas
from dalsegno._core.document import NO_STAMP, Pending
from dalsegno._core.ports import Batch, Identity, Time
from dalsegno._core.replica import Replica
from dalsegno._core.types import SessionId
from dalsegno._sync.open_session import SessionsInMemory


class ServerTime:
    """`clock` makes the stamps, `server` holds what was heard of the server's time."""

    def __init__(
        self,
        time: Time,
        identity: Identity,
        open_sessions: SessionsInMemory,
        write: Callable[[Batch], bool],
        become: Callable[[SessionId, Replica], None],
    ) -> None:
        """
        identity  as it was at the start
        write     takes a batch to the disk, and says whether that took it
        become    takes what a session is once its edits have other stamps
        """
        self._time, self._device = time, identity.device
        self._open_sessions, self._write, self._become = open_sessions, write, become
        self.clock: clocks.HybridClock = clocks.HybridClock(identity.device, identity.newest_stamp)
        self.server: clocks.ServerClock = clocks.ServerClock()
        self._guess_ms = identity.server_offset_ms or 0.0
        self._wall_at_start = time.wall_ms() - time.steady_ms()
        self._agreement = clocks.Agreement(time.wall_ms(), time.steady_ms())
        self._trusted_from_ms = float("-inf")
        self._guess_is_heard = identity.server_offset_ms is not None
        self._unwritten: set[int] = set()
        """The seqs of edits whose true stamps the disk has not taken yet."""

    def device_ms(self) -> float:
        """This device's own idea of now: the wall clock as of when it last parted from the steady one."""
        return self._wall_at_start + self._time.steady_ms()

    def steady_ms(self) -> float:
        """Of the clock that never jumps."""
        return self._time.steady_ms()

    def now_ms(self) -> float:
        """The best estimate of the server's time."""
        known = self.server.server_ms(self._time.steady_ms())
        return self.device_ms() + self._guess_ms if known is None else known

    def heard(self, server_us: int, asked_ms: float) -> bool:
        """The server told its time in answer to a question asked at `asked_ms` (steady).

        True: it was not known before, and is from now on.
        """
        before = self.server.known
        if asked_ms <= self._trusted_from_ms:
            return False  # asked before the clocks parted: nobody knows how long the answer was on its way
        self.server.heard(server_us / 1000, asked_ms, self._time.steady_ms())
        if not self.server.known or before:
            return False
        self._guess_ms = self.now_ms() - self.device_ms()
        self._guess_is_heard = True
        return True

    def clocks_parted(self) -> bool:
        """Whether the wall clock and the steady one have parted: the server's time is not known any more.

        Until it is heard again edits are stamped by a guess, which holds that the steady clock was right.
        What outbox rows and the disk say of this device's time is moved to the wall clock of now: a restart
        has no other.
        """
        time = self._time
        before_ms, wall_ms, steady_ms = time.steady_ms(), time.wall_ms(), time.steady_ms()
        if steady_ms - before_ms > clocks.PARTED_MS / 2:
            return False  # held up between one clock and the other: the next look tells
        parted_ms = self._agreement.parted_ms(wall_ms, steady_ms)
        if not parted_ms:
            return False
        if self._guess_is_heard:
            self._guess_ms = self.now_ms() - self.device_ms() - parted_ms
        self._wall_at_start += parted_ms
        self._trusted_from_ms = steady_ms
        self.server.forget()
        moved: dict[SessionId, list[Pending]] = {}
        for session, open_session in self._open_sessions.items():
            open_session.replica, rows = replicas.retimed(open_session.replica, parted_ms)
            moved |= {session: rows} if rows else {}
        offset_ms = self._guess_ms if self._guess_is_heard else None
        self._write(Batch(pending=moved, server_offset_ms=offset_ms))
        return True

    # --- stamps ---

    def correct(self) -> None:
        """Gives edits that were stamped by a guess the stamps of the server's time, in their order."""
        rows = replicas.provisional(one.replica for one in self._open_sessions.values())
        stamps = replicas.true_stamps(rows, self._guess_ms, self.now_ms(), self._device)
        self.clock.forget_provisional()
        self.clock.observe(max(stamps.values(), default=NO_STAMP))
        self._unwritten |= stamps.keys()
        for session, open_session in self._open_sessions.items():
            self._become(session, replicas.restamped(open_session.replica, stamps, self._guess_ms))
        self._write_stamps()

    def ready(self) -> bool:
        """Whether stamps may be sent: they are final, and on disk, for once sent they are names for ever."""
        return self.server.known and (not self._unwritten or self._write_stamps())

    def _write_stamps(self) -> bool:
        rows = {
            session: [p for p in open_session.replica.pending.values() if p.seq in self._unwritten]
            for session, open_session in self._open_sessions.items()
        }
        written = self._write(
            Batch(
                pending={session: put for session, put in rows.items() if put},
                newest_stamp=self.clock.settled,
                server_offset_ms=self._guess_ms,
            )
        )
        if written:
            self._unwritten.clear()
        return written
