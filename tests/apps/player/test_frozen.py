"""A player that is frozen in the middle of its music, in a real process on the emulator."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from apps.common.driving import AppProcess
from apps.player.waking import GAP_S
from tests.apps.player.sounds import noise, write_sound
from tests.support.waiting import until

pytestmark = pytest.mark.no_cover  # nearly all its lines are those of tests that are counted

LONG_S, RATE = 240, 8_000  # no track comes to its end by itself, however long the machine stalls


@pytest.fixture
def start(tmp_path: Path, project: str, emulator_host: str) -> Iterator[Callable[[str], AppProcess]]:
    """Starts a player by its device's name; all have the same music."""
    music = tmp_path / "music"
    music.mkdir()
    write_sound(music / "Alba.wav", noise(LONG_S, rate=RATE), RATE, title="Alba", artist="Trio")
    running: list[AppProcess] = []

    def start(device: str) -> AppProcess:
        flags = ["--offscreen", "--audio", "none", "--size", "1200x800", "--device", device]
        flags += ["--profile", device.lower(), "--project", project, "--emulator", emulator_host]
        running.append(AppProcess("apps.player", music, *flags, "--home", tmp_path, name=device))
        return running[-1]

    yield start
    for app in running:
        app.close()


def test_a_player_that_was_frozen_leaves_the_music_where_it_went(
    start: Callable[[str], AppProcess], tmp_path: Path
) -> None:
    """The phone takes over while the laptop stands still; when that goes on, the phone plays on as before,
    and the laptop is silent and says where the music is.
    """
    laptop, phone = start("Laptop"), start("Phone")
    for app in (laptop, phone):
        app.wait(lambda seen: seen["scanned"] and seen["link"] == "live", "live")
    laptop.key("space")
    phone.wait(lambda seen: seen["elsewhere"] == "Laptop", "that the laptop plays")

    os.kill(laptop.pid, signal.SIGSTOP)
    try:
        phone.click("play_here")
        taken = phone.wait(lambda seen: seen["playing_here"], "that the phone plays")["moved_by"]
        heard_ms = taken[0] + (GAP_S + 1) * 1000
        until(lambda: phone.observe()["position_ms"] > heard_ms, what="music on the phone")
    finally:
        os.kill(laptop.pid, signal.SIGCONT)

    laptop.wait(lambda seen: seen["elsewhere"] == "Phone" and not seen["playing_here"], "the phone's music")
    assert (True, None) == (phone.observe()["playing_here"], phone.observe()["elsewhere"])
    assert phone.observe()["moved_by"][1] == 1.0
    for log in ("player-laptop.log", "player-phone.log"):
        assert not re.search("Unexpected", (tmp_path / log).read_text())
