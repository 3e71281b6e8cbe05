"""The ports: what the engine needs of the world. Adapters implement them, `connect.py` names the adapters.

Every method is called on the engine's worker thread, and none of them waits for the network: answers come
as events through the `Sink`, from any thread.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import field, replace
from typing import Any, Protocol

from dalsegno._core.document import Document, Pending, StoredSession
from dalsegno._core.messages import ResourcePath, Target, Write
from dalsegno._core.record import record
from dalsegno._core.types import DeviceId, Millis, SessionId, Stamp, Value

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


@record(frozen=True, slots=True)
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


@record(frozen=True, slots=True)
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
    """What is known of the installation once the batch is on disk: `known` itself, if nothing is new."""
    new = {
        "newest_stamp": batch.newest_stamp,
        "server_offset_ms": batch.server_offset_ms,
        "registered": batch.registered,
        "called": batch.called,
    }
    changes: dict[str, Any] = {
        name: value for name, value in new.items() if value is not None and value != getattr(known, name)
    }
    return replace(known, **changes) if changes else known


class Store(Protocol):
    """The disk of one installation, for one user.

    `write` is atomic and durable against the process's death when it returns. It raises `StorageFull` when
    the disk takes no more, and has then changed nothing.
    """

    def identity(self) -> Identity: ...

    def load(self, session: SessionId) -> StoredSession | None: ...

    def sessions(self) -> Sequence[StoredSession]:
        """All sessions, by id."""
        ...

    def owed(self) -> Sequence[StoredSession]:
        """The sessions that owe something: edits in the outbox, or marks (`marks.OWED_AS`)."""
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


class Guest(Protocol):
    """Who works on behalf of a user: a client."""

    def close(self, timeout_s: float) -> object: ...

    def network_changed(self) -> None: ...
