"""Icons are shapes; what is drawn of them is right at every size."""

from __future__ import annotations

import pytest

from apps.common.icons import ICONS, coverage

NEEDED = {
    "play", "pause", "next", "previous", "shuffle", "repeat", "repeat-one", "volume", "menu", "back", "close",
    "text-size", "sun", "moon", "folder", "list", "phone", "laptop", "cloud-ok", "cloud-off",
}  # fmt: skip


def test_every_icon_that_the_apps_need_is_there() -> None:
    """None of the agreed names is missing."""
    assert set() == NEEDED - set(ICONS)


@pytest.mark.parametrize("name", sorted(ICONS))
def test_an_icon_lies_inside_its_square(name: str) -> None:
    """No icon is cut off: the outermost ring of pixels is empty."""
    size = 48
    cover = coverage(name, size)
    edge = [*cover[:size], *cover[-size:], *cover[::size], *cover[size - 1 :: size]]
    assert 0 == max(edge)
    assert max(cover) == 255


def test_the_same_icon_covers_the_same_area_at_every_density() -> None:
    """Scaling changes the sharpness, not the shape."""
    shares = [sum(coverage("shuffle", size)) / (255 * size * size) for size in (24, 48, 96)]
    assert max(shares) - min(shares) < 0.01


def test_play_points_to_the_right() -> None:
    """The triangle's tip is at the right: its left half covers more."""
    size = 24
    cover = coverage("play", size)
    left, right = (
        sum(cover[y * size + x] for y in range(size) for x in half) for half in (range(6, 13), range(13, 20))
    )
    assert left > 1.5 * right


def test_a_name_that_is_no_icon_is_answered_with_those_there_are() -> None:
    """A typing error in an icon's name says what could have been meant."""
    with pytest.raises(KeyError, match=r"no icon 'plai'.*play"):
        coverage("plai", 24)
