"""Two devices edit at once: compare-and-set, merge, and who is told what."""

from __future__ import annotations

from dalsegno._core.policies import Restart
from dalsegno._core.types import Link, Origin, Saved
from tests.support.scenario import HELD, LOST, Scenario, refused
from tests.support.simulation.network import Way


def test_a_commit_upon_a_stale_document_is_merged_and_sent_again() -> None:
    """The server moved between our picture and our commit: both edits are there in the end."""
    story = Scenario()
    phone = story.device("phone").opens()
    story.settles()
    phone.next_commits(HELD).edits(place=1)
    story.server_says(furthest=0.7)
    phone.server_acks()
    story.settles()
    story.server_has(place=1, furthest=0.7, rev=2)
    phone.sees(place=1, furthest=0.7).is_saved(Saved.EVERYWHERE)


def test_a_denial_because_the_document_moved_is_no_denial() -> None:
    """Rules run before preconditions: `hlc` overtook ours, so they refuse; we merge and send again."""
    story = Scenario()
    phone = story.device("phone").opens()
    story.settles()
    phone.next_commits(HELD).edits(place=1)
    story.time_passes(ms=50)
    story.server_says(furthest=0.7)
    phone.server_acks()
    story.settles()
    phone.is_linked(Link.LIVE).is_saved(Saved.EVERYWHERE)
    story.server_has(place=1, furthest=0.7)


def test_the_later_edit_wins_whoever_arrives_last() -> None:
    """The phone's older edit comes out of the tunnel after the laptop's newer one, and changes nothing."""
    story = Scenario()
    phone, laptop = story.device("phone").opens(), story.device("laptop").opens()
    story.settles()
    phone.link_drops()
    story.time_passes(seconds=1)
    phone.edits(place=1)
    story.time_passes(minutes=1)
    laptop.edits(place=2)
    story.settles()
    phone.link_returns()
    story.time_passes(minutes=2)
    story.server_has(place=2, rev=1)
    phone.sees(place=2).has_sent(0).is_saved(Saved.EVERYWHERE)
    laptop.sees(place=2)


def test_different_fields_never_conflict() -> None:
    """Both devices offline, one field each: both edits are everywhere."""
    story = Scenario()
    phone, laptop = story.device("phone").opens(), story.device("laptop").opens()
    story.settles()
    phone.link_drops().edits(place=1)
    laptop.link_drops().edits(furthest=0.9)
    story.time_passes(minutes=5)
    phone.link_returns()
    laptop.link_returns()
    story.time_passes(minutes=2)
    for device in (phone, laptop):
        device.sees(place=1, furthest=0.9)


def test_a_concurrent_change_is_told_as_such() -> None:
    """The laptop did not know of the phone's newest place: the phone must offer, not follow."""
    story = Scenario()
    phone, laptop = story.device("phone").opens(), story.device("laptop").opens()
    story.settles()
    phone.edits(place=1)
    story.settles()
    laptop.link_drops().edits(place=5)
    story.time_passes(seconds=5)
    phone.edits(place=2)
    story.time_passes(seconds=5)
    laptop.edits(place=6).link_returns()
    phone.takes_told()
    story.time_passes(minutes=2)
    phone.sees(place=6).was_told("place", concurrent=True)


def test_a_change_that_knew_ours_is_not_concurrent() -> None:
    """The laptop saw page 1 and went on: the phone follows."""
    story = Scenario()
    phone, laptop = story.device("phone").opens().edits(place=1), story.device("laptop").opens()
    story.settles()
    laptop.sees(place=1).edits(place=2)
    phone.takes_told()
    story.settles()
    phone.sees(place=2).was_told("place", concurrent=False)


def test_after_a_restart_a_change_that_knew_ours_is_still_not_concurrent() -> None:
    """What this device had confirmed before it was restarted counts."""
    story = Scenario()
    phone, laptop = story.device("phone").opens().edits(place=1), story.device("laptop").opens()
    story.settles()
    phone.restarts()
    laptop.edits(place=2)
    story.settles()
    phone.sees(place=2)
    assert [False] == [c.concurrent for c in phone.takes_told() if c.origin is Origin.REMOTE]


