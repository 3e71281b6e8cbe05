"""The search for what the server refuses, without a server: every subset of six fields."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dalsegno._core.backoff import Backoff
from dalsegno._core.clock import stamp
from dalsegno._core.policies import LATEST, Schema
from dalsegno._core.replica import Replica, edit, origin_of, without
from dalsegno._core.types import DeviceId, Problem, SessionId
from dalsegno._sync.open_session import OpenSession
from dalsegno._sync.upload_lane import Lane

NAMES = [f"f{number}" for number in range(6)]
SCHEMA = Schema("reading", 1, dict.fromkeys(NAMES, LATEST))
MADE = stamp(1, 0, DeviceId("0" * 16))


def searched(refused: set[str]) -> tuple[set[str], set[str], int]:
    """What was taken, what was found, and with how many commits."""
    replica, _, _ = edit(
        Replica(SessionId("book"), SCHEMA), dict.fromkeys(NAMES, 1), MADE, origin_of(1, 0, True, MADE)
    )
    held, taken, commits = OpenSession(replica), set[str](), 0
    lane = Lane(Backoff(lambda: 0.5), Backoff(lambda: 0.5))
    while entries := lane.turn(held):
        commits += 1
        lane.accused = list(entries)
        if not refused & entries.keys():
            taken |= entries.keys()
            held.replica = without(held.replica, entries)
        elif len(entries) > 1:
            lane.split()
        else:
            [name] = entries
            held.problems = {**held.problems, name: Problem(name, "no", "INVALID_ARGUMENT", 0)}
    return taken, set(held.problems), commits


@pytest.mark.parametrize("number", range(2 ** len(NAMES)))
def test_just_what_is_refused_is_found(number: int) -> None:
    """The others are taken, and less than two commits are made for each field."""
    refused = {name for bit, name in enumerate(NAMES) if number >> bit & 1}
    taken, found, commits = searched(refused)
    assert (set(NAMES) - refused, refused) == (taken, found)
    assert 1 <= commits < 2 * len(NAMES)


def test_what_was_refused_is_tried_after_the_others_and_by_itself() -> None:
    """Once for each time that it may be; a field that was never refused goes first."""
    replica, _, _ = edit(
        Replica(SessionId("book"), SCHEMA), {"f0": 1, "f1": 1, "f2": 1}, MADE, origin_of(1, 0, True, MADE)
    )
    problems = {name: Problem(name, "no", "INVALID_ARGUMENT", 0) for name in ("f0", "f1")}
    held = OpenSession(replica, problems=problems, retries=frozenset(problems))
    lane = Lane(Backoff(lambda: 0.5), Backoff(lambda: 0.5))
    assert ["f2"] == list(lane.turn(held))
    held.replica = without(held.replica, ["f2"])
    assert ["f0"] == list(lane.turn(held))
    held.retries -= {"f0"}
    assert ["f1"] == list(lane.turn(held))
    held.retries = frozenset()
    assert {} == lane.turn(held)


def test_a_document_that_is_gone_is_not_written_again_for_the_sake_of_a_refused_field() -> None:
    """What else is known here is no edit: nothing causes a commit."""
    replica, _, _ = edit(Replica(SessionId("book"), SCHEMA), {"f0": 1}, MADE, origin_of(1, 0, True, MADE))
    known = replace(replica, missing=True)
    held = OpenSession(known, problems={"f0": Problem("f0", "no", "INVALID_ARGUMENT", 0)})
    assert {} == Lane(Backoff(lambda: 0.5), Backoff(lambda: 0.5)).turn(held)
