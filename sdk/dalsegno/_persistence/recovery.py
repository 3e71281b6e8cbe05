"""A damaged database: what can still be read moves to a new one, the old one is set aside. Any thread.

Invariant: at every moment, whatever dies, either the damaged file or the complete new one is in its place or
beside it under the name `….new`; the new one has all unsent edits that could be read. Resume tokens are
never carried over: without them the server sends everything again.
"""

from __future__ import annotations

import contextlib
import os
import re
import sqlite3
import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from dalsegno._core.document import NO_STAMP, UNSURE, Entry
from dalsegno._core.types import DeviceId, Stamp
from dalsegno._persistence import local_serializer, sealed
from dalsegno._persistence.migrations import APPLICATION_ID, MIGRATIONS, MadeByNewerVersion, migrate
from dalsegno._persistence.sealed import Row
from dalsegno._persistence.sqlite_error import FAULTS
from dalsegno._private_files import make_private


@dataclass(slots=True)
class Salvage:
    """What could be read, as rows. `complete`: whether the whole outbox was readable."""

    device: DeviceId | None = None
    newest_stamp: Stamp = NO_STAMP
    server_offset_ms: float | None = None
    sessions: list[Row] = field(default_factory=list)
    bases: list[Row] = field(default_factory=list)
    fields: list[Row] = field(default_factory=list)
    outbox: list[Row] = field(default_factory=list)
    local: list[Row] = field(default_factory=list)
    complete: bool = True


def salvage(database: Path) -> Salvage:
    """Reads what can be read, from a copy. Raises OSError when there is no room for the copy."""
    found = Salvage()
    with (
        _copy(database) as copy,
        contextlib.closing(sqlite3.connect(copy, isolation_level=None)) as connection,
    ):
        connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
        with contextlib.suppress(*FAULTS, MadeByNewerVersion):
            connection.execute("PRAGMA writable_schema = ON")  # Reads on in a file that was cut short.
            migrate(connection)
        sums = _has_checksums(connection)
        _read_installation(connection, found, sums)
        found.sessions, _ = _rows(connection, "sessions", 1, _check_session, sums)
        found.outbox, found.complete = _rows(connection, "outbox", 2, _check_edit, sums)
        found.local, _ = _rows(connection, "local", 2, _check_local, sums)
        if sums:  # Before that a document was one row; the server has it too.
            found.bases, _ = _rows(connection, "bases", 1, _check_base, sums)
            found.fields, _ = _rows(connection, "fields", 2, _check_field, sums)
    found.newest_stamp = max([found.newest_stamp, *(_stamp_of(row) for row in found.outbox)])
    return found


def _has_checksums(connection: sqlite3.Connection) -> bool:
    """Whether the file is of a format that has them; a file of an older one may have failed to migrate."""
    with contextlib.suppress(*FAULTS):
        connection.execute("SELECT checksum FROM outbox LIMIT 1")
        return True
    try:
        connection.execute("SELECT edit FROM outbox LIMIT 1")
    except FAULTS:
        return True
    return False


def build_new(database: Path, found: Salvage, user: str, device: DeviceId) -> None:
    """Makes `….new`, complete and on the disk. Raises sqlite3.Error or OSError; then there is none."""
    building = _beside(database, ".building")
    building.unlink(missing_ok=True)
    make_private(building)
    try:
        with contextlib.closing(sqlite3.connect(building, isolation_level=None)) as connection:
            migrate(connection)
            connection.execute("BEGIN")
            connection.execute(
                "INSERT INTO installation (only, user, device, newest_stamp, server_offset_ms) "
                "VALUES (1, ?, ?, ?, ?)",
                (user, device, found.newest_stamp, found.server_offset_ms),
            )
            for statement, parameters in _statements(found):
                connection.execute(statement, parameters)
            sealed.seal_all(connection)
            connection.execute("COMMIT")
        building.replace(_beside(database, ".new"))
    except BaseException:
        building.unlink(missing_ok=True)
        raise


