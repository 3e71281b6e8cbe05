"""The process dies, the disk is full: what was confirmed is never lost, and what failed never happened."""

from __future__ import annotations

from typing import Any

import pytest

from dalsegno._core.types import Link, Saved
from dalsegno._errors import StorageFull
from tests.support.scenario import HELD, UNANSWERED, Scenario, ScenarioDevice, refused
from tests.support.simulation.network import Way
from tests.support.stores import Died


def reading(story: Scenario) -> ScenarioDevice:
    phone = story.device("phone").opens().edits(place=1)
    story.settles()
    return phone


def test_an_edit_survives_kill_9() -> None:
    """On disk when `edit` returns, offline, sent after the restart."""
    story = Scenario()
    phone = reading(story).link_drops().edits(place=2, furthest=0.5).crashes()
    phone.link_returns().restarts().sees(place=2, furthest=0.5)
    story.settles()
    phone.is_saved(Saved.EVERYWHERE)
    story.server_has(place=2, furthest=0.5)


def test_edits_of_a_session_that_nobody_opens_again_are_sent() -> None:
    """After the restart the app shows another book; the first one's edit is sent all the same, and once."""
    story = Scenario()
    phone = reading(story).link_drops().edits(place=2)
    phone.link_returns().restarts(opens=None)
    story.settles()
    story.server_has(place=2)
    phone.is_saved(Saved.EVERYWHERE)
    assert phone.engine is not None and not phone.engine.local_store.open_sessions


def test_edits_are_sent_by_the_policies_they_were_made_with() -> None:
    """`highest` stays `highest` after a restart in which no app names the schema."""
    story = Scenario()
    phone = reading(story).link_drops().edits(furthest=0.9)
    story.server_says(furthest=0.4)
    phone.link_returns().restarts(opens=None)
    story.settles()
    story.server_has(furthest=0.9)


def test_a_commit_whose_answer_died_with_the_process() -> None:
    """Applied, unanswered, killed: after the restart the server's document says so: it is not sent twice."""
    story = Scenario()
    phone = reading(story)
    phone.link_drops(Way.STALLED).next_commits(UNANSWERED).edits(place=2).link_returns()
    story.virtual_clock.run(9)
    phone.crashes()
    story.settles()
    story.server_has(place=2, rev=2)
    phone.restarts().is_saved(Saved.HERE)
    story.settles()
    phone.is_saved(Saved.EVERYWHERE)
    story.server_has(place=2, rev=2)


def test_what_was_heard_is_there_after_a_restart_offline() -> None:
    """The app opens at the other device's place, from disk."""
    story = Scenario()
    phone = reading(story)
    story.server_says(place=7)
    story.settles()
    phone.link_drops().restarts().sees(place=7)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_death_at_the_write_of_an_edit(after: bool) -> None:
    """Before the write: the edit never was, and `edit` never returned. After it: it is there, and sent."""
    story = Scenario()
    phone = reading(story)
    number = phone.disk.writes + 1
    phone.disk.dies_after, phone.disk.dies_before = (number, None) if after else (None, number)
    assert not phone.edit("book", {"place": 2})
    phone.restarts().sees(place=2 if after else 1)
    story.settles()
    story.server_has(place=2 if after else 1)


def test_a_death_at_each_write_of_a_first_conversation() -> None:
    """Opened, edited, connected, acknowledged, told of another's edit: wherever it dies, nothing is lost."""
    for number in range(1, 14):
        for kind in ("dies_before", "dies_after"):
            story = Scenario()
            phone = story.device("phone", clock_ahead_h=24.0)
            setattr(phone.disk, kind, number)
            confirmed = _converse(story, phone)
            phone.restarts()
            story.settles()
            phone.is_saved(Saved.EVERYWHERE).is_linked(Link.LIVE)
            for value in confirmed:
                story.server_has(**value)
            document = story.document()
            assert document is not None
            at_server: dict[str, Any] = {name: entry.value for name, entry in document.entries.items()}
            phone.sees(**at_server)


def _converse(story: Scenario, phone: ScenarioDevice) -> list[dict[str, Any]]:
    """Gives the edits that returned."""
    confirmed: list[dict[str, Any]] = []
    phone.open("book")
    if phone.engine is not None and phone.edit("book", {"furthest": 0.5}):
        confirmed.append({"furthest": 0.5})
    story.settles()
    story.server_says(place=3)
    story.settles()
    if phone.engine is not None and phone.edit("book", {"mood": 2}):
        confirmed.append({"mood": 2})
    story.settles()
    return confirmed


