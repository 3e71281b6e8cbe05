"""Row and Rows: a list that can be long: a table of contents, a library, a queue."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from kivy.metrics import dp
from kivy.properties import BooleanProperty, NumericProperty, ObjectProperty, StringProperty
from kivy.uix.behaviors import ButtonBehavior
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.recycleview import RecycleView
from kivy.uix.recycleview.views import RecycleDataViewBehavior

from apps.common.hover import Hoverable
from apps.common.keys import Focusable
from apps.common.kv import load_beside
from apps.common.widgets import icon as _icon  # noqa: F401 - used in kv
from apps.common.widgets import text as _text  # noqa: F401 - used in kv

load_beside(__file__)


class Row(Focusable, Hoverable, RecycleDataViewBehavior, ButtonBehavior, BoxLayout):
    """One line: icon or picture, ``text``, ``detail`` below it, ``trailing`` at the end.

    ``current``: this is where the user is. ``depth``: how far it is indented. ``tag``: its name for the
    driver. ``draw``: makes the picture, asked only once the row is on screen.
    """

    index = NumericProperty(-1)
    icon = StringProperty("")
    picture = ObjectProperty(None, allownone=True)  # a Texture
    text = StringProperty("")
    detail = StringProperty("")
    trailing = StringProperty("")
    depth = NumericProperty(0)
    current = BooleanProperty(False)
    tag = StringProperty("")
    pick = ObjectProperty(None, allownone=True)
    draw = ObjectProperty(None, allownone=True)

    def refresh_view_attrs(self, view: Any, index: int, data: dict[str, Any]) -> None:
        self.index = index
        plain = {"icon": "", "picture": None, "detail": "", "trailing": "", "depth": 0, "current": False}
        super().refresh_view_attrs(view, index, {**plain, "draw": None, **data})
        self.redraw()

    def redraw(self) -> None:
        """There may be another picture."""
        if self.draw is not None:
            self.picture = self.draw()

    def on_release(self) -> None:
        if self.pick is not None:
            self.pick(self.index)


class Rows(RecycleView):
    """``show(rows)`` with one dict of Row properties per row; ``on_pick(index)`` when one is chosen."""

    row_height = NumericProperty(dp(56))
    __events__ = ("on_pick",)

    def on_pick(self, index: int) -> None:
        """A row was chosen."""

    def show(self, rows: Iterable[dict[str, Any]], *, tag: str = "row") -> None:
        """Replace the rows. Row ``i`` is called ``tag.i`` by the driver."""
        pick: Callable[[int], None] = lambda index: self.dispatch("on_pick", index)  # noqa: E731
        self.data = [{"tag": f"{tag}.{i}", **row, "pick": pick} for i, row in enumerate(rows)]

    def redraw(self) -> None:
        """Ask the rows on screen for their pictures again; nothing else moves."""
        for row in self.view_adapter.views.values():
            row.redraw()

    def bring_into_view(self, index: int) -> None:
        """Scroll so that row ``index`` stands in the upper third."""
        hidden = len(self.data) * self.row_height - self.height
        if hidden > 0:
            wanted = index * self.row_height - self.height / 3
            self.scroll_y = 1 - min(1.0, max(0.0, wanted / hidden))
