"""The client: opening a session, and what it refuses as an id or as a State."""

from __future__ import annotations

from typing import Any

import pytest

import dalsegno as ds
from dalsegno._client.client import Client
from dalsegno.testing._simulated_firestore import SimulatedFirestore
from tests.support.client_tests import Book

# --- opening ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["", "a/b", ".", "..", "__secret__", "__\n__", "x" * 201, "📖" * 101, "\ud800", None, 7]
)
def test_a_bad_session_id_is_refused(phone: Client, name: Any) -> None:
    """Ids that Firestore would not take are refused at once, with what an id may be."""
    with pytest.raises(ds.UsageError, match=r"is no session id: 1 to 200 .* without '/'"):
        phone.open(name, Book)


@pytest.mark.parametrize("cls", [ds.State, dict, Book(), "Book"])
def test_what_is_no_state_class_is_refused(phone: Client, cls: Any) -> None:
    """The error shows how a State class is written."""
    with pytest.raises(ds.UsageError, match="is no State class: class Reading"):
        phone.open("moby", cls)


def test_one_session_has_one_class(phone: Client) -> None:
    """While a session is open, it cannot be opened as something else."""

    class Film(ds.State, schema="film/1"):
        minute: int = ds.latest(0)

    with phone.open("moby", Book), pytest.raises(ds.UsageError, match="open already, with another State"):
        phone.open("moby", Film)
    assert 0 == phone.open("moby", Film).state.minute


@pytest.mark.parametrize("name", ["käse", "日本語", "with space", "a.b", "x" * 200, "a`b\\c"])
def test_unusual_session_ids_work(phone: Client, cloud: SimulatedFirestore, name: str) -> None:
    """Whatever Firestore takes for an id is good."""
    phone.open(name, Book).update(note="x")
    assert phone.flush(30.0)
    assert {"note": "x"} == (cloud.session(name) or {})["state"]


# --- misuse of State ----------------------------------------------------------------------------------


def test_a_state_without_a_schema_is_refused() -> None:
    """The message shows what a schema looks like."""
    with pytest.raises(ds.UsageError, match='such as schema="reading/1"'):

        class Nameless(ds.State):
            pass


@pytest.mark.parametrize("schema", ["reading", "Reading/1", "reading/0", "reading/x", "a b/1"])
def test_a_bad_schema_is_refused(schema: str) -> None:
    """A schema is a lower-case name and a version from 1."""
    with pytest.raises(ds.UsageError, match="a schema is a name and a version"):
        type("Bad", (ds.State,), {}, schema=schema)


def test_a_field_without_a_policy_is_refused() -> None:
    """The message names the field and the policies."""
    with pytest.raises(ds.UsageError, match=r"Bad.page has no policy: write page: … = latest"):

        class Bad(ds.State, schema="bad/1"):
            page: int = 3


def test_a_type_that_no_document_holds_is_refused() -> None:
    """The message names the field, its type, and what can be held."""
    with pytest.raises(ds.UsageError, match=r"Bad.pages: a field cannot be set\[int\]; use bool, int"):

        class Bad(ds.State, schema="bad/1"):
            pages: set[int] = ds.latest(set())


def test_a_default_of_another_type_is_refused() -> None:
    """A default must be a value that the field takes."""
    with pytest.raises(ds.UsageError, match="page takes int"):

        class Bad(ds.State, schema="bad/1"):
            page: int = ds.latest("one")  # type: ignore[assignment]


def test_a_state_takes_no_unknown_fields() -> None:
    """A state made by hand is checked like an update."""
    with pytest.raises(ds.UsageError, match="Book has no field page"):
        Book(page=3)  # type: ignore[call-arg]
