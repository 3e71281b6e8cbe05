"""What users of other systems suffer from, each told as it happened to them; it must not happen here."""

from __future__ import annotations

from dalsegno._core.policies import Restart
from dalsegno._core.types import Link, Origin, Saved
from tests.support.scenario import LOST, UNANSWERED, Scenario
from tests.support.simulation.network import Way


def test_a_stale_server_beats_offline_progress() -> None:
    """Read from 2 % to 40 % on a plane: the server's 2 % must not come back over it."""
    story = Scenario()
    phone = story.device("phone").opens().edits(place=2)
    story.settles()
    phone.link_drops()
    for page in range(3, 41):
        phone.edits(place=page)
        story.time_passes(minutes=3)
    phone.restarts().sees(place=40).link_returns()
    story.time_passes(minutes=2)
    phone.sees(place=40)
    story.server_has(place=40)


def test_two_truths() -> None:
    """The list says one place, the book another: both are the same document, and the same merge."""
    story = Scenario()
    phone, laptop = story.device("phone").opens().edits(place=1), story.device("laptop")
    assert laptop.engine is not None
    laptop.run(laptop.engine.want_recent)
    story.settles()
    phone.edits(place=2)
    story.settles()
    stored = laptop.store.load("book")  # type: ignore[arg-type]
    assert stored is not None and stored.base is not None
    assert 2 == stored.base.entries["place"].value
    laptop.opens().sees(place=2)


def test_newer_pulls_me_back() -> None:
    """I read on to 60 % here; the other device, opened at 50 %, writes later: it is offered, not followed."""
    story = Scenario()
    phone, tablet = story.device("phone").opens(), story.device("tablet").opens()
    phone.edits(place=50)
    story.settles()
    tablet.link_drops(Way.STALLED)
    phone.edits(place=60)
    story.settles()
    phone.takes_told()
    tablet.edits(place=50.5).link_returns()
    story.time_passes(minutes=2)
    phone.was_offered(place=50.5).shows(place=60)


def test_furthest_is_stuck_on_a_re_read() -> None:
    """Finished the book, begin again: all devices go back to 0 with me, and grow again from there."""
    story = Scenario()
    phone, tablet = story.device("phone").opens().edits(furthest=1.0), story.device("tablet").opens()
    story.settles()
    phone.edits(furthest=Restart(0.0))
    story.settles()
    tablet.sees(furthest=0.0).edits(furthest=0.1)
    story.settles()
    phone.sees(furthest=0.1)


def test_furthest_goes_down_by_leafing_back() -> None:
    """Leafing back to look something up does not lower the furthest place read."""
    story = Scenario()
    phone = story.device("phone").opens().edits(furthest=0.7)
    story.settles()
    phone.edits(place=3, furthest=0.1).sees(furthest=0.7)
    story.settles()
    story.server_has(furthest=0.7, place=3)


def test_a_slow_clock_loses_what_was_heard_on_it() -> None:
    """A watch a day behind: what was listened to on it last is what counts."""
    story = Scenario()
    phone = story.device("phone").opens().edits(place=1)
    story.settles()
    watch = story.device("watch", clock_ahead_h=-24.0).opens()
    story.settles()
    watch.link_drops().edits(place=2)
    story.time_passes(minutes=10)
    watch.link_returns()
    story.time_passes(minutes=2)
    phone.sees(place=2)


def test_a_fast_clock_yanks_everybody_to_its_page() -> None:
    """A tablet a day ahead turned a page first; the phone's later page stands, today and tomorrow."""
    story = Scenario()
    tablet = story.device("tablet", clock_ahead_h=24.0).link_drops().opens().edits(place=1)
    story.time_passes(minutes=10)
    phone = story.device("phone").opens().edits(place=2)
    story.settles()
    tablet.link_returns()
    story.time_passes(minutes=2)
    for device in (phone, tablet):
        device.sees(place=2)


def test_a_false_conflict_on_a_single_device() -> None:
    """One device, tunnels, restarts, lost answers: never told of a change of its own, never a conflict."""
    story = Scenario()
    phone = story.device("phone").opens()
    for page in range(12):
        phone.next_commits(UNANSWERED).edits(place=page)
        story.time_passes(seconds=3)
        if page % 3 == 0:
            phone.link_drops()
            phone.edits(place=page + 0.5)
            story.time_passes(seconds=20)
            phone.link_returns()
        if page % 4 == 0:
            phone.restarts()
        story.time_passes(minutes=2)
    assert [] == [c for c in phone.takes_told() if c.origin is Origin.REMOTE]
    phone.sees(place=11).is_saved(Saved.EVERYWHERE)


def test_closed_too_soon() -> None:
    """A page turned and the app swiped away in the same breath: it is on disk, and sent at the next start."""
    story = Scenario()
    phone = story.device("phone").opens()
    story.settles()
    phone.edits(place=7).crashes()
    story.time_passes(hours=8)
    phone.restarts(opens=None)
    story.settles()
    story.server_has(place=7)


def test_syncs_only_on_close() -> None:
    """Nothing has to be closed: the other device follows while this one reads."""
    story = Scenario()
    phone, laptop = story.device("phone").opens(), story.device("laptop").opens()
    story.settles()
    phone.edits(place=7)
    story.time_passes(ms=50)
    laptop.sees(place=7)


def test_ghost_devices() -> None:
    """Restarted thirty times in three minutes: one card, and no more writes than its lease needs."""
    story = Scenario()
    phone = story.device("phone").opens()
    for _ in range(30):
        story.settles()
        phone.restarts()
    cards = [v.path for v in story.server.history if v.path[0] == "devices"]
    assert [("devices", phone.id)] * 3 == cards  # at the start, and whenever half of the lease was over


def test_a_device_without_a_name() -> None:
    """Its card was lost on the way: it is written again, and once."""
    story = Scenario()
    phone = story.device("phone").next_commits(LOST).opens()
    story.time_passes(seconds=9)
    assert [] == [v for v in story.server.history if v.path[0] == "devices"]
    story.time_passes(minutes=10)
    assert [("devices", phone.id)] == [v.path for v in story.server.history if v.path[0] == "devices"]


def test_writes_and_reconnects_without_need() -> None:
    """A day with two open books and nobody touching them: no write, no read, no new connection."""
    story = Scenario()
    phone = story.device("phone").opens("book").opens("song").edits("book", place=1)
    story.settles()
    before = (len(phone.line.commits), len(phone.line.listens), len(phone.line.reads), phone.disk.writes)
    story.time_passes(hours=23)
    after = (len(phone.line.commits), len(phone.line.listens), len(phone.line.reads), phone.disk.writes)
    assert before == after
    phone.is_linked(Link.LIVE)
