"""Damaged databases: set aside, told, and mended with nothing lost that could be read."""

from __future__ import annotations

import shutil
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dalsegno._core.ports import Batch
from dalsegno._core.types import Millis, SessionId
from dalsegno._errors import StorageFull
from dalsegno._persistence import recovery
from dalsegno._persistence.sqlite import SqliteStore
from tests.support.stores import BOOK, document, edit, stamp, write_and_die

FULL = Batch(
    opened={BOOK: ("reading/1", Millis(5))},
    bases={BOOK: document({"place": {"href": "c1"}}, rev=3)},
    pending={BOOK: [edit("place", {"href": "c2"}, 1), edit("furthest", 0.5, 2)]},
    local={BOOK: {"text_size": 18.0}},
    tokens={"sessions": b"token"},
    newest_stamp=stamp(7),
    server_offset_ms=12.5,
)


def _filled(folder: Path) -> tuple[Path, str]:
    store = SqliteStore.open(folder, "alice")
    store.write(FULL)
    device = store.identity().device
    store.close()
    return folder / "store.sqlite", device


def _aside(folder: Path) -> list[Path]:
    return sorted(folder.glob("store.sqlite.corrupt-*"))


def _overwrite(start: int, length: int) -> Callable[[Path], None]:
    def damage(database: Path) -> None:
        with database.open("r+b") as file:
            file.seek(start)
            file.write(b"\xa5" * length)

    return damage


def _cut(size: int) -> Callable[[Path], None]:
    def damage(database: Path) -> None:
        with database.open("r+b") as file:
            file.truncate(size)

    return damage


def _text(database: Path) -> None:
    database.write_text("I am no database. " * 999)


def _other_tables(database: Path) -> None:
    connection = sqlite3.connect(database)
    connection.execute("DROP TABLE outbox")
    connection.commit()
    connection.close()


def _nonsense_in_a_row(database: Path) -> None:
    connection = sqlite3.connect(database)
    connection.execute("UPDATE installation SET device = 'me'")
    connection.commit()
    connection.close()


DAMAGES = {
    "text": _text,
    "header": _overwrite(0, 60),
    "tables": _overwrite(100, 600),
    "all but the header": _overwrite(100, 1 << 20),
    "cut short": _cut(5000),
    "cut to a part of a page": _cut(50),
    "no outbox": _other_tables,
    "no device id": _nonsense_in_a_row,
}


@pytest.mark.parametrize("name", DAMAGES)
def test_damaged_at_start(tmp_path: Path, name: str) -> None:
    """A damaged database is set aside as it was, the app is told, and the device stays the same device."""
    database, device = _filled(tmp_path)
    DAMAGES[name](database)
    damaged = database.read_bytes()
    store = SqliteStore.open(tmp_path, "alice")
    [aside] = _aside(tmp_path)
    assert damaged == aside.read_bytes()
    assert device == store.identity().device
    [notice] = store.notices
    for part in ("was damaged", str(aside), "comes back from the server"):
        assert part in notice
    assert {} == dict(store.tokens())
    store.write(FULL)
    store.close()
    again = SqliteStore.open(tmp_path, "alice")
    assert [] == again.notices
    stored = again.load(BOOK)
    assert stored is not None
    assert FULL.pending[BOOK] == list(stored.pending)
    again.close()


def _root_page(database: Path, table: str) -> int:
    connection = sqlite3.connect(database)
    [(page,)] = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchall()
    connection.close()
    return int(page)


@pytest.mark.parametrize(
    "table", ["bases", "fields", "landed", "installation", "tokens", "local", "sessions"]
)
def test_unsent_edits_survive_damage_elsewhere(tmp_path: Path, table: str) -> None:
    """Whatever else is damaged, the edits that were not yet sent are all kept, and the notice says so."""
    database, device = _filled(tmp_path)
    _overwrite((_root_page(database, table) - 1) * 4096, 4096)(database)
    store = SqliteStore.open(tmp_path, "alice")
    store.check()
    stored = store.load(BOOK)
    assert stored is not None
    assert FULL.pending[BOOK] == list(stored.pending)
    assert [stored] == list(store.sessions())
    assert "All 2 edits that were not yet sent were kept" in store.notices[0]
    assert device == store.identity().device
    assert store.identity().newest_stamp >= stamp(2)
    store.close()


