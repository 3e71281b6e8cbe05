"""A store without a disk: for tests, the scenarios and the simulation. One thread.

Invariant: the same answers as `SqliteStore` to the same calls; one contract suite holds both to it.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from dalsegno._core.document import NO_STAMP, Document, Pending, StoredSession
from dalsegno._core.marks import OWED_AS
from dalsegno._core.ports import Batch, Identity, known_after
from dalsegno._core.types import DeviceId, SessionId, Value
from dalsegno._errors import Closed


@dataclass(slots=True)
class _Row:
    """One session: the mutable twin of `StoredSession`."""

    schema: str = ""
    base: Document | None = None
    pending: dict[str, Pending] = field(default_factory=dict)
    local: dict[str, Value] = field(default_factory=dict)
    parked: str = ""
    opened_at: int = 0
    landed: Mapping[str, int] = field(default_factory=dict)


class MemoryStore:
    """Keeps everything in dictionaries. `reopened()` is what a process finds that starts again."""

    def __init__(self, device: DeviceId | None = None) -> None:
        self.notices: list[str] = []
        self._identity = Identity(device or DeviceId(secrets.token_hex(8)), NO_STAMP)
        self._rows: dict[SessionId, _Row] = {}
        self._tokens: dict[str, bytes] = {}
        self._closed = False

    def reopened(self) -> MemoryStore:
        """Another store on the same "disk"; this one is closed, as if its process had died."""
        self._closed = True
        again = MemoryStore(self._identity.device)
        again._identity = self._identity
        again._rows = self._rows
        again._tokens = self._tokens
        return again

    def identity(self) -> Identity:
        self._check_open()
        return self._identity

    def load(self, session: SessionId) -> StoredSession | None:
        self._check_open()
        row = self._rows.get(session)
        return None if row is None else _frozen(session, row)

    def sessions(self) -> Sequence[StoredSession]:
        self._check_open()
        return [_frozen(id, self._rows[id]) for id in sorted(self._rows)]

    def owed(self) -> Sequence[StoredSession]:
        self._check_open()
        return [_frozen(id, self._rows[id]) for id in sorted(self._rows) if _owes(self._rows[id])]

    def recent(self, limit: int) -> Sequence[StoredSession]:
        self._check_open()
        edited = [id for id in sorted(self._rows) if _newest_stamp(self._rows[id])]
        edited.sort(key=lambda id: _newest_stamp(self._rows[id]), reverse=True)
        return [_frozen(id, self._rows[id]) for id in edited[:limit]]

    def prune(self, most: int) -> None:
        self._check_open()
        unopened = [id for id, row in self._rows.items() if not (row.opened_at or row.pending or row.local)]
        unopened.sort(key=lambda id: _newest_stamp(self._rows[id]), reverse=True)
        for id in unopened[most:]:
            del self._rows[id]

    def tokens(self) -> Mapping[str, bytes]:
        self._check_open()
        return dict(self._tokens)

    def token(self, target: str) -> bytes:
        self._check_open()
        return self._tokens.get(target, b"")

    def write(self, batch: Batch) -> None:
        self._check_open()
        for session, (schema, opened_at) in batch.opened.items():
            row = self._row(session)
            row.schema, row.opened_at = schema, opened_at
        for session, document in batch.bases.items():
            self._put_base(session, document)
        for session, landed in batch.landed.items():
            if session in self._rows and self._rows[session].base is not None:
                self._rows[session].landed = dict(landed)
        for session, edits in batch.pending.items():
            for edit in edits:
                self._row(session).pending[edit.field] = edit
        self._settle(batch.acked)
        for session, values in batch.local.items():
            if values:
                self._row(session).local.update(values)
        for session, reason in batch.parked.items():
            if reason or session in self._rows:
                self._row(session).parked = reason
        self._put_tokens(batch.tokens)
        self._put_identity(batch)

    def close(self) -> None:
        self._closed = True

    def _check_open(self) -> None:
        if self._closed:
            raise Closed("This store is closed.")

    def _row(self, session: SessionId) -> _Row:
        return self._rows.setdefault(session, _Row())

    def _put_base(self, session: SessionId, document: Document | None) -> None:
        if document is not None:
            row = self._row(session)
            row.base = document
            row.schema = row.schema or document.schema
        elif session in self._rows:
            self._rows[session].base, self._rows[session].landed = None, {}

    def _settle(self, acked: Mapping[SessionId, Mapping[str, int]]) -> None:
        for session, newest in acked.items():
            pending = self._rows[session].pending if session in self._rows else {}
            for name, seq in newest.items():
                if name in pending and pending[name].seq <= seq:
                    del pending[name]

    def _put_tokens(self, tokens: Mapping[str, bytes]) -> None:
        for target, token in tokens.items():
            if token:
                self._tokens[target] = token
            else:
                self._tokens.pop(target, None)

    def _put_identity(self, batch: Batch) -> None:
        self._identity = known_after(self._identity, batch)


def _owes(row: _Row) -> bool:
    return bool(row.pending) or row.local.get(OWED_AS) is not None


def _newest_stamp(row: _Row) -> str:
    """The newest stamp in what the session shows, '' when that is nothing."""
    shown = [*(row.base.entries.values() if row.base else ()), *(edit.entry for edit in row.pending.values())]
    return max((entry.stamp for entry in shown), default="")


def _frozen(session: SessionId, row: _Row) -> StoredSession:
    pending = tuple(sorted(row.pending.values(), key=lambda edit: (edit.seq, edit.field)))
    return StoredSession(
        session, row.schema, row.base, pending, dict(row.local), row.parked, row.opened_at, dict(row.landed)
    )
