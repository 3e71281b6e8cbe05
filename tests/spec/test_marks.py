"""The way back: marks, on all devices, whatever happens to the line, the disk and the process."""

from __future__ import annotations

from dalsegno._core import marks
from dalsegno._core.types import Saved
from tests.support.scenario import LOST, UNANSWERED, Scenario, ScenarioDevice, refused
from tests.support.stories import offered, two


def leaps(device: ScenarioDevice, place: int) -> ScenarioDevice:
    """A jump that the app names."""
    return device.edits_for("jump", place=place)


def test_a_jump_that_the_app_names_leaves_a_mark_on_all_devices() -> None:
    """A link to the notes: the page that it was on is where "back" goes, on the other device, too."""
    story = Scenario()
    phone, laptop = two(story)
    laptop.shows_marks()
    leaps(phone, 300)
    story.settles()
    (mark,) = laptop.marks()
    assert ("jump", {"place": 1}, phone.id) == (mark.reason, dict(mark.values), mark.device)
    phone.has_marks(1)


def test_going_back_swaps_and_going_back_again_swaps_again() -> None:
    """There and back: one mark each time, no heap of them, and the other device follows."""
    story = Scenario()
    phone, laptop = two(story)
    laptop.shows_marks()
    leaps(phone, 300)
    story.settles()
    for here, there in ((1, 300), (300, 1), (1, 300)):
        phone.goes_back()
        story.settles()
        phone.sees(place=here).has_marks(there)
        laptop.shows(place=here).has_marks(there)
    assert 1 == len(story.marks())


def test_any_device_can_go_back() -> None:
    """The jump was made on the phone; the laptop is asked to undo it."""
    story = Scenario()
    phone, laptop = two(story)
    laptop.shows_marks()
    leaps(phone, 300)
    story.settles()
    laptop.goes_back()
    story.settles()
    phone.shows(place=1).sees(place=1)
    story.server_has(place=1)


def test_without_a_mark_there_is_nowhere_to_go() -> None:
    """Nothing happens."""
    story = Scenario()
    phone, _ = two(story)
    phone.goes_back().sees(place=1).has_sent(1)


def test_the_newest_twenty_are_kept() -> None:
    """Whoever adds one takes the oldest away, at the server, too."""
    story = Scenario()
    phone, laptop = two(story)
    laptop.shows_marks()
    for page in range(2, 27):
        leaps(phone, page * 10)
        story.settles()
    expected = [page * 10 for page in range(25, 5, -1)]
    phone.has_marks(*expected)
    laptop.has_marks(*expected)
    assert marks.MOST == len(story.marks())


def test_a_mark_is_on_disk_before_it_is_sent() -> None:
    """Leapt in a tunnel, killed, and never opened again: it is sent all the same."""
    story = Scenario()
    phone, _ = two(story)
    leaps(phone.link_drops(), 300).restarts(opens=None)
    story.time_passes(minutes=1)
    assert {} == story.marks()
    phone.link_returns()
    story.time_passes(minutes=2)
    assert [{"place": 1}] == [fields["state"] for fields in story.marks().values()]
    story.server_has(place=300)


def test_a_mark_whose_answer_was_lost_is_written_once() -> None:
    """Sent again, under the same name."""
    story = Scenario()
    phone, laptop = two(story)
    laptop.shows_marks()
    phone.next_commits(UNANSWERED, LOST)
    leaps(phone, 300)
    story.time_passes(minutes=2)
    assert 1 == len(story.marks())
    phone.has_marks(1)
    laptop.has_marks(1)


def test_a_mark_that_is_refused_holds_nothing_up() -> None:
    """Rules that do not know marks: the edit is saved everywhere, the mark is let go of."""
    story = Scenario()
    phone, _ = two(story)
    story.refuses_marks()
    leaps(phone, 300)
    story.time_passes(minutes=3)
    story.server_has(place=300)
    phone.is_saved(Saved.EVERYWHERE).has_marks()


def test_a_mark_that_is_refused_once_is_tried_again() -> None:
    """It met a server that had just lost this device's registration; that was made good before anybody could
    ask why. A place is not let go of for that."""
    story = Scenario()
    phone, _ = two(story)
    story.refuses_marks(for_ms=300)
    leaps(phone, 300)
    story.time_passes(minutes=1)
    story.server_has(place=300)
    assert 1 == len(story.marks())
    phone.is_saved(Saved.EVERYWHERE).has_marks(1)


def test_marks_wait_where_the_server_is_out_of_quota() -> None:
    """They are sent once it is over it, and meanwhile not everything is saved everywhere."""
    story = Scenario()
    phone, _ = two(story)
    phone.next_commits(refused("RESOURCE_EXHAUSTED"), refused("RESOURCE_EXHAUSTED"))
    leaps(phone, 300)
    story.time_passes(minutes=5)
    story.server_has(place=300)
    assert 1 == len(story.marks())
    phone.is_saved(Saved.EVERYWHERE)


def test_a_mark_of_an_unknown_kind_is_a_mark_and_nonsense_is_none() -> None:
    """What another version calls it is shown as it is; what cannot be understood is left out."""
    story = Scenario()
    phone, _ = two(story)
    phone.shows_marks()
    stamp = "001790000000000-00000-00000000000000ff"
    story.puts_mark("a", kind="teleport", state={"place": 7}, stamp=stamp)
    story.puts_mark("b", kind="jump", state="nowhere", stamp=stamp)
    story.puts_mark("c", kind=7, state={}, stamp=stamp)
    story.puts_mark("d", kind="jump", state={"place": 8}, stamp="yesterday")
    story.settles()
    assert [("teleport", {"place": 7})] == [(m.reason, dict(m.values)) for m in phone.marks()]
    phone.goes_back().sees(place=7)


def test_a_mark_that_is_gone_from_the_server_is_not_written_again() -> None:
    """Deleted on another device, or by an administrator."""
    story = Scenario()
    phone, _ = two(story)
    leaps(phone, 300)
    story.settles()
    (id,) = story.marks()
    story.puts_mark(id, deleted=True)
    story.settles()
    phone.has_marks().restarts()
    story.time_passes(minutes=2)
    assert {} == story.marks()


def test_an_edit_that_was_refused_has_not_landed_with_a_newer_one_of_another_field() -> None:
    """Its place gives way to one that never saw it, and is kept, though the device's other edits arrived."""
    story = Scenario()
    phone, laptop = two(story)
    story.refuses("place")
    phone.edits(place=50)
    story.settles()
    phone.edits(furthest=0.5)
    story.time_passes(minutes=2)
    story.server_has(furthest=0.5, place=1)
    story.refuses()
    laptop.edits(place=7)
    story.time_passes(minutes=2)
    phone.sees(place=7).has_marks(50)


def test_a_jump_keeps_the_page_that_is_shown_while_another_is_offered() -> None:
    """Page 2 is on the screen, page 3 is the session's, and is offered: a leap leaves both as marks."""
    story = Scenario()
    phone, _ = offered(story)
    leaps(phone, 300)
    assert {2, 3} == {mark.values["place"] for mark in phone.marks()}


def test_what_a_taken_offer_leaves_is_on_disk_with_the_edit_that_takes_it() -> None:
    """Killed right at the write: either nothing was taken, or the place that was left is a mark."""
    story = Scenario()
    _, laptop = offered(story)
    laptop.shows(place=3).dies_after_writes(1)
    laptop.takes("place").restarts()
    story.settles()
    laptop.sees(place=2)
    assert 3 in [mark.values["place"] for mark in laptop.marks()]
