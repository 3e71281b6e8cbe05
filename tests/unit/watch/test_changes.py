"""What is told down a pipe."""

from __future__ import annotations

from dataclasses import replace

import dalsegno as ds
from dalsegno._watch.changes import told
from tests.unit.watch.views import NASTY, NOW_MS, device, session, view


def without_time(lines: list[str]) -> list[str]:
    return [line.partition(" ")[2] for line in lines]


def test_at_first_all_is_told_the_newest_last() -> None:
    """How it stands: the link, the devices, the sessions."""
    found = view(
        session("new", volume=0.8),
        session("old", at_ms=NOW_MS - 1, volume=0.1),
        devices=(device("Pixel 8"),),
        link=ds.Link.OFFLINE,
        reason="no network",
    )
    assert [
        "link offline: no network",
        "device Pixel 8 online",
        "session old reading/1 Pixel 8: volume 0.1",
        "session new reading/1 Pixel 8: volume 0.8",
    ] == without_time(told(None, found))


def test_then_a_line_for_each_change() -> None:
    """And none for what is as it was, nor for the name that a device has got meanwhile."""
    same = session("same", page=1)
    before = view(same, session("book", page=1), devices=(device("phone"),), link=ds.Link.CONNECTING)
    renamed = ds.Recent(same.id, same.schema, same.state, None, same.at_ms)
    after = view(session("book", page=2), renamed, devices=(device("phone", online=False),))
    assert [
        "link live",
        "device phone offline",
        "session book reading/1 Pixel 8: page 2",
    ] == without_time(told(before, after))
    assert [] == told(after, replace(after, now_ms=NOW_MS + 999_999))


def test_lines_are_safe_and_bounded() -> None:
    """A change is one line, whatever is in it."""
    lines = told(None, view(session(NASTY, device=NASTY, note=NASTY * 99), devices=(device(NASTY),)))
    assert 3 == len(lines)
    assert all(line.isprintable() and len(line) <= 240 for line in lines)
