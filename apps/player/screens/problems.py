"""ProblemsSheet: which files cannot be played, why, and what to do; however many they are."""

from __future__ import annotations

from collections.abc import Iterable

from apps.common.kv import load_beside
from apps.common.widgets import Sheet, Text

load_beside(__file__)

MOST = 100  # more are not read by anybody


class ProblemsSheet(Sheet):
    """`show(messages)`."""

    def show(self, messages: Iterable[str]) -> None:
        lines = list(messages)
        self.ids.lines.clear_widgets()
        for line in lines[:MOST]:
            self.ids.lines.add_widget(Text(text=line))
        if len(lines) > MOST:
            self.ids.lines.add_widget(Text(text=f"And {len(lines) - MOST} more."))
        self.ids.scroll.scroll_y = 1
        self.open()
