"""One session's way to the server: its state, its pace, and the search for what the server refuses.

Worker thread. Invariant: a field that was refused is never sent together with another one; so it holds up
itself alone.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from dalsegno._core.backoff import Backoff
from dalsegno._core.document import Document, Entry
from dalsegno._core.document_serializer import after_commit
from dalsegno._core.messages import RpcError, Snapshot
from dalsegno._core.record import record
from dalsegno._core.types import DeviceId, Micros, Stamp, Value
from dalsegno._core.upload_state import RESTING, UploadEvent, UploadState, follow
from dalsegno._sync.open_session import OpenSession

INTERVAL_MS = 1_000.0
"""Firestore's guidance: about one sustained write per second and document."""

FAIR = 1.5
MOST_REST_MS = 10_000.0
"""The longest pause that a slow link causes between two commits; see `Lane.rest_ms`."""


@record(frozen=True, slots=True)
class Flight:
    """A commit on its way: what it would bring, against which document, and under which registration.

    left    the stamps of what is owed, too, and stays behind;  holder: who holds the line from then on
    """

    ticket: int
    entries: Mapping[str, Entry]
    base: Document | None
    label: str
    sent_ms: float
    generation: int
    left: Collection[Stamp] = ()
    holder: Mapping[str, Value] | None = None

    def landed(self, device: DeviceId, update_time: Micros) -> Document:
        """The document once it was applied."""
        upon = (self.label, self.base, self.entries, device, update_time)
        return after_commit(*upon, self.left, self.holder)


@dataclass(slots=True)
class Lane:
    """One session's way to the server.

    backoff    between failures;  patience: between tries of what was refused already
    doubtful   why the document must be read again before anything is sent
    accused    the fields of the last commit that failed;  refused: the document it was made against
    generation its registration
    suspects   groups of fields, one of which the server refuses: each is sent by itself, in this order
    trip_ms    how long the last commit's answer took
    rest_ms    how long after one commit the next may go: `FAIR` round trips at least. In one, another device
               hears of ours and its own reaches the server; if ours came again as soon, it would always lose
    """

    backoff: Backoff
    patience: Backoff
    state: UploadState = UploadState.READY
    since_ms: float = 0.0
    flight: Flight | None = None
    read: int = 0
    generation: int = 0
    last_ms: float = float("-inf")
    trip_ms: float = 0.0
    rest_ms: float = INTERVAL_MS
    doubtful: RpcError | None = None
    refused: Document | None = None
    accused: Sequence[str] = ()
    suspects: list[Sequence[str]] = field(default_factory=list)
    not_before_ms: float = field(default=float("-inf"))
    retry_at_ms: float = field(default=float("-inf"))

    def becomes(self, event: UploadEvent) -> None:
        self.state = follow(self.state, event)

    def refused_upon(self, now: Document | Snapshot | None) -> bool:
        """Whether the refused commit was made against just this document; None = there is none."""
        if self.refused is None or now is None:
            return self.refused is now
        return self.refused.update_time == now.update_time

    # --- what may be sent ---

    def look(self, open_session: OpenSession, now_ms: float) -> None:
        """Where nothing is on its way: what the session itself says."""
        if self.state not in RESTING:
            return
        before = self.state
        self.becomes(self._seen(open_session))
        if self.state is not before:
            self.since_ms = now_ms

    def _seen(self, open_session: OpenSession) -> UploadEvent:
        if open_session.garbled:
            return UploadEvent.LOOKS_MALFORMED
        if open_session.replica.foreign:
            return UploadEvent.LOOKS_FOREIGN
        if open_session.problems and open_session.replica.pending and not self.turn(open_session):
            return UploadEvent.LOOKS_REFUSED
        return UploadEvent.LOOKS_GOOD

    def has_work(self, open_session: OpenSession) -> bool:
        """Whether there is something to send, or to look at first."""
        in_doubt = self.state is UploadState.IN_DOUBT and bool(open_session.replica.unsent())
        return in_doubt or (self.state is UploadState.READY and bool(self.turn(open_session)))

    def turn(self, open_session: OpenSession) -> dict[str, Entry]:
        """What the next commit brings: of what is owed, what nobody refused; then the refused, one by one."""
        owed = open_session.replica.unsent()
        if not open_session.problems and not self.suspects:
            return owed
        free = {name: entry for name, entry in owed.items() if name not in open_session.problems}
        if free.keys() & open_session.replica.pending.keys():
            return self._group(free)
        again = next((n for n in open_session.problems if n in open_session.retries and n in owed), None)
        together = open_session.line if again in open_session.line else (again,)
        return {name: owed[name] for name in together if name in owed}

    def _group(self, free: dict[str, Entry]) -> dict[str, Entry]:
        while self.suspects:
            group = {name: free[name] for name in self.suspects[0] if name in free}
            if group:
                return group
            self.suspects.pop(0)
        return free

    def wait_ms(self, open_session: OpenSession, now_ms: float, hurry: bool) -> float:
        """How long until the next commit or read may go."""
        pace = 0.0 if hurry else self.last_ms + self.rest_ms - now_ms
        wait = max(pace, self.not_before_ms - now_ms)
        if open_session.problems and self.is_retry(self.turn(open_session), open_session):
            wait = max(wait, self.retry_at_ms - now_ms)
        return wait

    def is_retry(self, names: Mapping[str, object] | Sequence[str], open_session: OpenSession) -> bool:
        """Whether just one field would be sent, or the line, and it was refused before."""
        return not self.can_be_split(names, open_session) and next(iter(names), "") in open_session.problems

    def can_be_split(self, names: Mapping[str, object] | Sequence[str], open_session: OpenSession) -> bool:
        """Whether a part of these could be sent by itself: the line goes as a whole."""
        return len(set(names) - open_session.line) + bool(open_session.line & set(names)) > 1

    # --- what came of it ---

    def arrived(self, trip_ms: float) -> None:
        """The server has applied a commit, and said so after so long."""
        self.backoff.reset()
        before_ms, self.trip_ms = self.trip_ms, trip_ms
        usual_ms = min(before_ms, trip_ms)  # one late answer does not make a slow link
        self.rest_ms = min(max(INTERVAL_MS, FAIR * usual_ms), MOST_REST_MS)

    def split(self, line: Collection[str] = ()) -> None:
        """The accused were refused together: each half is tried by itself, and the line as a whole."""
        if self.suspects and set(self.accused) <= set(self.suspects[0]):
            self.suspects.pop(0)
        whole = [name for name in self.accused if name in line]
        rest = [name for name in self.accused if name not in line]
        half = 0 if whole else len(rest) // 2
        self.suspects[:0] = [[*whole, *rest[:half]], rest[half:]]
