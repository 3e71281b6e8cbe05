"""The sessions in memory, as the engine holds them. Worker thread.

Invariant: whatever changes in a session, the indexes of `SessionsInMemory` follow at once, so that nobody
has to walk all sessions to know which of them owe something, are in trouble, or are in nobody's use.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field, replace

from dalsegno._core import marks, ruling
from dalsegno._core.document import UNSURE, Document, Entry, StoredSession
from dalsegno._core.marks import Shelf
from dalsegno._core.policies import Schema
from dalsegno._core.replica import Replica
from dalsegno._core.screen import Screen
from dalsegno._core.types import Problem, SessionId
from dalsegno._core.upload_notes import Notes
from dalsegno._sync import outcome
from dalsegno._sync.outcome import Outcome
from dalsegno._sync.played import Played

_INDEXED = frozenset(("replica", "users", "garbled", "problems", "retries", "shelf", "sessions"))
"""On these depends of which kind a session is."""


@dataclass(slots=True)
class OpenSession:
    """A session in memory: opened by the app (`users` times), or only because its outbox is not empty.

    garbled     why the server's document makes no sense, or ''
    problems    field → why the server refuses our edit of it
    retries     which of these may be tried again: once after each edit here, and on each new connection
    registered  whether the disk knows the session and its policies; a full one may not
    on_disk     the base as the disk has it; None = it has none, or not all of it
    untold      what came of edits while no app had it open, field by field
    screen      what the app shows of it, while it is open
    shelf       its marks;  wants_marks: whether the app asked for them, or some were made here
    played      what is known of its line beside the documents
    """

    replica: Replica
    users: int = 0
    garbled: str = ""
    problems: Mapping[str, Problem] = field(default_factory=dict)
    retries: frozenset[str] = frozenset()
    registered: bool = True
    on_disk: Document | None = None
    untold: Mapping[str, Outcome] = field(default_factory=dict)
    screen: Screen = field(default_factory=dict)
    shelf: Shelf = field(default_factory=Shelf)
    wants_marks: bool = False
    played: Played = field(default_factory=Played)
    sessions: SessionsInMemory | None = field(default=None, init=False, repr=False, compare=False)

    def __setattr__(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)
        if name in _INDEXED:
            sessions = getattr(self, "sessions", None)  # None while it is being made
            if sessions is not None:
                sessions.index(self)

    @property
    def owes(self) -> bool:
        """Whether the server has not confirmed all edits and marks."""
        return bool(self.replica.pending) or self.shelf.owes

    @property
    def troubled(self) -> bool:
        """Whether there is something to tell of it: something of it cannot be sent."""
        return bool(self.problems or self.garbled or self.replica.foreign)

    @property
    def may_be_sent(self) -> bool:
        """Whether it owes something that nobody has refused yet, or that may be tried again."""
        if self.garbled or self.replica.foreign:
            return False
        return any(n not in self.problems or n in self.retries for n in self.replica.pending)

    @property
    def may_go_unheard(self) -> bool:
        """Whether its edits can be sent before anybody has looked at the document: not where that is known in
        part only, nor what may be somebody else's music by now."""
        return self.replica.whole and not self.line

    @property
    def line(self) -> Set[str]:
        """The fields of the line in the outbox: they are sent together, or not at all."""
        return ruling.own_rows(self.replica).keys()

    def is_opened_as(self, schema: Schema) -> None:
        """By the app, which may be another version than the one that left it."""
        known = self.replica
        self.replica = replace(known, schema=schema.keeping(known.schema, known.pending))

    @property
    def notes(self) -> Notes:
        """What of it outlives the process, beside the replica's rows."""
        return self.notes_after(self.replica)

    def notes_after(self, replica: Replica) -> Notes:
        """The same once the session is as in `replica`: what left the outbox is no problem any more."""
        left = {name: problem for name, problem in self.problems.items() if name in replica.pending}
        return Notes(left, replica.restored)

    def has_on_disk(self, document: Document) -> bool:
        """Whether the disk has just this one: no two bear one time. What we made of the answer to our own
        commit is it, too, but for `at`, which is a moment off."""
        return self.on_disk is not None and self.on_disk.update_time == document.update_time

    @property
    def wanted(self) -> bool:
        return self.users > 0 or self.owes


class SessionsInMemory(dict[SessionId, OpenSession]):
    """By their ids; and beside that those of each kind, in the order in which they came to be of it.

    owing     the server has not confirmed all edits and marks
    marking   it owes marks, now or later
    troubled  something of it cannot be sent
    idle      nobody uses it, and it owes nothing
    left      nobody uses it, and what it owes could be sent
    """

    def __init__(self) -> None:
        super().__init__()
        self.owing: dict[SessionId, None] = {}
        self.troubled: dict[SessionId, None] = {}
        self.idle: dict[SessionId, None] = {}
        self.left: dict[SessionId, None] = {}
        self.marking: dict[SessionId, None] = {}

    def __setitem__(self, session: SessionId, open_session: OpenSession) -> None:
        super().__setitem__(session, open_session)
        open_session.sessions = self

    def __delitem__(self, session: SessionId) -> None:
        open_session = self[session]
        super().__delitem__(session)
        open_session.sessions = None
        for kind in (self.owing, self.troubled, self.idle, self.left, self.marking):
            kind.pop(session, None)

    def index(self, open_session: OpenSession) -> None:
        """Something of this session has changed."""
        session = open_session.replica.id
        _put(self.owing, session, open_session.owes)
        _put(self.troubled, session, open_session.troubled)
        _put(self.idle, session, not open_session.wanted)
        _put(self.left, session, not open_session.users and open_session.may_be_sent)
        _put(self.marking, session, open_session.shelf.owes or open_session.shelf.waits)


def _put(kind: dict[SessionId, None], session: SessionId, belongs: bool) -> None:
    if not belongs:
        kind.pop(session, None)
    elif session not in kind:
        kind[session] = None


def open_session_from(stored: StoredSession, schema: Schema) -> OpenSession:
    """As the disk knows it, for an app with this schema."""
    pending = {p.field: p for p in stored.pending}
    notes = Notes.parse(stored.parked)
    local = {name: value for name, value in stored.local.items() if not name.startswith("?")}  # ours
    replica = Replica(
        stored.id,
        schema.keeping(Schema.parse(stored.schema), pending),
        stored.base,
        pending,
        local,
        landed=stored.landed,
        restored=notes.restored,
    )
    problems = {name: problem for name, problem in notes.problems.items() if name in pending}
    whole = stored.base if stored.base and stored.base.update_time != UNSURE else None
    return OpenSession(
        replica,
        problems=problems,
        retries=frozenset(problems),
        on_disk=whole,
        untold=outcome.from_value(stored.local.get(outcome.KEPT_AS)),
        shelf=marks.from_local(stored.local),
        played=Played.from_local(stored.local),
    )


def changed_on_disk(open_session: OpenSession, document: Document) -> dict[SessionId, frozenset[str]]:
    """In which fields the disk has another document, if it has one: only these are written."""
    if open_session.on_disk is None:
        return {}
    before, after = open_session.on_disk.entries, document.entries
    names = before.keys() | after.keys()
    return {open_session.replica.id: frozenset(n for n in names if not _same(before.get(n), after.get(n)))}


def _same(ours: Entry | None, theirs: Entry | None) -> bool:
    if ours is theirs:
        return True
    if ours is None or theirs is None:
        return False
    return ours == theirs and type(ours.value) is type(theirs.value)  # 1, 1.0 and True are equal
