"""The user's devices: who was thrown out, what they are told, and how they come back."""

from __future__ import annotations

import pytest

from dalsegno._core.types import Link, Saved
from dalsegno._errors import Denied, UsageError
from tests.spec.pairs import card, pair, sign_in
from tests.support.simulation.network import Way


def test_a_device_is_thrown_out() -> None:
    """It is told by whom, the others see it, and the server lets it do nothing more."""
    story, phone, laptop = pair()
    done = laptop.throws_out(phone)
    story.settles()
    assert done.result(0) is None
    phone.is_signed_out("This device was signed out from “laptop”.")
    laptop.sees_devices(phone="signed out").is_linked(Link.LIVE)
    assert phone.lists_itself.signed_out
    assert laptop.id == sign_in(story, phone.line.sign_in)["revoked"]["by"]


def test_the_card_tells_where_an_open_stream_is_not_looked_at_again() -> None:
    """The server goes on telling what changes on a stream that was allowed once: the mark is in it."""
    story, phone, laptop = pair()
    story.server.looks_again = False
    laptop.throws_out(phone)
    story.settles()
    phone.is_signed_out("from “laptop”")


def test_who_was_thrown_out_goes_silent() -> None:
    """No loop: not one call in a day, whatever the user does; and what they do is kept."""
    story, phone, laptop = pair()
    laptop.throws_out(phone)
    story.settles()
    calls = phone.line.calls
    for place in range(24):
        phone.edits(place=place)
        story.time_passes(hours=1)
    assert calls == phone.line.calls
    phone.sees(place=23).is_saved(Saved.HERE).is_signed_out().has_on_disk(place=23)
    laptop.sees_nothing()


def test_thrown_out_while_offline() -> None:
    """Its edits are kept; when it comes back it is told, and sends nothing."""
    story, phone, laptop = pair()
    phone.link_drops().edits(place=7)
    laptop.throws_out(phone)
    story.time_passes(minutes=5)
    phone.is_linked(Link.OFFLINE).link_returns().changes_network()
    story.settles()
    phone.is_signed_out("signed out from").is_saved(Saved.HERE).has_on_disk(place=7)
    assert [] == [w for w in story.server.history if w.path[0] == "sessions"]


def test_thrown_out_while_the_app_is_closed() -> None:
    """At the next start it finds out, by whom is not known to it; and only once per start."""
    story, phone, laptop = pair()
    phone.crashes()
    laptop.throws_out(phone)
    story.settles()
    phone.restarts()
    story.settles()
    phone.is_signed_out("signed out from another of your devices")
    calls = phone.line.calls
    story.time_passes(hours=1)
    assert calls == phone.line.calls


def test_signing_in_again_lets_it_back_in() -> None:
    """A new sign-in, the same device: it registers, and what it could not send goes out."""
    story, phone, laptop = pair()
    laptop.throws_out(phone)
    story.settles()
    phone.edits(place=7)
    story.time_passes(hours=1)
    phone.signs_in_again()
    story.settles()
    phone.is_linked(Link.LIVE).is_saved(Saved.EVERYWHERE)
    laptop.sees(place=7).sees_devices(phone="online")
    assert {phone.id: True} == sign_in(story, phone.line.sign_in)["devices"]


def test_a_new_sign_in_while_the_app_is_closed() -> None:
    """Thrown out, closed, signed in, started: it just works, under the same id."""
    story, phone, laptop = pair()
    laptop.throws_out(phone)
    story.settles()
    phone.edits(place=7).crashes()
    phone.line.sign_in = "1799999999"
    phone.restarts()
    story.settles()
    phone.is_linked(Link.LIVE).is_saved(Saved.EVERYWHERE)
    laptop.sees(place=7).sees_devices(phone="online")


@pytest.mark.parametrize("what", ["changes_network", "resumes"])
def test_another_network_is_no_new_sign_in(what: str) -> None:
    """Whatever happens to the device, as long as the sign-in is the old one, nothing is sent."""
    story, phone, laptop = pair()
    laptop.throws_out(phone)
    story.settles()
    calls = phone.line.calls
    for _ in range(5):
        getattr(phone, what)()
        story.time_passes(minutes=1)
    assert calls == phone.line.calls
    phone.is_signed_out()


