"""Flipped bits: what they changed is never shown, it is told, and the rest stays."""

from __future__ import annotations

import contextlib
import random
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from dalsegno._core.document import NO_STAMP, UNSURE, StoredSession
from dalsegno._core.ports import Batch
from dalsegno._core.types import Millis, SessionId
from dalsegno._persistence import sealed, thorough
from dalsegno._persistence.rows import PERHAPS_OPENED
from dalsegno._persistence.sqlite import SqliteStore
from tests.support.stores import BOOK, SONG, document, edit, stamp

BASE = document({"place": "page forty-one", "furthest": 41}, rev=3)
FULL = Batch(
    opened={BOOK: ("reading/1", Millis(5)), SONG: ("listening/1", Millis(6))},
    bases={BOOK: BASE, SONG: document({"track": "one"}, rev=4, schema="listening/1")},
    landed={BOOK: {"place": 3}},
    pending={BOOK: [edit("place", "page forty-two", 7)]},
    local={BOOK: {"text_size": 18.0}},
    tokens={"session:book-1": b"token", "devices": b"other"},
    newest_stamp=stamp(7),
)


def _filled(folder: Path) -> tuple[Path, list[StoredSession]]:
    store = SqliteStore.open(folder, "alice")
    store.write(FULL)
    sessions = list(store.sessions())
    store.close()
    return folder / "store.sqlite", sessions


def _changed(database: Path, statement: str) -> None:
    connection = sqlite3.connect(database)
    assert 1 == connection.execute(statement).rowcount
    connection.commit()
    connection.close()


def _without(session: StoredSession, name: str) -> StoredSession:
    assert session.base is not None
    entries = {key: entry for key, entry in session.base.entries.items() if key != name}
    return replace(session, base=replace(session.base, entries=entries, update_time=UNSURE))


FLIPS: dict[str, tuple[str, Callable[[StoredSession], StoredSession], str]] = {
    "a field": (
        "UPDATE fields SET entry = replace(entry, 'one', 'two') WHERE field = 'place'",
        lambda s: _without(s, "place"),
        "1 entry that the server sends again",
    ),
    "a field's name": (
        "UPDATE fields SET field = 'plbce' WHERE field = 'place'",
        lambda s: _without(s, "place"),
        "1 entry that the server sends again",
    ),
    "a document": (
        "UPDATE bases SET head = replace(head, ',3,', ',7,') WHERE session = 'book-1'",
        lambda s: replace(s, base=None, landed={}),
        "1 entry that the server sends again",
    ),
    "an edit": (
        "UPDATE outbox SET edit = replace(edit, 'two', 'six')",
        lambda s: replace(s, pending=()),
        "1 edit that was not yet sent",
    ),
    "an edit's number": (
        "UPDATE outbox SET seq = 8",
        lambda s: replace(s, pending=()),
        "1 edit that was not yet sent",
    ),
    "a setting": (
        "UPDATE local SET value = '19.0'",
        lambda s: replace(s, local={}),
        "1 setting of this device",
    ),
    "what landed": (
        "UPDATE landed SET revs = replace(revs, '3', '2')",
        lambda s: replace(s, landed={}),
        "1 entry that the server sends again",
    ),
    "a session": (
        "UPDATE sessions SET schema = 'reading/2' WHERE id = 'book-1'",
        lambda s: replace(s, opened_at=PERHAPS_OPENED),
        "1 entry that the server sends again",
    ),
}


