"""A session's marks under any order of adding, sending, hearing and going back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dalsegno._core import marks
from dalsegno._core.clock import stamp
from dalsegno._core.document import Entry
from dalsegno._core.marks import Mark, Shelf
from tests.property.entries import DEVICES

places = st.integers(0, 40)
steps = st.lists(st.tuples(st.sampled_from(["add", "later", "send", "hear", "go"]), places), max_size=60)


def mark(place: int, later: bool = False) -> Mark:
    entry = Entry(place, stamp(place, 0, DEVICES[place % len(DEVICES)]))
    (made,) = marks.marks_of("jump", {"place": entry}, place, later)
    return made


def after(shelf: Shelf, server: dict[str, Mark], kind: str, place: int) -> Shelf:
    """One step, at the shelf and at the server."""
    if kind in ("add", "later"):
        return shelf.adding([mark(place, kind == "later")])
    if kind == "go" and shelf.newest_first:
        return shelf.without(shelf.newest_first[place % len(shelf.newest_first)].id)
    if kind == "hear":
        return shelf.heard(dict(server))
    sent = {id: one for id, one in shelf.owed.items() if not one.later}
    deleted = shelf.unwanted - shelf.owed.keys()
    server.update(sent)
    for id in deleted:
        server.pop(id, None)
    return shelf.written(sent, deleted)


@given(steps)
def test_what_is_owed_comes_to_be_at_the_server_and_the_newest_are_kept(run: list[tuple[str, int]]) -> None:
    """Never more than twenty are shown, newest first; sent and heard, shelf and server are one."""
    shelf, server = Shelf(), dict[str, Mark]()
    for kind, place in run:
        shelf = after(shelf, server, kind, place)
        shown = shelf.newest_first
        assert len(shown) <= marks.MOST
        assert sorted(shown, key=lambda one: one.order, reverse=True) == list(shown)
        assert not {one.id for one in shown} & shelf.unwanted
    shelf = after(shelf.hurried(), server, "send", 0)
    shelf = after(shelf, server, "send", 0)
    assert not shelf.owes
    assert dict(shelf.known) == server
    assert len(server) <= marks.MOST


@given(steps)
def test_what_is_kept_on_disk_is_what_was(run: list[tuple[str, int]]) -> None:
    """Step by step the local fields that changed, and at the end the same shelf."""
    shelf, server, local = Shelf(), dict[str, Mark](), {}
    for kind, place in run:
        before, shelf = shelf, after(shelf, server, kind, place)
        local.update(marks.to_keep(before, shelf))
    assert shelf.hurried() == marks.from_local(local)
    assert (shelf.owes or shelf.waits) == (local.get(marks.OWED_AS) is not None)


@given(st.dictionaries(st.sampled_from("abc"), places, min_size=1), st.integers(0, 99))
def test_the_same_place_has_the_same_name_on_every_device(values: dict[str, int], ms: int) -> None:
    """One mark an edit, named by it and by the fields it keeps."""
    entries = {name: Entry(value, stamp(ms, 0, DEVICES[0])) for name, value in values.items()}
    (one,), (other,) = marks.marks_of("merge", entries, 1), marks.mark_of("follow", entries, 2)
    assert (one.id, one.values) == (other.id, other.values)
    assert len(one.id) <= 64
    assert one.id != marks.mark_id({**entries, "more": Entry(0, one.stamp)})
    older = {**entries, "more": Entry(0, stamp(0, 0, DEVICES[1]))}
    assert marks.mark_id(older) != marks.mark_id({**entries, "more": Entry(1, stamp(0, 1, DEVICES[1]))})


nonsense = st.recursive(
    st.none() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@given(nonsense)
def test_what_makes_no_sense_on_disk_is_no_mark(value: object) -> None:
    """It never keeps a session from opening."""
    found = marks.from_local({marks.KNOWN_AS: value, marks.OWED_AS: value})  # type: ignore[dict-item]
    assert len(found.newest_first) <= marks.MOST
