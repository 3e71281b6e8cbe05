"""The player as people use it: two processes, the emulator under the rules, and the app's own buttons."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from apps.common.driving import AppProcess, Seen
from tests.apps.player.sounds import noise, write_sound
from tests.support.emulator import fresh_project

pytestmark = pytest.mark.no_cover  # nearly all its lines are those of tests that are counted

PHONE, LAPTOP = (390, 780), (1200, 800)
NOBODY = "127.0.0.1:1"  # nothing listens there: the network is down
LONG_S, RATE = 240, 8_000  # no track comes to its end by itself, however long the machine stalls
SLACK_MS = 250  # between the clock of the sound and ours


class Stage:
    """Starts players that share one user, one project and one folder of music."""

    def __init__(self, folder: Path, home: Path, emulator: str, project: str) -> None:
        self._folder, self._home, self._emulator, self._project = folder, home, emulator, project
        self._open: list[AppProcess] = []

    def player(
        self, profile: str, device: str, size: tuple[int, int], *, folder: Path | None = None
    ) -> AppProcess:
        return self._start(profile, device, size, self._emulator, folder or self._folder)

    def offline(self, profile: str, device: str, size: tuple[int, int]) -> AppProcess:
        return self._start(profile, device, size, NOBODY, self._folder)

    def _start(
        self, profile: str, device: str, size: tuple[int, int], emulator: str, folder: Path
    ) -> AppProcess:
        arguments = {
            "--profile": profile,
            "--device": device,
            "--size": f"{size[0]}x{size[1]}",
            "--emulator": emulator,
            "--project": self._project,
            "--home": self._home,
            "--audio": "none",
        }
        flat = [part for pair in arguments.items() for part in pair]
        app = AppProcess(
            "apps.player", folder, "--offscreen", *flat, name=device, log=self._home / f"{profile}.err"
        )
        self._open.append(app)
        return app

    def close(self) -> None:
        for app in self._open:
            app.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`Alba` and `Brio`, of four minutes each."""
    place = tmp_path_factory.mktemp("music")
    for number, name in enumerate(("Alba.wav", "Brio.flac")):
        sound = noise(LONG_S, seed=number, rate=RATE)
        write_sound(place / name, sound, RATE, title=name.split(".")[0], artist="Trio")
    return place


@pytest.fixture
def stage(folder: Path, tmp_path: Path, emulator_host: str) -> Iterator[Stage]:
    stage = Stage(folder, tmp_path, emulator_host, fresh_project())
    yield stage
    stage.close()


def is_live(seen: Seen) -> bool:
    return bool(seen["scanned"] and seen["link"] == "live")


def stands(seen: Seen) -> bool:
    return seen["stands_at_ms"] is not None


def test_put_one_down_pick_the_other_up(stage: Stage, tmp_path: Path) -> None:
    """Track 2, a seek, volume and shuffle made on the phone are on the laptop; it takes over, and is
    driven.
    """
    phone, laptop = stage.player("phone", "Pixel 8", PHONE), stage.player("laptop", "Laptop", LAPTOP)
    for app in (phone, laptop):
        app.wait(lambda s: is_live(s) and not s["searching"], "live", timeout_s=60)

    phone.click("open_queue")
    phone.wait(lambda s: s["drawer"], "the queue")
    phone.click("track.1")
    phone.click("drawer_close")
    phone.wait(lambda s: not s["drawer"] and s["playing_here"], "playing")
    phone.drag("seek", 90_000)
    sought = phone.wait(lambda s: s["moved_by"][0] > 60_000, "the seek")["moved_by"]
    assert sought[0] == pytest.approx(90_000, abs=1_000)
    phone.drag("volume", 0.35)
    phone.click("shuffle")
    there = laptop.wait(
        lambda s: s["shuffled"] and s["moved_by"][0] >= sought[0] - 1 and abs(s["volume"] - 0.35) < 0.01,
        "the phone's doings",
    )
    assert ("Brio", "Pixel 8", False) == (there["title"], there["elsewhere"], there["playing_here"])
    assert phone.observe()["order"] == list(there["order"])

    laptop.click("play_here")
    silent = phone.wait(lambda s: s["elsewhere"] == "Laptop", "that the laptop took over")
    assert silent["playing_here"] is False
    assert laptop.observe()["playing_here"] is True

    phone.click("play")  # as a remote control: pause
    at_phone, at_laptop = phone.wait(stands, "a pause"), laptop.wait(stands, "a pause from the phone")
    assert at_phone["stands_at_ms"] == pytest.approx(at_laptop["stands_at_ms"], abs=1)
    laptop.screenshot(tmp_path / "laptop.png")
    assert (tmp_path / "laptop.png").stat().st_size > 10_000
    assert not re.search("Unexpected", (tmp_path / "player-phone.log").read_text())
    assert not re.search("Unexpected", (tmp_path / "player-laptop.log").read_text())


