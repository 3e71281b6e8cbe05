"""The theme that every kv rule binds to: ``#:import theme apps.common.theme.theme``.

Runs on Kivy's main thread. Setting ``theme.mode`` recolours everything that is on screen; setting
``theme.scale`` resizes all text of the controls. Importing this module registers the typefaces.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Final

from kivy.core.text import LabelBase
from kivy.event import EventDispatcher
from kivy.metrics import Metrics, dp, sp
from kivy.properties import BooleanProperty, ColorProperty, NumericProperty, OptionProperty

from apps.common.palette import MODES, PALETTES, RADIUS_DP, SPACING_DP, TOUCH_DP, TYPE_SP, rgba

FONTS: Final = Path(__file__).parent / "fonts"
UI: Final = "Inter"
SERIF: Final = "Literata"


def register_fonts() -> None:
    """Make both typefaces known to Kivy; the UI face becomes the default of every Label."""
    ui = {"fn_regular": str(FONTS / "Inter-Regular.ttf"), "fn_bold": str(FONTS / "Inter-SemiBold.ttf")}
    LabelBase.register(UI, **ui)
    LabelBase.register("Roboto", **ui)
    LabelBase.register(
        SERIF,
        fn_regular=str(FONTS / "Literata-Regular.ttf"),
        fn_italic=str(FONTS / "Literata-Italic.ttf"),
        fn_bold=str(FONTS / "Literata-Bold.ttf"),
        fn_bolditalic=str(FONTS / "Literata-BoldItalic.ttf"),
    )


class Theme(EventDispatcher):
    """Design tokens as bindable properties; see :mod:`apps.common.palette` for what each one is for."""

    mode = OptionProperty("light", options=list(MODES))
    is_dark = BooleanProperty(False)
    scale = NumericProperty(1.0)  # text size of the controls, 0.8 … 2

    ground = ColorProperty()
    paper = ColorProperty()
    surface = ColorProperty()
    raised = ColorProperty()
    ink = ColorProperty()
    ink_soft = ColorProperty()
    ink_faint = ColorProperty()
    line = ColorProperty()
    accent = ColorProperty()
    over_accent = ColorProperty()
    accent_soft = ColorProperty()
    good = ColorProperty()
    warn = ColorProperty()
    bad = ColorProperty()
    hover = ColorProperty()
    press = ColorProperty()
    scrim = ColorProperty()
    shadow = ColorProperty()

    # Spacing, in pixels of this screen.
    xs = NumericProperty()
    s = NumericProperty()
    m = NumericProperty()
    l = NumericProperty()  # noqa: E741 - the scale's own name: xs s m l xl xxl
    xl = NumericProperty()
    xxl = NumericProperty()
    hairline = NumericProperty()
    touch = NumericProperty()

    radius_s = NumericProperty()
    radius_m = NumericProperty()
    radius_l = NumericProperty()

    # Type sizes, in pixels of this screen.
    caption = NumericProperty()
    label = NumericProperty()
    body = NumericProperty()
    title = NumericProperty()
    headline = NumericProperty()
    display = NumericProperty()

    ui = UI
    serif = SERIF

    def __init__(self) -> None:
        super().__init__()
        self._measure()
        self.on_mode()
        Metrics.bind(density=self._measure, fontscale=self._measure)

    def on_mode(self, *_: object) -> None:
        for token, colour in asdict(PALETTES[self.mode]).items():
            setattr(self, token, rgba(colour))
        self.is_dark = self.mode == "dark"

    def on_scale(self, *_: object) -> None:
        self._measure()

    def _measure(self, *_: object) -> None:
        for token, length in SPACING_DP.items():
            setattr(self, token, dp(length))
        for token, length in RADIUS_DP.items():
            setattr(self, f"radius_{token}", dp(length))
        for token, size in TYPE_SP.items():
            setattr(self, token, sp(size) * self.scale)
        self.touch = dp(TOUCH_DP)
        self.hairline = max(1.0, round(dp(1)))

    def next_mode(self) -> str:
        """Go to the next look (light → sepia → dark → light) and return its name."""
        self.mode = MODES[(MODES.index(self.mode) + 1) % len(MODES)]
        return str(self.mode)

    def faded(self, colour: list[float], alpha: float) -> list[float]:
        """``colour`` at ``alpha`` of its opacity; for kv."""
        return [*colour[:3], colour[3] * alpha]


register_fonts()
theme: Final = Theme()
