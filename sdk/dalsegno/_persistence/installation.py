"""What the database says of the device that it is on, and the copy of its id beside it. Store's thread.

Invariant: a device keeps its id for as long as either of the two is there, or it would be shown to the user's
other devices twice.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from dalsegno._core.document import NO_STAMP
from dalsegno._core.ports import Identity
from dalsegno._core.types import DeviceId, Stamp
from dalsegno._errors import UsageError
from dalsegno._persistence import local_serializer, recovery, sealed


def read(connection: sqlite3.Connection, user: str) -> Identity | None:
    """None = a new database. Raises Damaged; UsageError when it is another user's."""
    row = connection.execute(f"SELECT {sealed.SEALS['installation']}, checksum FROM installation").fetchone()
    if row is None:
        return None
    owner, device, stamp, offset, registered, called, checksum = row
    if checksum != sealed.checksum(*row[:-1]):
        raise local_serializer.Damaged("what it says of this device does not fit its checksum")
    if owner != user:
        raise UsageError("This folder holds the data of another user. Give each user a folder of its own.")
    if not (recovery.is_device_id(device) and recovery.is_stamp(stamp)):
        raise local_serializer.Damaged("the device id or the newest stamp makes no sense")
    return Identity(DeviceId(device), Stamp(stamp), offset, registered, called)


def begun(connection: sqlite3.Connection, user: str, device: DeviceId) -> Identity:
    """In a new database."""
    known = (user, device, NO_STAMP)
    connection.execute(
        "INSERT INTO installation (only, user, device, newest_stamp, checksum) VALUES (1, ?, ?, ?, ?)",
        (*known, sealed.checksum(*known, None, "", "")),
    )
    return Identity(device, NO_STAMP)


def beside(file: Path) -> DeviceId | None:
    """The copy beside the database: a new database must not make a ghost of this device."""
    try:
        text = file.read_text("ascii").strip()
    except (OSError, ValueError):
        return None
    return DeviceId(text) if recovery.is_device_id(text) else None
