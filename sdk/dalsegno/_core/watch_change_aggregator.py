"""The listen protocol: from what the server sends to snapshots that may be shown. Pure.

Documents are held back until the server says that they are consistent: a target change with a read time and
no target names (Firestore's rule for every client). A target of one document, once it is live, needs no such
word: each version of the document is consistent with itself, and is told at once. Messages about a target
that is not ours (any more) are stale and ignored. Invariant: what is raised is never older than what was
raised before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from dalsegno._core.messages import (
    DocumentChange,
    DocumentGone,
    ExistenceFilter,
    ResourcePath,
    RpcError,
    Snapshot,
    Target,
    TargetChange,
)
from dalsegno._core.record import record
from dalsegno._core.types import Micros


@record(frozen=True, slots=True)
class Raised:
    """A consistent look at one target: what changed since the last. None = gone, or never was.

    resume_token   vouches for all that was raised so far; b"" = none came with this look
    """

    target: Target
    changed: Mapping[ResourcePath, Snapshot | None]
    read_time: Micros
    resume_token: bytes


@record(frozen=True, slots=True)
class Refused:
    """The server will not let us listen to this target; the others go on."""

    target: Target
    fault: RpcError


@record(frozen=True, slots=True)
class Mismatch:
    """The server counts other documents than we do: something was missed; listen anew, without a token."""

    target: Target


@record(frozen=True, slots=True)
class Unconfirmed:
    """There is no such document, said the server, but as of an earlier moment than the rest of its answer.

    Whether the document was created in between is not known: the official emulator never tells of it. One
    read settles that; then `raised` holds, or not. (Google's servers name one moment: nothing is asked.)
    """

    raised: Raised


Output: TypeAlias = Raised | Refused | Mismatch | Unconfirmed
ListenMessage: TypeAlias = TargetChange | DocumentChange | DocumentGone | ExistenceFilter


@dataclass(slots=True)
class _Tracked:
    target: Target
    known: set[ResourcePath]
    answered: bool = False
    current: bool = False
    raised: bool = False
    token: bytes = b""
    token_age: int = 0  # how many tokens for all targets there had been when `token` came
    ahead: bool = False  # something was raised that no token vouches for yet
    gone_at: Micros | None = None  # as of when the document was said to be gone
    current_at: Micros | None = None  # as of when what was said is all there is
    doubted: bool = False  # its first answer was called unconfirmed: once is enough
    news: dict[ResourcePath, Snapshot | None] = field(default_factory=dict)


class WatchChangeAggregator:
    """Follows all targets of one stream."""

    def __init__(self) -> None:
        self._tracked: dict[int, _Tracked] = {}
        self._due: set[int] = set()
        """Targets that the next consistent look may have to raise: not all are walked for each heartbeat."""
        self._unanswered: set[int] = set()
        """Targets that have not been raised since they were added, or reset."""
        self._token, self._token_age = b"", 0
        """The newest token that was for all targets, and how many of these there have been."""
        self._read_time = Micros(0)

    def add(self, target: Target, known: Iterable[ResourcePath] = ()) -> None:
        """`known`: the documents that the resume token vouches for; without a token there are none."""
        known = set(known) if target.resume_token else set()
        self._tracked[target.id] = _Tracked(target, known, token_age=self._token_age)
        self._due.add(target.id)
        self._unanswered.add(target.id)

    def remove(self, target: int) -> None:
        self._tracked.pop(target, None)
        self._due.discard(target)
        self._unanswered.discard(target)

    def clear(self) -> None:
        self._tracked.clear()
        self._due.clear()
        self._unanswered.clear()

    def __contains__(self, target: int) -> bool:
        return target in self._tracked

    @property
    def unanswered(self) -> bool:
        """Whether the server still owes a first look at a target."""
        return bool(self._unanswered)

    def is_live(self, target: int) -> bool:
        """Whether this target has been raised on this stream: what we know of it is fresh."""
        tracked = self._tracked.get(target)
        return tracked is not None and tracked.raised

    def handle(self, message: ListenMessage) -> list[Output]:
        """One message of the stream; gives what may be told now."""
        match message:
            case TargetChange():
                return self._handle_target_change(message)
            case DocumentChange():
                return self._handle_document_change(message)
            case DocumentGone():
                self._handle_document_gone(message)
            case ExistenceFilter():
                return self._handle_filter(message)
        return []

    def _handle_document_change(self, message: DocumentChange) -> list[Output]:
        path = message.snapshot.path
        self._note(path, message.snapshot, message.targets)
        self._note(path, None, message.removed)
        return self._at_once(message)

    def _handle_document_gone(self, message: DocumentGone) -> None:
        self._note(message.path, None, message.removed)
        for tracked in (self._tracked[t] for t in message.removed if t in self._tracked):
            tracked.gone_at = message.read_time

    def _note(self, path: ResourcePath, snapshot: Snapshot | None, targets: Iterable[int]) -> None:
        for number in targets:
            tracked = self._tracked.get(number)
            if tracked is None:
                continue
            self._due.add(number)
            tracked.news[path] = snapshot
            if snapshot is None:
                tracked.known.discard(path)
            else:
                tracked.known.add(path)

    def _at_once(self, message: DocumentChange) -> list[Output]:
        named = (self._tracked[t] for t in message.targets if t in self._tracked)
        live = [t for t in named if t.raised and t.current and not t.target.newest]
        for tracked in live:
            tracked.news, tracked.ahead = {}, True
            self._due.add(tracked.target.id)
        snapshot = message.snapshot
        news = {snapshot.path: snapshot}
        return [Raised(tracked.target, news, snapshot.update_time, b"") for tracked in live]

    def _handle_filter(self, message: ExistenceFilter) -> list[Output]:
        tracked = self._tracked.get(message.target)
        if tracked is None or len(tracked.known) == message.count:
            return []
        if message.count == 0 and not tracked.target.newest:
            self._note(tracked.target.path, None, (message.target,))
            return []
        return [Mismatch(tracked.target)]

    def _handle_target_change(self, change: TargetChange) -> list[Output]:
        heartbeat = change.kind == "NO_CHANGE" and not change.targets
        ids = () if heartbeat else change.targets or tuple(self._tracked)
        named = [self._tracked[t] for t in ids if t in self._tracked]
        match change.kind:
            case "ADD":
                for tracked in named:
                    tracked.answered = True
            case "CURRENT":
                for tracked in named:
                    tracked.current, tracked.current_at = True, change.read_time
            case "RESET":
                for tracked in named:
                    _reset(tracked)
                    tracked.token_age = self._token_age
                    self._due.add(tracked.target.id)
                    self._unanswered.add(tracked.target.id)
            case "REMOVE":
                return self._handle_removal(change, named)
        if change.resume_token and change.targets:
            for tracked in named:
                tracked.token, tracked.token_age = change.resume_token, self._token_age
        elif change.resume_token:
            self._token, self._token_age = change.resume_token, self._token_age + 1
        if change.read_time is not None and not change.targets:
            return self._raise(change.read_time)
        return []

    def _handle_removal(self, change: TargetChange, named: list[_Tracked]) -> list[Output]:
        for tracked in named:
            self.remove(tracked.target.id)
        return [Refused(t.target, change.cause or RpcError("CANCELLED")) for t in named]

    def _raise(self, read_time: Micros) -> list[Output]:
        if read_time < self._read_time:
            return []
        self._read_time = read_time
        due = [self._tracked[number] for number in sorted(self._due)]
        ripe = [t for t in due if t.current and (t.news or t.ahead or not t.raised)]
        self._due -= {tracked.target.id for tracked in ripe}
        return [self._raised(tracked, read_time) for tracked in ripe]

    def _raised(self, tracked: _Tracked, read_time: Micros) -> Raised | Unconfirmed:
        target = tracked.target
        absent = not target.newest and target.path not in tracked.known
        first, tracked.raised, tracked.ahead = not tracked.raised, True, False
        self._unanswered.discard(target.id)
        if first and absent:
            tracked.news.setdefault(target.path, None)
        news, tracked.news = tracked.news, {}
        token = tracked.token if tracked.token_age == self._token_age else self._token
        raised = Raised(target, news, read_time, token)
        if first and absent and not tracked.doubted and _looked_twice(tracked, read_time):
            tracked.doubted = True
            return Unconfirmed(raised)
        return raised


def _looked_twice(tracked: _Tracked, read_time: Micros) -> bool:
    """Whether the document was found to be gone before the moment as of which all is said to be told."""
    return tracked.gone_at is not None and tracked.gone_at < (tracked.current_at or read_time)


def _reset(tracked: _Tracked) -> None:
    """All that was sent for this target is void; whatever is not sent again is gone."""
    tracked.news = dict.fromkeys(tracked.known, None)
    tracked.known = set()
    tracked.current = False
    tracked.raised = tracked.ahead = False
    tracked.token = b""