@pytest.mark.parametrize("name", ["header", "cut short"])
def test_common_damage_loses_no_edit(tmp_path: Path, name: str) -> None:
    """An overwritten header, or an end cut off behind the outbox, costs no unsent edit."""
    database, _ = _filled(tmp_path)
    page = _root_page(database, "outbox")
    (_cut(page * 4096) if name == "cut short" else DAMAGES[name])(database)
    store = SqliteStore.open(tmp_path, "alice")
    stored = store.load(BOOK)
    assert stored is not None
    assert FULL.pending[BOOK] == list(stored.pending)
    store.close()


def test_rows_around_a_damaged_page_are_kept(tmp_path: Path) -> None:
    """Of an outbox with one damaged page the rows around it are kept, and the notice says how many."""
    store = SqliteStore.open(tmp_path, "alice")
    ids = [SessionId(f"{n:04}") for n in range(400)]
    store.write(Batch(pending={id: [edit("a", "x" * 100, n)] for n, id in enumerate(ids)}))
    store.close()
    database = tmp_path / "store.sqlite"
    page = database.read_bytes().index(b"0200a") // 4096
    _overwrite(page * 4096, 4096)(database)
    store = SqliteStore.open(tmp_path, "alice")
    kept = {stored.id for stored in store.sessions() if stored.pending}
    assert {ids[0], ids[-1]} <= kept
    assert 300 < len(kept) < 400
    assert f"{len(kept)} could be read" in store.notices[0]
    store.close()


def test_damage_after_a_crash_keeps_the_log(tmp_path: Path) -> None:
    """What only the log of a killed process holds is kept too, even if the database itself is emptied."""
    folder = tmp_path / "profile"
    _filled(folder)
    assert write_and_die(folder, "alice", Batch(pending={BOOK: [edit("volume", 3, 9)]})) is None
    database = folder / "store.sqlite"
    log = (folder / "store.sqlite-wal").read_bytes()
    _overwrite(0, 100)(database)
    store = SqliteStore.open(folder, "alice")
    stored = store.load(BOOK)
    assert stored is not None
    assert ["place", "furthest", "volume"] == [row.field for row in stored.pending]
    assert [log] == [path.read_bytes() for path in _aside(folder) if path.name.endswith("-wal")]
    store.close()


@pytest.mark.parametrize("kind", ["missing", "empty"])
def test_lost_database(tmp_path: Path, kind: str) -> None:
    """When the database is gone or empty, the app is told, once, and the device stays the same device."""
    database, device = _filled(tmp_path)
    database.unlink()
    if kind == "empty":
        database.touch()
    store = SqliteStore.open(tmp_path, "alice")
    assert device == store.identity().device
    assert [recovery.GONE] == store.notices
    store.close()
    again = SqliteStore.open(tmp_path, "alice")
    assert [] == again.notices
    again.close()


def test_new_profile_has_lost_nothing(tmp_path: Path) -> None:
    """Of a new profile nothing is told; nor if the process died before the device's id was put beside it."""
    for _ in range(2):
        store = SqliteStore.open(tmp_path, "alice")
        assert [] == store.notices
        store.close()
        (tmp_path / "device-id").unlink()


def test_nonsense_beside_it_is_no_device_id(tmp_path: Path) -> None:
    """A damaged `device-id` file is replaced from the database."""
    _, device = _filled(tmp_path)
    for nonsense in (b"\xff\xfe", b"", b"ABCDEF0123456789"):
        (tmp_path / "device-id").write_bytes(nonsense)
        store = SqliteStore.open(tmp_path, "alice")
        assert device == store.identity().device
        store.close()
        assert device == (tmp_path / "device-id").read_text().strip()


