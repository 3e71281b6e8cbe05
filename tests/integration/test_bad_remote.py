"""Documents that this version does not understand: shown as far as known, told, and never erased."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from tests.integration.conftest import StartDevice
from tests.support.server import Server
from tests.support.waiting import until

STAMP = "000001700000000-00000-00000000000000cc"
NOW = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)


def document(schema: str, state: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A session's document as some other client would write it."""
    return {
        "schema": schema,
        "state": state,
        "stamps": dict.fromkeys(state, STAMP),
        "basis": dict.fromkeys(state, 0),
        "holder": None,
        "rev": 3,
        "hlc": 1_700_000_000,
        "device": "00000000000000cc",
        "at": NOW,
        **more,
    }


NEWER = document(
    "reading/2",
    {"note": "known", "furthest": 0.5, "mood": "unknown here", "shelf": {"row": 3}},
    merge={"furthest": {"round": 0}, "mood": {"later": [1, 2]}},
)


def test_a_newer_schema_is_shown_as_far_as_known(device: StartDevice, server: Server) -> None:
    """Of a reading/2 document a reading/1 app shows the fields that it knows."""
    server.put("book", NEWER)
    phone = device("phone")
    phone.open("book")
    phone.until_state("book", note="known", furthest=0.5)


def test_an_edit_erases_nothing_of_a_newer_schema(device: StartDevice, server: Server) -> None:
    """After this app's edit the document has every unknown field, its stamp, its merge data, its schema."""
    server.put("book", NEWER)
    phone = device("phone")
    phone.open("book")
    phone.until_state("book", note="known")
    phone.update("book", note="edited here")
    phone.until_saved()
    found = server.session("book") or {}
    assert {**NEWER["state"], "note": "edited here"} == found["state"]
    assert "reading/2" == found["schema"]
    assert NEWER["merge"] == found["merge"]
    assert {"mood": STAMP, "shelf": STAMP} == {n: found["stamps"][n] for n in ("mood", "shelf")}
    assert 4 == found["rev"]


@pytest.mark.parametrize(
    "nonsense",
    [
        {"schema": 7, "state": "nothing of the kind"},
        {"state": {"note": "no schema"}},
        document("reading/1", {"note": "no rev"}, rev="three"),
        {**document("reading/1", {}), "state": ["a", "list"]},
        {},
    ],
    ids=["types", "no schema", "rev is text", "state is a list", "empty"],
)
def test_nonsense_is_told_and_left_alone(
    device: StartDevice, server: Server, nonsense: dict[str, Any]
) -> None:
    """The app is told which session's document makes no sense, goes on, and does not write over it."""
    server.put("book", nonsense)
    phone = device("phone")
    phone.open("book")
    phone.open("another")
    phone.update("book", note="mine")
    phone.update("another", note="fine")
    until(lambda: "'book' makes no sense" in phone.ask("status")["reason"], what="the reason")
    until(lambda: {"note": "fine"} == server.state("another"))
    assert nonsense == server.session("book")
    assert "mine" == phone.state("book")["note"]


def test_a_nonsense_document_that_is_mended_takes_the_edits(device: StartDevice, server: Server) -> None:
    """As soon as the document makes sense again, what was edited meanwhile goes there."""
    server.put("book", {"schema": 7})
    phone = device("phone")
    phone.open("book")
    phone.update("book", note="waited")
    until(lambda: "makes no sense" in phone.ask("status")["reason"], what="the reason")
    server.put("book", document("reading/1", {"furthest": 0.3}))
    until(lambda: {"furthest": 0.3, "note": "waited"} == server.state("book"), timeout_s=60.0)
    until(lambda: "" == phone.ask("status")["reason"], what="the reason to be gone")


def test_a_field_of_the_wrong_type_leaves_the_others_alone(device: StartDevice, server: Server) -> None:
    """A place that is no locator shows as none; the note beside it is shown, and an edit mends the field."""
    server.put("book", document("reading/1", {"place": "page 12", "furthest": 0.4, "note": "good"}))
    phone = device("phone")
    phone.open("book")
    assert phone.until_state("book", note="good", furthest=0.4)["place"] is None
    place = {"href": "one.xhtml", "type": "application/xhtml+xml"}
    phone.update("book", place=place)
    phone.until_saved()
    assert place == server.state("book")["place"]


def test_a_session_of_another_kind_is_told_and_left_alone(device: StartDevice, server: Server) -> None:
    """A listening session opened as a book: nothing of it is shown as a book's, and nothing is written."""
    other = document("listening/1", {"track": "nocturne", "note": "not a book's"})
    server.put("book", other)
    phone = device("phone")
    phone.open("book")
    told = until(lambda: (r := phone.ask("status")["reason"]) and "'book'" in r and r, what="the reason")
    assert "listening" in told
    assert "" == phone.state("book")["note"]
    phone.update("book", note="mine")
    phone.open("witness")
    phone.update("witness", note="arrived")
    until(lambda: {"note": "arrived"} == server.state("witness"))
    assert other == server.session("book")


def test_a_deleted_document_is_written_again(device: StartDevice, server: Server) -> None:
    """The document vanishes at the server: the device keeps its place, and the next edit brings all back."""
    phone = device("phone")
    phone.open("book")
    phone.update("book", note="kept", furthest=0.4)
    phone.until_saved()
    server.delete("book")
    phone.update("book", furthest=0.5)
    until(lambda: {"note": "kept", "furthest": 0.5} == server.state("book"), timeout_s=60.0)


def test_a_document_set_back_does_not_set_the_reader_back(device: StartDevice, server: Server) -> None:
    """A document restored from an old backup: the device does not go back, and tells the server again."""
    phone = device("phone")
    phone.open("book")
    phone.update("book", note="old")
    phone.until_saved()
    backup = server.session("book") or {}
    until(lambda: phone.update("book", note="new")["note"] == "new")
    phone.until_saved()
    server.put("book", backup)
    until(lambda: {"note": "new"} == server.state("book"), timeout_s=60.0)
    assert "new" == phone.state("book")["note"]