def _statements(found: Salvage) -> Iterator[sealed.Statement]:
    for row in found.sessions:
        yield "INSERT OR REPLACE INTO sessions (id, schema, opened_at, parked) VALUES (?, ?, ?, ?)", row
    # A session that has only edits left must still be found.
    for row in (*found.bases, *found.outbox, *found.local):
        yield "INSERT OR IGNORE INTO sessions (id) VALUES (?)", row[:1]
    fields: dict[str, dict[str, Entry]] = {}
    for session, name, text in found.fields:
        fields.setdefault(session, {})[name] = local_serializer.decode_entry(text)
    for session, text in found.bases:
        head, count = local_serializer.decode_head(text)
        entries = fields.get(session, {})
        update_time = head.update_time if len(entries) == count else UNSURE
        yield from sealed.document(session, replace(head, entries=entries, update_time=update_time))
    for session, name, seq, text in found.outbox:
        yield sealed.edit(
            session, name, seq, text, local_serializer.decode_pending(name, seq, text).entry.stamp
        )
    for session, name, text in found.local:
        yield sealed.local(session, name, text)


def finish(database: Path, now: Callable[[], datetime] = datetime.now) -> Path | None:
    """Puts a complete `….new` in the database's place; the old files are set aside. None = there was none.

    Also called at every start: it ends what a process began that died in the middle.
    """
    new = _beside(database, ".new")
    if not new.exists():
        return None
    aside = _free_name(database, now())
    for ending in ("-wal", "-shm", "-journal", ""):  # The log first: it must never meet the new file.
        old = _beside(database, ending)
        if old.exists():
            old.rename(_beside(aside, ending))
    new.rename(database)
    return aside


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)


def _free_name(database: Path, now: datetime) -> Path:
    stem = f"{database.name}.corrupt-{now:%Y%m%d-%H%M%S}"
    taken = {path.name for path in database.parent.glob(f"{stem}*")}
    names = (stem if count == 1 else f"{stem}-{count}" for count in range(1, len(taken) + 2))
    return database.with_name(
        next(name for name in names if name not in taken and f"{name}-wal" not in taken)
    )


# --- reading ------------------------------------------------------------------------------------------

_PAGE_BYTES = 4096


def check_header(database: Path) -> None:
    """Raises Damaged for a file that is plainly none of ours, before SQLite tidies up what lies beside it."""
    with database.open("rb") as file:
        begin = file.read(18)
    log = _beside(database, "-wal")
    if begin != _header(0)[:18] and (begin or (log.exists() and log.stat().st_size > 0)):
        raise local_serializer.Damaged(
            "its first bytes are not those of a database" if begin else "it is empty"
        )


def _header(version: int) -> bytes:
    """The first 100 bytes of any database that we make, so that a lost header costs nothing.

    Fields as in "The Database Header" of SQLite's file format: 4096-byte pages, WAL, no free pages known,
    schema format 4, no auto-vacuum, UTF-8. A size of 0 lets SQLite count the pages itself.
    """
    begin = struct.pack(">16sH6B", b"SQLite format 3\0", _PAGE_BYTES, 2, 2, 0, 64, 32, 32)
    numbers = struct.pack(">12I", 1, 0, 0, 0, 1, 4, 0, 0, 1, version, 0, APPLICATION_ID)
    return (begin + numbers).ljust(100, b"\0")


def _mend_header(copy: Path) -> None:
    with copy.open("r+b") as file:
        said = file.read(100).ljust(100, b"\0")
        version: int = struct.unpack_from(">I", said, 60)[0]
        file.seek(0)
        file.write(_header(version if 0 < version <= len(MIGRATIONS) else len(MIGRATIONS)))
        if file.seek(0, os.SEEK_END) < _PAGE_BYTES:
            file.truncate(_PAGE_BYTES)


@contextlib.contextmanager
def _copy(database: Path) -> Iterator[Path]:
    """A copy that can be mended and written to: what was set aside stays as it was found."""
    copy = _beside(database, ".salvage")
    endings = ("", "-wal", "-shm", "-journal")
    try:
        for ending in ("", "-wal"):
            source, target = _beside(database, ending), _beside(copy, ending)
            make_private(target)
            if source.exists():
                from shutil import copyfile  # 2 ms that a healthy start need not spend

                copyfile(source, target)
        _mend_header(copy)
        yield copy
    finally:
        for ending in endings:
            _beside(copy, ending).unlink(missing_ok=True)


