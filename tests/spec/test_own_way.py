"""Two people who read one book: nobody is pulled along, and nobody leaves a heap of marks."""

from __future__ import annotations

from dalsegno._core.types import Advice, Rule, Saved
from tests.support.scenario import Scenario, ScenarioDevice
from tests.support.stories import two


def apart(story: Scenario) -> tuple[ScenarioDevice, ScenarioDevice]:
    """Two people: the laptop was taken along to page 40, and its reader went back to page 7 at once."""
    phone, laptop = two(story)
    laptop.edits(place=7)
    story.settles()
    phone.edits(place=40)
    story.settles()
    laptop.shows(place=40).edits(place=7)
    story.settles()
    for device in (phone, laptop):
        device.takes_told()
    return phone, laptop


def test_whoever_goes_back_at_once_goes_their_own_way() -> None:
    """Two people read this book: from then on pages are offered."""
    story = Scenario()
    phone, laptop = apart(story)
    phone.edits(place=41)
    story.settles()
    (change,) = laptop.takes_told()
    assert (Advice.OFFER, Rule.DETACHED) == (change.advice["place"].advice, change.advice["place"].rule)
    laptop.shows(place=7)


def test_a_page_turned_backwards_is_no_own_way() -> None:
    """It lands elsewhere than on the place that was left."""
    story = Scenario()
    phone, laptop = two(story)
    laptop.edits(place=7)
    story.settles()
    phone.edits(place=40)
    story.settles()
    laptop.edits(place=39)
    story.settles()
    laptop.takes_told()
    phone.edits(place=41)
    story.settles()
    laptop.followed(place=41)


def test_going_back_after_a_minute_is_no_own_way() -> None:
    """Somebody looked something up: one person still."""
    story = Scenario()
    phone, laptop = two(story)
    laptop.edits(place=7)
    story.settles()
    phone.edits(place=40)
    story.time_passes(seconds=70)
    laptop.edits(place=7)
    story.settles()
    laptop.takes_told()
    phone.edits(place=41)
    story.settles()
    laptop.followed(place=41)


def test_one_that_is_alone_for_half_an_hour_is_one_person_again() -> None:
    """Nobody else has edited for 30 minutes; and opening the book anew has the same effect."""
    for wait in (True, False):
        story = Scenario()
        phone, laptop = apart(story)
        if wait:
            story.time_passes(minutes=31)
        else:
            laptop.closes().opens()
            story.settles()
        laptop.takes_told()
        phone.edits(place=41)
        story.settles()
        laptop.followed(place=41)


def test_two_people_side_by_side_leave_no_heap_of_marks() -> None:
    """Each turns ten pages, in turn: what they pass over coalesces, and is sent once somebody rests."""
    story = Scenario()
    phone, laptop = apart(story)
    laptop.edits(place=8)
    story.settles()
    phone.edits(place=40)  # back from where it was taken along
    story.settles()
    made = phone.marks_written(), laptop.marks_written()
    for page in range(10):
        phone.edits(place=50 + page)
        story.time_passes(seconds=2)
        laptop.edits(place=9 + page)
        story.time_passes(seconds=2)
    phone.shows(place=59)
    laptop.shows(place=18)
    assert made == (phone.marks_written(), laptop.marks_written())
    laptop.is_saved(Saved.EVERYWHERE)  # the phone's place is for the phone to show
    story.time_passes(minutes=1)
    assert (made[0] + 1, made[1] + 1) == (phone.marks_written(), laptop.marks_written())
    places = [mark.values["place"] for mark in laptop.marks()]
    assert {17, 59} <= set(places) and not {55, 12} & set(places)


def test_a_place_that_may_wait_is_sent_when_the_book_is_closed() -> None:
    """Closed, or killed, before anybody rested: the mark is not lost."""
    for ending in ("closes", "restarts"):
        story = Scenario()
        phone, laptop = apart(story)
        made = laptop.marks_written()
        phone.edits(place=41)
        story.settles()
        laptop.edits(place=8)
        story.settles()
        assert made == laptop.marks_written()
        getattr(laptop, ending)()
        story.settles()
        assert 41 in [fields["state"]["place"] for fields in story.marks().values()]
