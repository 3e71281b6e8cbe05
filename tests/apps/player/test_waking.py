"""A player that slept or was frozen while another device took the music: it looks before it goes on."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.apps.player.conftest import Player, Stage

pytestmark = pytest.mark.no_cover  # nearly all its lines are those of tests that are counted

SHORT_S, LONG_S = 6.0, 7_200.0


@pytest.fixture
def laptop(stage: Stage) -> Player:
    """Has played `Alba` for eleven seconds: long enough to write its line anew without being asked."""
    laptop = stage.player("laptop", "Laptop")
    laptop.presenter.toggle()
    stage.let_pass(11)
    return laptop


def sleeps(
    stage: Stage, laptop: Player, seconds: float, meanwhile: Callable[[], None] = lambda: None
) -> None:
    """No tick, no block, no news; the others live on, and do something `meanwhile`."""
    stage.players.remove(laptop)
    stage.network.up = False
    if seconds == LONG_S:  # all of it sleeps, the SDK, too
        stage.network.clock.now_ms += (LONG_S - SHORT_S) * 1000
    meanwhile()
    stage.let_pass(SHORT_S)
    stage.players.append(laptop)


def hears(stage: Stage) -> None:
    stage.network.deliver()
    stage.let_pass(0.2)


@pytest.mark.parametrize("slept_s", [SHORT_S, LONG_S])
def test_the_music_stays_where_it_went(stage: Stage, phone: Player, laptop: Player, slept_s: float) -> None:
    """The phone took over while the laptop slept: the laptop wakes silent, writes nothing, and shows where
    the music is as soon as it has heard.
    """
    before = len(laptop.shared.writes)
    sleeps(stage, laptop, slept_s, phone.presenter.play_here)
    stage.let_pass(1)
    assert not laptop.engine.playing
    hears(stage)
    assert (before, True, False) == (len(laptop.shared.writes), phone.engine.playing, laptop.engine.playing)
    assert "Pixel 8" == laptop.presenter.view.elsewhere


def test_who_took_over_and_paused_is_not_overruled(stage: Stage, phone: Player, laptop: Player) -> None:
    """The phone took over, and paused at another place: that is where both stand."""

    def meanwhile() -> None:
        phone.presenter.play_here()
        phone.presenter.seek(25_000)
        phone.presenter.pause()

    before = len(laptop.shared.writes)
    sleeps(stage, laptop, SHORT_S, meanwhile)
    stage.let_pass(1)
    hears(stage)
    assert (before, False) == (len(laptop.shared.writes), laptop.engine.playing)
    assert (25_000, 25_000) == (laptop.presenter.position_ms, phone.presenter.position_ms)


@pytest.mark.parametrize(("slept_s", "resumes"), [(SHORT_S, True), (LONG_S, False)])
def test_where_nobody_took_over(
    stage: Stage, phone: Player, laptop: Player, slept_s: float, resumes: bool
) -> None:
    """Silent until the server has spoken; then it plays on where it was last heard, after a short sleep; or
    is paused there, for all to see, after a long one.
    """
    heard_ms, before = laptop.engine.position_ms, len(laptop.shared.writes)
    sleeps(stage, laptop, slept_s)
    stage.let_pass(1)
    assert (before, False) == (len(laptop.shared.writes), laptop.engine.playing)
    hears(stage)
    assert (before + 1, resumes) == (len(laptop.shared.writes), laptop.engine.playing)
    assert heard_ms == pytest.approx(laptop.presenter.position_ms, abs=300)
    assert heard_ms == pytest.approx(phone.presenter.position_ms, abs=300)
    assert ("Laptop" if resumes else None) == phone.presenter.view.elsewhere


def test_no_sound_out_of_nowhere(stage: Stage, laptop: Player) -> None:
    """A short sleep, and no network for a minute after it: whoever listened has gone; it stays silent."""
    sleeps(stage, laptop, SHORT_S)
    stage.let_pass(60)
    hears(stage)
    assert not laptop.engine.playing
    assert not laptop.presenter.view.playing


def test_silence_without_a_network_is_not_heard(stage: Stage, laptop: Player) -> None:
    """Silent after a short sleep, and no network: the line stands where it was heard, on disk too, so that
    a restart does not begin where nobody has listened to."""
    heard_ms = laptop.engine.position_ms
    sleeps(stage, laptop, SHORT_S)
    stage.let_pass(10)
    assert (False, False) == (laptop.engine.playing, laptop.shared.holder.active)
    again = stage.reopened(laptop)
    assert heard_ms == pytest.approx(again.presenter.position_ms, abs=50)


def test_a_command_that_came_while_it_slept_starts_no_sound(
    stage: Stage, phone: Player, laptop: Player
) -> None:
    """The phone skipped to the next track on the sleeping laptop: it stands there, and nothing moves."""
    sleeps(stage, laptop, SHORT_S, phone.presenter.next)
    stage.let_pass(1)
    hears(stage)
    current = laptop.presenter.view.current
    assert ("Brio", 0.0, False) == (
        current.title if current else "",
        laptop.presenter.position_ms,
        laptop.engine.playing,
    )
    assert phone.presenter.view.elsewhere is None


@pytest.mark.parametrize("press", ["toggle", "pause"])
def test_a_pause_pressed_at_the_wake_up_is_one(
    stage: Stage, phone: Player, laptop: Player, press: str
) -> None:
    """Pressed before the first tick, on a screen that still shows the music as playing here: it does not
    pause the phone, and does not let the laptop play on.
    """
    stage.network.up = False
    phone.presenter.play_here()
    before = len(laptop.shared.writes)
    stage.players.remove(laptop)
    stage.let_pass(SHORT_S)
    getattr(laptop.presenter, press)()
    stage.players.append(laptop)
    stage.let_pass(1)
    hears(stage)
    assert (before, True, False) == (len(laptop.shared.writes), phone.engine.playing, laptop.engine.playing)


def test_play_pressed_at_the_wake_up_plays(stage: Stage, phone: Player, laptop: Player) -> None:
    """Whoever wants the music here gets it here, at once: that is a person's word."""
    sleeps(stage, laptop, LONG_S, phone.presenter.play_here)
    stage.let_pass(1)
    laptop.presenter.play_here()
    stage.let_pass(1)
    assert laptop.engine.playing
    hears(stage)
    assert (True, False) == (laptop.engine.playing, phone.engine.playing)


def test_a_screen_that_is_held_up_is_no_sleep(stage: Stage, laptop: Player) -> None:
    """A frame of eight seconds while the sound goes on: it goes on."""
    for _ in range(200):
        laptop.backend.pull(1_764)
        stage.network.now_ms += 40
    stage.network.up = False
    stage.let_pass(0.2)
    assert laptop.engine.playing
    assert 19_200 == pytest.approx(laptop.engine.position_ms, abs=50)


def test_what_this_device_does_by_itself_never_takes_over(
    stage: Stage, phone: Player, laptop: Player
) -> None:
    """The phone's press is in the state and nobody was told yet: the end of a track here writes nothing."""
    for unsubscribe in laptop.presenter._unsubscribe:
        unsubscribe()
    phone.presenter.play_here()
    before = len(laptop.shared.writes)
    stage.let_pass(30)
    assert (before, False) == (len(laptop.shared.writes), laptop.engine.playing)
