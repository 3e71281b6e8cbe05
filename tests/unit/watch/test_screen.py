"""The picture: what is in it at which size, and that it never leaves its frame."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

import dalsegno as ds
from dalsegno._watch.cells import width
from dalsegno._watch.screen import lines
from tests.unit.watch.views import MINUTE_MS, NASTY, NOW_MS, device, session, texts, view

DEVICES = (
    device("watch", number=1, here=True),
    device("Pixel 8", number=2),
    device("Old tablet", number=3, online=False, at_ms=NOW_MS - 180 * MINUTE_MS),
)
FULL = view(
    session("moby-dick", at_ms=NOW_MS - 3 * MINUTE_MS, furthest=0.11),
    session("music", volume=0.8),
    session("draft", text="Dear all"),
    session("film", volume=0.1),
    devices=DEVICES,
)


def test_a_watch_of_20_by_8_shows_what_matters() -> None:
    """The link, who is online, the newest sessions: which, when, whose, and where."""
    assert [
        "● live     2 of 3 on",
        "moby-dick      3 min",
        " Pixel… furthest 0.…",
        "music            now",
        " Pixel… volume 0.8",
        "draft            now",
        " Pixel… text Dear a…",
        "● Pixel 8  ○ Old ta…",
    ] == texts(lines(FULL, 20, 8))


def test_a_terminal_of_80_by_24_shows_all_of_it() -> None:
    """A row for each session, and for each device."""
    shown = texts(lines(FULL, 80, 24))
    assert ("● live", "2 of 3 on") == (shown[0][:6], shown[0][-9:])
    assert ["moby-dick", "reading/1", "furthest", "0.11", "Pixel", "8", "3", "min"] == shown[1].split()
    assert ["film", "reading/1", "volume", "0.1", "Pixel", "8", "now"] == shown[4].split()
    assert ["●", "watch", "(here)", "phone", "reader", "online"] == shown[6].split()
    assert ["○", "Old", "tablet", "phone", "reader", "3", "h"] == shown[8].split()


def test_what_is_wrong_with_the_link_is_said() -> None:
    """In the place of the count, which would be no news."""
    shown = texts(lines(view(link=ds.Link.OFFLINE, reason="no route to host", devices=DEVICES), 60, 24))
    assert ["○ offline: no route to host", "nothing to carry on with yet"] == shown[:2]


def test_devices_beyond_a_quarter_of_the_rows_are_counted() -> None:
    """The sessions are what one looks for."""
    many = tuple(device(f"phone {n}", number=n) for n in range(9))
    assert ["● phone 0", "● phone 1", "  and 7 more"] == [
        line[:12].removesuffix("  p") for line in texts(lines(view(devices=many), 40, 12))[-3:]
    ]


@given(st.text(max_size=50), st.text(max_size=50), st.integers(1, 140), st.integers(1, 50))
def test_no_line_leaves_its_frame(name: str, value: str, columns: int, rows: int) -> None:
    """Whatever is in the names and values, and however small the frame (from eight columns on)."""
    nasty = name + NASTY
    found = view(
        session(nasty, device=nasty, note=value + NASTY, tag=nasty),
        session(value, at_ms=0),
        devices=(device(nasty), device(value, online=False)),
        link=ds.Link.DENIED,
        reason=nasty,
    )
    shown = lines(found, columns, rows)
    assert len(shown) <= rows
    for line in shown:
        assert sum(width(piece) for _, piece in line) <= max(8, columns)
        assert all(c.isprintable() or c in "\u200c\u200d" for _, piece in line for c in piece)
