"""The screens of the journey in one picture: ``build/demo/journey.png``. Needs Pillow, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw, ImageFilter, ImageFont

FONTS: Final = Path(__file__).parents[1] / "common" / "fonts"
ROW: Final = (2400, 1060)  # two scenes side by side
GROUND: Final = ("#f3efe8", "#e4e9e6")  # from left to right
INK, SOFT = "#1d1b19", "#5f5a53"
BEZEL: Final = "#1b1c1f"
FINE: Final = 4  # masks are drawn this much larger, for smooth corners


@dataclass(frozen=True, slots=True)
class Scene:
    """A laptop, a phone before it, and two lines below."""

    laptop: str
    phone: str
    first: str
    second: str


SCENES: Final = (
    Scene(
        "reader-laptop",
        "reader-phone",
        "Put the phone down, go on reading on the laptop:",
        "the same sentence, whatever the text size.",
    ),
    Scene(
        "player-laptop",
        "player-phone",
        "Press “Play here”: the phone falls silent,",
        "and track, moment, volume and queue come along.",
    ),
    Scene(
        "trust-laptop-code",
        "trust-phone-code",
        "A new device is signed in by a code:",
        "nobody types a password on it.",
    ),
    Scene(
        "trust-laptop",
        "trust-phone",
        "Sign a lost device out from another one:",
        "it is cut off at once, and says by whom.",
    ),
)


def make_montage(folder: Path) -> Path:
    """The scenes of which there are pictures, two in a row; returns the picture's path."""
    pictures = {file.stem for file in folder.glob("*.png")}
    scenes = [scene for scene in SCENES if {scene.laptop, scene.phone} <= pictures]
    rows = (len(scenes) + 1) // 2
    picture = _ground((ROW[0], ROW[1] * rows))
    for place, scene in enumerate(scenes):
        left, top = place % 2 * ROW[0] // 2, place // 2 * ROW[1]
        _device(picture, folder / f"{scene.laptop}.png", (left + 56, top + 92), 0.74, frame=13, corner=22)
        _device(picture, folder / f"{scene.phone}.png", (left + 838, top + 346), 0.74, frame=10, corner=42)
        _caption(picture, (left + 60, top + 818), scene.first, scene.second)
    path = folder / "journey.png"
    picture.save(path, optimize=True)
    return path


def _ground(size: tuple[int, int]) -> Image.Image:
    across = Image.linear_gradient("L").rotate(90).resize(size)
    return Image.composite(Image.new("RGB", size, GROUND[1]), Image.new("RGB", size, GROUND[0]), across)


def _mask(size: tuple[int, int], corner: float) -> Image.Image:
    large = Image.new("L", (size[0] * FINE, size[1] * FINE))
    ImageDraw.Draw(large).rounded_rectangle((0, 0, large.width - 1, large.height - 1), corner * FINE, 255)
    return large.resize(size, Image.Resampling.LANCZOS)


def _device(
    picture: Image.Image, screen_file: Path, at: tuple[int, int], scale: float, *, frame: int, corner: int
) -> None:
    """A screen in a dark frame with a soft shadow."""
    screen = Image.open(screen_file).convert("RGB")
    screen = screen.resize(
        (round(screen.width * scale), round(screen.height * scale)), Image.Resampling.LANCZOS
    )
    body = (screen.width + 2 * frame, screen.height + 2 * frame)
    _shadow(picture, at, body, corner)
    picture.paste(BEZEL, at, _mask(body, corner))
    picture.paste(screen, (at[0] + frame, at[1] + frame), _mask(screen.size, max(4, corner - frame)))


def _shadow(picture: Image.Image, at: tuple[int, int], body: tuple[int, int], corner: int) -> None:
    shade = Image.new("L", picture.size)
    shade.paste(110, (at[0], at[1] + 22), _mask(body, corner))
    shade = shade.filter(ImageFilter.GaussianBlur(30))
    picture.paste(Image.new("RGB", picture.size, "#2a2622"), (0, 0), shade)


def _caption(picture: Image.Image, at: tuple[int, int], first: str, second: str) -> None:
    draw = ImageDraw.Draw(picture)
    draw.text(at, first, INK, ImageFont.truetype(FONTS / "Inter-SemiBold.ttf", 30))
    draw.text((at[0], at[1] + 44), second, SOFT, ImageFont.truetype(FONTS / "Inter-Regular.ttf", 28))
