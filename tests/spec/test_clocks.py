"""Clocks a day off, before and behind: the outcome is as with right clocks once the server was heard."""

from __future__ import annotations

import pytest

from dalsegno._core.clock import millis_of
from dalsegno._core.types import Link, Saved
from tests.support.scenario import HELD, Scenario, ScenarioDevice
from tests.support.simulation.network import Fate, Way

DAYS = [-24.0, 24.0]
SECOND_MS = 1_000


def stamp_of(story: Scenario, field: str = "place") -> int:
    document = story.document()
    assert document is not None
    return millis_of(document.entries[field].stamp)


@pytest.mark.parametrize("ahead_h", DAYS)
def test_an_edit_made_before_the_server_was_heard_gets_its_true_time(ahead_h: float) -> None:
    """Made offline by a wrong clock, ten minutes ago: that is what its stamp says when it is sent."""
    story = Scenario()
    phone = story.device("phone", clock_ahead_h=ahead_h).link_drops().opens().edits(place=1)
    made_ms = story.virtual_clock.now_ms
    story.time_passes(minutes=10)
    phone.link_returns()
    story.time_passes(minutes=2)
    phone.is_saved(Saved.EVERYWHERE).is_linked(Link.LIVE)
    assert abs(stamp_of(story) - made_ms) < SECOND_MS


@pytest.mark.parametrize("ahead_h", DAYS)
def test_an_edit_made_after_has_the_servers_time(ahead_h: float) -> None:
    """Once the server was heard, the wall clock is not asked any more."""
    story = Scenario()
    phone = story.device("phone", clock_ahead_h=ahead_h).opens()
    story.settles()
    phone.edits(place=1)
    made_ms = story.virtual_clock.now_ms
    story.settles()
    assert abs(stamp_of(story) - made_ms) < SECOND_MS


@pytest.mark.parametrize("phone_h", [-24.0, 0.0, 24.0])
@pytest.mark.parametrize("laptop_h", [-24.0, 0.0, 24.0])
@pytest.mark.parametrize("phone_first", [True, False], ids=["phone first", "laptop first"])
def test_of_two_offline_edits_the_truly_later_wins(
    phone_h: float, laptop_h: float, phone_first: bool
) -> None:
    """Whatever the clocks say: the same outcome as with right ones."""
    story = Scenario()
    phone = story.device("phone", clock_ahead_h=phone_h).opens()
    laptop = story.device("laptop", clock_ahead_h=laptop_h).opens()
    first, second = (phone, laptop) if phone_first else (laptop, phone)
    story.settles()
    for device in (phone, laptop):
        device.link_drops()
    first.edits(place=1)
    story.time_passes(minutes=5)
    second.edits(place=2)
    story.time_passes(minutes=5)
    for device in (phone, laptop):
        device.link_returns()
        story.time_passes(minutes=2)
    for device in (phone, laptop):
        device.sees(place=2).is_saved(Saved.EVERYWHERE)


def test_an_edit_upon_anothers_edit_is_seen_whatever_the_clock_says() -> None:
    """A day behind and offline after a restart: what the user does is on the screen, and stays there."""
    story = Scenario()
    phone = story.device("phone", clock_ahead_h=-24.0).opens()
    story.server_says(place=1)
    story.settles()
    phone.sees(place=1).link_drops().restarts().edits(place=2).sees(place=2)
    phone.link_returns()
    story.time_passes(minutes=2)
    phone.sees(place=2)
    story.server_has(place=2)


def test_a_session_known_from_the_list_only_can_be_edited_by_a_slow_clock() -> None:
    """Heard of in "continue reading", never opened here: offline, a day behind, the edit is seen at once."""
    story = Scenario()
    phone = story.device("phone")
    story.server_says(place=1)
    assert phone.engine is not None
    phone.run(phone.engine.want_recent)
    story.settles()
    phone.link_drops().clock_jumps(hours=-24.0).restarts().sees(place=1).edits(place=2).sees(place=2)
    phone.link_returns()
    story.time_passes(minutes=2)
    story.server_has(place=2)


def test_a_sent_stamp_is_never_corrected() -> None:
    """Once sent it is the edit's name: a better estimate of the time changes nothing about it."""
    story = Scenario()
    phone = story.device("phone", clock_ahead_h=5.0).opens()
    story.settles()
    phone.next_commits(HELD).edits(place=1)
    story.settles()
    before = phone.replica("book").view["place"].stamp
    phone.resumes()
    story.time_passes(minutes=1)
    assert before == phone.replica("book").view["place"].stamp
    story.server_has(place=1, rev=1)


def test_edits_keep_their_order_when_they_are_corrected() -> None:
    """Many edits of many sessions, stamped by a guess: corrected, they keep the order they were made in."""
    story = Scenario()
    phone = story.device("phone", clock_ahead_h=24.0).link_drops().opens("book").opens("song")
    for page in range(10):
        phone.edits("book", place=page).edits("song", place=page)
    phone.link_returns()
    story.time_passes(minutes=2)
    book, song = story.document("book"), story.document("song")
    assert book is not None and song is not None
    assert book.entries["place"].stamp < song.entries["place"].stamp
    story.server_has("book", place=9).server_has("song", place=9)