def test_a_full_disk_refuses_the_edit_and_nothing_changes() -> None:
    """StorageFull is raised; the view, the outbox and the server are as before; the app goes on."""
    story = Scenario()
    phone = reading(story).disk_fills()
    phone.takes_told()
    with pytest.raises(StorageFull):
        phone.edits(place=2)
    story.settles()
    phone.sees(place=1).has_on_disk().was_told_nothing().has_sent(1).is_saved(Saved.EVERYWHERE)
    phone.disk_frees().edits(place=3)
    story.settles()
    story.server_has(place=3, rev=2)


def test_on_a_full_disk_the_others_edits_are_seen_all_the_same() -> None:
    """Adoption goes on in memory, and the trouble is told; once there is room, it is on disk."""
    story = Scenario()
    phone = reading(story).disk_fills()
    story.server_says(place=5)
    story.settles()
    phone.sees(place=5).knows_on_disk(place=1).is_linked(Link.LIVE, "free space")
    phone.disk_frees()
    story.server_says(place=6)
    story.settles()
    phone.sees(place=6).knows_on_disk(place=6).is_linked(Link.LIVE, "")


def test_a_full_disk_keeps_no_token_for_what_it_did_not_take() -> None:
    """Heard on a full disk, paused, killed: after the restart the document comes again."""
    story = Scenario()
    phone = reading(story).disk_fills()
    story.server_says(place=5)
    story.settles()
    phone.disk_frees().pauses().restarts().sees(place=1)
    story.settles()
    phone.sees(place=5)


def test_what_a_full_disk_was_not_told_is_put_right_at_the_next_start() -> None:
    """Acknowledged on a full disk; then room, a pause, a restart: nothing is owed, and nothing sent again."""
    story = Scenario()
    phone = reading(story).edits(place=2).disk_fills()
    story.settles()
    phone.is_saved(Saved.EVERYWHERE).disk_frees().pauses().resumes()
    story.settles()
    phone.pauses().link_drops().restarts(opens=None).is_saved(Saved.EVERYWHERE).has_on_disk()
    phone.link_returns().restarts().sees(place=2)
    story.settles()
    phone.is_saved(Saved.EVERYWHERE)
    story.server_has(place=2, rev=2)


def test_a_session_opens_on_a_full_disk() -> None:
    """Reading on is possible: the place is shown, and follows."""
    story = Scenario()
    phone = reading(story).closes().disk_fills().opens().sees(place=1)
    story.server_says(place=5)
    story.settles()
    phone.sees(place=5)


def test_a_session_first_opened_on_a_full_disk_keeps_its_policies() -> None:
    """There is room again, an edit is made, the process dies: the edit is still a `highest` one."""
    story = Scenario()
    phone = story.device("phone").disk_fills().opens().link_drops().disk_frees().edits(furthest=0.9)
    story.server_says(furthest=0.4)
    phone.link_returns().restarts(opens=None)
    story.settles()
    story.server_has(furthest=0.9)


def test_edits_with_a_wrong_clock_are_not_sent_before_their_true_stamp_is_on_disk() -> None:
    """Made offline a day ahead; the disk is full when the true time is known; nothing is lost."""
    story = Scenario()
    phone = story.device("phone", clock_ahead_h=24.0).opens().link_drops().edits(place=1).disk_fills()
    phone.link_returns()
    story.time_passes(minutes=2)
    phone.is_linked(Link.LIVE).sees(place=1)
    sent_stamp = story.document().entries["place"].stamp if story.document() else None  # type: ignore[union-attr]
    on_disk = {p.entry.stamp for p in phone.store.load("book").pending}  # type: ignore[arg-type, union-attr]
    assert sent_stamp is None or {sent_stamp} == on_disk
    phone.disk_frees()
    story.time_passes(minutes=2)
    phone.is_saved(Saved.EVERYWHERE).is_linked(Link.LIVE)
    story.server_has(place=1, rev=1)


def test_a_dead_process_is_dead() -> None:
    """What was queued for it is not done by its successor twice."""
    story = Scenario()
    phone = reading(story).next_commits(HELD).edits(place=2)
    story.settles()
    phone.restarts().server_acks()
    story.settles()
    story.server_has(place=2, rev=2)
    phone.is_saved(Saved.EVERYWHERE)


def test_died_is_no_exception_of_the_program() -> None:
    """The tests' way to die passes through every handler of the code under test."""
    assert not issubclass(Died, Exception)


def test_parked_edits_survive_a_restart_offline() -> None:
    """Refused, told, killed, offline: the edit is still on the screen and on disk."""
    story = Scenario()
    phone = reading(story).next_commits(refused("PERMISSION_DENIED")).edits(place=2)
    story.settles()
    phone.link_drops().restarts().sees(place=2).has_on_disk(place=2).is_saved(Saved.HERE)