def test_damaged_while_running(tmp_path: Path) -> None:
    """Damage under a running store costs no unsent edit; tokens are not kept until the next start."""
    store = SqliteStore.open(tmp_path, "alice")
    store.write(FULL)
    store.write(Batch(pending={BOOK: [edit("place", {"href": "c3"}, 3)]}, acked={BOOK: {"furthest": 2}}))
    before = store.identity()
    connection = store._open_connection()
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.execute("PRAGMA cache_size = 0")
    connection.execute("PRAGMA shrink_memory")
    _overwrite(0, 1 << 20)(tmp_path / "store.sqlite")

    store.write(Batch(pending={BOOK: [edit("volume", 1, 4)]}, tokens={"sessions": b"newer"}))
    assert 1 == len(store.notices)
    stored = store.load(BOOK)
    assert stored is not None
    assert [("place", 3), ("volume", 4)] == [(row.field, row.seq) for row in stored.pending]
    assert before == store.identity()
    store.write(Batch(tokens={"sessions": b"newest"}, newest_stamp=stamp(8)))
    assert {} == dict(store.tokens())
    store.close()

    again = SqliteStore.open(tmp_path, "alice")
    assert (before.device, stamp(8)) == (again.identity().device, again.identity().newest_stamp)
    again.write(Batch(tokens={"sessions": b"again"}))
    assert {"sessions": b"again"} == dict(again.tokens())
    assert [stored] == list(again.sessions())
    again.close()


@pytest.mark.parametrize("step", range(1, 6))
def test_death_in_the_middle_of_mending(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    """Whenever the process dies while it mends, the next start ends the work with all unsent edits."""
    folder = tmp_path / "profile"
    _filled(folder)
    assert write_and_die(folder, "alice", Batch(pending={BOOK: [edit("volume", 3, 9)]})) is None
    _overwrite(0, 60)(folder / "store.sqlite")
    moves = 0

    def dying(move: Callable[[Path, Path], Path]) -> Callable[[Path, Path], Path]:
        def counted(self: Path, target: Path) -> Path:
            nonlocal moves
            moves += 1
            if moves == step:
                raise KeyboardInterrupt
            return move(self, target)

        return counted

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", dying(Path.rename))
        patch.setattr(Path, "replace", dying(Path.replace))
        try:
            SqliteStore.open(folder, "alice").close()
        except KeyboardInterrupt:
            died = True
        else:
            died = False
    assert died == (step <= 4)  # new, log, database, new in its place
    store = SqliteStore.open(folder, "alice")
    stored = store.load(BOOK)
    assert stored is not None
    assert ["place", "furthest", "volume"] == [row.field for row in stored.pending]
    left = {path.name.split(".corrupt-")[0] for path in folder.iterdir()} - {"store.sqlite-wal"}
    assert {"device-id", "lock", "store.sqlite"} == left
    store.close()


def test_no_room_to_mend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without room for the mending, the damaged file stays where it is and the error says what to do."""
    database, _ = _filled(tmp_path)
    _overwrite(0, 60)(database)
    before = database.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", str(database))

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "copyfile", full)
        with pytest.raises(StorageFull, match="No space left"):
            SqliteStore.open(tmp_path, "alice")
    with monkeypatch.context() as patch:
        patch.setattr(recovery, "migrate", lambda _: full())
        with pytest.raises(StorageFull, match="No space left"):
            SqliteStore.open(tmp_path, "alice")
    assert before == database.read_bytes()
    assert ["device-id", "lock", "store.sqlite"] == sorted(path.name for path in tmp_path.iterdir())
    store = SqliteStore.open(tmp_path, "alice")
    assert "All 2 edits" in store.notices[0]
    store.close()


def test_damaged_twice_in_one_second(tmp_path: Path) -> None:
    """Two damaged files of one second are both set aside."""
    for count in (1, 2):
        database, _ = _filled(tmp_path)
        _text(database)
        SqliteStore.open(tmp_path, "alice").close()
        assert count == len(_aside(tmp_path))


@pytest.mark.skipif(sys.platform == "win32", reason="permissions of POSIX")
def test_only_the_user_can_read(tmp_path: Path) -> None:
    """Folders are 0700 and files 0600, whatever the umask, and after mending too."""
    folder = tmp_path / "home" / "profile"
    database, _ = _filled(folder)
    _text(database)
    store = SqliteStore.open(folder, "alice")
    store.write(FULL)
    assert {0o600} == {path.stat().st_mode & 0o777 for path in folder.iterdir()}
    assert {0o700} == {path.stat().st_mode & 0o777 for path in (folder, folder.parent)}
    assert "store.sqlite-wal" in {path.name for path in folder.iterdir()}
    store.close()
