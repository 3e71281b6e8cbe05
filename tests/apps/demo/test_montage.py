"""The picture of the journey."""

from __future__ import annotations

from PIL import Image

from apps.demo.montage import SIZE, make_montage


def test_all_four_screens_are_in_the_picture(tmp_path):
    """Each screen's colour is found where its device stands."""
    screens = {
        "reader-laptop": (1200, 800),
        "reader-phone": (390, 780),
        "player-laptop": (1200, 800),
        "player-phone": (390, 780),
    }
    colours = [(200, 30, 30), (30, 200, 30), (30, 30, 200), (200, 200, 30)]
    for (name, size), colour in zip(screens.items(), colours, strict=True):
        Image.new("RGB", size, colour).save(tmp_path / f"{name}.png")
    picture = Image.open(make_montage(tmp_path))
    found = {colour for _, colour in picture.convert("RGB").getcolors(1 << 24)}
    assert picture.size == SIZE
    assert set(colours) <= found
