"""The user's devices: who is online, what they are called, and who was thrown out.

Two leases matter below: 120 s is how long a device counts as online after it was heard last, 80 s how often
it says so while another one looks.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import Any

import pytest

from dalsegno._core.messages import Write
from dalsegno._core.types import Link, Saved
from dalsegno._errors import Denied, Offline, UsageError
from dalsegno.testing._memory_persistence import MemoryStore
from tests.support.scenario import (
    HELD,
    LOST,
    UNANSWERED,
    Scenario,
    ScenarioDevice,
    applied_but_told,
    refused,
)
from tests.support.simulation.network import Fate, Way


def pair() -> tuple[Scenario, ScenarioDevice, ScenarioDevice]:
    """Two devices, both online, with the same book open."""
    story = Scenario()
    phone, laptop = story.device("phone").opens(), story.device("laptop").opens()
    story.settles()
    return story, phone, laptop


def card(story: Scenario, device: ScenarioDevice) -> dict[str, Any]:
    found = story.server.get(("devices", device.id))
    assert found is not None
    assert found.fields is not None
    return found.fields


def sign_in(story: Scenario, name: str) -> dict[str, Any]:
    found = story.server.get(("signins", name))
    assert found is not None
    assert found.fields is not None
    return found.fields


# --- presence -------------------------------------------------------------------------------------------


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


# --- registration ---------------------------------------------------------------------------------------


def test_a_copied_disk_is_no_duel() -> None:
    """Two installations of one id, each under a sign-in of its own, find the other's card where theirs should
    be: each corrects it as seldom as devices beat, not in answer to the other."""
    story = Scenario()
    phone = story.device("phone").opens()
    story.settles()
    copy = story.device("copy", starts=False)
    copy.id, copy.store = phone.id, MemoryStore(phone.id)
    copy.starts().opens()
    story.time_passes(minutes=8)
    assert len(phone.beats()) <= 1 + 8
    assert len(copy.beats()) <= 1 + 8
    phone.edits(place=1)
    copy.edits(furthest=0.5)
    story.settles().server_has(place=1, furthest=0.5)


def test_nothing_is_sent_before_the_device_is_registered() -> None:
    """The first commit of an installation is its card and its registration; then come the edits."""
    story = Scenario()
    phone = story.device("phone").opens().edits(place=1)
    story.settles()
    assert [["devices", "signins"], ["sessions"]] == phone.commit_kinds()
    phone.is_saved(Saved.EVERYWHERE)


def test_edits_wait_for_the_answer_to_the_registration() -> None:
    """However long that takes: without it they would be refused."""
    story = Scenario()
    phone = story.device("phone").next_commits(HELD).opens().edits(place=1)
    story.time_passes(seconds=9)
    assert [["devices", "signins"]] == phone.commit_kinds()
    phone.server_acks()
    story.settles()
    assert [["devices", "signins"], ["sessions"]] == phone.commit_kinds()


def test_a_registered_device_sends_its_edits_at_once() -> None:
    """What the server has confirmed once is remembered on disk: no round trip before the first edit."""
    story = Scenario()
    phone = story.device("phone").opens()
    story.time_passes(hours=1)
    phone.restarts()
    phone.next_commits(LOST)  # the card's
    phone.edits(place=1)
    story.time_passes(seconds=1)
    story.server_has(place=1)


def test_a_lost_registration_is_made_good() -> None:
    """The edits wait for it, and go out."""
    story = Scenario()
    phone = story.device("phone").next_commits(LOST, UNANSWERED).opens().edits(place=1)
    story.time_passes(seconds=40)
    phone.is_saved(Saved.EVERYWHERE)
    story.server_has(place=1, rev=1)


def test_a_server_that_has_lost_the_registration_gets_it_again() -> None:
    """The edit is refused, the reason is looked up, and the edit is sent again: nothing is parked."""
    story = Scenario()
    phone = story.device("phone").opens().edits(place=1)
    story.settles()
    story.server.put((("signins", phone.line.sign_in), None))
    phone.edits(place=2)
    story.settles()
    phone.is_saved(Saved.EVERYWHERE).is_linked(Link.LIVE)
    story.server_has(place=2)


def test_a_sign_of_life_finds_out_that_the_registration_was_lost() -> None:
    """A backup was restored: the next beat is refused, and the device is registered again, with no edit."""
    story, phone, laptop = pair()
    story.server.put((("signins", phone.line.sign_in), None))
    story.time_passes(minutes=5)
    assert {phone.id: True} == sign_in(story, phone.line.sign_in)["devices"]
    laptop.sees_devices(phone="online")
    phone.edits(place=2)
    story.settles()
    phone.is_saved(Saved.EVERYWHERE)


def test_beats_that_the_rules_refuse_are_no_loop() -> None:
    """It is registered, and yet nobody may say that they are there: no more is said until there is a new
    connection, and edits go out."""
    story, phone, _ = pair()
    story.server.rules = lambda path, *_: "" if path[0] == "sessions" else "no"
    story.time_passes(minutes=5)
    calls = phone.line.calls
    story.time_passes(hours=1)
    assert calls == phone.line.calls
    phone.edits(place=2)
    story.settles()
    phone.is_saved(Saved.EVERYWHERE)


def test_a_card_that_was_pruned_comes_back() -> None:
    """Its device is there, so its card is, with its name."""
    story, phone, laptop = pair()
    story.server.put((("devices", phone.id), None))
    story.settles()
    laptop.sees_devices(phone="online")


def test_a_token_of_another_sign_in_is_registered_too() -> None:
    """Tokens can change their sign-in without a word: the refused edit finds out, and goes out."""
    story = Scenario()
    phone = story.device("phone").opens().edits(place=1)
    story.settles()
    phone.token_changes_sign_in("1699999999").edits(place=2)
    story.settles()
    phone.is_saved(Saved.EVERYWHERE).is_linked(Link.LIVE)
    assert "1699999999" == card(story, phone)["sign_in"]


def test_a_token_that_changes_its_sign_in_under_way_is_no_refusal() -> None:
    """The card names the sign-in that was, the token another one: of that the rules have not spoken."""
    story = Scenario()
    phone = story.device("phone").next_commits(*[refused("INTERNAL")] * 3, refused("PERMISSION_DENIED"))
    phone.opens().edits(place=1)
    remote = phone.line.remote
    assert remote is not None
    commit, calls = remote.commit, count(1)

    def renewed(ticket: int, writes: Sequence[Write]) -> None:
        if next(calls) == 4:
            phone.token_changes_sign_in("1699999999")
        commit(ticket, writes)

    remote.commit = renewed  # type: ignore[method-assign]
    story.time_passes(minutes=5)
    phone.is_saved(Saved.EVERYWHERE).is_linked(Link.LIVE)
    assert "1699999999" == card(story, phone)["sign_in"]


def test_rules_that_refuse_the_registration_decide_on_the_edits() -> None:
    """They know no devices (rules of an older version): the edits go out as before, and nothing loops."""
    story = Scenario()
    story.server.rules = lambda path, *_: "" if path[0] == "sessions" else "no such document"
    story.server.knows_sign_ins = False
    phone = story.device("phone").opens().edits(place=1)
    story.settles()
    phone.is_saved(Saved.EVERYWHERE)
    calls = phone.line.calls
    story.time_passes(hours=1)
    assert calls == phone.line.calls


def test_rules_that_refuse_everything_are_told() -> None:
    """Not a loop, and not for ever silent."""
    story = Scenario()
    story.server.rules = lambda *_: "no"
    phone = story.device("phone").opens().edits(place=1)
    story.settles()
    phone.is_linked(Link.DENIED, "security rules").is_saved(Saved.HERE)
    assert not phone.status.signed_out
    calls = phone.line.calls
    story.time_passes(hours=1)
    assert calls == phone.line.calls


@pytest.mark.parametrize("rules_know_sign_ins", [True, False])
@pytest.mark.parametrize("code", ["PERMISSION_DENIED", "FAILED_PRECONDITION"])
def test_edits_do_not_wait_for_a_list_that_is_not_shown(code: str, rules_know_sign_ins: bool) -> None:
    """A project's own rules, or an index that it lacks: nobody tells of the devices, and the edits go out."""
    story = Scenario()
    story.server.hidden["devices",] = code
    if not rules_know_sign_ins:
        story.server.rules = lambda path, *_: "" if path[0] == "sessions" else "no such document"
        story.server.knows_sign_ins = False
    phone = story.device("phone").opens().edits(place=1)
    story.settles().server_has(place=1, rev=1)
    story.time_passes(hours=1)
    assert len(phone.line.commits) <= 3


# --- names ----------------------------------------------------------------------------------------------


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


# --- thrown out -----------------------------------------------------------------------------------------


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
