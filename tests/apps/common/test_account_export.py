"""An export that takes long: where it says how far it is, and what came of it; the network is held."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

import dalsegno as ds
from apps.common.account.acts import ACTS, ActPresenter
from apps.common.account.exporting import ExportPresenter
from tests.apps.common.fakes import HeldWork

FILE = r"dal-segno-\d{4}-\d\d-\d\d\.json"


class Exporting:
    """The sheets of the panel without a screen; `sheet` is what the open one shows."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error, self.work = error, HeldWork()
        self.told: list[tuple[str, bool]] = []
        self.sheet: list[str] = []
        self.progress: Callable[[int], None] = lambda count: None
        self.form = ExportPresenter(self, self.work, lambda job: job(), self._tell)

    def export(self, to: Path, *, progress: Callable[[int], None] | None = None) -> int:
        if self.error is not None:
            raise self.error
        return 3

    def _tell(self, text: str, *, bad: bool = False) -> None:
        self.told.append((text, bad))

    def opened(self) -> Exporting:
        self.form.shown(lambda: self.sheet.append(self.form.busy or self.form.notice or self.form.trouble))
        return self

    def begun(self) -> Exporting:
        self.opened().form.submit("", "")
        return self


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    return tmp_path


def test_how_far_it_is_stands_in_its_own_sheet() -> None:
    """It is closed meanwhile, and the one of another act opened, which does not speak of an export."""
    exporting = Exporting().begun()
    other = ActPresenter(ACTS["verify_email"], HeldWork(), lambda *_: None, lambda *_: "")
    other.submit("", "")
    exporting.form._told(20)
    exporting.form.close()
    exporting.form._told(40)
    assert ["Exporting…", "Exporting… 20 so far"] == exporting.sheet
    assert ACTS["verify_email"].doing == other.busy
    exporting.opened()
    exporting.form._told(60)
    assert "Exporting… 60 so far" == exporting.sheet[-1]


def test_it_goes_on_without_its_sheet_and_says_where_the_file_is() -> None:
    """Once, and in a message, since there is no sheet to say it in."""
    exporting = Exporting().begun()
    exporting.form.close()
    exporting.work.arrive()
    [(text, bad)] = exporting.told
    assert re.fullmatch(rf"Saved in your home folder as {FILE}\.", text) and not bad
    assert "" == exporting.form.busy


def test_it_is_found_where_people_look_for_such_things(home: Path) -> None:
    """In the folder of downloads, where there is one."""
    (home / "Downloads").mkdir()
    exporting = Exporting().begun()
    exporting.form.close()
    exporting.work.arrive()
    assert re.fullmatch(rf"Saved in Downloads as {FILE}\.", exporting.told[0][0])


def test_what_went_wrong_is_said_without_its_sheet_too() -> None:
    """It would be taken for done."""
    exporting = Exporting(ds.Offline("no network")).begun()
    exporting.form.close()
    exporting.work.arrive()
    assert [("No network.", True)] == exporting.told


def test_an_open_sheet_says_it_and_no_message() -> None:
    """Also one that was closed and opened again."""
    exporting = Exporting().begun()
    exporting.form.close()
    exporting.opened()
    exporting.work.arrive()
    assert exporting.sheet[-1].startswith("Saved in your home folder as ")
    assert [] == exporting.told


def test_nobody_is_told_of_the_last_users_export() -> None:
    """Who asked for it has signed out."""
    exporting = Exporting().begun()
    exporting.form.close()
    exporting.form.end()
    exporting.work.arrive()
    assert [] == exporting.told
