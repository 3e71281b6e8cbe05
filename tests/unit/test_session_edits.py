"""What a session takes, and what it tells: the fields of its class, where they are otherwise than before."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import dalsegno as ds
from dalsegno._client.client import Client
from dalsegno._threads.delivery import MOST_WAITING
from dalsegno.testing._simulated_firestore import SimulatedFirestore
from tests.support.client_tests import Book
from tests.support.waiting import until


class Spot:
    """A class of the app's own that does not expect None."""

    def __init__(self, x: int) -> None:
        self.x = x

    def to_value(self) -> dict[str, int]:
        return {"x": self.x}

    @classmethod
    def from_value(cls, value: Any) -> Spot:
        return cls(value["x"])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Spot) and self.x == other.x

    __hash__ = None  # type: ignore[assignment]


class Richer(Book, schema="book/1"):
    """What a newer app makes of the same session."""

    spot: Spot | None = ds.latest(default=None)


def test_a_field_can_be_none_again(phone: Client, laptop: Client) -> None:
    """None is None, here and there, whatever the class thinks of it."""
    book, other = phone.open("moby", Richer), laptop.open("moby", Richer)
    book.update(spot=Spot(3))
    until(lambda: Spot(3) == other.state.spot)
    assert book.update(spot=None).spot is None
    until(lambda: other.state.spot is None)


def test_an_edit_may_be_a_state(phone: Client, cloud: SimulatedFirestore) -> None:
    """It writes the fields that it was made with, and no default of the others."""
    book = phone.open("moby", Book)
    book.update(note="kept")
    given = book.update(Book(furthest=0.4, tags=["a"]))
    assert given == book.state == Book(note="kept", furthest=0.4, tags=["a"])
    assert 0.1 == book.update(Book(furthest=ds.restart(0.1))).furthest
    with pytest.raises(ds.UsageError, match="is what the session shows"):
        book.update(book.state)
    assert book.wait_saved(30.0)
    assert ["furthest", "note", "tags"] == sorted((cloud.session("moby") or {})["state"])


def test_what_a_session_shows_is_changed_by_update_alone(phone: Client, cloud: SimulatedFirestore) -> None:
    """A list cannot be changed in place; the app's own object can, and is not the session's."""
    book = phone.open("moby", Richer)
    book.update(tags=["a"], spot=Spot(1))
    with pytest.raises(ds.UsageError, match="does not change in place"):
        book.state.tags.append("b")
    spot = book.state.spot
    assert spot is not None
    spot.x = 9
    assert (["a"], Spot(1)) == (book.state.tags, book.state.spot)
    book.update(tags=[*book.state.tags, "b"])
    assert book.wait_saved(30.0)
    assert {"tags": ["a", "b"], "spot": {"x": 1}} == (cloud.session("moby") or {})["state"]


def test_a_change_names_fields_of_the_class_alone(phone: Client, laptop: Client) -> None:
    """A field that only a newer app knows is no change for an older one."""
    older, newer = phone.open("moby", Book), laptop.open("moby", Richer)
    told: list[frozenset[str]] = []
    assert older.wait_known(30.0)
    older.on_change(lambda change: told.append(change.fields))
    newer.update(spot=Spot(1))
    newer.update(spot=Spot(2), note="x")
    until(lambda: older.state.note == "x")
    newer.update(note="y")
    until(lambda: older.state.note == "y" and frozenset({"note"}) in told)
    assert {frozenset({"note"})} == set(told)


def test_a_change_is_by_whoever_changed_what_is_told(
    phone: Client, laptop: Client, cloud: SimulatedFirestore
) -> None:
    """Of two devices' edits in one answer, the newer is of a field that this class does not have."""
    older, newer = phone.open("moby", Book), laptop.open("moby", Richer)
    newer.update(note="by the laptop")
    assert newer.wait_saved(30.0)
    until(lambda: older.state.note == "by the laptop")
    told: list[ds.Change[Book]] = []
    older.on_change(told.append)
    document = dict(cloud.session("moby") or {})
    millis = int(document["stamps"]["note"][:15])
    document["state"] = {"note": "by a", "spot": {"x": 1}}
    document["stamps"] = {
        "note": f"{millis + 1:015}-00000-{'a' * 16}",
        "spot": f"{millis + 2:015}-00000-{'b' * 16}",
    }
    document["basis"] = {"note": 1, "spot": 1}
    cloud.put("moby", document)
    (change,) = until(lambda: told)
    assert (frozenset({"note"}), "a" * 16) == (change.fields, change.device and change.device.id)


