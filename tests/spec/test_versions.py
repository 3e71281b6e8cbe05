"""Several versions of an app, and servers that lost data: no war, no loss, and all read the same."""

from __future__ import annotations

from typing import Any

import pytest

from dalsegno._core.policies import HIGHEST, LATEST, ON_THIS_DEVICE, Restart, Schema
from dalsegno._core.types import Saved
from tests.support.scenario import BOOK, Scenario, ScenarioDevice

PATH = ("sessions", BOOK)
OLD = Schema("reading", 1, {"place": LATEST, "furthest": LATEST})
NEW = Schema("reading", 1, {"place": LATEST, "furthest": HIGHEST})


def two_versions(story: Scenario) -> tuple[ScenarioDevice, ScenarioDevice]:
    """An old app, to which `furthest` is `latest`, and a new one, to which it is `highest`."""
    old = story.device("old").opens(schema=OLD)
    new = story.device("new").opens(schema=NEW)
    story.settles()
    return old, new


def commits(*devices: ScenarioDevice) -> int:
    return sum(len(d.session_commits()) for d in devices)


def test_two_policies_do_not_write_against_each_other() -> None:
    """The old app goes back with `latest`, which `highest` never would: one commit, and both read it."""
    story = Scenario()
    old, new = two_versions(story)
    new.edits(furthest=0.9)
    story.settles()
    old.edits(furthest=0.2)
    story.settles()
    before = commits(old, new)
    story.time_passes(minutes=1)
    assert 2 == before == commits(old, new)
    for device in (old, new):
        device.sees(furthest=0.2).is_saved(Saved.EVERYWHERE)


def test_an_older_edit_that_is_the_highest_is_answered_once() -> None:
    """What came from a tunnel is older and higher: the old app takes it for a loss, and says so once, and no
    more, though it starts again: both read the same."""
    story = Scenario()
    old, new = two_versions(story)
    new.link_drops().edits(furthest=0.9)
    story.settles()
    old.edits(furthest=0.2)
    story.settles()
    new.link_returns()
    story.time_passes(minutes=2)
    story.server_has(furthest=0.2, rev=3)
    for device in (old, new):
        device.sees(furthest=0.2).is_saved(Saved.EVERYWHERE)
    old.restarts(opens=None).opens(schema=OLD)
    story.server_says(furthest=0.9, ago_s=600)
    story.time_passes(minutes=2)
    old.has_sent(2).sees(furthest=0.9).is_saved(Saved.EVERYWHERE)
    new.sees(furthest=0.9).is_saved(Saved.EVERYWHERE)


def test_a_week_of_two_versions() -> None:
    """Eight sittings a day, by turns, in trains and out of them, and some re-reading: nothing unsent, both
    read the same, and as many commits as edits, but for those that met another's."""
    story = Scenario()
    old, new = two_versions(story)
    for sitting in range(7 * 8):
        one = (old, new)[sitting % 3 == 0]
        if sitting % 5 == 0:
            one.link_drops()
        again = one is new and sitting % 12 == 0
        one.edits(furthest=Restart(0.0) if again else (sitting * 37 % 100) / 100, place=sitting)
        story.settles()
        one.link_returns()
        story.time_passes(minutes=1)
        assert old.view(BOOK) == new.view(BOOK)
    for device in (old, new):
        device.is_saved(Saved.EVERYWHERE)
    assert commits(old, new) <= 2 * 56
    before = commits(old, new)
    story.time_passes(minutes=10)
    assert before == commits(old, new)


@pytest.mark.parametrize("opens_at_once", [True, False])
def test_an_app_that_is_put_back_to_an_older_version_sends_as_the_newer_one_meant_it(
    opens_at_once: bool,
) -> None:
    """It does not know `furthest`, of which the newer one has left an unsent edit: lower and later than what
    the server has, which stays. What comes of the field after that is as its last writer left it."""
    story = Scenario()
    phone = story.device("phone").opens(schema=NEW)
    story.settles()
    phone.link_drops()
    other = story.device("other").opens(schema=NEW).edits(furthest=0.6)
    story.settles()
    phone.edits(furthest=0.1, place=3)
    older = Schema("reading", 1, {"place": LATEST})
    phone.restarts(opens=None)
    if opens_at_once:
        phone.opens(schema=older)
    phone.link_returns()
    if not opens_at_once:
        phone.opens(schema=older)
    story.time_passes(minutes=1)
    story.server_has(furthest=0.6, place=3)
    other.sees(furthest=0.6, place=3)
    phone.sees(furthest=0.6).is_saved(Saved.EVERYWHERE)
    phone.restarts(opens=None).opens(schema=older)
    story.server_says(furthest=0.2).settles()
    phone.sees(furthest=0.2)


def test_a_field_that_stays_on_this_device_is_not_given_back() -> None:
    """Another version shares it: what becomes of it there is no business of this one."""
    story = Scenario()
    private = Schema("reading", 1, {"place": LATEST, "furthest": ON_THIS_DEVICE})
    phone = story.device("phone").opens(schema=private)
    story.settles()
    story.server_says(furthest=0.5).settles()
    story.server_says(furthest=0.1, ago_s=60).settles()
    phone.has_sent(0)


@pytest.mark.parametrize("field", ["place", "furthest"])
def test_a_restored_backup_that_others_have_committed_upon(field: str) -> None:
    """A's edit upon the old document takes it past the rev that B knows: B gives its own edit back, once."""
    half: dict[str, Any] = {field: 0.5}
    fifth: dict[str, Any] = {field: 0.2}
    story = Scenario()
    other = story.device("A").opens()
    phone = story.device("B").opens().edits(place=1, furthest=0.1)
    story.settles()
    backup = story.server.get(PATH)
    assert backup is not None and backup.fields is not None
    phone.edits(**half)
    story.settles()
    for device in (phone, other):
        device.link_drops()
    story.server.put((PATH, dict(backup.fields)))
    for number in range(4):
        story.server_says(note=number)
    phone.link_returns()
    story.time_passes(minutes=1)
    story.server_has(**half)
    phone.has_sent(3).sees(**half, note=3).is_saved(Saved.EVERYWHERE)
    story.server_says(**fifth, ago_s=1_000).time_passes(minutes=5)
    phone.has_sent(3).sees(**fifth)


def test_what_a_backup_lost_is_given_back_each_time_that_the_rev_went_back() -> None:
    """No commit leads to a lower rev: that proof needs no memory."""
    story = Scenario()
    phone = story.device("phone").opens().edits(place=1)
    story.settles()
    backup = story.server.get(PATH)
    assert backup is not None and backup.fields is not None
    phone.edits(place=2)
    story.settles()
    for _ in range(2):
        phone.edits(furthest=0.5)
        story.settles()
        story.server.put((PATH, dict(backup.fields)))
        story.settles()
        story.server_has(place=2)
    phone.is_saved(Saved.EVERYWHERE)
