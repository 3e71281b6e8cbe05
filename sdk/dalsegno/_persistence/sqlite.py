"""The disk of one installation, for one user: a folder with an SQLite database. One thread at a
time; it may be opened on another than it is used on.

Invariant: `write` is one transaction, and survives the process's death when it returns; `sync` makes it
survive the battery's (docs/adr/0002-durability.md). A damaged file is never written over: it is set aside,
and what it held of unsent edits goes on in a new one.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from dalsegno._core.document import NO_STAMP, StoredSession
from dalsegno._core.ports import Batch, Identity, known_after
from dalsegno._core.types import DeviceId, SessionId
from dalsegno._errors import Closed, Corrupt, DalSegnoError, StorageDenied, UsageError
from dalsegno._persistence import installation, local_serializer, read_only, recovery, rows, sealed
from dalsegno._persistence.connection import connect, prepare
from dalsegno._persistence.files import flush_to_disk, replace_text
from dalsegno._persistence.lock import ProfileLock
from dalsegno._persistence.set_aside import all_bad, is_whole, set_aside, summary
from dalsegno._persistence.sqlite_error import FAULTS, disk, explained, is_damage, words
from dalsegno._private_files import make_private, make_private_folder

T = TypeVar("T")


class SqliteStore:
    """`core.ports.Store` on SQLite. `notices`: sentences for the user about what was mended."""

    def __init__(self, folder: Path, user: str, lock: ProfileLock) -> None:
        self.notices: list[str] = []
        self.database = folder / "store.sqlite"
        self._log = folder / "store.sqlite-wal"
        self._device_file = folder / "device-id"
        self._user = user
        self._lock = lock
        self._connection: sqlite3.Connection | None = None
        self._identity = Identity(DeviceId(""), NO_STAMP)
        # Twins of what no server can give back, should the file be damaged while we run.
        self._unsent: dict[tuple[str, str], sealed.Row] = {}
        # After a mend, tokens wait for the next start: until then a base may be missing that they vouch for.
        self._keeps_tokens = True
        self._denied: StorageDenied | None = None
        """Why nothing may be written: then this is a copy, in `_aside`."""
        self._aside: read_only.Copy | None = None
        self._bad_at_start: rows.Bad = []
        self._in_pieces: set[SessionId] = set()
        """Sessions whose document on disk lost a part: the next one is written whole."""

    @classmethod
    def open(cls, path: Path | str, user: str) -> SqliteStore:
        """In the folder `path`, made if there is none; for reading only, if it may not be written.

        Raises ProfileInUse, StorageFull, StorageDenied, UsageError (made by a newer version, or another
        user's), Corrupt.
        """
        folder = Path(path)
        try:
            return cls._open(folder, user)
        except StorageDenied as denied:
            with disk(folder):
                aside = read_only.copied(folder, ("store.sqlite", "store.sqlite-wal", "device-id"))
            if aside is None:
                raise
            return cls._open_copy(folder, aside, user, denied)

    @classmethod
    def _open_copy(cls, folder: Path, aside: read_only.Copy, user: str, denied: StorageDenied) -> SqliteStore:
        try:
            store = cls._open(aside.folder, user)
        except BaseException:
            aside.remove()
            raise
        store._denied, store._aside = denied, aside
        store.notices.append(read_only.NOTICE.format(folder=folder))
        return store

    @classmethod
    def _open(cls, folder: Path, user: str) -> SqliteStore:
        with disk(folder):
            make_private_folder(folder)
            lock = ProfileLock(folder)
        try:
            store = cls(folder, user, lock)
            with disk(folder):
                recovery.finish(store.database)
            store._guarded(store._connect)
            with disk(folder):
                store._keep_device_id()
            if store._bad_at_start:
                store._set_aside(store._bad_at_start)
        except BaseException:
            lock.release()
            raise
        return store

    # --- the port -------------------------------------------------------------------------------------

    def identity(self) -> Identity:
        self._open_connection()
        return self._identity

    def load(self, session: SessionId) -> StoredSession | None:
        return self._read(lambda bad: rows.session(self._open_connection(), session, bad))

    def sessions(self) -> Sequence[StoredSession]:
        return self._read(lambda bad: rows.sessions(self._open_connection(), bad))

    def owed(self) -> Sequence[StoredSession]:
        return self._read(lambda bad: rows.owed(self._open_connection(), bad))

    def recent(self, limit: int) -> Sequence[StoredSession]:
        return self._read(lambda bad: rows.recent(self._open_connection(), limit, bad))

    def tokens(self) -> Mapping[str, bytes]:
        return self._guarded(lambda: rows.tokens(self._open_connection()))

    def token(self, target: str) -> bytes:
        return self._guarded(lambda: rows.token(self._open_connection(), target))

    def write(self, batch: Batch) -> None:
        """All or nothing. Raises StorageFull, StorageDenied, and UsageError for what no field can hold."""
        if self._denied is not None and self._connection is not None:
            raise StorageDenied(*self._denied.args)
        try:
            prepared = self._guarded(lambda: self._commit(batch))
        except UnicodeEncodeError as error:
            raise UsageError(f"Text that is no Unicode cannot be stored: {error}.") from error
        self._remember(batch, prepared)

    def prune(self, most: int) -> None:
        """Raises StorageFull; nothing was changed then."""
        statements = rows.unopened(most)
        self._guarded(lambda: self._transaction(lambda connection: _run(connection, statements)))

    def check(self) -> None:
        """Looks through the whole file, and mends what is damaged. Slow: see `thorough`.

        Raises StorageFull when there is no room for mending.
        """

        def look(bad: rows.Bad) -> None:
            verdict = is_whole(self._open_connection())
            if verdict:
                raise local_serializer.Damaged(verdict)
            bad += all_bad(self._open_connection())

        self._read(look)

    def sync(self) -> None:
        """Makes all that was written so far survive a power cut. Any thread; takes as long as the disk takes.

        Raises StorageFull.
        """
        with disk(self._log):
            flush_to_disk(self._log)

    def close(self) -> None:
        """Ends it; a second call does nothing."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(
                sqlite3.Error
            ):  # A full disk: the log stays, and the next start reads it.
                connection.close()
        self._lock.release()
        if self._aside is not None:
            self._aside.remove()

    # --- within ---------------------------------------------------------------------------------------

    def _open_connection(self) -> sqlite3.Connection:
        if self._connection is None:
            raise Closed("This store is closed.")
        return self._connection

    def _guarded(self, action: Callable[[], T]) -> T:
        """Runs it; a damaged file is mended, once, and the action then tried again."""
        for may_mend in (True, False):
            try:
                return action()
            except FAULTS as fault:
                if not is_damage(fault, opening=self._connection is None):
                    raise explained(fault, self.database) from fault
                if not may_mend:
                    raise Corrupt(f"The local data in {self.database} is damaged again: {fault}.") from fault
                self._mend(fault)
        raise AssertionError("unreachable")

    def _read(self, action: Callable[[rows.Bad], T]) -> T:
        """What is sound; what is not is set aside, and told."""
        bad: rows.Bad = []

        def attempt() -> T:
            bad.clear()
            return action(bad)

        found = self._guarded(attempt)
        if bad:
            self._set_aside(bad)
        return found

    def _set_aside(self, bad: rows.Bad) -> None:
        """On a disk that takes nothing the rows stay where they are, and are not shown all the same."""
        self._in_pieces |= {key[0] for table, key in bad if table in ("bases", "fields")}
        for table, key in bad:
            if table == "outbox":
                self._unsent.pop((key[0], key[1]), None)
        with contextlib.suppress(DalSegnoError):
            self._guarded(lambda: self._transaction(lambda connection: set_aside(connection, bad)))
        notice = summary(bad)
        if notice and notice not in self.notices:
            self.notices.append(notice)

    def _commit(self, batch: Batch) -> rows.Prepared:
        prepared = rows.prepared(
            batch,
            self._identity,
            user=self._user,
            with_tokens=self._keeps_tokens,
            whole=self._must_be_written_whole,
        )
        self._transaction(lambda connection: _run(connection, prepared.statements))
        return prepared

    def _must_be_written_whole(self, session: SessionId) -> bool:
        """Whether the disk may lack more of a session's fields than whoever writes knows of."""
        return not self._keeps_tokens or session in self._in_pieces

    def _transaction(self, action: Callable[[sqlite3.Connection], None]) -> None:
        connection = self._open_connection()
        if connection.in_transaction:  # Only when an earlier ROLLBACK failed too.
            connection.execute("ROLLBACK")
        connection.execute("BEGIN IMMEDIATE")
        try:
            action(connection)
            connection.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
            raise

    def _remember(self, batch: Batch, prepared: rows.Prepared) -> None:
        for row in prepared.outbox:
            self._unsent[row[0], row[1]] = row
        self._in_pieces -= {session for session, base in batch.bases.items() if base is not None}
        for session, newest in batch.acked.items():
            for name, seq in newest.items():
                row = self._unsent.get((session, name), ("", "", seq + 1, ""))
                if row[2] <= seq:
                    del self._unsent[session, name]
        self._identity = known_after(self._identity, batch)

    # --- opening --------------------------------------------------------------------------------------

    def _connect(self) -> None:
        with disk(self.database):
            make_private(self.database)
            recovery.check_header(self.database)
        connection = connect(self.database)
        try:
            self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        self._connection = connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        prepare(connection, self.database)
        self._identity = self._read_identity(connection)
        bad: rows.Bad = []
        self._unsent = {(row[0], row[1]): row for row in rows.unsent(connection, bad)}
        self._bad_at_start = bad

    def _read_identity(self, connection: sqlite3.Connection) -> Identity:
        known = installation.read(connection, self._user)
        if known is not None:
            return known
        device = installation.beside(self._device_file)
        if device is not None:
            self.notices.append(recovery.GONE)
        return installation.begun(connection, self._user, device or _new_device_id())

    def _keep_device_id(self) -> None:
        """Beside a database that is on the disk itself: alone, it would tell of data that was lost."""
        if installation.beside(self._device_file) != self._identity.device:
            flush_to_disk(self._log)
            replace_text(self._device_file, f"{self._identity.device}\n")

    # --- mending --------------------------------------------------------------------------------------

    def _mend(self, fault: Exception) -> None:
        """Raises StorageFull when there is no room for it; nothing has changed then."""
        running, known = self._connection, self._identity
        with disk(self.database):
            found = recovery.salvage(self.database)
            if running is not None:
                found.outbox, found.complete = [row[:4] for row in self._unsent.values()], True
                found.newest_stamp = max(found.newest_stamp, known.newest_stamp)
                found.server_offset_ms = known.server_offset_ms
            device = (
                known.device or found.device or installation.beside(self._device_file) or _new_device_id()
            )
            try:
                recovery.build_new(self.database, found, self._user, device)
            except sqlite3.Error as error:
                raise explained(error, self.database) from error
            if running is not None:
                self._connection = None
                with contextlib.suppress(sqlite3.Error):
                    running.close()
            aside = recovery.finish(self.database)
        if running is not None:
            self._keeps_tokens = False
            try:
                self._connect()
            except FAULTS as error:
                raise explained(error, self.database) from error
        self.notices.append(recovery.summary(found, aside or self.database, words(fault), found.outbox))


def _run(connection: sqlite3.Connection, statements: Sequence[sealed.Statement]) -> None:
    for statement, parameters in statements:
        connection.execute(statement, parameters)


def _new_device_id() -> DeviceId:
    return DeviceId(os.urandom(8).hex())  # `secrets` would do the same, after 4 ms of imports
