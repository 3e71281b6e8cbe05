"""The user's devices: who is online.

Two leases matter below: 120 s is how long a device counts as online after it was heard last, 80 s how often
it says so while another one looks.
"""

from __future__ import annotations

import pytest

from dalsegno._core.types import Link
from tests.spec.pairs import card, pair
from tests.support.scenario import HELD, LOST, UNANSWERED, Scenario
from tests.support.simulation.network import Way


def test_alone_a_device_says_once_that_it_is_there() -> None:
    """One write on arrival, and then none for a day: nobody looks."""
    story = Scenario()
    phone = story.device("phone").opens()
    story.time_passes(hours=23)
    assert 1 == len(phone.beats())
    story.time_passes(hours=2)
    assert 2 == len(phone.beats())


def test_a_dead_link_is_noticed_by_the_registration_for_which_an_edit_waits() -> None:
    """What a new device says of itself is not answered for 10 s: another connection, not 75 s of silence."""
    story = Scenario()
    phone = story.device("phone").next_commits(UNANSWERED).opens().edits(place="p. 1")
    story.time_passes(seconds=12)
    assert 2 == len(phone.line.listens)
    story.settles().server_has(place="p. 1", rev=1)
    assert 2 == len(phone.beats())


def test_a_client_without_a_session_writes_nothing() -> None:
    """Nothing is open and nobody asked for the devices: no connection, no card."""
    story = Scenario()
    phone = story.device("phone")
    story.time_passes(hours=1)
    assert ([], []) == (phone.line.listens, phone.line.commits)


def test_who_shows_the_devices_listens_for_them() -> None:
    """Also with no session open."""
    story = Scenario()
    phone, laptop = story.device("phone").opens(), story.device("laptop").shows_devices()
    story.settles()
    laptop.is_linked(Link.LIVE).sees_devices(phone="online")
    phone.sees_devices(laptop="online")


def test_two_devices_renew_their_leases_every_80_s() -> None:
    """As long as both are there, each says so; neither is ever offline on the other's list."""
    story, phone, laptop = pair()
    for _ in range(100):
        story.time_passes(seconds=6)
        phone.sees_devices(laptop="online")
        laptop.sees_devices(phone="online")
    for device in (phone, laptop):
        gaps = [round(b - a) for a, b in zip(device.beats(), device.beats()[1:], strict=False)]
        assert [80] * 7 == gaps


def test_a_killed_device_is_offline_when_its_lease_is_over() -> None:
    """No word of it, and no write: two minutes after it was heard last, the other list says so by itself."""
    story, phone, laptop = pair()
    seen_s = phone.beats()[-1]
    phone.crashes()
    story.time_passes(seconds=seen_s + 119 - story.seconds)
    laptop.sees_devices(phone="online")
    told = laptop.device_lists
    story.time_passes(seconds=2)
    laptop.sees_devices(phone="offline")
    assert told + 1 == laptop.device_lists


def test_a_survivor_stops_beating() -> None:
    """Once the other's lease is over, nobody looks any more."""
    story, phone, laptop = pair()
    phone.crashes()
    story.time_passes(minutes=4)
    before = len(laptop.beats())
    story.time_passes(hours=12)
    assert before == len(laptop.beats())


def test_a_lapsed_lease_is_renewed_when_another_device_arrives() -> None:
    """Alone for an hour, then a second one comes: both lists are right within a round trip."""
    story = Scenario()
    phone = story.device("phone").opens()
    story.time_passes(hours=1)
    laptop = story.device("laptop").opens()
    story.time_passes(seconds=1)
    laptop.sees_devices(phone="online")
    phone.sees_devices(laptop="online")


def test_whoever_leaves_is_offline_at_once() -> None:
    """A pause says so; on coming back the device is online again."""
    story, phone, laptop = pair()
    phone.leaves()
    story.settles()
    laptop.sees_devices(phone="offline")
    phone.resumes()
    story.settles()
    laptop.sees_devices(phone="online")


def test_leaving_waits_for_what_is_on_its_way() -> None:
    """It goes while its arrival is being written: what it says last is what the others hear last."""
    story = Scenario()
    laptop = story.device("laptop").opens()
    story.settles()
    phone = story.device("phone").next_commits(HELD).opens()
    story.settles()
    gone: list[bool] = []
    phone.run(lambda: phone.engine and phone.engine.leave(lambda: gone.append(True)))
    story.settles()
    assert not gone
    phone.server_acks()
    story.settles()
    assert gone
    laptop.sees_devices(phone="offline")


