"""A file dialog for EPUB files: folders to go into, books to open.

Kivy's main thread. Shows only what can be opened: Kivy's own chooser shows everything, and does not fit a
phone.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kivy.properties import StringProperty

from apps.common.kv import load_beside
from apps.common.widgets import Sheet

load_beside(__file__)


class FilesSheet(Sheet):
    """``on_chosen(path)`` when a book is picked; `folder` is where it looks."""

    folder = StringProperty("")
    __events__ = ("on_chosen",)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._paths: list[Path] = []

    def on_chosen(self, path: str) -> None:
        """This file is to be opened."""

    def on_open(self) -> None:
        self._look(Path(self.folder) if self.folder else Path.home())

    def _look(self, folder: Path) -> None:
        self.folder = str(folder)
        folders, books = entries_of(folder)
        self._paths = [folder.parent, *folders, *books]
        rows: list[dict[str, Any]] = [{"icon": "up", "text": "The folder above"}]
        rows += [{"icon": "folder", "text": each.name} for each in folders]
        rows += [{"icon": "book", "text": each.stem} for each in books]
        self.ids.entries.show(rows, tag="file")
        self.ids.entries.scroll_y = 1

    def picked(self, index: int) -> None:
        path = self._paths[index]
        if path.is_dir():
            self._look(path)
        else:
            self.close()
            self.dispatch("on_chosen", str(path))


def entries_of(folder: Path) -> tuple[list[Path], list[Path]]:
    """The folders and the books in `folder`; none of both if it may not be looked into."""
    try:
        entries = sorted(folder.iterdir(), key=lambda path: path.name.casefold())
    except OSError:
        return [], []
    shown = [path for path in entries if not path.name.startswith(".")]
    return (
        [path for path in shown if path.is_dir()],
        [path for path in shown if path.suffix.lower() == ".epub" and path.is_file()],
    )
