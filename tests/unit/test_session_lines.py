"""Who plays, as an app meets it: taking over, remote control, giving back, handing over."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import dalsegno as ds
from dalsegno.testing import SimulatedFirestore, VirtualClock
from tests.support.recipe import program


class Music(ds.State, schema="music/1"):
    """What is played here."""

    track: str = ds.held("")
    playhead: ds.Playhead = ds.held(ds.Playhead())
    volume: float = ds.latest(0.8)


class Lamp(ds.State, schema="lamp/1"):
    """Held, and without a playhead."""

    scene: str = ds.held("off")


class Plain(ds.State, schema="plain/1"):
    """Nothing is held."""

    page: int = ds.latest(0)


class Stage:
    """A phone and a speaker at one simulated Firestore, on its clock."""

    def __init__(self, home: Path) -> None:
        self.clock = VirtualClock()
        self.cloud = SimulatedFirestore(self.clock)
        self.home = home
        self.phone, self.speaker = self.cloud.client(home, "phone"), self.cloud.client(home, "speaker")
        self.here, self.there = self.phone.open("music", Music), self.speaker.open("music", Music)
        self.clock.run(5_000)

    def plays(self, track: str = "t1", at_ms: float = 0.0) -> None:
        """On the phone, for a minute."""
        playhead = ds.Playhead.playing_from(at_ms, self.phone.now_ms())
        self.here.take_over(track=track, playhead=playhead)
        self.clock.run(60_000)

    def close(self) -> None:
        self.phone.close()
        self.speaker.close()


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    made = Stage(tmp_path)
    yield made
    made.close()


def test_nobody_holds_what_nobody_has_taken(stage: Stage) -> None:
    """And a field of the line can be written all the same, as before."""
    assert stage.here.holder is None
    stage.here.update(track="t1")
    stage.clock.run(5_000)
    assert (None, "t1") == (stage.there.holder, stage.there.state.track)


def test_who_takes_over_holds_and_the_others_know_who_it_is(stage: Stage) -> None:
    """At once where it was pressed; by name, and with a sign of life, on the others."""
    told: list[str] = []
    stage.there.on_holder(lambda: told.append("there"))
    stage.plays()
    here, there = stage.here.holder, stage.there.holder
    assert here is not None and there is not None
    assert (True, True, False, True) == (here.here, here.active, there.here, there.active)
    assert stage.phone.device == there.device
    assert 0 <= stage.phone.now_ms() - there.seen_ms <= 61_000
    assert there.until_ms > stage.speaker.now_ms()
    assert ["there"] == told
    assert abs(stage.there.settled.playhead.position - 60_000) < 100


def test_taking_over_goes_on_where_it_is_heard(stage: Stage) -> None:
    """Without a word about the playhead; the other falls silent, and is told."""
    stage.plays()
    told: list[ds.Change[Music]] = []
    stage.here.on_change(told.append)
    silent: list[bool] = []
    stage.here.on_holder(lambda: silent.append(bool(stage.here.holder and stage.here.holder.here)))
    state = stage.there.take_over()
    assert abs(state.playhead.position - 60_000) < 100 and state.playhead.moving
    stage.clock.run(5_000)
    assert [False] == silent
    assert [(ds.Advice.FOLLOW, ds.Rule.HELD)] == [(c.advice, c.why.rule) for c in told if c.why]
    assert [ds.Origin.REMOTE] == [c.origin for c in told]


def test_giving_back_stands_still_where_it_is(stage: Stage) -> None:
    """A pause: the lease stays with its device, which makes no sound."""
    stage.plays()
    state = stage.here.release()
    assert not state.playhead.moving and abs(state.playhead.position - 60_000) < 100
    stage.clock.run(5_000)
    holder = stage.there.holder
    assert holder is not None
    assert (stage.phone.device, False, 0) == (holder.device, holder.active, holder.until_ms)


def test_what_goes_on_by_itself_gives_way_to_a_person(stage: Stage) -> None:
    """The speaker pauses it from afar; the next track does not undo that, whether the phone has heard of the
    pause or not."""
    for heard_ms in (0, 1, 5_000):
        stage.plays()
        stage.there.update(playhead=stage.there.settled.playhead)
        stage.clock.run(heard_ms)
        stage.here.advance(track="t2", playhead=ds.Playhead.playing_from(0, stage.phone.now_ms()))
        stage.clock.run(5_000)
        assert ("t1", False) == (stage.here.state.track, stage.here.state.playhead.moving)


def test_who_does_not_hold_cannot_go_on_nor_give_back(stage: Stage) -> None:
    """Somebody else has taken over by now: nothing happens, and nothing is written."""
    stage.plays()
    before = stage.there.state
    assert before == stage.there.advance(track="t9") == stage.there.release()
    stage.clock.run(5_000)
    assert ("t1", ds.Saved.EVERYWHERE) == (stage.here.state.track, stage.there.saved)


def test_other_fields_can_be_edited_in_the_same_step(stage: Stage) -> None:
    """They are of their own policy; by name, or as a State."""
    stage.here.take_over(track="t1", volume=0.3)
    stage.clock.run(5_000)
    assert ("t1", 0.3) == (stage.there.state.track, stage.there.state.volume)
    stage.there.take_over(Music(track="t2", volume=0.4))
    stage.clock.run(5_000)
    assert ("t2", 0.4) == (stage.here.state.track, stage.here.state.volume)


def test_a_line_without_a_playhead_is_held_until_it_is_given_back(stage: Stage) -> None:
    """A lamp, a game, a pen: whoever has it, has it."""
    here, there = stage.phone.open("lamp", Lamp), stage.speaker.open("lamp", Lamp)
    here.take_over(scene="evening")
    stage.clock.run(5_000)
    assert there.holder is not None and there.holder.active
    here.update(scene="night")
    here.release()
    stage.clock.run(5_000)
    assert ("night", False) == (there.state.scene, there.holder.active)
    there.update(scene="morning")
    stage.clock.run(5_000)
    assert ("morning", False) == (here.state.scene, bool(here.holder and here.holder.active))
    there.take_over()
    stage.clock.run(5_000)
    assert here.holder is not None and (here.holder.active, here.holder.here) == (True, False)


def test_a_class_without_a_held_field_has_nothing_to_take(stage: Stage) -> None:
    """A sentence says what to declare; the rest of the session works."""
    page = stage.phone.open("page", Plain)
    for call in (page.take_over, page.advance, page.release, lambda: page.transfer("x")):
        with pytest.raises(ds.UsageError, match=r"held\(default\)"):
            call()
    assert page.holder is None and page.settled == page.state


def test_bad_fields_change_nothing(stage: Stage) -> None:
    """A wrong name or type is told, and nobody has taken over."""
    with pytest.raises(ds.UsageError, match="no field tracks"):
        stage.here.take_over(tracks="t1")
    with pytest.raises(ds.UsageError, match="takes"):
        stage.here.take_over(track=7)
    with pytest.raises(ds.UsageError, match="function"):
        stage.here.on_holder("loud")  # type: ignore[arg-type]
    with pytest.raises(ds.UsageError, match="function"):
        stage.here.on_transfer("loud")  # type: ignore[arg-type]
    assert stage.here.holder is None


def test_closing_the_session_leaves_it_paused(stage: Stage) -> None:
    """And closing the client does, before it takes its leave."""
    stage.plays()
    stage.here.close()
    stage.clock.run(5_000)
    assert stage.there.holder is not None and not stage.there.holder.active
    assert not stage.there.state.playhead.moving
    stage.there.take_over(playhead=ds.Playhead.playing_from(0, stage.speaker.now_ms()))
    stage.clock.run(5_000)
    here = stage.phone.open("music", Music)
    stage.clock.run(5_000)
    assert here.holder is not None and here.holder.active
    stage.speaker.close()
    stage.clock.run(1_000)
    assert not here.state.playhead.moving and here.holder is not None and not here.holder.active


def test_the_other_device_is_asked_and_takes_over(stage: Stage) -> None:
    """It is told who asks and what is played; the future is done when it has."""
    stage.plays()
    asked: list[ds.Transfer[Music]] = []

    def answer(transfer: ds.Transfer[Music]) -> None:
        asked.append(transfer)
        place = ds.Playhead.playing_from(transfer.state.playhead.position, stage.speaker.now_ms())
        assert transfer.take(playhead=place)

    stage.there.on_transfer(answer)
    future = stage.here.transfer(stage.speaker.device.id)
    stage.clock.run(5_000)
    assert future.result(0) is None
    assert [("t1", stage.phone.device)] == [(t.state.track, t.device) for t in asked]
    assert asked[0].until_ms - stage.phone.now_ms() <= 5_000
    assert stage.there.holder is not None and stage.there.holder.here
    assert stage.here.holder is not None and not stage.here.holder.here
    assert abs(stage.there.settled.playhead.position - 65_000) < 200


def test_a_device_without_a_player_declines(stage: Stage) -> None:
    """No callback is there to answer: whoever asks is told at once, and plays on."""
    stage.plays()
    future = stage.here.transfer(stage.speaker.device.id)
    stage.clock.run(1_000)
    with pytest.raises(ds.NotTaken) as caught:
        future.result(0)
    assert "declined" == caught.value.why
    assert stage.here.holder is not None and stage.here.holder.active


def test_a_device_can_decline_by_itself(stage: Stage) -> None:
    """It has a player, and not the file."""
    stage.plays()
    stage.there.on_transfer(lambda transfer: transfer.decline())
    future = stage.here.transfer(stage.speaker.device.id)
    stage.clock.run(1_000)
    assert isinstance(future.exception(0), ds.NotTaken)


@pytest.mark.parametrize("wrong", ["nobody", "itself", "signed out"])
def test_only_another_device_that_is_there_can_be_asked(stage: Stage, wrong: str) -> None:
    """A sentence says why; nothing was sent."""
    stage.plays()
    device = {"nobody": "00000000000000ff", "itself": stage.phone.device.id}.get(wrong, "")
    if not device:
        device = stage.speaker.device.id
        stage.phone.sign_out_device(device)
        stage.clock.run(5_000)
    commits = stage.phone.counters.commits
    with pytest.raises(ds.UsageError):
        stage.here.transfer(device)
    assert commits == stage.phone.counters.commits


def test_what_was_heard_beyond_the_other_place_is_a_mark_with_its_reason(stage: Stage) -> None:
    """In a tunnel for ten minutes: the speaker plays another track meanwhile; the way back says why."""
    stage.plays()
    stage.phone.pause()
    stage.there.take_over(track="t2", playhead=ds.Playhead.playing_from(0, stage.speaker.now_ms()))
    stage.clock.run(600_000)
    stage.phone.resume()
    stage.clock.run(10_000)
    mark, *_ = stage.here.marks
    assert ("hand_off", "t1", stage.phone.device) == (mark.reason, mark.values["track"], mark.device)
    assert not mark.values["playhead"].moving
    assert 655_000 <= mark.values["playhead"].position <= 665_000


class App:
    """The program of the recipe as it stands, on one device; what it would sound."""

    def __init__(self, client: ds.Client, files: set[str]) -> None:
        self.sounds: tuple[str, float] | None = None
        self.says = ""
        self.names: dict[str, object] = {
            "client": client,
            "sound": lambda track, position: self._is((track, position), ""),
            "silence": lambda says: self._is(None, says),
            "has_file": lambda track: track in files,
        }
        exec(compile(program("Music"), "recipes.md", "exec"), self.names)

    def _is(self, sounds: tuple[str, float] | None, says: str) -> None:
        self.sounds, self.says = sounds, says

    def is_silent(self, says: str = "") -> bool:
        return (self.sounds, self.says) == (None, says)

    def does(self, name: str, *arguments: object) -> Any:
        act = self.names[name]
        assert callable(act)
        return act(*arguments)


def test_the_recipe_for_music_as_it_stands(tmp_path: Path) -> None:
    """Played here, played on there; skipped, paused from afar; handed over, and declined."""
    clock = VirtualClock()
    cloud = SimulatedFirestore(clock)
    with cloud.client(tmp_path, "phone") as one, cloud.client(tmp_path, "kitchen") as other:
        phone, kitchen = App(one, {"t1", "t2", "t3"}), App(other, {"t1", "t2"})
        clock.run(5_000)
        phone.does("play", "t1")
        clock.run(60_000)
        assert phone.sounds is not None and "t1" == phone.sounds[0]
        assert kitchen.is_silent("on phone")
        kitchen.does("play_on")
        clock.run(5_000)
        assert kitchen.sounds is not None and abs(kitchen.sounds[1] - 60_000) < 100
        assert phone.is_silent("on kitchen")
        kitchen.does("next_track", "t2")
        clock.run(5_000)
        assert kitchen.sounds is not None and "t2" == kitchen.sounds[0]
        phone.does("pause")
        clock.run(5_000)
        assert phone.is_silent() and kitchen.is_silent()
        phone.does("play", "t1")
        handed = phone.does("play_in", other.device)
        clock.run(5_000)
        assert handed.result(0) is None
        assert phone.sounds is None and kitchen.sounds is not None
        phone.does("play", "t3")
        clock.run(5_000)
        refused = phone.does("play_in", other.device)
        clock.run(5_000)
        assert isinstance(refused.exception(0), ds.NotTaken)
        assert kitchen.sounds is None and phone.sounds is not None
