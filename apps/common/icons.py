"""The icons as vector shapes on a grid of 24 × 24 (y runs down), and how they become coverage.

Knows no Kivy. Icons are rasterised by distance to the shape, for the exact size in which they are shown:
so they are crisp at every density, without image files and without relying on the graphics card for smooth
edges.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise, product
from math import ceil, cos, floor, hypot, pi, sin, sqrt
from typing import Final

GRID: Final = 24.0
STROKE: Final = 1.8

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Stroke:
    """A line through points, with round ends."""

    points: tuple[Point, ...]
    width: float = STROKE


@dataclass(frozen=True, slots=True)
class Fill:
    """A filled polygon whose corners are rounded by ``round_by``."""

    points: tuple[Point, ...]
    round_by: float = 0.0


Shape = Stroke | Fill


def line(*numbers: float, closed: bool = False, width: float = STROKE) -> Stroke:
    points = tuple(zip(numbers[::2], numbers[1::2], strict=True))
    return Stroke(points + points[:1] if closed else points, width)


def fill(*numbers: float, round_by: float = 0.7) -> Fill:
    return Fill(tuple(zip(numbers[::2], numbers[1::2], strict=True)), round_by)


def bow(x: float, y: float, radius: float, start: float, end: float) -> tuple[Point, ...]:
    """Points of an arc from angle ``start`` to ``end``, in degrees, clockwise from three o'clock."""
    steps = max(4, ceil(abs(end - start) / 12))
    angles = [(start + (end - start) * i / steps) * pi / 180 for i in range(steps + 1)]
    return tuple((x + radius * cos(a), y + radius * sin(a)) for a in angles)


def arc(
    x: float, y: float, radius: float, start: float = 0, end: float = 360, width: float = STROKE
) -> Stroke:
    return Stroke(bow(x, y, radius, start, end), width)


def disc(x: float, y: float, radius: float) -> Fill:
    return Fill(bow(x, y, radius, 0, 348))


def box(left: float, top: float, right: float, bottom: float, corner: float, width: float = STROKE) -> Stroke:
    """The outline of a rectangle with round corners."""
    c = corner
    points = (
        *bow(right - c, top + c, c, -90, 0),
        *bow(right - c, bottom - c, c, 0, 90),
        *bow(left + c, bottom - c, c, 90, 180),
        *bow(left + c, top + c, c, 180, 270),
    )
    return Stroke((*points, points[0]), width)


_SPEAKER: Final = fill(3.5, 9.5, 7, 9.5, 11.5, 5.5, 11.5, 18.5, 7, 14.5, 3.5, 14.5)
_REPEAT: Final = (
    Stroke((*bow(8, 11, 4, 180, 270), (19.5, 7))),
    line(16.5, 4, 19.5, 7, 16.5, 10),
    Stroke((*bow(16, 13, 4, 0, 90), (4.5, 17))),
    line(7.5, 14, 4.5, 17, 7.5, 20),
)
_CLOUD: Final = Stroke(
    (
        *bow(7.2, 14.3, 4.2, 90, 250),
        *bow(12.2, 10.6, 5.2, 190, 345),
        *bow(17.4, 14.6, 3.9, -85, 90),
        (7.2, 18.5),
    )
)
_RAYS: Final = tuple(
    line(12 + 7.2 * cos(a), 12 + 7.2 * sin(a), 12 + 9.3 * cos(a), 12 + 9.3 * sin(a))
    for a in (i * pi / 4 for i in range(8))
)

