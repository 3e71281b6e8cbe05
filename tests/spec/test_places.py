"""Whose place counts: known and blind, follow and offer. A book on several devices."""

from __future__ import annotations

from dalsegno._core.policies import LATEST, Restart, Schema
from dalsegno._core.types import Advice
from tests.support.scenario import UNANSWERED, Scenario
from tests.support.stories import offered, two

FILM = Schema("film", 1, {"track": LATEST, "playhead": LATEST})


# --- known, and blind edits ---------------------------------------------------------------------------


def test_what_the_document_has_stands_over_a_blind_edit() -> None:
    """A new phone turns to page 1 before it has heard the server: all devices stay on page 180, the phone's
    screen stays, too, and its page is a place to go back to."""
    story = Scenario()
    laptop = story.device("laptop").opens()
    story.settles()
    laptop.edits(place=180)
    story.settles()
    laptop.takes_told()
    phone = story.device("phone", starts=False).starts(network=False).opens().edits(place=1)
    assert not phone.replica("book").known
    story.time_passes(minutes=1)
    phone.takes_told()
    phone.attach()
    story.settles()
    phone.was_offered(place=180).sees(place=180).shows(place=1).has_marks(1)
    assert phone.replica("book").known
    story.server_has(place=180, rev=1)
    laptop.was_told_nothing().sees(place=180)


def test_whoever_reads_on_from_a_blind_place_edits_knowingly_and_wins() -> None:
    """The offer was there to be seen: the next page turned declines it, and it becomes a mark."""
    story = Scenario()
    laptop = story.device("laptop").opens().edits(place=180)
    story.settles()
    phone = story.device("phone").opens().edits(place=1)
    story.settles()
    phone.edits(place=2)
    story.settles()
    story.server_has(place=2)
    phone.has_marks(180, 1)
    laptop.sees(place=2)


def test_of_two_blind_beginnings_the_first_to_reach_the_server_stands() -> None:
    """Not the later one, and not by stamps."""
    story = Scenario()
    phone, laptop = story.device("phone").link_drops().opens(), story.device("laptop").link_drops().opens()
    phone.edits(place=1)
    story.time_passes(minutes=1)
    laptop.edits(place=2)
    story.time_passes(minutes=1)
    phone.link_returns()
    story.time_passes(minutes=2)
    laptop.takes_told()
    laptop.link_returns()
    story.time_passes(minutes=2)
    laptop.was_offered(place=1).shows(place=2).has_marks(2)
    story.server_has(place=1)


def test_what_joins_is_not_blind() -> None:
    """Furthest read loses nothing in a join; but a new round, begun blindly, would put the old one away."""
    story = Scenario()
    laptop = story.device("laptop").opens().edits(furthest=0.5)
    story.settles()
    phone = story.device("phone").opens().edits(furthest=0.7)
    tablet = story.device("tablet").opens().edits(furthest=Restart(0.0))
    story.settles()
    for device in (laptop, phone, tablet):
        device.sees(furthest=0.7)
    story.server_has(furthest=0.7)


def test_the_fields_of_one_blind_edit_stand_or_fall_together() -> None:
    """No track that was chosen blindly goes on at the playhead that another one left."""
    story = Scenario()
    tv = story.device("tv").opens("film", FILM).edits("film", playhead=5_000)
    story.settles()
    phone = story.device("phone").opens("film", FILM).edits("film", track="b", playhead=0)
    story.settles()
    assert {"playhead": 5_000} == phone.view("film") == tv.view("film")


def test_a_blind_edit_of_what_the_document_lacks_stands() -> None:
    """Nothing is there to give way to."""
    story = Scenario()
    story.device("laptop").opens().edits(furthest=0.5)
    story.settles()
    phone = story.device("phone").opens().edits(place=3)
    story.settles()
    story.server_has(place=3, furthest=0.5)
    phone.sees(place=3).has_marks()


def test_that_there_is_no_document_is_an_answer_too() -> None:
    """A book that nobody has opened before is known as soon as the server says so, and told as known."""
    story = Scenario()
    phone = story.device("phone").opens()
    assert not phone.replica("book").known
    story.settles()
    assert phone.replica("book").known
    assert [True] == [change.became_known for change in phone.told]


def test_an_outbox_of_blind_edits_is_no_knowledge() -> None:
    """Edited blindly, killed, and started again: still blind, and the document still stands."""
    story = Scenario()
    story.device("laptop").opens().edits(place=180)
    story.settles()
    phone = story.device("phone").link_drops().opens().edits(place=1).restarts()
    assert not phone.replica("book").known
    phone.edits(place=2).link_returns()
    story.time_passes(minutes=2)
    phone.sees(place=180).has_marks(2)


