"""What a hostile or broken client can leave in a document: it harms its own session at the most."""

from __future__ import annotations

from typing import Any

import pytest

from dalsegno._core.clock import stamp
from dalsegno._core.policies import Restart
from dalsegno._core.types import DeviceId, Link, Saved
from tests.support.scenario import STRANGER, Scenario

MOST = 2**63 - 1
ENTRY = {"basis": {"place": 1}, "stamps": {"place": stamp(1, 0, STRANGER)}}

LEFT: dict[str, dict[str, Any]] = {
    "a round that has none behind it": {
        "state": {"furthest": 1.0},
        "stamps": {"furthest": stamp(1, 0, STRANGER)},
        "basis": {"furthest": 1},
        "merge": {"furthest": {"round": MOST}},
    },
    "a rev that has none behind it": {"rev": MOST},
    "a newest time that lies far ahead": {"hlc": MOST},
    "a basis that nobody can have seen": {"state": {"place": 0}, **ENTRY, "basis": {"place": MOST}},
    "an infinite place": {"state": {"place": float("inf")}, **ENTRY},
    "no number": {"state": {"place": float("nan"), "furthest": float("nan")}, **ENTRY},
    "bookkeeping that is none": {"merge": {"place": 7, "furthest": {"round": "x"}}},
    "a stamp at its bound": {
        "state": {"place": 0},
        "stamps": {"place": stamp(999_999_999_999_999, 99_999, DeviceId("f" * 16))},
        "basis": {"place": 1},
    },
    "as many fields as there may be": {
        "state": {f"junk{n}": "x" * 15_000 for n in range(64)},
        "stamps": {f"junk{n}": stamp(1, n, STRANGER) for n in range(64)},
        "basis": {f"junk{n}": 1 for n in range(64)},
    },
}


@pytest.mark.parametrize("left", LEFT.values(), ids=LEFT.keys())
def test_it_harms_its_own_session_at_the_most(left: dict[str, Any]) -> None:
    """The app edits it, begins a new round in it and closes it; whatever comes of that, the client is LIVE,
    and the other session is saved. What cannot be sent is named, and can be let go of."""
    story = Scenario()
    phone = story.device("phone").opens().opens("song").edits(place=1)
    story.settles()
    story.server_puts(**left).settles()
    phone.edits(place=2, furthest=Restart(0.5)).edits("song", place=4)
    story.time_passes(minutes=5)
    story.server_has("song", place=4)
    phone.sees(place=2, furthest=0.5).is_linked(Link.LIVE)
    phone.discards().has_problems().is_saved(Saved.EVERYWHERE)
    phone.restarts().opens("song").is_linked(Link.CONNECTING)
    story.time_passes(minutes=1)
    phone.is_linked(Link.LIVE).is_saved(Saved.EVERYWHERE).edits("song", place=5).closes()
    story.time_passes(minutes=1)
    story.server_has("song", place=5)


def test_no_round_is_the_last() -> None:
    """A re-read begins behind a round of 2⁶³−1 too, and the server can store what it is called."""
    story = Scenario()
    phone = story.device("phone").opens().edits(furthest=0.9)
    story.settles()
    story.server_puts(merge={"furthest": {"round": MOST}}).settles()
    phone.edits(furthest=Restart(0.1))
    story.settles()
    phone.sees(furthest=0.1).is_saved(Saved.EVERYWHERE)
    document = story.document()
    assert document is not None
    assert {"round": 1} == document.entries["furthest"].extra