ICONS: Final[dict[str, tuple[Shape, ...]]] = {
    "play": (fill(8, 5.2, 19, 12, 8, 18.8, round_by=1.2),),
    "pause": (fill(7, 5.5, 9.4, 5.5, 9.4, 18.5, 7, 18.5), fill(14.6, 5.5, 17, 5.5, 17, 18.5, 14.6, 18.5)),
    "next": (fill(6, 6, 15, 12, 6, 18), line(18, 6, 18, 18, width=2.2)),
    "previous": (fill(18, 6, 9, 12, 18, 18), line(6, 6, 6, 18, width=2.2)),
    "shuffle": (
        line(3.5, 7, 6.5, 7, 9, 9.6),
        line(13.5, 14.4, 16, 17, 20, 17),
        line(3.5, 17, 6.5, 17, 16, 7, 20, 7),
        line(17.3, 4.3, 20, 7, 17.3, 9.7),
        line(17.3, 14.3, 20, 17, 17.3, 19.7),
    ),
    "repeat": _REPEAT,
    "repeat-one": (*_REPEAT, line(10.9, 10.9, 12.3, 10, 12.3, 14.2, width=1.6)),
    "volume": (_SPEAKER, arc(11.5, 12, 4, -45, 45), arc(11.5, 12, 7.6, -48, 48)),
    "volume-low": (_SPEAKER, arc(11.5, 12, 4, -45, 45)),
    "volume-off": (_SPEAKER, line(15.5, 9.5, 20.5, 14.5), line(20.5, 9.5, 15.5, 14.5)),
    "menu": (line(4, 7, 20, 7), line(4, 12, 20, 12), line(4, 17, 20, 17)),
    "more": (disc(5.5, 12, 1.6), disc(12, 12, 1.6), disc(18.5, 12, 1.6)),
    "back": (line(14.5, 5.5, 8, 12, 14.5, 18.5),),
    "forward": (line(9.5, 5.5, 16, 12, 9.5, 18.5),),
    "up": (line(5.5, 14.5, 12, 8, 18.5, 14.5),),
    "down": (line(5.5, 9.5, 12, 16, 18.5, 9.5),),
    "close": (line(6, 6, 18, 18), line(18, 6, 6, 18)),
    "check": (line(5, 12.5, 10, 17.5, 19.5, 7),),
    "plus": (line(12, 5, 12, 19), line(5, 12, 19, 12)),
    "minus": (line(5, 12, 19, 12),),
    "text-size": (
        line(2.8, 18.5, 8.2, 5.5, 13.6, 18.5),
        line(4.7, 14.2, 11.7, 14.2),
        line(15, 18.5, 18.1, 11, 21.2, 18.5, width=1.6),
        line(16, 16.2, 20.2, 16.2, width=1.6),
    ),
    "sun": (arc(12, 12, 4), *_RAYS),
    "moon": (Stroke((*bow(11.5, 12.5, 8, -62, -332), *bow(17.2, 6.8, 7.2, 85, 191))),),
    "folder": (
        Stroke(((3.5, 17.5), (3.5, 6), (4.5, 5), (9, 5), (11.2, 7.5), (19.5, 7.5), (20.5, 8.5), (20.5,
        17.5))), Stroke(((3.5, 17.5), (4.5, 18.8), (19.5, 18.8), (20.5, 17.5))),
    ),
    "list": (
        *(disc(4.6, y, 1.2) for y in (6.5, 12, 17.5)),
        *(line(9, y, 20, y) for y in (6.5, 12, 17.5)),
    ),
    "queue": (
        line(4, 6, 16, 6),
        line(4, 11, 16, 11),
        line(4, 16, 10, 16),
        fill(14, 13.5, 20.5, 17.2, 14, 21, round_by=0.8),
    ),
    "book": (
        Stroke(((12, 7), *bow(9, 7, 3, -10, -90), (3.5, 4), (3.5, 17), (9, 17), *bow(9, 20, 3, -90, -10))),
        Stroke(((12, 7), *bow(15, 7, 3, 190, 270), (20.5, 4), (20.5, 17), (15, 17), *bow(15, 20, 3, 270,
        190))), line(12, 7, 12, 19.5),
    ),
    "note": (line(9, 17, 9, 5.5, 19, 3.8, 19, 15.3), disc(6.4, 17.2, 2.9), disc(16.4, 15.5, 2.9)),
    "bookmark": (line(6.5, 20, 6.5, 4, 17.5, 4, 17.5, 20, 12, 15.6, closed=True),),
    "search": (arc(10.5, 10.5, 6.3), line(15.2, 15.2, 20, 20)),
    "settings": (
        line(4, 7, 13, 7), line(19, 7, 20, 7), arc(16, 7, 2.6),
        line(4, 17, 5, 17), line(11, 17, 20, 17), arc(8, 17, 2.6),
    ),
    "phone": (box(7, 2.8, 17, 21.2, 2.2), line(11, 18, 13, 18, width=1.5)),
    "tablet": (box(4.5, 3, 19.5, 21, 2), line(11, 18, 13, 18, width=1.5)),
    "desktop": (box(3, 4, 21, 15.5, 1.6), line(12, 15.5, 12, 19.5), line(8.5, 19.8, 15.5, 19.8)),
    "laptop": (box(4.5, 4.5, 19.5, 15.5, 1.6), line(2.5, 19, 21.5, 19)),
    "person": (arc(12, 8, 3.9), Stroke(bow(12, 20.6, 7.4, 184, 356))),
    "sign-out": (
        Stroke(((10, 4.5), (5.5, 4.5), (4.5, 5.5), (4.5, 18.5), (5.5, 19.5), (10, 19.5))),
        line(9.5, 12, 20, 12), line(16, 8, 20, 12, 16, 16),
    ),
    "edit": (
        line(4.5, 19.5, 5.6, 15.2, 15.8, 5, 19, 8.2, 8.8, 18.4, closed=True), line(13.2, 7.6, 16.4, 10.8),
    ),
    "key": (arc(8, 14.5, 4), line(11, 11.8, 19.5, 4.5), line(15.4, 8, 18, 10.6)),
    "eye": (Stroke(bow(12, 17.2, 10.3, 210, 330)), Stroke(bow(12, 6.8, 10.3, 30, 150)), arc(12, 12, 2.7)),
    "eye-off": (
        Stroke(bow(12, 17.2, 10.3, 210, 330)), Stroke(bow(12, 6.8, 10.3, 30, 150)), arc(12, 12, 2.7),
        line(4.5, 4, 19.5, 20),
    ),
    "cloud-ok": (_CLOUD, line(9, 13.2, 11.3, 15.4, 15, 11.4, width=1.6)),
    "cloud-off": (_CLOUD, line(4, 4, 20, 21)),
    "cloud": (_CLOUD,),
    "alert": (line(12, 3.8, 21, 19.5, 3, 19.5, closed=True), line(12, 9.5, 12, 13.8), disc(12, 16.7, 1.1)),
    "info": (arc(12, 12, 8.5), line(12, 11.2, 12, 16.3), disc(12, 7.9, 1.15)),
    "cast": (
        Stroke(((3.5, 8), (3.5, 5), (20.5, 5), (20.5, 19), (14.5, 19))),
        arc(3.5, 19, 4, -90, 0), arc(3.5, 19, 8, -90, 0), disc(3.9, 18.6, 1.2),
    ),
}  # fmt: skip