def test_a_pause_outlasts_a_new_sign_in() -> None:
    """Signed in again while the app is in the background: nothing before it is back."""
    story, phone, laptop = pair()
    laptop.throws_out(phone)
    story.settles()
    listens = len(phone.line.listens)
    phone.pauses().signs_in_again()
    story.settles()
    assert listens == len(phone.line.listens)
    phone.resumes()
    story.settles()
    phone.is_linked(Link.LIVE)
    assert listens + 1 == len(phone.line.listens)


def test_thrown_out_between_two_edits() -> None:
    """Whatever was sent before counts, what was sent after does not, and is kept."""
    story, phone, laptop = pair()
    phone.edits(place=1)
    story.settles()
    laptop.throws_out(phone)
    phone.edits(place=2)
    story.settles()
    story.server_has(place=1)
    phone.is_signed_out().has_on_disk(place=2)


def test_the_stream_that_is_refused_tells_too() -> None:
    """The card does not come through: the next stream is refused, and the reason is looked up."""
    story, phone, laptop = pair()
    story.server.put(
        (
            ("signins", phone.line.sign_in),
            {**sign_in(story, phone.line.sign_in), "revoked": {"by": laptop.id}},
        )
    )
    phone.changes_network()
    story.settles()
    phone.is_signed_out("from “laptop”")


def test_a_mark_on_the_card_alone_changes_nothing() -> None:
    """Somebody marks the card and leaves the sign-in: the device goes on, and wipes the mark off."""
    story, phone, laptop = pair()
    story.server.put((("devices", phone.id), {**card(story, phone), "revoked": {"by": laptop.id}}))
    story.settles()
    phone.is_linked(Link.LIVE)
    laptop.sees_devices(phone="online")


def test_nobody_throws_out_the_device_in_their_hands() -> None:
    """Nor one that shares its sign-in: both would be cut off."""
    story, phone, laptop = pair()
    assert isinstance(laptop.throws_out(laptop).exception(0), UsageError)
    phone.token_changes_sign_in(laptop.line.sign_in).changes_network()
    story.settles()
    assert isinstance(laptop.throws_out(phone).exception(0), UsageError)
    phone.is_linked(Link.LIVE)


def test_throwing_out_twice_is_no_error() -> None:
    """Done is done."""
    story, phone, laptop = pair()
    laptop.throws_out(phone)
    story.settles()
    assert laptop.throws_out(phone).result(0) is None


def test_two_devices_throw_out_a_third_at_once() -> None:
    """The rules refuse the later one, for it is done already: and so it is for whoever asked."""
    story, phone, laptop = pair()
    tablet = story.device("tablet").opens()
    story.settles()
    one, other = laptop.throws_out(phone), tablet.throws_out(phone)
    story.settles()
    assert (None, None) == (one.exception(0), other.exception(0))
    phone.is_signed_out()


def test_a_card_that_is_read_again_is_looked_at_again() -> None:
    """Meanwhile the device has come under this one's own sign-in: that would end both."""
    story, phone, laptop = pair()
    laptop.link_drops(Way.STALLED)
    future = laptop.throws_out(phone)
    phone.token_changes_sign_in(laptop.line.sign_in).changes_network()
    story.settles()
    laptop.link_returns()
    story.settles()
    assert isinstance(future.exception(0), UsageError)
    phone.is_linked(Link.LIVE)
    laptop.is_linked(Link.LIVE)


def test_a_card_that_has_just_moved_is_read_again() -> None:
    """The device beat, or signed in again, a moment before: what is thrown out is how it is now."""
    story, phone, laptop = pair()
    laptop.link_drops(Way.STALLED)
    phone.signs_in_again()
    story.settles()
    future = laptop.throws_out(phone)
    laptop.link_returns()
    story.settles()
    assert future.result(0) is None
    phone.is_signed_out()


def test_a_thrown_out_device_throws_nobody_out() -> None:
    """What it asked for as it was thrown out is denied, with the reason."""
    story, phone, laptop = pair()
    laptop.throws_out(phone)
    future = phone.throws_out(laptop)
    story.settles()
    assert "signed out from" in str(future.exception(0))
    assert isinstance(phone.renames(laptop, "x").exception(0), Denied)
    laptop.is_linked(Link.LIVE)
