"""Covers for the demo's music, drawn by the project: one sign each on its own colour, as PNG."""

from __future__ import annotations

import io
import math
from collections.abc import Callable

from PIL import Image, ImageDraw

SIDE = 640
_FINE = 2  # drawn twice as large, then made smaller: smooth edges


def _at(value: float) -> float:
    return value * SIDE * _FINE


def _ground(top: str, bottom: str) -> Image.Image:
    mask = Image.linear_gradient("L").resize((SIDE * _FINE, SIDE * _FINE))
    return Image.composite(Image.new("RGB", mask.size, bottom), Image.new("RGB", mask.size, top), mask)


def _disc(draw: ImageDraw.ImageDraw, x: float, y: float, radius: float, colour: str) -> None:
    draw.ellipse([_at(x - radius), _at(y - radius), _at(x + radius), _at(y + radius)], fill=colour)


def _ring(draw: ImageDraw.ImageDraw, x: float, y: float, radius: float, width: float, colour: str) -> None:
    box = [_at(x - radius), _at(y - radius), _at(x + radius), _at(y + radius)]
    draw.ellipse(box, outline=colour, width=round(_at(width)))


def segno(draw: ImageDraw.ImageDraw) -> None:
    """The sign itself: an S, a stroke through it, two dots."""
    curve = [
        (0.5 + 0.15 * math.sin(2.2 * t) * (1 - 0.12 * abs(t)), 0.5 + 0.19 * t)
        for t in (i / 60 - 1.25 for i in range(151))
    ]
    for x, y in curve:
        _disc(draw, x, y, 0.026, "#fff4dc")
    draw.line([_at(0.30), _at(0.76), _at(0.70), _at(0.24)], fill="#fff4dc", width=round(_at(0.022)))
    _disc(draw, 0.33, 0.50, 0.034, "#f6b756")
    _disc(draw, 0.67, 0.50, 0.034, "#f6b756")


def coda(draw: ImageDraw.ImageDraw) -> None:
    """The coda's ring and cross, with echoes."""
    for step, colour in enumerate(("#20405a", "#2a5573", "#366b8c")):
        _ring(draw, 0.5, 0.5, 0.46 - 0.07 * step, 0.012, colour)
    _ring(draw, 0.5, 0.5, 0.21, 0.034, "#f2e8d5")
    for line in ((0.5, 0.18, 0.5, 0.82), (0.18, 0.5, 0.82, 0.5)):
        draw.line([_at(v) for v in line], fill="#f2e8d5", width=round(_at(0.022)))


def fermata(draw: ImageDraw.ImageDraw) -> None:
    """A held note as a low sun over water."""
    _disc(draw, 0.5, 0.56, 0.12, "#ffe9c9")
    for step in range(5):
        radius = 0.2 + 0.06 * step
        box = [_at(0.5 - radius), _at(0.56 - radius), _at(0.5 + radius), _at(0.56 + radius)]
        draw.arc(
            box,
            180,
            360,
            fill=("#ffd9a8", "#f4b98c", "#dd957f", "#bd7379", "#94597a")[step],
            width=round(_at(0.02)),
        )
    for step in range(6):
        y, half = 0.60 + 0.055 * step, 0.40 - 0.055 * step
        draw.rounded_rectangle(
            [_at(0.5 - half), _at(y), _at(0.5 + half), _at(y + 0.022)], _at(0.011), fill="#3b2c52"
        )


def da_capo(draw: ImageDraw.ImageDraw) -> None:
    """Steps that come round again, and the sign for it."""
    for step in range(12):
        angle = math.tau * step / 12 - math.pi / 2
        radius = 0.034 + 0.0042 * step
        colour = (
            "#f7f1d6" if step == 11 else f"#{0x2F + step * 13:02x}{0x5D + step * 11:02x}{0x3E + step * 8:02x}"
        )
        _disc(draw, 0.5 + 0.30 * math.cos(angle), 0.5 + 0.30 * math.sin(angle), radius, colour)
    for left, width in ((0.44, 0.028), (0.49, 0.010)):
        draw.rectangle([_at(left), _at(0.41), _at(left + width), _at(0.59)], fill="#f7f1d6")
    for y in (0.465, 0.535):
        _disc(draw, 0.545, y, 0.016, "#f7f1d6")


_COVERS: dict[str, tuple[str, str, Callable[[ImageDraw.ImageDraw], None]]] = {
    "segno": ("#7c2f3a", "#33121f", segno),
    "coda": ("#17324a", "#0c1b2a", coda),
    "fermata": ("#5b3a63", "#241a3a", fermata),
    "da_capo": ("#1f4a34", "#10271c", da_capo),
}


def cover(name: str) -> bytes:
    """The PNG of `segno`, `coda`, `fermata` or `da_capo`."""
    top, bottom, paint = _COVERS[name]
    image = _ground(top, bottom)
    paint(ImageDraw.Draw(image))
    out = io.BytesIO()
    image.resize((SIDE, SIDE), Image.Resampling.LANCZOS).save(out, "PNG", optimize=False)
    return out.getvalue()