def test_an_own_edit_of_which_nobody_told_is_no_stranger() -> None:
    """Its answer was lost, the app was killed: who reads on offline does not give way to oneself."""
    story = Scenario()
    phone = story.device("phone").opens()
    story.settles()
    phone.next_commits(UNANSWERED).edits(place=1)
    story.time_passes(ms=50)
    phone.link_drops().restarts().edits(place=2).link_returns()
    story.time_passes(minutes=2)
    phone.sees(place=2).has_marks()


# --- follow, offer, keep ------------------------------------------------------------------------------


def test_one_person_with_two_devices_is_followed() -> None:
    """Twenty pages there, and the other screen goes along each time: no mark, and it writes nothing."""
    story = Scenario()
    phone, laptop = two(story)
    for page in range(2, 22):
        phone.edits(place=page)
        story.settles()
        laptop.followed(place=page).shows(place=page)
    laptop.has_marks().has_sent(0)
    phone.has_marks()


def test_whoever_wrote_what_is_shown_is_followed() -> None:
    """A page is turned, and another before any answer came: the second one had not seen the first land."""
    story = Scenario()
    phone, laptop = two(story)
    phone.edits(place=2)
    story.time_passes(ms=1)
    phone.edits(place=3)
    story.settles()
    assert {Advice.FOLLOW} == {c.advice["place"].advice for c in laptop.takes_told()}
    laptop.shows(place=3)


def test_an_edit_whose_answer_was_lost_was_seen_all_the_same() -> None:
    """The laptop turns, the answer is lost; its user goes on at the phone: the laptop follows, without a
    mark."""
    story = Scenario()
    phone, laptop = two(story)
    laptop.next_commits(UNANSWERED).edits(place=2)
    story.time_passes(ms=8)
    laptop.link_drops()
    story.settles()
    phone.followed(place=2)
    for page in (3, 4):
        phone.edits(place=page)
        story.settles()
    laptop.takes_told()
    laptop.link_returns()
    story.time_passes(minutes=2)
    laptop.followed(place=4).has_sent(1)
    assert 0 == laptop.marks_written()


def test_of_two_concurrent_edits_each_device_is_offered_the_others() -> None:
    """Both screens stay; the later edit is the state, the other one is a mark on both."""
    story = Scenario()
    phone, laptop = two(story)
    for device in (phone, laptop):
        device.shows_marks()
    phone.edits(place=2)
    story.time_passes(ms=1)
    laptop.edits(place=3)
    story.settles()
    phone.takes_told_of(3, Advice.OFFER).shows(place=2).has_marks(2)
    laptop.takes_told_of(2, Advice.OFFER).shows(place=3).has_marks(2)
    story.server_has(place=3)


def test_while_an_offer_is_open_it_is_refreshed_and_nothing_is_followed() -> None:
    """The laptop turns again, having seen everything: still nobody pulls the phone away."""
    story = Scenario()
    phone, laptop = offered(story)
    phone.takes_told()
    for page in (4, 5):
        laptop.edits(place=page)
        story.settles()
        phone.was_offered(place=page).shows(place=2)


def test_an_offer_that_is_taken_is_followed_from_then_on() -> None:
    """The screen goes there, the place that it left is a mark; the next page there is followed."""
    story = Scenario()
    phone, laptop = offered(story)
    phone.takes("place").shows(place=3).has_marks(2)
    phone.takes_told()
    laptop.edits(place=4)
    story.settles()
    phone.followed(place=4).shows(place=4)
    laptop.sees(place=4)


def test_an_offer_of_what_lost_is_taken_by_an_edit() -> None:
    """The laptop's own page stands; it goes to the phone's all the same: that is an edit, and all follow."""
    story = Scenario()
    _, laptop = offered(story)
    laptop.takes("place").shows(place=2).sees(place=2)
    story.settles()
    story.server_has(place=2)


def test_a_place_that_a_stale_edit_goes_over_is_a_mark_on_all_devices() -> None:
    """The phone turned; the laptop, out of a tunnel, had not seen it, and turned later."""
    story = Scenario()
    phone, laptop = two(story)
    laptop.link_drops()
    story.time_passes(seconds=1)
    phone.edits(place=60)
    story.settles()
    laptop.edits(place=2).link_returns()
    story.time_passes(minutes=2)
    tablet = story.device("tablet").opens().shows_marks()
    story.settles()
    for device in (phone.shows_marks(), laptop, tablet):
        story.settles()
        device.has_marks(60)
    phone.shows(place=60).sees(place=2)


def test_an_edit_that_loses_is_told_and_kept() -> None:
    """Older than what the others wrote meanwhile: the screen stays, the place is a mark everywhere."""
    story = Scenario()
    phone, laptop = two(story)
    laptop.link_drops()
    story.time_passes(seconds=1)
    laptop.edits(place=50)
    story.time_passes(minutes=1)
    phone.edits(place=3)
    story.settles()
    laptop.takes_told()
    laptop.link_returns()
    story.time_passes(minutes=2)
    laptop.was_offered(place=3).shows(place=50).sees(place=3).has_marks(50)
    phone.shows_marks()
    story.settles()
    phone.has_marks(50)