def _read_installation(connection: sqlite3.Connection, found: Salvage, sums: bool) -> None:
    """Nothing of a row that fails its checksum: a stamp of the far future would win for ever."""
    with contextlib.suppress(*FAULTS, TypeError):
        device, stamp, offset = connection.execute(
            "SELECT device, newest_stamp, server_offset_ms FROM installation"
            + (f" WHERE checksum = checksum({sealed.SEALS['installation']})" if sums else "")
        ).fetchone()
        if is_device_id(device):
            found.device = DeviceId(device)
        if is_stamp(stamp):
            found.newest_stamp = Stamp(stamp)
        if isinstance(offset, float):
            found.server_offset_ms = offset


def _rows(
    connection: sqlite3.Connection, table: str, width: int, check: Callable[[Row], None], sums: bool
) -> tuple[list[Row], bool]:
    """The readable rows, from both ends towards the damage; and whether that was all of them.

    width: how many columns the key has, the first ones.
    """
    kept: dict[Row, Row] = {}
    complete = True
    columns = sealed.SEALS[table]
    query = f"SELECT {columns}, {'checksum' if sums else 'NULL'} FROM {table} ORDER BY "
    for direction in ("ASC", "DESC"):
        order = ", ".join(f"{part} {direction}" for part in columns.split(", ")[:width])
        try:
            for *cells, checksum in connection.execute(query + order):
                row = tuple(cells)
                try:
                    check(row)
                except (local_serializer.Damaged, TypeError):
                    complete = False
                    continue
                if sums and checksum != sealed.checksum(*row):
                    complete = False
                    continue
                kept[row[:width]] = row
        except FAULTS:
            complete = False
            continue
        break
    return list(kept.values()), complete


def _check_session(row: Row) -> None:
    id, schema, opened_at, parked = row
    if not (isinstance(id, str) and isinstance(schema, str) and isinstance(opened_at, int)):
        raise local_serializer.Damaged("session")
    if not isinstance(parked, str):
        raise local_serializer.Damaged("session")


def _check_base(row: Row) -> None:
    if not isinstance(row[0], str):
        raise local_serializer.Damaged("base")
    local_serializer.decode_head(row[1])


def _check_field(row: Row) -> None:
    if not (isinstance(row[0], str) and isinstance(row[1], str)):
        raise local_serializer.Damaged("field")
    local_serializer.decode_entry(row[2])


def _check_edit(row: Row) -> None:
    if not isinstance(row[0], str):
        raise local_serializer.Damaged("edit")
    local_serializer.decode_pending(*row[1:])


def _check_local(row: Row) -> None:
    if not (isinstance(row[0], str) and isinstance(row[1], str)):
        raise local_serializer.Damaged("local field")
    local_serializer.decode_value(row[2])


def _stamp_of(row: Row) -> Stamp:
    stamp = local_serializer.decode_pending(*row[1:]).entry.stamp
    return stamp if is_stamp(stamp) else NO_STAMP


def is_device_id(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[0-9a-f]{16}", value) is not None


def is_stamp(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(r"\d{15}-\d{5}-[0-9a-f]{16}", value) is not None


GONE = (
    "The local data of this device is gone: its database was missing or empty. The device is still the same "
    "one, and what the server has comes back by itself; edits that were not yet sent are lost."
)
"""Told when only the device's id is left."""


def summary(found: Salvage, aside: Path, why: str, unsent: Sequence[Row]) -> str:
    """The sentence that the app can show."""
    kept = {0: "No edit was waiting to be sent", 1: "The one edit that was not yet sent was kept"}.get(
        len(unsent), f"All {len(unsent)} edits that were not yet sent were kept"
    )
    if not found.complete:
        kept = f"Of the edits that were not yet sent, {len(unsent)} could be read and were kept"
    return (
        f"The local data was damaged ({why}) and was set aside as {aside}. {kept}; "
        "everything else comes back from the server."
    )