def test_what_recent_shows_is_changed_by_nobody(phone: Client) -> None:
    """The plain values of the newest sessions: a change in place would change what this device knows."""
    book = phone.open("moby", Book)
    book.update(tags=["a"])
    (found,) = phone.recent()
    tags: Any = found.state["tags"]
    with pytest.raises(ds.UsageError, match="does not change in place"):
        tags.append("b")
    assert ["a"] == phone.recent()[0].state["tags"] == book.state.tags


def test_a_value_that_shows_nothing_new_is_no_change(phone: Client, cloud: SimulatedFirestore) -> None:
    """Nonsense, and a number written in another way: the state is as before, and nobody is called."""
    book = phone.open("moby", Book)
    book.update(furthest=1.0, note="a", tags=["t"])
    assert book.wait_saved(30.0)
    told: list[ds.Change[Book]] = []
    book.on_change(told.append)
    document = dict(cloud.session("moby") or {})
    document["state"] = {"furthest": 1, "note": 7, "tags": ["t", 7]}
    cloud.put("moby", document)
    document["state"] = {**document["state"], "note": "b"}
    cloud.put("moby", document)
    until(lambda: told)
    assert [frozenset({"note"})] == [change.fields for change in told]
    assert Book(furthest=1.0, note="b", tags=["t"]) == book.state


def test_there_and_back_again_is_no_change(cloud: SimulatedFirestore, tmp_path: Path) -> None:
    """An app that is far behind is told the way to where it stands; and nothing, where it already is."""
    waiting: list[Any] = []
    with cloud.client(tmp_path, "phone", deliver=waiting.append) as client:
        book = client.open("moby", Book)
        told: list[frozenset[str]] = []
        assert book.wait_known(30.0)
        book.on_change(lambda change: told.append(change.fields))
        for _ in range(MOST_WAITING - 1):
            book.update(furthest=book.state.furthest + 0.01)
        book.update(note="there")
        book.update(note="")
        client._runtime.worker.call(lambda: None)
        for task in waiting:
            task()
        assert [frozenset({"furthest"})] * (MOST_WAITING - 1) == told


def test_a_callback_may_be_for_some_fields(phone: Client) -> None:
    """It is called only after changes of those, and then told of all that changed."""
    book = phone.open("moby", Book)
    told: dict[str, list[frozenset[str]]] = {"all": [], "note": [], "two": []}
    book.on_change(lambda change: told["note"].append(change.fields), fields="note")
    book.on_change(lambda change: told["two"].append(change.fields), fields=("note", "text_size"))
    end = book.on_change(lambda change: told["all"].append(change.fields))
    book.update(furthest=0.1)
    book.update(note="a", furthest=0.2)
    book.update(text_size=20.0)
    until(lambda: len(told["all"]) == 3)
    both, size = frozenset({"note", "furthest"}), frozenset({"text_size"})
    assert ([both], [both, size]) == (told["note"], told["two"])
    end()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ("plce", "Book has no field plce; it has place"),
        (["note", "plce"], "Book has no field plce"),
        ((), "would never be called"),
    ],
)
def test_a_callback_for_unknown_fields_is_refused(phone: Client, fields: Any, message: str) -> None:
    """It would never be called: the mistake is told where it is made."""
    with pytest.raises(ds.UsageError, match=message):
        phone.open("moby", Book).on_change(print, fields=fields)


def test_a_callback_is_a_function(phone: Client) -> None:
    """Anything else is refused at once, and not with each change."""
    with pytest.raises(ds.UsageError, match="on_change takes a function of one Change, not str"):
        phone.open("moby", Book).on_change("print")  # type: ignore[arg-type]


def test_a_place_of_another_client_is_kept_without_its_odd_part(
    phone: Client, cloud: SimulatedFirestore
) -> None:
    """Then a page turn here does not write over the rest of what it said."""
    book = phone.open("moby", Book)
    book.update(note="a")
    assert book.wait_saved(30.0)
    document = dict(cloud.session("moby") or {})
    place = {
        "href": "9.xhtml",
        "locations": {"progression": 1.0000001, "position": 0, "fragments": [f"f{n}" for n in range(9)]},
        "text": {"highlight": "Call me Ishmael.", "after": 7},
    }
    document["state"] = {**document["state"], "place": place}
    cloud.put("moby", document)
    until(lambda: book.state.place)
    found = book.state.place
    assert found is not None
    assert ("9.xhtml", 1.0, "Call me Ishmael.") == (found.href, found.progression, found.text.highlight)
    assert 8 == len(found.locations.fragments)


def test_a_lists_default_is_nobody_elses(phone: Client, laptop: Client) -> None:
    """Not another session's, nor another client's."""
    with pytest.raises(ds.UsageError):
        phone.open("moby", Book).state.tags.append("secret")
    assert [] == phone.open("emma", Book).state.tags == laptop.open("moby", Book).state.tags == Book().tags
