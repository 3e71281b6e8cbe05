"""The user's devices: what they are called, and what becomes of a request that one makes about another."""

from __future__ import annotations

import pytest

from dalsegno._core.types import Link
from dalsegno._errors import Denied, Offline, UsageError
from tests.spec.pairs import card, pair
from tests.support.scenario import UNANSWERED, applied_but_told, refused
from tests.support.simulation.network import Fate


def test_a_device_is_renamed_from_afar() -> None:
    """Both lists have the new name, and its own beats and restarts leave it alone."""
    story, phone, laptop = pair()
    done = laptop.renames(phone, "  Pixel in the kitchen ")
    story.settles()
    assert done.done()
    assert done.result() is None
    laptop.sees_devices(**{"Pixel in the kitchen": "online"})
    assert "Pixel in the kitchen" == phone.lists_itself.name
    phone.restarts()
    story.time_passes(minutes=10)
    assert "Pixel in the kitchen" == card(story, phone)["name"]


def test_the_apps_own_new_name_replaces_an_old_one() -> None:
    """The app calls the device otherwise than at its last start: that is a wish, and it is newer."""
    story, phone, laptop = pair()
    laptop.renames(phone, "kitchen")
    story.settles()
    phone.name = "Pixel 9"
    phone.restarts()
    story.settles()
    laptop.sees_devices(**{"Pixel 9": "online"})


def test_a_device_renames_itself() -> None:
    """As any other."""
    story, phone, laptop = pair()
    phone.renames(phone, "mine")
    story.settles()
    laptop.sees_devices(mine="online")


@pytest.mark.parametrize("name", ["", "   ", "x" * 101, "\N{VIOLIN}" * 51, "\ud800"])
def test_a_bad_name_is_refused(name: str) -> None:
    """Before anything is sent."""
    story, phone, laptop = pair()
    calls = laptop.line.calls
    assert isinstance(laptop.renames(phone, name).exception(0), UsageError)
    story.settles()
    assert calls == laptop.line.calls


def test_requests_are_not_kept_for_later() -> None:
    """Offline they fail at once; a lost answer fails too, though it may have been done."""
    story, phone, laptop = pair()
    laptop.next_commits(UNANSWERED)
    unanswered = laptop.renames(phone, "kitchen")
    story.time_passes(seconds=15)
    assert isinstance(unanswered.exception(0), Offline)
    laptop.link_drops()
    story.settles()
    for future in (laptop.renames(phone, "bath"), laptop.throws_out(phone)):
        assert isinstance(future.exception(0), Offline)
    laptop.link_returns()
    story.time_passes(minutes=5)
    assert "kitchen" == card(story, phone)["name"]
    phone.is_linked(Link.LIVE)


def test_a_request_that_the_rules_refuse_says_so() -> None:
    """Denied, and the device is not taken for signed out."""
    story, phone, laptop = pair()
    laptop.next_commits(refused("PERMISSION_DENIED"))
    future = laptop.renames(phone, "kitchen")
    story.settles()
    assert isinstance(future.exception(0), Denied)
    laptop.is_linked(Link.LIVE)


@pytest.mark.parametrize("fate", [refused("ABORTED"), refused("CANCELLED"), applied_but_told("CANCELLED")])
def test_a_request_in_doubt_is_settled_by_a_look_at_the_card(fate: Fate) -> None:
    """Whether it was applied or not, it is in the end, and the future says so."""
    story, phone, laptop = pair()
    laptop.next_commits(fate)
    done = laptop.throws_out(phone)
    story.settles()
    assert done.result(0) is None
    assert phone.lists_itself.signed_out


def test_a_request_whose_token_was_refused_can_be_asked_again() -> None:
    """It fails as unanswered; the next one goes with another token."""
    story, phone, laptop = pair()
    laptop.next_commits(refused("UNAUTHENTICATED"))
    future = laptop.renames(phone, "kitchen")
    story.settles()
    assert isinstance(future.exception(0), Offline)
    assert 1 == laptop.line.dropped_tokens
    again = laptop.renames(phone, "kitchen")
    story.settles()
    assert again.result(0) is None
