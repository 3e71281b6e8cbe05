"""When a scan tells its news, and what that costs whoever hears them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from apps.player.library import Library, scan
from tests.apps.player.conftest import Stage
from tests.apps.player.scanning import scanned
from tests.apps.player.sounds import noise, write_sound
from tests.support.waiting import until


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty files of the same sound: one track."""
    place = tmp_path_factory.mktemp("many")
    first = write_sound(place / "00.ogg", noise(0.2))
    for number in range(1, 40):
        shutil.copy(first, place / f"{number:02}.ogg")
    return place


def clock_of(step_s: float) -> Callable[[], float]:
    """Each look at it is so much later."""
    times: Iterator[int] = count()
    return lambda: next(times) * step_s


@pytest.mark.parametrize(("step_s", "told"), [(0.0, [40]), (0.125, [*range(4, 41, 4), 40]), (0.6, None)])
def test_news_come_by_the_clock_and_not_by_the_file(
    step_s: float, told: list[int] | None, many: Path
) -> None:
    """Every half second, and once at the end, however many files there are."""
    each = [*range(1, 41), 40]
    assert (told or each) == [news.progress.done for news in scan(many, {}, clock_of(step_s))]


def test_an_app_that_is_behind_hears_the_newest_news_once(many: Path, tmp_path: Path) -> None:
    """A frame that takes long is followed by one call, and not by all that the scan has said meanwhile."""
    calls: list[Callable[[], None]] = []
    library = Library(many, tmp_path / "index.json", calls.append, clock_of(0.6))
    library.start_scan()
    until((tmp_path / "index.json").exists, what="the end of the scan")
    told: list[int] = []
    library.on_change = lambda: told.append(library.progress.done)
    for call in calls:
        call()
    assert ([40], True) == (told, library.progress.finished)


def test_a_scan_that_finds_nothing_new_changes_nothing(many: Path, tmp_path: Path) -> None:
    """The tracks are the same mapping as before: nobody has a reason to lay out a list anew."""
    scanned(many, tmp_path)
    calls: list[Callable[[], None]] = []
    library = Library(many, tmp_path / "index.json", calls.append)
    before = library.tracks
    (tmp_path / "index.json").unlink()
    library.start_scan()
    until((tmp_path / "index.json").exists, what="the end of the scan")
    for call in calls:
        call()
    assert library.progress.finished
    assert before is library.tracks


def test_what_did_not_change_is_not_made_anew(stage: Stage) -> None:
    """Play, pause, another volume: the rows of the queue are the same tuple as before, however many."""
    player = stage.player("phone", "Pixel 8")
    before = player.presenter.view.rows
    player.presenter.toggle()
    stage.let_pass(3)
    player.presenter.set_volume(0.3)
    player.presenter.toggle()
    assert before is player.presenter.view.rows
    player.presenter.toggle_shuffle()
    assert sorted(before, key=hash) == sorted(player.presenter.view.rows, key=hash)
    assert before is not player.presenter.view.rows


def test_a_queue_that_did_not_change_is_not_laid_out_anew() -> None:
    """The panel is asked at each event; it goes through its rows only if they or the current one differ."""
    from kivy.base import EventLoop

    from apps.player.screens.queue import QueuePanel
    from apps.player.view import Row, View

    EventLoop.ensure_window()
    looked: list[int] = []

    class Rows(tuple[Row, ...]):
        def __iter__(self) -> Iterator[Row]:
            looked.append(1)
            return super().__iter__()

    rows = Rows(Row(f"{i:024x}", f"Piece {i}", "Trio", 1000.0, here=True) for i in range(9))
    more = (False, None, None, None, 0.0, 0.8, False, "off", (0.0, 0.0, 0), None, None, None)
    panel = QueuePanel()
    panel.show(View(None, rows, 0, *more, True, ()), str, tag="track")
    first = len(looked)
    panel.show(View(None, rows, 0, *more, False, ("bad",)), str, tag="track")
    assert (first, "1 file cannot be played", "9 tracks · 0:09") == (
        len(looked),
        panel.complaint,
        panel.summary,
    )
    panel.show(View(None, rows, 1, *more, False, ()), str, tag="track")
    assert first < len(looked)