@pytest.mark.parametrize("name", FLIPS)
@pytest.mark.parametrize("way", ["read", "checked"])
def test_what_was_changed_is_set_aside(tmp_path: Path, name: str, way: str) -> None:
    """A row that does not fit its checksum is not shown, is told once, and takes nothing else with it."""
    database, before = _filled(tmp_path)
    statement, sound, words = FLIPS[name]
    _changed(database, statement)
    store = SqliteStore.open(tmp_path, "alice")
    if way == "checked":
        store.check()
    expected = {s.id: sound(s) if s.id == BOOK else s for s in before}
    for _ in range(2):
        assert expected == {session.id: session for session in store.sessions()}
        assert expected[BOOK] == store.load(BOOK)
        [notice] = store.notices
        assert words in notice
    kept = store._open_connection().execute("SELECT count(*) FROM set_aside").fetchone()[0]
    assert 1 == kept
    store.close()
    again = SqliteStore.open(tmp_path, "alice")
    assert expected == {session.id: session for session in again.sessions()}
    assert [] == [notice for notice in again.notices if words in notice]
    again.close()


def test_a_flipped_token_is_forgotten(tmp_path: Path) -> None:
    """A resume token that does not fit its checksum is not used: the server sends again all of that."""
    database, _ = _filled(tmp_path)
    _changed(database, "UPDATE tokens SET token = x'00' WHERE target = 'devices'")
    store = SqliteStore.open(tmp_path, "alice")
    assert {"session:book-1": b"token"} == dict(store.tokens())
    store.close()


@pytest.mark.parametrize(
    "column", ["device = '00000000000000ff'", "newest_stamp = '9' || substr(newest_stamp, 2)"]
)
def test_what_is_known_of_the_device(tmp_path: Path, column: str) -> None:
    """A device is no other for a flipped bit, and takes no stamp of the far future for one that was seen."""
    database, _ = _filled(tmp_path)
    device = (tmp_path / "device-id").read_text().strip()
    _changed(database, f"UPDATE installation SET {column}")
    store = SqliteStore.open(tmp_path, "alice")
    assert (device, stamp(7)) == (store.identity().device, store.identity().newest_stamp)
    assert 1 == len(store.notices)
    store.close()


def test_a_document_that_lost_a_part_is_written_whole(tmp_path: Path) -> None:
    """The next document replaces all of one that lost a part, though its writer says that little changed."""
    database, _ = _filled(tmp_path)
    _changed(database, "UPDATE fields SET entry = replace(entry, 'one', 'two') WHERE field = 'place'")
    store = SqliteStore.open(tmp_path, "alice")
    store.check()
    newer = replace(BASE, rev=4)
    store.write(Batch(bases={BOOK: newer}, changed={BOOK: ["furthest"]}))
    stored = store.load(BOOK)
    assert stored is not None
    assert newer == stored.base
    store.close()


def _said(store: SqliteStore) -> dict[str, object]:
    """All that a store says, each thing by its name."""
    said: dict[str, object] = {f"token {target}": token for target, token in store.tokens().items()}
    for session in store.sessions():
        said |= {f"{session.id} local {name}": value for name, value in session.local.items()}
        said |= {f"{session.id} landed {name}": rev for name, rev in session.landed.items()}
        said |= {f"{session.id} row {row.field}": row for row in session.pending}
        if session.base is not None:
            said |= {f"{session.id} entry {name}": entry for name, entry in session.base.entries.items()}
            said[f"{session.id} base"] = replace(session.base, entries={}, update_time=UNSURE)
            if session.base.update_time != UNSURE:
                said[f"{session.id} time"] = session.base.update_time
        if session.opened_at > PERHAPS_OPENED:
            said[f"{session.id} opened"] = session.schema, session.opened_at
    return said


def _otherwise(said: dict[str, object], store: SqliteStore) -> list[tuple[str, object]]:
    """What the store says now and has not said then."""
    return [(name, now) for name, now in _said(store).items() if name not in said or now != said[name]]


def test_a_session_whose_row_was_damaged_is_not_forgotten(tmp_path: Path) -> None:
    """It may be one that the user has opened: of those that were only ever heard of, just the newest stay."""
    database, _ = _filled(tmp_path)
    _changed(database, "UPDATE sessions SET parked = 'x' WHERE id = 'book-1'")
    _changed(database, "DELETE FROM outbox")
    _changed(database, "DELETE FROM local")
    with contextlib.closing(SqliteStore.open(tmp_path, "alice")) as store:
        store.check()
        store.prune(0)
        stored = store.load(BOOK)
    assert stored is not None and stored.base == BASE


