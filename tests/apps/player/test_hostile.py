"""Whatever stands in the shared state, or on this device's disk: the player starts, shows it and goes on."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from apps.common.driving import AppProcess
from apps.player.audio.engine import Engine
from apps.player.library import Library
from apps.player.listening import SESSION_ID, Listening
from apps.player.order import REPEATS
from apps.player.presenter import Presenter
from apps.player.shared import LONGEST_MS, LONGEST_NAME, MOST_QUEUED
from apps.player.view import clock
from dalsegno._core.state import decode, encode
from tests.apps import profiles
from tests.apps.hostile import mixtures, numbers, texts
from tests.apps.player.hostile_session import DEFAULTS, HostileSession
from tests.apps.player.scanning import scanned
from tests.apps.player.sounds import HandPulledBackend, at_once

pytestmark = pytest.mark.no_cover  # what is odd is the state: the lines are those of the other tests

ME, TRACKS = "phone", ["0" * 24, "nowhere"]

playheads = st.fixed_dictionaries(
    {
        "position": st.one_of(st.sampled_from([0, 0.0, 5_000, 3.1e11]), numbers),
        "rate": st.one_of(st.sampled_from([0.0, 1.0, 100.0, 5e-324]), numbers),
        "at": st.one_of(st.sampled_from([0, 1_700_000_000_000, 253_402_300_800_000]), numbers),
    }
)
states = st.fixed_dictionaries(
    {},
    optional={
        "queue": mixtures(st.lists(texts, max_size=6)),
        "track": mixtures(st.sampled_from([*TRACKS, "HERE"])),
        "title": mixtures(texts),
        "artist": mixtures(texts),
        "duration_ms": mixtures(numbers),
        "playhead": mixtures(playheads),
        "volume": mixtures(numbers),
        "shuffle": mixtures(numbers),
        "shuffle_first": mixtures(texts),
        "repeat": mixtures(st.sampled_from(REPEATS)),
        "loudness": mixtures(numbers),
    },
)
presses = st.lists(
    st.sampled_from(
        ["toggle", "next", "previous", "toggle_mute", "toggle_shuffle", "cycle_repeat", "play_here", "pause"]
    ),
    max_size=4,
)


@pytest.fixture(scope="module")
def library(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Library:
    return scanned(folder, tmp_path_factory.mktemp("home"))


holders = st.none() | st.builds(
    lambda name, here, active: SimpleNamespace(
        device=SimpleNamespace(id="other", name=name), here=here, active=active
    ),
    texts,
    st.booleans(),
    st.booleans(),
)


def arrives(device: HostileSession, values: dict[str, Any], library: Library, holder: Any = None) -> None:
    """The device hears of these plain values, as far as the SDK lets them through."""
    here = next(iter(library.tracks))
    values = {name: here if value == "HERE" else value for name, value in values.items()}
    state = decode(Listening, values)
    device.receive({name: getattr(state, name) for name in DEFAULTS}, holder)


def check(presenter: Presenter) -> None:
    """What is to be seen can be drawn."""
    view = presenter.view
    assert 0.0 <= view.duration_ms <= LONGEST_MS
    assert 0.0 <= view.volume <= 1.0
    assert math.isfinite(presenter.position_ms) and clock(presenter.position_ms)
    assert view.repeat in REPEATS
    rows = [*view.rows, *([view.current] if view.current else [])]
    for words in [
        view.elsewhere or "",
        view.gone or "",
        *(w for row in rows for w in (row.title, row.artist)),
    ]:
        assert len(words) <= LONGEST_NAME and (words.isprintable() or not words)
    assert all(0.0 <= row.duration_ms <= LONGEST_MS for row in rows)
    assert clock(sum(row.duration_ms for row in rows))


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(
    first=states,
    second=states,
    holder=holders,
    pressed=presses,
    seek_ms=numbers.filter(lambda n: n == n),
)
@example(first={}, second={"track": "0" * 24}, holder=None, pressed=[], seek_ms=math.inf)  # of unknown length
def test_no_state_ends_the_player(
    first: dict[str, Any],
    second: dict[str, Any],
    holder: Any,
    pressed: list[str],
    seek_ms: float,
    library: Library,
) -> None:
    """From any state to any other, with any buttons pressed in between: what is shown is sound, and so is
    what is written.
    """
    device = HostileSession(ME, "Pixel 8")
    arrives(device, first, library, holder)
    engine = Engine(HandPulledBackend(), clock=lambda: device.now / 1000, run=at_once)
    presenter = Presenter(device, device, engine, library, random.Random(3))
    check(presenter)
    for press in pressed:
        getattr(presenter, press)()
        presenter.tick()
        check(presenter)
    arrives(device, second, library, holder)
    presenter.tick()
    presenter.seek(seek_ms)
    check(presenter)
    presenter.close()
    for written in device.writes:
        encode(Listening, written)
        assert all(math.isfinite(value) for value in written.values() if isinstance(value, float))


def test_a_queue_without_end_is_shown_and_written_as_far_as_it_fits(library: Library) -> None:
    """Sixty thousand tracks of a letter each: a start, and a press, take as many as a field holds."""
    device = HostileSession(ME, "Pixel 8")
    letters = [chr(0x4E00 + number) for number in range(20_000)] + [chr(0xAC00 + n) for n in range(11_000)]
    arrives(device, {"queue": letters}, library)
    engine = Engine(HandPulledBackend(), clock=lambda: device.now / 1000, run=at_once)
    presenter = Presenter(device, device, engine, library)
    assert len(presenter.view.rows) == MOST_QUEUED + len(library.tracks)
    presenter.choose(next(iter(library.tracks)))
    written = next(fields for fields in reversed(device.writes) if "track" in fields)
    encode(Listening, written)
    presenter.close()


KILLERS: dict[str, dict[str, Any]] = {
    "infinite": {"duration_ms": math.inf, "volume": math.inf, "track": "t", "title": "T", "queue": ["t"]},
    "wordy": {
        "track": "t",
        "queue": ["t", "", "\0", "x" * 9_000],
        "title": "\0\n\u202e" * 20_000,
        "artist": "é" * 60_000,
        "volume": -3.0,
        "shuffle": -(2**63),
        "repeat": "whole",
        "playhead": {"position": 3.1e11, "rate": 100.0, "at": 0},
        "loudness": math.inf,
    },
}


@pytest.fixture
def started(folder: Path, tmp_path: Path) -> Iterator[Any]:
    running: list[AppProcess] = []

    def start(values: dict[str, Any]) -> AppProcess:
        profiles.known("player", tmp_path, SESSION_ID, "listening/1", values)
        flags = [*profiles.arguments(tmp_path), "--audio", "none"]
        running.append(AppProcess("apps.player", folder, *flags, log=tmp_path / "player.err"))
        return running[-1]

    yield start
    for player in running:
        player.close()


@pytest.mark.parametrize("name", KILLERS)
def test_no_stored_state_ends_the_player_at_its_start(name: str, started: Any, tmp_path: Path) -> None:
    """In a window, without a network: it is there, and what is pressed plays."""
    player = started(KILLERS[name])
    seen = player.wait(lambda seen: seen["scanned"] and len(seen["order"]) >= 3, "the music")
    place = seen["order"].index("Brio")
    player.click(f"track.{place}")
    player.wait(lambda seen: seen["playing_here"] and seen["title"] == "Brio", "that it plays")
    assert 0 == player.close()
    assert not re.search("Unexpected|Traceback", (tmp_path / "player.err").read_text())
    assert not re.search("Unexpected", (tmp_path / "player-test.log").read_text())
