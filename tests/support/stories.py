"""How several stories begin."""

from __future__ import annotations

from tests.support.scenario import Scenario, ScenarioDevice


def two(story: Scenario) -> tuple[ScenarioDevice, ScenarioDevice]:
    """A phone and a laptop that both know the book, on page 1, and have been told so."""
    phone = story.device("phone").opens()
    story.settles()
    phone.edits(place=1)
    story.settles()
    laptop = story.device("laptop").opens()
    story.settles()
    for device in (phone, laptop):
        device.takes_told()
    return phone, laptop


def offered(story: Scenario) -> tuple[ScenarioDevice, ScenarioDevice]:
    """Both turned a page before they heard of the other's: the phone shows 2, the laptop, a moment later, 3;
    that is the state, and each is offered the other's."""
    phone, laptop = two(story)
    phone.edits(place=2)
    story.time_passes(ms=1)
    laptop.edits(place=3)
    story.settles()
    return phone, laptop


def playing(story: Scenario, *, track: str = "t1") -> tuple[ScenarioDevice, ScenarioDevice]:
    """A phone that has played a track for a minute, and a speaker that knows of it."""
    phone, speaker = story.device("phone").listens(), story.device("speaker").listens()
    story.settles()
    phone.presses_play(track)
    story.time_passes(minutes=1)
    return phone.sounds(track, 60), speaker.is_silent().shows_playing_on(phone)
