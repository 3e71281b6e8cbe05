"""The messages between the engine and the server: what is asked, written, and told through `Sink`.

Plain values, without a trace of the wire; any thread.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from typing import TypeAlias

from dalsegno._core.record import record
from dalsegno._core.types import Micros, Value


@record(frozen=True, slots=True)
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


@record(frozen=True, slots=True)
class Write:
    """One write of a commit; its field mask is exactly the keys of `fields`.

    base: the `update_time` the document must still have; None = it must not exist; ANY = no precondition.
    deletes: the document is deleted; the rest but `base` says nothing then.
    """

    path: ResourcePath
    fields: Mapping[FieldPath, Value]
    base: Micros | None
    increments: Mapping[FieldPath, int] = field(default_factory=dict)
    server_times: Sequence[FieldPath] = ()
    deletes: bool = False


ANY = Micros(-1)


@record(frozen=True, slots=True)
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


@record(frozen=True, slots=True)
class Snapshot:
    """One document as it came off the wire: plain values, not yet understood.

    garbled: (a part of) the fields made no sense and is missing; the document must not be written over.
    """

    path: ResourcePath
    fields: Mapping[str, Value]
    update_time: Micros
    garbled: bool = False


@record(frozen=True, slots=True)
class TargetChange:
    """kind: ADD, REMOVE, CURRENT, RESET or NO_CHANGE (Firestore's words); no targets = all of the stream."""

    stream: int
    kind: str
    targets: tuple[int, ...] = ()
    read_time: Micros | None = None
    resume_token: bytes = b""
    cause: RpcError | None = None


@record(frozen=True, slots=True)
class DocumentChange:
    """A document that now belongs to `targets` and no longer to `removed`."""

    stream: int
    snapshot: Snapshot
    targets: tuple[int, ...]
    removed: tuple[int, ...] = ()


@record(frozen=True, slots=True)
class DocumentGone:
    """A document that was deleted, or no longer belongs to `removed` (Firestore's delete and remove)."""

    stream: int
    path: ResourcePath
    removed: tuple[int, ...]
    read_time: Micros | None = None


@record(frozen=True, slots=True)
class ExistenceFilter:
    """How many documents the server counts for a target; a different count here = something was missed."""

    stream: int
    target: int
    count: int


@record(frozen=True, slots=True)
class SignInKnown:
    """From now on, calls carry tokens of this sign-in; told before the first of them, and when it changes.

    '' = the tokens do not say.
    """

    sign_in: str


@record(frozen=True, slots=True)
class StreamAges:
    """The user's token, with which the stream was opened, ends: open the stream anew in `in_ms`."""

    stream: int
    in_ms: float


@record(frozen=True, slots=True)
class StreamEnded:
    """The stream is over; OK = the server ended it cleanly."""

    stream: int
    fault: RpcError


@record(frozen=True, slots=True)
class Committed:
    """A commit that the server applied. `update_time` of its first write."""

    ticket: int
    update_time: Micros
    commit_time: Micros


@record(frozen=True, slots=True)
class CommitFailed:
    ticket: int
    fault: RpcError


@record(frozen=True, slots=True)
class ReadDone:
    """A document read again; `snapshot` None = the server has none."""

    ticket: int
    snapshot: Snapshot | None
    read_time: Micros


@record(frozen=True, slots=True)
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
