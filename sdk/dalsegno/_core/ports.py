"""The ports: what the engine needs of the world. Adapters implement them, `client.py` names the adapters.

Every method is called on the engine's worker thread, and none of them waits for the network: answers come
as events through the `Sink`, from any thread.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, TypeAlias

from dalsegno._core.document import Document, Pending, StoredSession
from dalsegno._core.types import DeviceId, Micros, Millis, SessionId, Stamp, Value

# --- time ---------------------------------------------------------------------------------------------


class Time(Protocol):
    """Two clocks. `steady_ms` never jumps and counts sleep where the system can; `wall_ms` may be wrong."""

    def steady_ms(self) -> float: ...

    def wall_ms(self) -> Millis: ...


class Timers(Protocol):
    """Named timers: setting a name again replaces its timer; callbacks run on the worker thread."""

    def set(self, name: str, delay_ms: float, callback: Callable[[], None]) -> None: ...

    def cancel(self, name: str) -> None: ...


# --- the disk -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Identity:
    """What the store knows of this installation: its id, its newest stamp, the server's lead on its clock.

    registered  the sign-in under which the server knows this device, or ''
    called      the name that the app gave this device when its card was last written whole, or ''
    """

    device: DeviceId
    newest_stamp: Stamp
    server_offset_ms: float | None = None
    registered: str = ""
    called: str = ""


@dataclass(frozen=True, slots=True)
class Batch:
    """Everything that one step changes on disk: all of it or nothing (one transaction).

    bases     session → newest server document; None = the server has none
    changed   session → the fields in which its new base differs from the one on disk; absent = perhaps all
    pending   session → outbox rows to put; a row replaces the row of the same field
    acked     session → newest seq per field that is settled: a row with a newer seq stays
    landed    session with a base → field → the rev at which this device's newest edit of it was confirmed
    local     session → fields that stay on this device
    tokens    target key → resume token; b"" forgets it
    parked    session → what of its edits is refused (see `StoredSession`), or "" for nothing any more

    What follows is of the installation (see `Identity`); None = as it is.
    """

    opened: Mapping[SessionId, tuple[str, Millis]] = field(default_factory=dict)
    bases: Mapping[SessionId, Document | None] = field(default_factory=dict)
    changed: Mapping[SessionId, Collection[str]] = field(default_factory=dict)
    pending: Mapping[SessionId, Sequence[Pending]] = field(default_factory=dict)
    acked: Mapping[SessionId, Mapping[str, int]] = field(default_factory=dict)
    landed: Mapping[SessionId, Mapping[str, int]] = field(default_factory=dict)
    local: Mapping[SessionId, Mapping[str, Value]] = field(default_factory=dict)
    tokens: Mapping[str, bytes] = field(default_factory=dict)
    parked: Mapping[SessionId, str] = field(default_factory=dict)
    newest_stamp: Stamp | None = None
    server_offset_ms: float | None = None
    registered: str | None = None
    called: str | None = None


def known_after(known: Identity, batch: Batch) -> Identity:
    """What is known of the installation once the batch is on disk."""
    new = {
        "newest_stamp": batch.newest_stamp,
        "server_offset_ms": batch.server_offset_ms,
        "registered": batch.registered,
        "called": batch.called,
    }
    changes: dict[str, Any] = {name: value for name, value in new.items() if value is not None}
    return replace(known, **changes) if changes else known


class Store(Protocol):
    """The disk of one installation, for one user.

    `write` is atomic and durable against the process's death when it returns. It raises `StorageFull` when
    the disk takes no more, and has then changed nothing.
    """

    def identity(self) -> Identity: ...

    def load(self, session: SessionId) -> StoredSession | None: ...

    def sessions(self) -> Sequence[StoredSession]:
        """All sessions, the one opened or changed last first."""
        ...

    def owed(self) -> Sequence[StoredSession]:
        """The sessions whose outbox is not empty."""
        ...

    def recent(self, limit: int) -> Sequence[StoredSession]:
        """The sessions with the newest edits, newest first; of those nobody has edited, none."""
        ...

    def prune(self, most: int) -> None:
        """Forgets sessions that were never opened here and owe nothing, all but the newest `most` of them."""
        ...

    def write(self, batch: Batch) -> None: ...

    def tokens(self) -> Mapping[str, bytes]:
        """The resume token of each target key."""
        ...

    def token(self, target: str) -> bytes:
        """The resume token of one target key, b"" where there is none."""
        ...

    def close(self) -> None: ...


# --- the server ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RpcError:
    """Why a call failed: the gRPC status code's name (`UNAVAILABLE`, …; `OK` = a clean end) and its text.

    aside: the call went on a connection of its own, and says nothing about the one that the stream is on.
    """

    code: str
    message: str = ""
    aside: bool = False


FieldPath: TypeAlias = tuple[str, ...]
ResourcePath: TypeAlias = tuple[str, ...]
"""A document or collection below `users/{uid}`: `("sessions", id)`, `("signins", id)`, `("devices",)`, …"""


@dataclass(frozen=True, slots=True)
class Write:
    """One write of a commit; its field mask is exactly the keys of `fields`.

    base: the `update_time` the document must still have; None = it must not exist; ANY = no precondition.
    """

    path: ResourcePath
    fields: Mapping[FieldPath, Value]
    base: Micros | None
    increments: Mapping[FieldPath, int] = field(default_factory=dict)
    server_times: Sequence[FieldPath] = ()


ANY = Micros(-1)


@dataclass(frozen=True, slots=True)
class Target:
    """One thing to listen to on the one stream.

    id      chosen by the engine, unique for the life of the process
    path    a document, or with `newest` a collection: its documents ordered by `order_by` (newest first)
    key     a name that survives the process, under which the resume token is stored
    """

    id: int
    key: str
    path: ResourcePath
    order_by: str = ""
    newest: int = 0
    resume_token: bytes = b""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One document as it came off the wire: plain values, not yet understood.

    garbled: (a part of) the fields made no sense and is missing; the document must not be written over.
    """

    path: ResourcePath
    fields: Mapping[str, Value]
    update_time: Micros
    garbled: bool = False


