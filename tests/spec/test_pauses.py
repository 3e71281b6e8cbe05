"""Phones change networks and sleep; apps open many sessions, or none; the network stack comes late."""

from __future__ import annotations

from dalsegno._core.types import Link, Saved
from tests.support.scenario import BOOK, Scenario, ScenarioDevice, refused


def reading(story: Scenario) -> ScenarioDevice:
    phone = story.device("phone").opens()
    story.settles()
    return phone.is_linked(Link.LIVE)


def test_another_network_means_another_try_now() -> None:
    """The system reports a change: new channel, no waiting, the backoff begins anew."""
    story = Scenario()
    phone = reading(story).link_drops()
    story.time_passes(minutes=30)
    phone.link_returns().changes_network()
    story.time_passes(ms=100)
    phone.is_linked(Link.LIVE)


def test_a_pause_hangs_up_and_a_resume_comes_back() -> None:
    """Nothing is tried while the app sleeps; edits of the first second after waking are sent."""
    story = Scenario()
    phone = reading(story).pauses()
    tries = len(phone.line.listens)
    story.time_passes(hours=8)
    assert tries == len(phone.line.listens)
    story.server_says(place=5)
    phone.resumes().edits(furthest=0.4)
    story.settles()
    phone.sees(place=5).is_saved(Saved.EVERYWHERE).is_linked(Link.LIVE)


def test_with_nothing_open_nobody_listens() -> None:
    """The last session is closed: the stream ends, and no try is made; opening one again connects."""
    story = Scenario()
    phone = reading(story).closes()
    story.settles()
    assert phone.line.remote is not None and phone.line.remote.stream is None
    tries = len(phone.line.listens)
    story.time_passes(hours=1)
    assert tries == len(phone.line.listens)
    story.server_says(place=5)
    phone.opens()
    story.settles()
    phone.sees(place=5)


def test_twenty_sessions_share_one_stream() -> None:
    """Opened one after the other: one listen call, targets added and removed on it."""
    story = Scenario()
    phone = reading(story)
    for number in range(20):
        phone.opens(f"book-{number}")
    story.settles()
    for number in range(20):
        story.server_says(f"book-{number}", place=number)
    story.settles()
    for number in range(20):
        phone.sees(f"book-{number}", place=number).closes(f"book-{number}")
    story.settles()
    assert 1 == len(phone.line.listens)
    assert [BOOK] == [s.target.path[-1] for s in phone.stream.targets.values() if not s.target.newest]


def test_the_network_stack_may_come_later() -> None:
    """From disk at once, edited before anything could connect, sent when the stack is loaded."""
    story = Scenario()
    phone = story.device("phone", starts=False).starts(network=False).opens().edits(place=1)
    story.time_passes(minutes=1)
    phone.sees(place=1).is_saved(Saved.HERE)
    phone.attach()
    story.settles()
    phone.is_saved(Saved.EVERYWHERE)
    story.server_has(place=1)


def test_a_user_whose_every_try_is_refused_is_told_and_recovers() -> None:
    """UNAUTHENTICATED again and again: DENIED is told; a good token later, all is sent."""
    story = Scenario()
    phone = story.device("phone").next_listens(*[refused("UNAUTHENTICATED")] * 5).opens().edits(place=1)
    story.time_passes(seconds=2)
    phone.is_linked(Link.DENIED)
    story.time_passes(minutes=5)
    phone.is_linked(Link.LIVE).is_saved(Saved.EVERYWHERE)