def test_close_one_and_open_the_other(stage: Stage) -> None:
    """Closed while it plays, opened on another device: no later than it was closed; again, offline: within
    50 ms of the same sample.
    """
    phone = stage.player("phone", "Pixel 8", PHONE)
    phone.wait(is_live, "live", timeout_s=60)
    phone.key("space")
    phone.wait(lambda s: s["playing_here"], "playing")
    phone.key("right")
    phone.key("space")
    left = phone.wait(stands, "a pause")
    again_ns = phone.key("space")
    phone.wait(lambda s: s["playing_here"], "playing again")
    assert 0 == phone.close()
    played_ms = (time.monotonic_ns() - again_ns) / 1e6

    laptop = stage.player("laptop", "Laptop", LAPTOP)
    found = laptop.wait(lambda s: s["title"] == "Alba" and stands(s), "the phone's place", timeout_s=60)
    assert left["stands_at_ms"] <= found["stands_at_ms"] <= left["stands_at_ms"] + played_ms + SLACK_MS
    laptop.close()

    again = stage.offline("phone", "Pixel 8", PHONE)
    first = again.ready()
    assert not first["searching"]
    assert first["stands_at_ms"] == pytest.approx(found["stands_at_ms"], abs=50)
    assert ("Alba", "Trio") == (first["title"], first["artist"])
    again.wait(lambda s: s["scanned"], "the scan")
    again.key("space")
    again.wait(lambda s: s["playing_here"], "playing offline")
    again.key("m")
    again.wait(lambda s: s["volume"] == 0.0 and s["saved"] == "here", "muted, saved here")


def test_a_killed_player_comes_back_near_its_place(stage: Stage) -> None:
    """Killed in the middle of a track, the player comes back there, paused."""
    phone = stage.offline("phone", "Pixel 8", PHONE)
    phone.wait(lambda s: s["scanned"], "the scan", timeout_s=60)
    phone.key("space")
    phone.wait(lambda s: s["playing_here"], "playing")
    sought_ns = phone.drag("seek", 90_000)
    sought = phone.wait(lambda s: s["moved_by"][0] > 60_000, "the seek")["moved_by"]
    phone.kill()
    played_ms = (time.monotonic_ns() - sought_ns) / 1e6
    again = stage.offline("phone", "Pixel 8", PHONE).ready()
    assert ("Alba", False) == (again["title"], again["playing_here"])
    assert sought[0] - SLACK_MS <= again["stands_at_ms"] <= sought[0] + played_ms + SLACK_MS


def test_bad_input_is_said_on_the_screen(stage: Stage, tmp_path: Path) -> None:
    """An empty folder says what to put there; bad files and a vanished one are named; the good one plays."""
    own = tmp_path / "own"
    own.mkdir()
    app = stage.player("laptop", "Laptop", LAPTOP, folder=own)
    empty = app.wait(lambda s: s["empty"], "that there is no music", timeout_s=60)
    assert "Put wav, flac, mp3 or ogg files there" in empty["empty"]

    for seed, (name, title) in enumerate((("a.wav", "Gone"), ("b.wav", "Good"))):
        write_sound(own / name, noise(LONG_S, seed=seed, rate=RATE), RATE, title=title)
    (own / "c.m4a").write_bytes(b"\0\0\0\x20ftypM4A " + b"\0" * 200)
    app.click("empty_action")
    found = app.wait(lambda s: len(s["order"]) == 2, "the music")
    assert ["AAC or ALAC" in problem for problem in found["problems"]] == [True]
    app.click("problems")

    (own / "a.wav").unlink()
    app.key("escape")
    app.click("track.0")
    gone = app.wait(lambda s: s["notice"], "what happened")
    assert "“a.wav” is no longer in" in gone["notice"]
    app.wait(lambda s: s["title"] == "Good" and s["playing_here"], "the good one")
    assert app.observe()["silent"] is None  # asked for by --audio none: nothing to tell
    shutil.rmtree(own)