def coverage(name: str, size_px: int) -> bytes:
    """One byte (0…255) per pixel, rows from the top: how much of it the icon covers.

    Raises KeyError, naming what there is, for an icon that does not exist.
    """
    if name not in ICONS:
        raise KeyError(f"no icon {name!r}; there are: {', '.join(sorted(ICONS))}")
    scale = size_px / GRID
    cover = bytearray(size_px * size_px)
    for shape in ICONS[name]:
        points = [(x * scale, y * scale) for x, y in shape.points]
        if isinstance(shape, Stroke):
            _stroke(cover, size_px, points, shape.width * scale / 2)
        else:
            _fill(cover, size_px, points, shape.round_by * scale)
    return bytes(cover)


def _stroke(cover: bytearray, size_px: int, points: list[Point], half_width: float) -> None:
    for start, end in pairwise(points):
        _segment(cover, size_px, start, end, half_width)


def _segment(cover: bytearray, size_px: int, start: Point, end: Point, half_width: float) -> None:
    """All in one place, and squares as long as they do: an app draws some dozens of icons before its first
    picture, and most of what it looks at is off the line."""
    (x0, y0), (x1, y1) = start, end
    dx, dy = x1 - x0, y1 - y0
    squared = dx * dx + dy * dy or 1.0
    reach = half_width + 0.5
    columns, rows = _box((start, end), half_width + 1, size_px)
    for row in rows:
        y = row + 0.5 - y0
        for column in columns:
            x = column + 0.5 - x0
            along = (x * dx + y * dy) / squared
            along = 0.0 if along < 0.0 else 1.0 if along > 1.0 else along
            away_x, away_y = x - along * dx, y - along * dy
            off = away_x * away_x + away_y * away_y
            if off < reach * reach:
                _cover(cover, row * size_px + column, half_width - sqrt(off))


def _fill(cover: bytearray, size_px: int, points: list[Point], round_by: float) -> None:
    edges = list(zip(points, points[1:] + points[:1], strict=True))
    columns, rows = _box(points, round_by + 1, size_px)
    for column, row in product(columns, rows):
        x, y = column + 0.5, row + 0.5
        distance = min(_distance(x, y, start, end) for start, end in edges)
        _cover(cover, row * size_px + column, round_by + (distance if _inside(x, y, edges) else -distance))


def _box(points: Iterable[Point], margin: float, size_px: int) -> tuple[range, range]:
    """The columns and rows of the pixels that the points reach."""
    xs, ys = zip(*points, strict=True)
    columns = range(max(0, floor(min(xs) - margin)), min(size_px, ceil(max(xs) + margin)))
    return columns, range(max(0, floor(min(ys) - margin)), min(size_px, ceil(max(ys) + margin)))


def _cover(cover: bytearray, index: int, depth: float) -> None:
    value = round(255 * min(1.0, max(0.0, depth + 0.5)))
    if value > cover[index]:
        cover[index] = value


def _distance(x: float, y: float, start: Point, end: Point) -> float:
    dx, dy = end[0] - start[0], end[1] - start[1]
    squared = dx * dx + dy * dy
    along = 0.0 if squared == 0 else ((x - start[0]) * dx + (y - start[1]) * dy) / squared
    along = min(1.0, max(0.0, along))
    return hypot(x - start[0] - along * dx, y - start[1] - along * dy)


def _inside(x: float, y: float, edges: list[tuple[Point, Point]]) -> bool:
    inside = False
    for (x1, y1), (x2, y2) in edges:
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            inside = not inside
    return inside
