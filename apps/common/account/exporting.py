"""The export of all that an account holds, which goes on when its sheet is closed. No Kivy; the app's thread.

Invariant: whoever asked for it is told what came of it, in the sheet if that is open, else by a message.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Protocol

from apps.common.account.acts import ACTS, ActPresenter
from apps.common.account.words import Field
from apps.common.account.work import Work

Deliver = Callable[[Callable[[], None]], None]
"""Runs something on the app's thread."""


class Exporter(Protocol):
    """The account, as far as this needs it."""

    def export(self, to: Path, *, progress: Callable[[int], None] | None = None) -> int: ...


class Tell(Protocol):
    """Says something to the user, on top of whatever is shown."""

    def __call__(self, text: str, *, bad: bool = False) -> None: ...


class ExportPresenter(ActPresenter):
    """See the module."""

    def __init__(self, account: Exporter, work: Work, deliver: Deliver, tell: Tell) -> None:
        super().__init__(ACTS["export_data"], work, self._export, lambda to, _: saved(to))
        self._account, self._deliver, self._tell = account, deliver, tell
        self._aside = False

    def shown(self, on_change: Callable[[], None]) -> None:
        self._aside = False
        super().shown(on_change)

    def close(self) -> None:
        """The sheet was closed."""
        if self.busy:
            self._aside = True
            super().shown(_nobody_looks)
        else:
            self.end()

    def end(self) -> None:
        """Whoever asked for it is not here any more."""
        super().close()

    def say(self, notice: str) -> None:
        super().say(notice)
        self._tell_aside(notice)

    def complain(self, errors: Mapping[Field, str]) -> bool:
        found = super().complain(errors)
        self._tell_aside(self.trouble, bad=True)
        return found

    def _tell_aside(self, text: str, *, bad: bool = False) -> None:
        if self._aside and text:
            self._tell(text, bad=bad)

    def _export(self, *_: str) -> Any:
        """Off the app's thread."""
        to = export_file(downloads(), date.today())
        self._account.export(to, progress=self._told)
        return to

    def _told(self, count: int) -> None:
        self._deliver(lambda: self.goes_on(f"Exporting… {count} so far"))


def _nobody_looks() -> None:
    """There is no sheet to show it."""


def export_file(folder: Path, today: date) -> Path:
    """Where an export goes: a name that is free."""
    stem = f"dal-segno-{today.isoformat()}"
    names = (f"{stem}.json", *(f"{stem}-{number}.json" for number in range(2, 1000)))
    return next(folder / name for name in names if not (folder / name).exists())


def saved(to: Path) -> str:
    """Where it is, as people call it: a whole path would not fit into a phone's width."""
    folder = "your home folder" if to.parent == Path.home() else to.parent.name
    return f"Saved in {folder} as {to.name}."


def downloads() -> Path:
    """Where people look for what a program gave them."""
    folder = Path.home() / "Downloads"
    return folder if folder.is_dir() else Path.home()
