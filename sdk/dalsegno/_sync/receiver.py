"""Takes what the stream says: snapshots into the local store, cards of devices, the list of recent sessions.

Runs on the worker thread. It keeps the targets: one per session in memory, one for the devices, and one for
the recent sessions once somebody asks for them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from dalsegno._core import marks
from dalsegno._core.adoption import LONG_AGO
from dalsegno._core.document import UNSURE, Document
from dalsegno._core.document_serializer import Garbled, decode
from dalsegno._core.messages import ReadDone, ReadFailed, ResourcePath, Snapshot, Target, TargetChange
from dalsegno._core.ports import Remote
from dalsegno._core.types import Micros, SessionId
from dalsegno._core.watch_change_aggregator import (
    ListenMessage,
    Mismatch,
    Raised,
    Refused,
    Unconfirmed,
    WatchChangeAggregator,
)
from dalsegno._sync.local_store import LocalStore
from dalsegno._sync.unopened import Unopened

RECENT = 50
"""How many of the newest sessions are listened to, for "continue reading"."""

DEVICES_KEY, RECENT_KEY = "devices", "recent"
DEVICES = 100
MARKS_OF = "marks:"
MARKS = marks.MOST + 5
"""So many that whoever adds one sees which of them are too many."""

DocumentChanges: TypeAlias = Mapping[ResourcePath, Snapshot | None]


class Receiver:
    """`heard_session` is called after each look at a session's document.

    `heard_devices` gets what is new of the devices' cards; `whole`: all there are, on a new target.
    `heard_recent` is called after what is new of the recent sessions is known.
    """

    def __init__(
        self,
        local_store: LocalStore,
        ticket: Callable[[], int],
        heard_session: Callable[[SessionId], None],
        heard_devices: Callable[[DocumentChanges, bool], None],
        heard_recent: Callable[[], None],
    ) -> None:
        self._local_store, self._ticket = local_store, ticket
        self._heard_session, self._heard_devices = heard_session, heard_devices
        self._unopened = Unopened(local_store)
        self._heard_recent = heard_recent
        self._watch = WatchChangeAggregator()
        self._remote: Remote | None = None
        self._open = False
        self._last_id = 0
        self._targets: dict[str, Target] = {}
        self._tokens: dict[str, bytes] = {}
        self._unsure: set[str] = set()
        self._extra: set[str] = set()
        self._heard_whole = False
        self._heard_marks: set[SessionId] = set()
        self._confirming: dict[int, Raised] = {}
        """By the ticket of the read that confirms it: what is not believed before."""
        self.refused: dict[str, str] = {}

    def attach(self, remote: Remote) -> None:
        self._remote = remote

    # --- targets ---

    def want_devices(self) -> None:
        """The app shows the devices: from now on that is reason enough to listen."""
        self._extra.add(DEVICES_KEY)

    def want_recent(self) -> None:
        self._extra.add(RECENT_KEY)

    def targets(self) -> Sequence[Target]:
        """All targets, with fresh ids, for a new stream; what an old stream says of its own is stale."""
        self._targets = {}  # first: what was closed meanwhile is no longer listened to
        self._targets = {key: self._target(key) for key in self._wanted()}
        self._watch = WatchChangeAggregator()
        self._confirming.clear()
        for target in self._targets.values():
            self._watch.add(target, self._known(target))
        self.refused.clear()
        self._open = bool(self._targets)
        return list(self._targets.values())

    def wanted(self) -> bool:
        """Whether there is anything to listen to."""
        sessions = self._local_store.open_sessions
        return bool(self._extra) or len(sessions) > len(sessions.idle)

    def unanswered(self) -> bool:
        """Whether a target of the open stream still waits for its first look."""
        return self._watch.unanswered

    def reconcile(self) -> None:
        """Adds and removes targets on the open stream, after sessions came and went."""
        if not self._open or self._remote is None:
            return
        wanted = self._wanted()
        for key in [k for k in self._targets if k not in wanted]:
            self._drop(key)
        for key in wanted:
            if key not in self._targets and key not in self.refused:
                self._add(key)

    def reconcile_session(self, session: SessionId) -> None:
        """The same, when just this one came or went."""
        if not self.wanted():
            self.reconcile()
        elif self._open and self._remote is not None:
            key, open_session = _key(session), self._local_store.open_sessions.get(session)
            if open_session is None and key in self._targets:
                self._drop(key)
            elif open_session and open_session.users and key not in self._targets and key not in self.refused:
                self._add(key)
            if self.lacks_marks(session):
                self._add(marks_key(session))
            elif marks_key(session) in self._targets and (open_session is None or not open_session.users):
                self._drop(marks_key(session))

    def lacks_marks(self, session: SessionId) -> bool:
        """Whether its marks are wanted (while it is open, once somebody asks), and not listened to."""
        open_session, key = self._local_store.open_sessions.get(session), marks_key(session)
        wanted = open_session is not None and open_session.users > 0 and open_session.wants_marks
        return wanted and key not in self._targets and key not in self.refused

    def let_go(self) -> None:
        """Takes all targets from the open stream."""
        for key in list(self._targets):
            self._drop(key)

    def forgive(self) -> None:
        """Tries the refused targets again: the rules may have changed."""
        self.refused.clear()
        self.reconcile()

    def closed(self) -> None:
        """The stream is over: nothing is fresh any more."""
        self._open = False
        self._watch.clear()
        self._confirming.clear()

    def fresh(self, session: SessionId) -> bool:
        """Whether the session's document has been heard on the present stream."""
        target = self._targets.get(_key(session))
        live = self._open and target is not None and self._watch.is_live(target.id)
        return live and all(raised.target is not target for raised in self._confirming.values())

    def _wanted(self) -> list[str]:
        """A session that was closed is listened to until its edits are sent, but no stream begins with it."""
        if not self.wanted():
            return []
        found = self._local_store.open_sessions.items()
        keys = [_key(s) for s, one in found if one.users or (one.wanted and _key(s) in self._targets)]
        keys += [marks_key(s) for s, one in found if one.users and one.wants_marks]
        return sorted({DEVICES_KEY, *self._extra}) + keys

    def _target(self, key: str) -> Target:
        self._last_id += 1
        if key == DEVICES_KEY:
            self._heard_whole = False
            return Target(self._last_id, key, ("devices",), "seen", DEVICES)
        if key == RECENT_KEY:
            return Target(self._last_id, key, ("sessions",), "at", RECENT)
        session = SessionId(key.partition(":")[2])
        if key == marks_key(session):
            self._heard_marks.discard(session)
            return Target(self._last_id, key, marks.path_of(session), "at", MARKS)
        open_session = self._local_store.open_sessions.get(session)
        base = open_session.replica.base if open_session else None
        token = self._token(key) if base and base.update_time != UNSURE else b""
        return Target(self._last_id, key, ("sessions", session), resume_token=token)

    def _token(self, key: str) -> bytes:
        """From disk, the first time: of the very many there only those of open sessions are needed."""
        if key not in self._tokens:
            self._tokens[key] = self._local_store.token(key)
        return self._tokens[key]

    def _known(self, target: Target) -> Sequence[ResourcePath]:
        return [target.path] if target.resume_token else []

    def _add(self, key: str) -> None:
        assert self._remote is not None
        self._targets[key] = target = self._target(key)
        self._watch.add(target, self._known(target))
        self._remote.add_target(target)

    def _drop(self, key: str) -> None:
        target = self._targets.pop(key)
        if target.id in self._watch and self._remote is not None:
            self._watch.remove(target.id)
            self._remote.remove_target(target.id)

    # --- messages ---

    def handle_listen_message(self, message: ListenMessage, opened_ms: float) -> None:
        """One message of the present stream, which was opened at `opened_ms` (steady)."""
        if isinstance(message, TargetChange) and message.read_time:
            self._local_store.heard(message.read_time, opened_ms)
        for output in self._watch.handle(message):
            match output:
                case Raised():
                    self._handle_raised(output)
                case Unconfirmed():
                    self._confirm(output.raised)
                case Refused():
                    self.refused[output.target.key] = output.fault.code
                    self._targets.pop(output.target.key, None)
                case Mismatch():
                    self._listen_anew(output.target)

    def _listen_anew(self, target: Target) -> None:
        self._tokens[target.key] = b""
        self._drop(target.key)
        self._add(target.key)

    def _confirm(self, raised: Raised) -> None:
        """Reads the document that was said to be gone; until then nothing is told, and nothing is sent."""
        assert self._remote is not None
        ticket = self._ticket()
        self._confirming[ticket] = raised
        self._remote.read(ticket, raised.target.path)

    def handle_read(self, event: ReadDone | ReadFailed) -> None:
        """What the document is, if it was asked for here; without an answer the first one is believed."""
        raised = self._confirming.pop(event.ticket, None)
        if raised is None:
            return
        if isinstance(event, ReadDone) and event.snapshot is not None:
            raised = replace(raised, changed={raised.target.path: event.snapshot}, resume_token=b"")
        self._handle_raised(raised)

    def _handle_raised(self, raised: Raised) -> None:
        key = raised.target.key
        for ticket in [t for t, waiting in self._confirming.items() if waiting.target is raised.target]:
            del self._confirming[ticket]  # the stream was faster
        if raised.resume_token and key not in self._unsure and not key.startswith(MARKS_OF):
            self._tokens[key] = raised.resume_token
        if key == DEVICES_KEY:
            self._heard_devices(raised.changed, not self._heard_whole)
            self._heard_whole = True
        elif key == RECENT_KEY:
            for path, snapshot in raised.changed.items():
                self._remember(SessionId(path[-1]), snapshot)
            self._heard_recent()
        elif key.startswith(MARKS_OF):
            self._handle_marks(SessionId(key.partition(":")[2]), raised.changed)
        else:
            session = SessionId(key.partition(":")[2])
            if session in self._local_store.open_sessions:
                for snapshot in raised.changed.values():
                    if snapshot is None:
                        self._local_store.hearing.missing(session, raised.read_time)
                    else:
                        tokens = {key: raised.resume_token} if raised.resume_token else {}
                        self.adopt(session, snapshot, tokens)
                self._heard_session(session)

    def adopt(
        self,
        session: SessionId,
        snapshot: Snapshot | None,
        tokens: Mapping[str, bytes] | None = None,
        as_of: Micros = LONG_AGO,
    ) -> None:
        """One look at a session's document; None = there is none. `as_of`: when it was read."""
        if snapshot is None:
            self._local_store.hearing.missing(session, as_of)
            return
        match decode(snapshot):
            case Document() as document:
                if self._local_store.hearing.adopt(session, document, tokens or {}, as_of):
                    self._unsure.discard(_key(session))
                elif self._local_store.trouble:
                    self._doubt(_key(session))
            case Garbled() as garbled:
                self._local_store.open_sessions[session].garbled = garbled.reason
                self._doubt(_key(session))

    def _handle_marks(self, session: SessionId, changed: DocumentChanges) -> None:
        """All there are, on a new target; then what is new."""
        open_session = self._local_store.open_sessions.get(session)
        if open_session is None:
            return
        found = dict(open_session.shelf.known) if session in self._heard_marks else {}
        self._heard_marks.add(session)
        for path, snapshot in changed.items():
            found.pop(path[-1], None)
            if snapshot is not None and (mark := marks.decode(snapshot)) is not None:
                found[mark.id] = mark
        self._local_store.places.keep_shelf(session, open_session.shelf.heard(found))

    def _doubt(self, key: str) -> None:
        """No token may vouch for a document that is not on disk, or makes no sense: it must come again."""
        self._unsure.add(key)
        if self._token(key):
            self._tokens[key] = b""
            self._local_store.keep_tokens({key: b""})

    def _remember(self, session: SessionId, snapshot: Snapshot | None) -> None:
        """A session that left the list is still there, only older: nothing to forget."""
        if snapshot is None or session in self._local_store.open_sessions:
            return
        document = decode(snapshot)
        if isinstance(document, Document):
            self._unopened.remember(session, document)

    def keep_tokens(self) -> None:
        """Writes the newest resume tokens to disk; not after each heartbeat, but before we go."""
        keys = {_key(s) for s in self._local_store.open_sessions}
        tokens = {k: t for k, t in self._tokens.items() if t and k in keys}
        if tokens:
            self._local_store.keep_tokens(tokens)


def marks_key(session: SessionId) -> str:
    return f"{MARKS_OF}{session}"


def _key(session: SessionId) -> str:
    return f"session:{session}"