@dataclass(frozen=True, slots=True)
class TargetChange:
    """kind: ADD, REMOVE, CURRENT, RESET or NO_CHANGE (Firestore's words); no targets = all of the stream."""

    stream: int
    kind: str
    targets: tuple[int, ...] = ()
    read_time: Micros | None = None
    resume_token: bytes = b""
    cause: RpcError | None = None


@dataclass(frozen=True, slots=True)
class DocumentChange:
    """A document that now belongs to `targets` and no longer to `removed`."""

    stream: int
    snapshot: Snapshot
    targets: tuple[int, ...]
    removed: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class DocumentGone:
    """A document that was deleted, or no longer belongs to `removed` (Firestore's delete and remove)."""

    stream: int
    path: ResourcePath
    removed: tuple[int, ...]
    read_time: Micros | None = None


@dataclass(frozen=True, slots=True)
class ExistenceFilter:
    """How many documents the server counts for a target; a different count here = something was missed."""

    stream: int
    target: int
    count: int


@dataclass(frozen=True, slots=True)
class SignInKnown:
    """From now on, calls carry tokens of this sign-in; told before the first of them, and when it changes.

    '' = the tokens do not say.
    """

    sign_in: str


@dataclass(frozen=True, slots=True)
class StreamAges:
    """The user's token, with which the stream was opened, ends: open the stream anew in `in_ms`."""

    stream: int
    in_ms: float


@dataclass(frozen=True, slots=True)
class StreamEnded:
    """The stream is over; OK = the server ended it cleanly."""

    stream: int
    fault: RpcError


@dataclass(frozen=True, slots=True)
class Committed:
    """A commit that the server applied. `update_time` of its first write."""

    ticket: int
    update_time: Micros
    commit_time: Micros


@dataclass(frozen=True, slots=True)
class CommitFailed:
    ticket: int
    fault: RpcError


@dataclass(frozen=True, slots=True)
class ReadDone:
    """A document read again; `snapshot` None = the server has none."""

    ticket: int
    snapshot: Snapshot | None
    read_time: Micros


@dataclass(frozen=True, slots=True)
class ReadFailed:
    ticket: int
    fault: RpcError


RemoteEvent: TypeAlias = (
    TargetChange
    | DocumentChange
    | DocumentGone
    | ExistenceFilter
    | StreamAges
    | SignInKnown
    | StreamEnded
    | Committed
    | CommitFailed
    | ReadDone
    | ReadFailed
)
Sink: TypeAlias = Callable[[RemoteEvent], None]


class Remote(Protocol):
    """Firestore, for one user. No call blocks; every call is answered by an event, even after `hang_up`
    (an answer to a stream that is no longer wanted is told by its number, and ignored)."""

    def listen(self, stream: int, targets: Sequence[Target]) -> None:
        """Opens the stream `stream` with these targets, ending the one before."""
        ...

    def add_target(self, target: Target) -> None: ...

    def remove_target(self, target: int) -> None: ...

    def hang_up(self) -> None:
        """Ends the stream, if one is open."""
        ...

    def commit(self, ticket: int, writes: Sequence[Write]) -> None: ...

    def read(self, ticket: int, path: ResourcePath) -> None: ...

    def drop_token(self) -> None:
        """The server would not have our token: get a new one before the next call."""
        ...

    def identify(self) -> None:
        """Looks for a token and calls nobody: if it is of another sign-in, `SignInKnown` is told."""
        ...

    def reset_channel(self) -> None:
        """The network changed: throw the connections away; the next call makes new ones."""
        ...

    def close(self) -> None: ...


class TokenSource(Protocol):
    """Where a user's tokens come from. Any thread."""

    def peek(self) -> str | None:
        """A token that is at hand and valid for a while yet, at once; None = `token` must be asked."""
        ...

    def token(self) -> str:
        """A valid token; may wait for the network.

        Raises:
            Denied: the user must sign in again.
            Offline: the sign-in service cannot be reached now.
        """
        ...

    def lasts_s(self, token: str) -> float | None:
        """In how many seconds a stream that has `token` should be opened anew with another; None = never."""
        ...

    def drop(self, token: str) -> None:
        """The server would not have this token: never hand it out again."""
        ...
