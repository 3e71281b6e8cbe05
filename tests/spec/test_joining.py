"""Fields that several devices write at once: what each did is there in the end."""

from __future__ import annotations

from dalsegno._core.policies import COUNTER, LOWEST, ORDERED, TEXT, Restart, Schema
from dalsegno._core.types import Saved
from dalsegno._core.wishes import Add, Revised
from tests.support.scenario import BOOK, LOST, Scenario, ScenarioDevice

SHARED = Schema("shared", 1, {"queue": ORDERED, "body": TEXT, "plays": COUNTER, "best": LOWEST})


def a_pair(story: Scenario, *, clock_ahead_h: float = 0.0) -> tuple[ScenarioDevice, ScenarioDevice]:
    """Two devices that know the session, and go into tunnels."""
    phone = story.device("phone").opens(BOOK, SHARED)
    laptop = story.device("laptop", clock_ahead_h=clock_ahead_h).opens(BOOK, SHARED)
    phone.edits(queue=["a", "b"], body="one\ntwo\nthree", plays=Add(1), best=50)
    story.settles()
    laptop.sees(queue=["a", "b"], body="one\ntwo\nthree", plays=1, best=50)
    return phone.link_drops(), laptop.link_drops()


def they_meet(story: Scenario, *devices: ScenarioDevice) -> None:
    for device in devices:
        device.link_returns()
    story.time_passes(minutes=3)
    for device in devices:
        device.is_saved(Saved.EVERYWHERE)


def test_two_devices_put_something_into_one_queue_offline() -> None:
    """Both stay, and stand in the same order on both and at the server."""
    story = Scenario()
    phone, laptop = a_pair(story)
    phone.edits(queue=["a", "b", "phone's"])
    laptop.edits(queue=["laptop's", "a", "b"])
    they_meet(story, phone, laptop)
    for device in (phone, laptop):
        device.sees(queue=["laptop's", "a", "b", "phone's"])
    story.server_has(queue=["laptop's", "a", "b", "phone's"])


def test_what_one_removes_an_old_replica_does_not_bring_back() -> None:
    """The laptop was away, and comes with an edit of its own upon the old queue."""
    story = Scenario()
    phone, laptop = a_pair(story)
    phone.link_returns().edits(queue=["b"])
    story.time_passes(minutes=1)
    laptop.edits(queue=["a", "b", "laptop's"])
    they_meet(story, phone, laptop)
    for device in (phone, laptop):
        device.sees(queue=["b", "laptop's"])


def test_two_lines_of_one_text_are_edited_at_the_same_time() -> None:
    """Different lines are both kept; of one line the newer edit stands."""
    story = Scenario()
    phone, laptop = a_pair(story)
    phone.edits(body="one!\ntwo\nphone's three")
    story.time_passes(seconds=5)
    laptop.edits(body="one\ntwo\nlaptop's three\nfour")
    they_meet(story, laptop, phone)
    for device in (phone, laptop):
        device.sees(body="one!\ntwo\nlaptop's three\nfour")


def test_every_device_counts_once_also_after_lost_answers_and_crashes() -> None:
    """What was sent and not answered is not added again, nor lost."""
    story = Scenario()
    phone, laptop = a_pair(story)
    phone.edits(plays=Add(1)).edits(plays=Add(1))
    laptop.edits(plays=Add(-5))
    laptop.link_returns().next_commits(LOST)
    story.time_passes(minutes=1)
    phone.crashes().starts().opens(BOOK, SHARED).edits(plays=Add(10))
    they_meet(story, phone, laptop)
    for device in (phone, laptop):
        device.sees(plays=8)
    story.server_has(plays=8)


def test_the_lowest_number_stands_until_a_new_round_begins() -> None:
    """By value, not by time; a new round is above all of the old one."""
    story = Scenario()
    phone, laptop = a_pair(story)
    phone.edits(best=40)
    story.time_passes(seconds=5)
    laptop.edits(best=45)
    they_meet(story, phone, laptop)
    laptop.sees(best=40)
    phone.edits(best=Restart(60))
    laptop.edits(best=30)
    story.time_passes(minutes=1)
    phone.sees(best=60)
    laptop.sees(best=60)


def test_a_clock_that_is_a_day_off_makes_no_edit_older_or_newer() -> None:
    """The laptop starts with no network: its edits are timed by its own clock until it hears the server."""
    for ahead_h in (24.0, -24.0):
        story = Scenario()
        phone, laptop = a_pair(story, clock_ahead_h=ahead_h)
        laptop.crashes().starts(network=False).opens(BOOK, SHARED)
        laptop.edits(body="laptop's one\ntwo\nthree")
        story.time_passes(minutes=1)
        phone.edits(body="phone's one\nphone's two\nthree")
        story.time_passes(minutes=1)
        laptop.edits(body="laptop's one\nlaptop's two\nthree")
        laptop.attach()
        they_meet(story, phone, laptop)
        for device in (phone, laptop):
            device.sees(body="phone's one\nlaptop's two\nthree")


def test_nobody_commits_because_two_have_merged() -> None:
    """Who hears of an edit that came together with its own has nothing to send any more."""
    story = Scenario()
    phone, laptop = a_pair(story)
    phone.edits(queue=Revised(["x", "a", "b"]), plays=Add(1))
    laptop.edits(queue=Revised(["a", "b", "y"]), plays=Add(1))
    they_meet(story, phone, laptop)
    phone.sees(queue=["x", "a", "b", "y"], plays=3)
    document = story.document()
    assert document is not None
    assert 3 == document.rev
    story.time_passes(hours=5)
    story.server_has(rev=3)


def test_what_a_restored_backup_lost_is_put_back_and_what_was_added_there_stays() -> None:
    """A queue is joined with what the server went back to, item by item."""
    story = Scenario()
    phone = story.device("phone").opens(BOOK, SHARED)
    phone.edits(queue=["a"], plays=Add(1))
    story.settles()
    backup = story.server.get(("sessions", BOOK))
    assert backup is not None and backup.fields is not None
    phone.edits(queue=["a", "b"], plays=Add(1))
    story.settles()
    story.server.put((("sessions", BOOK), dict(backup.fields)))
    story.time_passes(minutes=1)
    phone.sees(queue=["a", "b"], plays=2)
    story.server_has(queue=["a", "b"], plays=2)