@pytest.mark.no_cover  # the same lines two hundred times
def test_no_flipped_bit_changes_a_value(tmp_path: Path) -> None:
    """Of 200 flipped bits, each alone, none changes a value: whatever is said is as it was, also before the
    store looks for damage; what is said no more is told of, unless it is a resume token. Nor is the device
    another one."""
    folder = tmp_path / "profile"
    database, before = _filled(folder)
    with contextlib.closing(SqliteStore.open(folder, "alice")) as store:
        said, identity = _said(store), store.identity()
    sound, chance = database.read_bytes(), random.Random(7)
    used = [at for at in range(len(sound)) if sound[at]]  # the rest of a page means nothing
    for _ in range(200):
        at = chance.choice(used)
        flipped = bytearray(sound)
        flipped[at] ^= 1 << chance.randrange(8)
        database.write_bytes(flipped)
        store = SqliteStore.open(folder, "alice")
        assert [] == _otherwise(said, store), f"byte {at}"
        store.check()
        assert [] == _otherwise(said, store), f"byte {at}"
        assert list(store.sessions()) == before or store.notices, f"byte {at}"
        known = store.identity()
        assert identity.device == known.device, f"byte {at}"
        assert known.newest_stamp in (identity.newest_stamp, NO_STAMP), f"byte {at}"
        store.close()
        for path in folder.iterdir():
            if path.name not in ("device-id", "lock"):
                path.unlink()


def test_a_look_from_beside(tmp_path: Path) -> None:
    """The thorough look finds damage in the file of a running store, and none in a sound one; it waits for
    nobody and changes nothing."""
    database, _ = _filled(tmp_path)
    store = SqliteStore.open(tmp_path, "alice")
    store.write(Batch(pending={BOOK: [edit("furthest", 42, 8)]}))
    files = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert not thorough.looks_damaged(database)
    assert files == {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    store.close()
    _changed(database, "UPDATE fields SET entry = replace(entry, 'one', 'two') WHERE field = 'place'")
    store = SqliteStore.open(tmp_path, "alice")
    assert thorough.looks_damaged(database)
    store.check()
    store.close()
    assert not thorough.looks_damaged(database)


def test_a_new_store_is_no_suspect(tmp_path: Path) -> None:
    """Of a store whose tables are only in the log yet, nothing is suspected; nor of one that is not there."""
    store = SqliteStore.open(tmp_path, "alice")
    assert not thorough.looks_damaged(store.database)
    store.close()
    assert not thorough.looks_damaged(tmp_path / "elsewhere.sqlite")


def test_kinds_are_told_apart() -> None:
    """1, 1.0, "1", b"1" and None have checksums of their own, as far as SQLite keeps them apart."""
    assert 3 == len({sealed.checksum(1), sealed.checksum(1.0), sealed.checksum(None)})
    assert sealed.checksum("a", "b") != sealed.checksum("ab", "")


def test_far_more_sessions_than_one(tmp_path: Path) -> None:
    """A damaged field of one session costs no other session anything."""
    store = SqliteStore.open(tmp_path, "alice")
    ids = [SessionId(f"book-{number:03}") for number in range(50)]
    store.write(Batch(bases=dict.fromkeys(ids, BASE)))
    store.close()
    _changed(
        tmp_path / "store.sqlite",
        "UPDATE fields SET entry = replace(entry, '41', '14') "
        "WHERE field = 'furthest' AND session = 'book-007'",
    )
    store = SqliteStore.open(tmp_path, "alice")
    assert [ids[7]] == [s.id for s in store.sessions() if s.base != BASE]
    store.close()