def test_after_a_restart_a_change_that_did_not_know_ours_is_still_concurrent() -> None:
    """Others' edits came in while ours was on its way: whoever saw only those did not see ours, and that is
    not forgotten when the app is closed."""
    story = Scenario()
    phone = story.device("phone").opens()
    story.server_says(place=1).settles()
    phone.link_drops().edits(place=2)
    for percent in (0.1, 0.2, 0.3):
        story.server_says(furthest=percent)
    phone.link_returns()
    story.time_passes(minutes=2)
    story.server_has(place=2, rev=5)
    phone.restarts().takes_told()
    story.server_says(knowing=4, place=7).settles()
    phone.sees(place=7).was_told("place", concurrent=True)


def test_in_a_document_that_began_anew_revs_begin_anew() -> None:
    """It was deleted, and written again with the phone's place in it: whoever goes on from there knew it."""
    story = Scenario()
    phone, laptop = story.device("phone").opens(), story.device("laptop").opens()
    for place in range(5):
        phone.edits(place=place)
        story.settles()
    story.server_deletes().settles()
    laptop.edits(furthest=0.5)
    story.settles()
    story.server_has(place=4, rev=1)
    laptop.edits(place=9)
    phone.takes_told()
    story.settles()
    phone.sees(place=9).was_told("place", concurrent=False)


def test_the_furthest_place_of_two_offline_devices_is_the_higher() -> None:
    """`highest` does not ask who was later."""
    story = Scenario()
    phone, laptop = story.device("phone").opens(), story.device("laptop").opens()
    story.settles()
    phone.link_drops(Way.SILENT).edits(furthest=0.8)
    story.time_passes(minutes=1)
    laptop.edits(furthest=0.3)
    phone.link_returns()
    story.time_passes(minutes=2)
    story.server_has(furthest=0.8)
    laptop.sees(furthest=0.8)


def test_a_restart_beats_a_higher_value_of_the_old_round() -> None:
    """A re-read begins at 0 for all devices, though another one still pushes the old round."""
    story = Scenario()
    phone, laptop = story.device("phone").opens(), story.device("laptop").opens()
    phone.edits(furthest=0.9)
    story.settles()
    laptop.link_drops().edits(furthest=1.0)
    phone.edits(furthest=Restart(0.0))
    story.settles()
    laptop.link_returns()
    story.time_passes(minutes=2)
    for device in (phone, laptop):
        device.sees(furthest=0.0)
    phone.edits(furthest=0.1)
    story.settles()
    laptop.sees(furthest=0.1)


def test_aborted_waits_longer_each_time() -> None:
    """Contention on the server: not applied, tried again with the backoff's waits, not at once for ever."""
    story = Scenario()
    phone = story.device("phone").opens()
    story.settles()
    phone.next_commits(*[refused("ABORTED")] * 5).edits(place=1)
    story.time_passes(seconds=2)
    assert len(phone.session_commits()) <= 4
    story.time_passes(minutes=1)
    phone.has_sent(6).is_saved(Saved.EVERYWHERE)


def test_a_conflict_is_settled_at_once() -> None:
    """The try that was not applied does not count against the pace of one commit a second."""
    story = Scenario()
    phone = story.device("phone").opens()
    story.settles()
    phone.next_commits(HELD).edits(place=1)
    story.server_says(furthest=0.7)
    phone.server_acks()
    story.time_passes(ms=50)
    phone.is_saved(Saved.EVERYWHERE)


def test_a_success_ends_a_series_of_failures() -> None:
    """After it the next failure is a first one: tried again at once."""
    story = Scenario()
    phone = story.device("phone").opens()
    story.settles()
    phone.next_commits(*[refused("ABORTED")] * 4).edits(place=1)
    story.time_passes(minutes=1)
    phone.is_saved(Saved.EVERYWHERE).next_commits(refused("ABORTED")).edits(place=2)
    story.time_passes(ms=100)
    phone.is_saved(Saved.EVERYWHERE)


def test_preconditions_that_never_hold_do_not_spin() -> None:
    """A server that refuses every commit as stale costs a try now and then, not a busy loop."""
    story = Scenario()
    phone = story.device("phone").opens()
    story.settles()
    phone.next_commits(*[refused("FAILED_PRECONDITION")] * 500).edits(place=1)
    story.time_passes(minutes=5)
    assert 5 <= len(phone.session_commits()) <= 20


def test_a_lost_commit_is_sent_again() -> None:
    """The request never arrived: after 10 s it is read again, then sent again, once."""
    story = Scenario()
    phone = story.device("phone").opens()
    story.settles()
    phone.next_commits(LOST).edits(place=1)
    story.time_passes(seconds=30)
    phone.is_saved(Saved.EVERYWHERE).has_sent(2)
    story.server_has(place=1, rev=1)
