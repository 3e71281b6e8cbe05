"""The picture of the journey."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from apps.demo.montage import ROW, SCENES, make_montage

COLOURS = [(40 + 60 * (n % 4), 200 - 50 * (n // 4), 30) for n in range(8)]


@pytest.mark.parametrize(("scenes", "rows"), [(2, 1), (4, 2)])
def test_all_screens_are_in_the_picture(tmp_path: Path, scenes: int, rows: int) -> None:
    """Each screen's colour is found where its device stands; a run without accounts has half of them."""
    names = [name for scene in SCENES[:scenes] for name in (scene.laptop, scene.phone)]
    used = COLOURS[: len(names)]
    for name, colour in zip(names, used, strict=True):
        size = (390, 780) if "phone" in name else (1200, 800)
        Image.new("RGB", size, colour).save(tmp_path / f"{name}.png")
    picture = Image.open(make_montage(tmp_path))
    found = {colour for _, colour in picture.convert("RGB").getcolors(1 << 24) or ()}
    assert (ROW[0], ROW[1] * rows) == picture.size
    assert set(used) <= found
