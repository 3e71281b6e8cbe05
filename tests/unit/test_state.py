"""State classes: what may be declared, what may be written, what is understood of what arrives."""

from __future__ import annotations

from typing import ClassVar

import pytest

import dalsegno as ds
from dalsegno._core import state as states
from dalsegno._core.policies import HIGHEST, LATEST, ON_THIS_DEVICE, Policy, Restart
from dalsegno._errors import UsageError


class Reading(ds.State, schema="reading/1"):
    place: str | None = ds.latest(None)
    furthest: float = ds.highest(0.0)
    text_size: float = ds.on_this_device(18.0)


class Richer(Reading, schema="reading/2"):
    marks: dict[str, int] = ds.latest({})


def test_a_state_has_its_defaults() -> None:
    """Without values each field is as declared."""
    assert (None, 0.0, 18.0) == (Reading().place, Reading().furthest, Reading().text_size)


def test_the_schema_says_the_policy_of_each_field() -> None:
    """That is all that the engine sees of a class."""
    schema = Reading.__schema__
    assert ("reading", 1) == (schema.name, schema.version)
    expected: dict[str, Policy] = {"place": LATEST, "furthest": HIGHEST, "text_size": ON_THIS_DEVICE}
    assert expected == schema.policies


def test_a_richer_class_keeps_the_fields_of_its_parent() -> None:
    """A newer version adds fields, and changes none."""
    assert ["place", "furthest", "text_size", "marks"] == list(Richer.__fields__)
    assert "reading/2" == Richer.__schema__.label
    assert ["place", "furthest", "text_size"] == list(Reading.__fields__)


def test_states_are_equal_by_class_and_values() -> None:
    """Two of the same are equal; a richer one is another."""
    assert Reading(place="a") == Reading(place="a")
    assert Reading(place="a") != Reading(place="b")
    assert Reading() != Richer()
    assert "Reading(place='a', furthest=0.0, text_size=18.0)" == repr(Reading(place="a"))


def test_a_state_does_not_change() -> None:
    """The error says what to do instead."""
    state = Reading()
    with pytest.raises(UsageError, match=r"session\.update\(place="):
        state.place = "b"  # type: ignore[misc]
    with pytest.raises(UsageError, match="does not change"):
        del state.place
    assert state.place is None


@pytest.mark.parametrize(
    "schema", ["", "reading", "reading/0", "Reading/1", "reading/1/2", "/1", "reading/01", 7, None]
)
def test_a_schema_is_a_name_and_a_version(schema: object) -> None:
    """Anything else is refused where it is declared, with an example."""
    with pytest.raises((UsageError, TypeError), match=r"reading/1|expected string"):
        type("Bad", (ds.State,), {}, schema=schema)


def test_a_field_without_policy_is_refused() -> None:
    """The error names the field and the three ways."""
    with pytest.raises(UsageError, match=r"Bad\.place has no policy.*latest\(default\)"):

        class Bad(ds.State, schema="bad/1"):
            place: int = 3


def test_a_type_that_no_document_can_hold_is_refused() -> None:
    """The error says which types there are."""
    with pytest.raises(UsageError, match=r"Bad\.place: a field cannot be .*complex"):

        class Bad(ds.State, schema="bad/1"):
            place: complex = ds.latest(1j)


def test_a_type_that_is_not_there_is_refused() -> None:
    """A typo in an annotation is told as one."""
    with pytest.raises(UsageError, match="define or import them"):

        class Bad(ds.State, schema="bad/1"):
            place: Locatro = ds.latest(None)  # type: ignore[name-defined]  # noqa: F821


def test_a_default_of_the_wrong_type_is_refused() -> None:
    """A class that could not store its own default is a mistake at the declaration."""
    with pytest.raises(UsageError, match="furthest takes float"):

        class Bad(ds.State, schema="bad/1"):
            furthest: float = ds.highest("far")  # type: ignore[assignment, type-var]


def test_class_variables_are_no_fields() -> None:
    """An app may keep its own constants there."""

    class Fine(ds.State, schema="fine/1"):
        kind: ClassVar[str] = "book"
        place: int = ds.latest(0)

    assert ["place"] == list(Fine.__fields__)
    assert "book" == Fine.kind


def test_an_unknown_field_is_refused_with_the_known_ones() -> None:
    """When it is made and when it is written."""
    for attempt in (
        lambda: Reading(plaice=1),  # type: ignore[call-arg]
        lambda: states.encode(Reading, {"plaice": 1}),
    ):
        with pytest.raises(
            UsageError, match="Reading has no field plaice; it has place, furthest, text_size"
        ):
            attempt()


@pytest.mark.parametrize("value", [3, b"x", ["a"], object()])
def test_a_wrong_type_is_refused_by_name(value: object) -> None:
    """The field, what it takes and what it was given; not the value, which is the user's."""
    with pytest.raises(UsageError, match=rf"place takes str or None, not {type(value).__name__}"):
        states.encode(Reading, {"place": value})


def test_no_edit_is_half_made() -> None:
    """One wrong field refuses all of them."""
    with pytest.raises(UsageError):
        states.encode(Reading, {"place": "a", "furthest": "far"})


def test_restart_is_for_highest_only() -> None:
    """And its value is checked like any other."""
    assert {"furthest": Restart(0.0)} == states.encode(Reading, {"furthest": ds.restart(0.0)})
    with pytest.raises(UsageError, match="no `highest` field"):
        states.encode(Reading, {"place": ds.restart("a")})  # type: ignore[type-var]
    with pytest.raises(UsageError, match="furthest takes float"):
        states.encode(Reading, {"furthest": ds.restart("0")})  # type: ignore[type-var]


def test_what_arrives_and_makes_no_sense_keeps_what_was_there() -> None:
    """One poisoned field: the default, or the value before; the others are understood."""
    poisoned = {"place": 7, "furthest": 0.5}
    assert Reading(furthest=0.5) == states.decode(Reading, poisoned)
    assert Reading(place="old", furthest=0.5) == states.decode(Reading, poisoned, Reading(place="old"))


def test_fields_of_a_newer_app_are_not_seen_and_do_no_harm() -> None:
    """An older class shows what it knows."""
    assert Reading(place="a") == states.decode(Reading, {"place": "a", "mood": {"is": "calm"}})
