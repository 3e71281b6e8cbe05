"""Every shared widget in one window: ``python -m apps.common.gallery --look sepia --size 390x780``.

For looking at, and for tests of the widgets, the driver and the exception hook. It connects to nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from apps.common import launch
from apps.common.options import Options, parse

CHAPTERS = ("The sign", "Two devices", "A page is turned", "What the river said", "Da capo")


def make_app(options: Options) -> Any:
    from kivy.properties import NumericProperty

    from apps.common.base import ContinuousApp
    from apps.common.kv import load_beside
    from apps.common.theme import theme
    from apps.common.widgets import Shell

    load_beside(__file__)

    class Gallery(ContinuousApp):
        title = "Gallery"
        pressed = NumericProperty(0)

        def connect(self, user: Any) -> Any:
            status = SimpleNamespace(link="LIVE", reason="", saved="EVERYWHERE", signed_out=False)
            return SimpleNamespace(
                status=status,
                user=user,
                notices=(),
                device=SimpleNamespace(name="Gallery"),
                on_status=lambda _callback: None,
                close=lambda timeout_s: None,
                flush=lambda timeout_s: True,
            )

        def make_shell(self, client: Any) -> Shell:
            shell = self.gallery = GalleryShell()
            shell.ids.chapters.show(
                {"text": chapter, "detail": f"{4 + i} pages", "trailing": str(1 + 4 * i), "current": i == 1}
                for i, chapter in enumerate(CHAPTERS)
            )
            shell.ids.chapters.bind(on_pick=lambda _rows, index: self.pick(index))
            self.picked = ""
            self.seek_while_dragged: list[float] = []
            shell.ids.seek.bind(on_drag=lambda bar, _to: self.seek_while_dragged.append(bar.value))
            self.keys.bind({"p": self.press, "ctrl+l": theme.next_mode})
            return shell

        def pick(self, index: int) -> None:
            self.picked = CHAPTERS[index]
            self.gallery.ids.drawer.close()

        def press(self) -> None:
            self.pressed += 1

        def fail(self) -> None:
            raise RuntimeError("a bug that nobody expected")

        def offer(self) -> None:
            self.gallery.banner.offer(
                "Continue at chapter 4?",
                detail="Pixel 8 · 2 minutes ago · “the river bent towards…”",
                action="Go there",
                icon="phone",
                on_action=self.press,
            )

        def observe_content(self) -> dict[str, Any]:
            ids = self.gallery.ids
            return {
                "pressed": self.pressed,
                "seek": round(ids.seek.value, 2),
                "seek_while_dragged": sorted(set(self.seek_while_dragged)),
                "look": theme.mode,
                "drawer": ids.drawer.is_open,
                "sheet": ids.sheet.is_open,
                "banner": self.gallery.banner.is_open,
                "message": self.gallery.message.text if self.gallery.message.is_open else "",
                "picked": self.picked,
                "size": [int(self.gallery.width), int(self.gallery.height)],
            }

    class GalleryShell(Shell):
        pass

    return Gallery(options)


def main(argv: Sequence[str] | None = None) -> int:
    options = parse("common.gallery", "Every shared widget in one window.", argv)
    launch.prepare(options)
    return launch.run(lambda: make_app(options))


if __name__ == "__main__":
    sys.exit(main())
