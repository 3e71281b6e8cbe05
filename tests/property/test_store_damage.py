"""Any damage to the files of a store: it opens all the same, is the same device, and works."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from dalsegno._core.ports import Batch
from dalsegno._core.types import Millis, SessionId
from dalsegno._persistence.sqlite import SqliteStore
from tests.support.stores import BOOK, document, edit, stamp, write_and_die

_made: dict[str, bytes] = {}


def _files() -> dict[str, bytes]:
    """A store that was killed: some of it in the database, some in the log. Made once."""
    if not _made:
        with tempfile.TemporaryDirectory() as folder:
            store = SqliteStore.open(folder, "alice")
            for n in range(40):
                id = SessionId(f"book-{n}")
                base = document({"place": {"href": f"c{n}", "text": "x" * 200}}, rev=n + 1)
                store.write(
                    Batch(
                        opened={id: ("reading/1", Millis(n))},
                        bases={id: base},
                        landed={id: {"place": n + 1}},
                        pending={id: [edit("place", "y" * 200, n)]},
                        local={id: {"text_size": 18.0}},
                        tokens={f"doc-{n}": b"token" * 9},
                    )
                )
            store.close()
            assert write_and_die(Path(folder), "alice", Batch(pending={BOOK: [edit("a", 1, 99)]})) is None
            _made.update({path.name: path.read_bytes() for path in Path(folder).iterdir()})
    return _made


damages = st.tuples(
    st.sampled_from(["store.sqlite", "store.sqlite", "store.sqlite", "store.sqlite-wal"]),
    st.sampled_from(["overwrite", "overwrite", "cut", "lose"]),
    st.floats(0, 1, exclude_max=True),
    st.binary(min_size=1, max_size=200).map(lambda junk: junk * 30),
)


def _damage(path: Path, kind: str, place: float, junk: bytes) -> None:
    old = path.read_bytes() if path.exists() else b""
    at = int(place * len(old))
    if kind == "lose":
        path.unlink(missing_ok=True)
    else:
        path.write_bytes(old[:at] + junk + old[at + len(junk) :] if kind == "overwrite" else old[:at])


@settings(max_examples=150)
@given(st.lists(damages, min_size=1, max_size=3))
@example(
    [
        ("store.sqlite", "cut", 0.4619257241375064, b"\0"),
        ("store.sqlite", "overwrite", 0.10546875, b"\x80" * 30),
    ]
)
@example([("store.sqlite", "overwrite", 0.96875, b"\0" * 30)])
def test_any_damage(hurts: list[tuple[str, str, float, bytes]]) -> None:
    """However the files are damaged, the store opens, is the same device, and keeps what is written then."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, content in _files().items():
            (folder / file).write_bytes(content)
        for file, kind, place, junk in hurts:
            _damage(folder / file, kind, place, junk)
        device = (folder / "device-id").read_text().strip()
        store = SqliteStore.open(folder, "alice")
        assert device == store.identity().device
        store.sessions()
        store.tokens()
        new = SessionId("new")
        store.write(Batch(pending={new: [edit("a", 1, 500)]}, newest_stamp=stamp(500)))
        seen = list(store.sessions())
        store.close()
        again = SqliteStore.open(folder, "alice")
        assert [] == again.notices
        assert seen == list(again.sessions())
        stored = again.load(new)
        assert stored is not None
        assert (edit("a", 1, 500),) == stored.pending
        again.close()
