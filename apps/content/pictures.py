"""The pictures of the demo book, drawn by the project: flat shapes in one palette, with a little grain.

Pure: the same pixels every time. Coordinates are on a grid of 1200 x 750 (the cover: 1200 x 1800).
"""

import math
import random
from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont

NIGHT, DEEP, TEAL, MIST = "#182634", "#22405a", "#2d6a6a", "#8fb3ab"
SAND, CREAM, CORAL, GOLD, INK = "#e7d3ab", "#f6eedd", "#d2694a", "#efb75c", "#1d1b19"
FONTS = Path(__file__).parents[1] / "common" / "fonts"
GRAIN = bytes(118 + value * 21 // 256 for value in range(256))  # around 128, which changes nothing
FINE = 2  # drawn at twice the size, for smooth edges

Points = Sequence[tuple[float, float]]


class Sheet:
    """A picture in the making."""

    def __init__(self, top: str, bottom: str, size: tuple[int, int] = (1200, 750)) -> None:
        self.size = size
        wide, high = size[0] * FINE, size[1] * FINE
        ramp = Image.linear_gradient("L").resize((wide, high))
        self._image = Image.composite(
            Image.new("RGB", (wide, high), bottom), Image.new("RGB", (wide, high), top), ramp
        )
        self._draw = ImageDraw.Draw(self._image)

    def shape(self, points: Points, fill: str) -> None:
        self._draw.polygon([(x * FINE, y * FINE) for x, y in points], fill=fill)

    def box(self, left: float, top: float, right: float, bottom: float, fill: str, radius: float = 0) -> None:
        corners = tuple(value * FINE for value in (left, top, right, bottom))
        self._draw.rounded_rectangle(corners, radius * FINE, fill=fill)

    def disc(self, x: float, y: float, radius: float, fill: str) -> None:
        self._draw.ellipse(
            [(each * FINE) for each in (x - radius, y - radius, x + radius, y + radius)], fill=fill
        )

    def line(self, points: Points, fill: str, width: float) -> None:
        scaled = [(x * FINE, y * FINE) for x, y in points]
        self._draw.line(scaled, fill=fill, width=round(width * FINE), joint="curve")
        for x, y in (points[0], points[-1]):
            self.disc(x, y, width / 2, fill)

    def glow(self, points: Points, fill: str, strength: float, blur: float = 30) -> None:
        """A soft light in the shape of `points`."""
        mask = Image.new("L", self._image.size, 0)
        ImageDraw.Draw(mask).polygon([(x * FINE, y * FINE) for x, y in points], fill=round(255 * strength))
        mask = mask.filter(ImageFilter.GaussianBlur(blur * FINE))
        self._image.paste(Image.new("RGB", self._image.size, fill), mask=mask)
        self._draw = ImageDraw.Draw(self._image)

    def words(self, x: float, y: float, text: str, size: float, fill: str, style: str = "Bold") -> None:
        """Words with their middle at x, y."""
        font = ImageFont.truetype(str(FONTS / f"Literata-{style}.ttf"), round(size * FINE))
        self._draw.text((x * FINE, y * FINE), text, font=font, fill=fill, anchor="mm")

    def png(self, seed: str) -> bytes:
        """The finished picture, with grain, in 128 colours."""
        small = self._image.resize(self.size, Image.Resampling.LANCZOS)
        noise = random.Random(seed).randbytes(256 * 256).translate(GRAIN)
        tile = Image.frombytes("L", (256, 256), noise)
        grain = Image.new("L", self.size)
        for left in range(0, self.size[0], 256):
            for top in range(0, self.size[1], 256):
                grain.paste(tile, (left, top))
        # 128 is neutral: what is above lightens, what is below darkens.
        grained = ImageChops.add(small, Image.merge("RGB", [grain] * 3), scale=1, offset=-128)
        out = BytesIO()
        grained.quantize(128, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
        return out.getvalue()


def hills(
    seed: int, y: float, height: float, width: float = 1200, steps: int = 60
) -> list[tuple[float, float]]:
    """A soft skyline from the left edge to the right one."""
    chance = random.Random(seed)
    waves = [
        (chance.uniform(0.6, 3.2), chance.uniform(0, math.tau), chance.uniform(0.3, 1)) for _ in range(4)
    ]
    line = []
    for step in range(steps + 1):
        share = step / steps
        rise = sum(size * math.sin(share * math.pi * speed + phase) for speed, phase, size in waves) / 3
        line.append((share * width, y - height * rise))
    return line


def land(sheet: Sheet, line: Points, fill: str) -> None:
    sheet.shape([*line, (sheet.size[0], sheet.size[1]), (0, sheet.size[1])], fill)


def segno(sheet: Sheet, x: float, y: float, size: float, fill: str) -> None:
    """The sign: an S leaning back, a stroke through it, a dot on either side."""
    curve = []
    for step in range(61):
        turn = step / 60 * 2 - 1
        angle = turn * math.pi * 1.18
        curve.append((x + size * 0.30 * math.sin(angle) * (1.06 - 0.22 * abs(turn)), y + size * 0.47 * turn))
    sheet.line(curve, fill, size * 0.105)
    sheet.disc(curve[0][0], curve[0][1], size * 0.085, fill)
    sheet.disc(curve[-1][0], curve[-1][1], size * 0.085, fill)
    sheet.line([(x + size * 0.36, y - size * 0.52), (x - size * 0.36, y + size * 0.52)], fill, size * 0.06)
    sheet.disc(x - size * 0.42, y - size * 0.02, size * 0.07, fill)
    sheet.disc(x + size * 0.42, y + size * 0.02, size * 0.07, fill)


def sign() -> Sheet:
    sheet = Sheet("#efe2c6", SAND)
    sheet.box(120, 70, 600, 560, DEEP, 6)
    sheet.box(136, 86, 352, 544, "#f3c98b")
    sheet.box(368, 86, 584, 544, "#f3c98b")
    sheet.disc(352, 330, 92, GOLD)
    for left, right in ((136, 352), (368, 584)):
        roof = [(left, 544), (left, 470), ((left + right) / 2, 400 + (left % 60)), (right, 470), (right, 544)]
        sheet.shape(roof, TEAL)
    sheet.box(352, 86, 368, 544, DEEP)
    sheet.box(0, 640, 1200, 750, "#c9a877")
    sheet.glow([(370, 560), (600, 560), (1000, 750), (520, 750)], "#ffe9bd", 0.6, 18)
    sheet.line([(840, 430), (840, 690)], INK, 12)
    sheet.line([(840, 690), (760, 730)], INK, 10)
    sheet.line([(840, 690), (920, 730)], INK, 10)
    sheet.shape([(640, 470), (1040, 470), (1060, 500), (620, 500)], INK)
    sheet.shape([(660, 150), (1020, 150), (1040, 474), (640, 474)], CREAM)
    for staff in range(3):
        top = 205 + staff * 88
        for row in range(5):
            y = top + row * 10
            sheet.line([(668 - staff * 6, y), (1012 + staff * 6, y)], "#8a7c66", 1.6)
        for note in range(6):
            if (staff, note) != (1, 3):
                x, y = 705 + note * 54 - staff * 4, top + 8 + (note * 37 + staff * 23) % 34
                sheet.disc(x, y, 8, INK)
                sheet.line([(x + 7, y), (x + 7, y - 42)], INK, 2.6)
    segno(sheet, 866, 300, 92, CORAL)
    return sheet


def keepers() -> Sheet:
    sheet = Sheet(NIGHT, "#4d7d86")
    chance = random.Random(7)
    for _ in range(90):
        sheet.disc(chance.uniform(0, 1200), chance.uniform(0, 380), chance.uniform(0.7, 2.0), "#cfe0de")
    sheet.glow([(760, 228), (-80, 60), (-80, 330)], "#ffe7ad", 0.75, 14)
    sheet.glow([(800, 228), (1280, 170), (1280, 330)], "#ffe7ad", 0.6, 14)
    for index, shade in enumerate(("#37646f", "#2a5361", "#1f4454", "#173748")):
        land(sheet, hills(20 + index, 545 + index * 48, 12), shade)
    land(
        sheet,
        [(520, 750), (560, 640), (640, 596), (720, 560), (860, 556), (930, 610), (1010, 660), (1060, 750)],
        INK,
    )
    sheet.shape(
        [(520, 750), (560, 640), (640, 596), (720, 560), (860, 556), (930, 610), (1010, 660), (1060, 750)],
        INK,
    )
    sheet.shape([(738, 262), (822, 262), (850, 566), (710, 566)], CREAM)
    sheet.shape([(730, 340), (829, 340), (835, 400), (725, 400)], CORAL)
    sheet.shape([(720, 460), (840, 460), (845, 518), (715, 518)], CORAL)
    sheet.box(716, 252, 844, 268, INK, 3)
    sheet.box(748, 196, 812, 252, GOLD, 4)
    sheet.line([(764, 196), (764, 252)], INK, 3)
    sheet.line([(796, 196), (796, 252)], INK, 3)
    sheet.shape([(738, 198), (822, 198), (780, 152)], INK)
    sheet.glow([(730, 180), (830, 180), (830, 270), (730, 270)], "#fff3cf", 0.65, 16)
    sheet.box(768, 520, 792, 566, INK, 8)
    return sheet


def tunnel() -> Sheet:
    sheet = Sheet("#dfe6da", "#f3e3c2")
    sheet.disc(930, 150, 66, CORAL)
    land(sheet, hills(3, 360, 90), "#b9c9bb")
    sheet.shape([(90, 660), (330, 330), (460, 250), (600, 90), (700, 180), (820, 260), (1120, 660)], DEEP)
    sheet.shape([(600, 90), (536, 162), (580, 190), (612, 160), (650, 206), (700, 180)], CREAM)
    chance = random.Random(11)
    for _ in range(46):
        x, y = chance.uniform(230, 980), chance.uniform(300, 540)
        if abs(x - 600) < (y - 90) * 0.72:
            slope = chance.uniform(24, 70)
            sheet.line([(x, y), (x + slope, y + slope * 0.45)], "#2c4f6c", 4)
    sheet.box(0, 650, 1200, 750, "#a58f66")
    for left, right in ((170, 520), (680, 1052)):
        sheet.box(left, 560, right, 646, "#122232", 0)
        sheet.box(0 if left < 600 else left, 640, 520 if left < 600 else 1200, 650, "#5f5138")
    sheet.box(500, 560, 545, 650, "#122232", 40)
    sheet.box(655, 560, 700, 650, "#122232", 40)
    for x, facing in ((486, 1), (714, -1)):
        sheet.glow([(x - 46, 560), (x + 46, 560), (x + 46, 640), (x - 46, 640)], "#ffd98c", 0.85, 12)
        sheet.disc(x - facing * 26, 594, 10, SAND)
        sheet.shape(
            [(x - facing * 40, 640), (x - facing * 36, 604), (x - facing * 16, 604), (x - facing * 12, 640)],
            CORAL,
        )
        sheet.line([(x - facing * 20, 612), (x + facing * 8, 600)], SAND, 6)
        sheet.line([(x + facing * 8, 618), (x + facing * 8, 584)], INK, 4)
    for step in range(4):
        sheet.line([(560 + step * 26, 590), (566 + step * 26, 620)], MIST, 3)
    return sheet


def pages() -> Sheet:
    sheet = Sheet("#d8c49b", "#c9ae7d")
    sheet.shape([(110, 640), (600, 690), (1090, 640), (1090, 200), (600, 250), (110, 200)], "#6d3b2b")
    for side in (-1, 1):
        for leaf in range(5):
            out, up = 470 - leaf * 7, 188 - leaf * 8
            edge = [
                (600, 668 - leaf * 5),
                (600 + side * 240, 632 - leaf * 7),
                (600 + side * out, 622 - leaf * 4),
            ]
            back = [(600 + side * out, up), (600 + side * 240, up - 4), (600, up + 44)]
            sheet.shape([*edge, *back], CREAM if leaf % 2 == 0 else "#e4d8bf")
        for row in range(13):
            y, start, end = 205 + row * 30, 50, 425 - (row * 67 % 90 if row % 4 == 3 else 0)
            sheet.line([(600 + side * start, y + 30), (600 + side * end, y + 2)], "#b9ab92", 5)
    sheet.shape([(594, 190), (606, 190), (606, 664), (594, 664)], "#cdbd9e")
    sheet.shape([(646, 120), (682, 116), (694, 610), (674, 588), (656, 614)], TEAL)
    sheet.shape([(820, 110), (930, 96), (938, 214), (828, 224)], GOLD)
    for row in range(3):
        sheet.line([(842, 136 + row * 24), (906, 128 + row * 24)], "#8a5a1f", 4)
    fan: list[tuple[float, float]] = [(330, 300)]
    for step in range(25):
        angle = math.radians(205 + step * 130 / 24)
        reach = 120 * (1 - 0.10 * abs(math.sin(step * 0.9))) * (0.82 if step in (11, 12, 13) else 1)
        fan.append((330 + reach * math.cos(angle), 300 + reach * math.sin(angle)))
    sheet.shape(fan, "#d9b13b")
    for step in range(7):
        angle = math.radians(218 + step * 17)
        sheet.line([(330, 300), (330 + 92 * math.cos(angle), 300 + 92 * math.sin(angle))], "#c0952a", 2)
    sheet.line([(330, 300), (346, 372)], "#9c7a22", 6)
    return sheet


def ferry() -> Sheet:
    sheet = Sheet("#f4d9a8", "#eea26d")
    sheet.disc(600, 392, 104, "#fbe6b0")
    land(sheet, hills(31, 392, 46), "#b98a79")
    sheet.box(0, 420, 1200, 750, TEAL)
    for row in range(14):
        y, half = 436 + row * 22, 96 + row * 9 - (row % 3) * 26
        sheet.line([(600 - half, y), (600 + half, y)], "#f2c88e", 7 - row * 0.3)
    sheet.shape([(0, 440), (0, 372), (90, 350), (190, 386), (260, 440)], NIGHT)
    sheet.shape([(1200, 450), (1200, 340), (1110, 330), (1010, 392), (930, 450)], NIGHT)
    sheet.box(1092, 268, 1150, 338, NIGHT)
    sheet.shape([(1082, 270), (1160, 270), (1121, 228)], CORAL)
    sheet.box(1112, 292, 1130, 318, GOLD, 2)
    sheet.shape([(380, 540), (800, 540), (756, 622), (430, 622)], INK)
    sheet.shape([(380, 540), (800, 540), (792, 556), (388, 556)], CREAM)
    sheet.box(560, 452, 706, 540, CREAM, 4)
    sheet.box(576, 470, 618, 504, DEEP, 4)
    sheet.box(632, 470, 690, 504, DEEP, 4)
    sheet.box(548, 440, 718, 456, CORAL, 4)
    sheet.box(726, 470, 752, 540, CORAL)
    for puff, (x, y, radius) in enumerate(((752, 430, 18), (786, 404, 24), (830, 384, 30))):
        sheet.disc(x, y, radius, ("#f8dfb6", "#f6d4a0", "#f4ca90")[puff])
    sheet.disc(470, 478, 15, SAND)
    sheet.shape([(448, 540), (456, 496), (484, 496), (492, 540)], CORAL)
    sheet.line([(500, 480), (506, 540)], INK, 4)
    return sheet


def coda() -> Sheet:
    sheet = Sheet("#0f1a26", "#2a4560")
    chance = random.Random(5)
    for _ in range(120):
        sheet.disc(chance.uniform(0, 1200), chance.uniform(0, 440), chance.uniform(0.6, 1.9), "#c9d6df")
    x, y = 930, 170
    sheet.disc(x, y, 62, CREAM)
    sheet.disc(x, y, 46, "#15222f")
    sheet.line([(x, y - 92), (x, y + 92)], CREAM, 11)
    sheet.line([(x - 92, y), (x + 92, y)], CREAM, 11)
    land(sheet, hills(44, 470, 40), "#1c3147")
    for row, shade in enumerate(("#16283a", "#0e1c2a")):
        left = -30.0
        while left < 1200:
            width, height = chance.uniform(80, 150), chance.uniform(90, 210) + row * -40
            top = 750 - height - (150 if row == 0 else 0)
            sheet.box(left, top, left + width, 750, shade)
            sheet.shape([(left - 8, top), (left + width + 8, top), (left + width / 2, top - 46)], shade)
            left += width + chance.uniform(-6, 14)
    sheet.glow([(360, 560), (470, 560), (470, 690), (360, 690)], GOLD, 0.85, 30)
    sheet.box(378, 576, 452, 676, "#ffe2a0", 3)
    sheet.line([(415, 576), (415, 676)], "#0e1c2a", 5)
    sheet.line([(378, 622), (452, 622)], "#0e1c2a", 5)
    return sheet


def cover() -> Sheet:
    sheet = Sheet("#17324a", "#0f1d2b", (1200, 1800))
    for index, shade in enumerate(("#1f4a58", "#1a3f4d", "#143341", "#0f2834")):
        land(sheet, hills(60 + index, 1290 + index * 120, 60), shade)
    sheet.disc(600, 800, 320, "#efb75c")
    sheet.disc(600, 800, 320 - 16, "#f0c274")
    segno(sheet, 600, 800, 400, "#17324a")
    sheet.words(600, 215, "The Sign", 128, CREAM)
    sheet.words(600, 345, "and the Way Back", 84, CREAM, "Italic")
    sheet.line([(520, 440), (680, 440)], CORAL, 6)
    sheet.words(600, 1560, "five stories and a coda", 52, SAND, "Italic")
    sheet.words(600, 1650, "DAL SEGNO", 40, MIST)
    return sheet


DRAWN: dict[str, Callable[[], Sheet]] = {
    "cover": cover,
    "sign": sign,
    "keepers": keepers,
    "tunnel": tunnel,
    "pages": pages,
    "ferry": ferry,
    "coda": coda,
}


def draw(name: str) -> bytes:
    """The picture of that name as a PNG file."""
    return DRAWN[name]().png(name)