@pytest.mark.parametrize("what_became_of_it", ["unsent", "saved", "let go of"])
def test_no_edit_after_a_restart_is_older_than_one_before(what_became_of_it: str) -> None:
    """A stamp that was made once is the floor of all later ones, in every session, whatever the clock says
    and wherever the edit is now."""
    story = Scenario()
    phone = story.device("phone").opens("book").opens("song")
    story.settles()
    if what_became_of_it != "saved":
        phone.link_drops()
    phone.edits("book", place=1)
    before = phone.replica("book").view["place"].stamp
    story.settles()
    if what_became_of_it == "let go of":
        phone.discards("place", session="book")
    phone.link_drops().clock_jumps(hours=-24.0).restarts(opens="song").edits("song", place=2)
    assert before < phone.replica("song").view["place"].stamp


@pytest.mark.parametrize("lets_go", [False, True])
def test_a_guess_in_the_place_of_a_sent_edit_is_no_way_back(lets_go: bool) -> None:
    """What was sent and never answered was superseded by a guess, or that was let go of, too: the next edit
    is newer than what was sent."""
    story = Scenario()
    phone = story.device("phone").opens()
    story.settles()
    phone.next_commits(Fate(reaches_ms=2.0, answer_ms=None)).edits(place=1)
    story.time_passes(ms=4)
    story.server_has(place=1)
    phone.link_drops().clock_jumps(hours=-24.0).edits(place=2).restarts()
    if lets_go:
        phone.discards("place")
    phone.edits(place=3).crashes().clock_jumps(hours=24.0).restarts().link_returns()
    story.time_passes(minutes=3)
    phone.sees(place=3)
    story.server_has(place=3)


def test_a_clock_that_was_put_right_before_the_restart_makes_no_edit_of_tomorrow() -> None:
    """Made with a clock a day ahead, the clock was then set right: nothing was made later than now."""
    story = Scenario()
    phone = story.device("phone", clock_ahead_h=24.0).link_drops().opens().edits(place=1)
    phone.crashes().clock_jumps(hours=-24.0).link_returns().restarts()
    story.settles()
    phone.is_saved(Saved.EVERYWHERE).is_linked(Link.LIVE)
    assert stamp_of(story) <= story.virtual_clock.now_ms
    laptop = story.device("laptop").opens()
    story.settles()
    laptop.edits(place=2)
    story.settles()
    phone.sees(place=2)


def test_a_jump_of_the_wall_clock_while_the_process_lives_changes_nothing() -> None:
    """The server is asked anew, and says the same."""
    story = Scenario()
    phone = story.device("phone").opens()
    story.settles()
    phone.clock_jumps(hours=24.0).edits(place=1)
    made_ms = story.virtual_clock.now_ms
    story.settles()
    phone.clock_jumps(hours=-48.0).link_drops().edits(place=2).link_returns()
    story.time_passes(minutes=1)
    assert abs(stamp_of(story) - made_ms) < 10 * SECOND_MS
    story.server_has(place=2)


def test_a_stalled_answer_is_not_taken_for_the_time() -> None:
    """The first message lay 70 s in a tunnel: what it says of the time is no name for an edit."""
    story = Scenario()
    phone = story.device("phone", clock_ahead_h=-24.0)
    delays_ms = iter([5.0])  # the first message is quick, those that tell the time are not
    phone.line.message_ms = lambda: next(delays_ms, 50.0)
    phone.opens()
    story.time_passes(ms=12)
    phone.is_linked(Link.LIVE).link_drops(Way.STALLED)
    story.time_passes(seconds=70)
    phone.edits(place=1)
    made_ms = story.virtual_clock.now_ms
    phone.link_returns()
    story.time_passes(minutes=2)
    phone.is_saved(Saved.EVERYWHERE)
    assert abs(stamp_of(story) - made_ms) < 6 * SECOND_MS


def test_the_offset_is_remembered_for_the_next_start_offline() -> None:
    """Offline after a restart, the best guess of the time is the last that was known."""
    story = Scenario()
    phone: ScenarioDevice = story.device("phone", clock_ahead_h=-24.0).opens()
    story.settles()
    phone.link_drops().restarts()
    assert phone.engine is not None
    assert abs(phone.engine.local_store.now_ms() - story.virtual_clock.now_ms) < SECOND_MS


def test_a_stamp_far_ahead_does_not_stop_us() -> None:
    """An administrator's document from the year 2099 harms nobody's clock, and is not fought."""
    story = Scenario()
    phone = story.device("phone").opens().opens("song")
    story.settles()
    far = "004070908800000-00000-00000000000000ff"
    story.server_says(place=1)
    story.server_puts(stamps={"place": far})
    story.settles()
    phone.edits("song", place=2)
    story.settles()
    phone.is_linked(Link.LIVE).is_saved(Saved.EVERYWHERE)
    story.server_has("song", place=2)
