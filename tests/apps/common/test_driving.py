"""A program can push the app's own controls, and sees what a person would see."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from apps.common.driving import AppProcess, DriveError
from tests.support.waiting import until


def gallery(home: Path, *arguments: str) -> AppProcess:
    return AppProcess(
        "apps.common.gallery",
        *("--offscreen", "--home", home, "--size", "390x780", *arguments),
        name="gallery",
        log=home / "stderr.txt",
    )


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppProcess]:
    with gallery(tmp_path_factory.mktemp("gallery")) as app:
        app.ready()
        yield app


def test_a_click_is_a_touch_at_the_controls_centre(app: AppProcess) -> None:
    """A click reaches the app through the window, and the change is told after it was drawn."""
    before = app.observe()["pressed"]
    at_ns = app.click("play")
    seen = app.wait(lambda s: s["pressed"] == before + 1, "one more press")
    assert at_ns < seen.at_ns


def test_a_seek_bar_tells_where_it_was_put_only_when_it_is_let_go(app: AppProcess) -> None:
    """While the knob is dragged the value stays; at release it is where the finger was."""
    app.drag("seek", 150)
    seen = app.wait(lambda s: s["seek"] != 60, "the new value")
    assert (150, [60]) == (seen["seek"], seen["seek_while_dragged"])


def test_a_drawer_opens_takes_a_choice_and_closes(app: AppProcess) -> None:
    """A row of a list in a drawer can be chosen by its name."""
    app.click("open_drawer")
    app.wait(lambda s: s["drawer"])
    app.click("row.3")
    seen = app.wait(lambda s: s["picked"])
    assert ("What the river said", False) == (seen["picked"], seen["drawer"])


def test_escape_closes_what_is_on_top(app: AppProcess) -> None:
    """Escape, which is a phone's back button, closes a sheet."""
    app.click("open_sheet")
    app.wait(lambda s: s["sheet"])
    app.key("escape")
    assert not app.wait(lambda s: not s["sheet"])["sheet"]


def test_what_a_drawer_covers_cannot_be_pressed(app: AppProcess) -> None:
    """Touches take the real path: a covered button gets none, and the drawer closes instead."""
    before = app.observe()["pressed"]
    app.click("open_sheet")
    app.wait(lambda s: s["sheet"])
    app.click("play")
    assert before == app.wait(lambda s: not s["sheet"])["pressed"]


def test_tab_and_enter_press_a_button_without_a_mouse(app: AppProcess) -> None:
    """The first stop is the drawer's button, and Enter presses it."""
    app.key("tab")
    app.key("enter")
    app.wait(lambda s: s["drawer"], "the drawer, opened by keyboard")
    app.key("escape")
    app.wait(lambda s: not s["drawer"])


def test_a_shortcut_does_what_its_button_does(app: AppProcess) -> None:
    """A key that the app has bound acts wherever the focus is."""
    before = app.observe()["pressed"]
    app.key("p")
    app.wait(lambda s: s["pressed"] == before + 1)


def test_an_unexpected_error_is_a_sentence_on_the_screen(app: AppProcess) -> None:
    """A bug in a button's handler shows no traceback, and the app goes on."""
    app.click("fail")
    assert "Something went wrong here." == app.wait(lambda s: s["message"])["message"]
    app.click("look")
    app.wait(lambda s: s["look"] == "sepia", "the next look: the app lives")
    app.click("message_dismiss")
    app.wait(lambda s: not s["message"])


def test_an_offer_can_be_taken(app: AppProcess) -> None:
    """A banner's action runs once, and the banner goes."""
    before = app.observe()["pressed"]
    app.click("offer")
    app.wait(lambda s: s["banner"])
    app.click("banner_action")
    assert before + 1 == app.wait(lambda s: not s["banner"])["pressed"]


def test_the_window_can_be_resized_and_pictured(app: AppProcess, tmp_path: Path) -> None:
    """The picture has the size of the window, and is not one colour."""
    from PIL import Image

    app.resize(800, 600)
    app.wait(lambda s: s["size"] == [800, 600], "the new size")
    picture = Image.open(app.screenshot(tmp_path / "window.png"))
    assert (800, 600) == picture.size
    assert len(picture.convert("RGB").getcolors(1 << 20) or ()) > 100
    app.resize(390, 780)
    app.wait(lambda s: s["size"] == [390, 780])


def test_a_control_that_is_not_there_is_named_together_with_those_that_are(app: AppProcess) -> None:
    """A typing error in a test or in the demo is answered with what could have been meant."""
    with pytest.raises(DriveError, match=r"cannot touch 'plya': there are: .*play"):
        app.click("plya")


def test_an_app_ends_when_the_program_that_drives_it_dies(tmp_path: Path) -> None:
    """kill -9 of the driving process leaves no app behind."""
    starter = (
        "import sys, time; from pathlib import Path; from tests.apps.common.test_driving import gallery\n"
        "app = gallery(Path(sys.argv[1])); app.ready(); print(app.pid, flush=True); time.sleep(600)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", starter, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    until(lambda: not _alive(child), what="the end of the app")


def _alive(pid: int) -> bool:
    try:
        return bool(
            psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
        )  # whose child it is now may not look
    except psutil.NoSuchProcess:
        return False