def test_whoever_leaves_twice_is_told_twice() -> None:
    """A pause, and the end before the goodbye was answered: neither sits out its time."""
    story, phone, laptop = pair()
    gone: list[str] = []
    phone.next_commits(HELD)
    phone.run(lambda: phone.engine and phone.engine.leave(lambda: gone.append("pause")))
    phone.run(lambda: phone.engine and phone.engine.leave(lambda: gone.append("end")))
    story.settles()
    assert [] == gone
    phone.server_acks()
    story.settles()
    assert ["pause", "end"] == gone
    laptop.sees_devices(phone="offline")


def test_who_comes_back_before_the_goodbye_was_said_stays() -> None:
    """It was about to go, and waited for a beat, while a stream with a new token took over from the old one:
    once it is back, nothing ends."""
    story, phone, laptop = pair()
    phone.next_commits(HELD)
    story.time_passes(seconds=82)
    phone.next_listens(LOST)
    phone.run(lambda: phone.engine and phone.engine.listen_stream.handle_stream_age(0))
    story.time_passes(seconds=2)
    phone.run(lambda: phone.engine and phone.engine.leave(lambda: None))
    phone.resumes()
    story.time_passes(minutes=5)
    phone.is_linked(Link.LIVE)
    laptop.sees_devices(phone="online")


def test_leaving_is_no_write_when_nobody_thinks_that_it_is_there() -> None:
    """Its lease was over long ago."""
    story = Scenario()
    phone = story.device("phone").opens()
    story.time_passes(hours=1)
    phone.leaves()
    story.settles()
    assert 1 == len(phone.beats())


def test_a_lost_beat_is_made_good() -> None:
    """The answer to one beat never comes: the next one is there before the lease is over."""
    story, phone, laptop = pair()
    phone.next_commits(LOST)
    for _ in range(40):
        story.time_passes(seconds=6)
        laptop.sees_devices(phone="online")


def test_offline_nothing_is_written_and_the_others_go_offline() -> None:
    """The device without network is itself the one that is not online, on its own list too."""
    story, phone, laptop = pair()
    phone.link_drops()
    beats = len(phone.beats())
    story.time_passes(minutes=10)
    phone.sees_devices(laptop="offline")
    laptop.sees_devices(phone="offline")
    assert not phone.lists_itself.online
    assert beats == len(phone.beats())


def test_a_silent_link_is_no_presence() -> None:
    """Packets vanish: after the lease the other one says offline; when they pass again, online."""
    story, phone, laptop = pair()
    phone.link_drops(Way.SILENT)
    story.time_passes(minutes=5)
    laptop.sees_devices(phone="offline")
    phone.link_returns()
    story.time_passes(minutes=2)
    laptop.sees_devices(phone="online")


@pytest.mark.parametrize("ahead_h", [-24.0, 24.0])
def test_a_clock_that_is_a_day_off_judges_by_the_servers_time(ahead_h: float) -> None:
    """Neither does its own lease end in the past or future, nor does it take a killed device for online."""
    story = Scenario()
    phone = story.device("phone", clock_ahead_h=ahead_h).opens()
    laptop = story.device("laptop").opens()
    story.time_passes(minutes=10)
    phone.sees_devices(laptop="online")
    laptop.sees_devices(phone="online")
    laptop.crashes()
    story.time_passes(seconds=121)
    phone.sees_devices(laptop="offline")
    assert abs(card(story, phone)["until"] - story.virtual_clock.now_ms) < 130_000


def test_a_restart_within_the_lease_writes_nothing() -> None:
    """More than half of it is left: nothing to say."""
    story = Scenario()
    phone = story.device("phone").opens()
    story.settles()
    phone.restarts()
    story.settles()
    assert 1 == len(phone.beats())


def test_a_new_stream_in_an_old_ones_place_is_no_arrival() -> None:
    """Each hour the token ends and the stream is opened anew: alone, a device writes nothing for it."""
    story = Scenario()
    phone = story.device("phone").opens()
    for _ in range(5):
        story.time_passes(minutes=55)
        phone.token_ages()
        story.time_passes(minutes=5)
    assert 1 == len(phone.beats())


def test_one_installation_is_one_entry() -> None:
    """Restarts, crashes, another sign-in: the same device, once."""
    story, phone, laptop = pair()
    for _ in range(3):
        phone.restarts()
        story.settles()
    phone.signs_in_again()
    story.settles()
    laptop.sees_devices(phone="online")
    assert {("devices", phone.id), ("devices", laptop.id)} == {
        v.path for v in story.server.history if v.path[0] == "devices"
    }
