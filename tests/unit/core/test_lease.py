"""Who plays: the table, over all that can be; and what a document says of its holder."""

from __future__ import annotations

from pathlib import Path

import pytest

from dalsegno._core.clock import stamp
from dalsegno._core.document import Document
from dalsegno._core.lease import (
    MOST_EPOCHS,
    ROWS,
    Besides,
    Case,
    Claim,
    Known,
    Verdict,
    all_cases,
    as_markdown,
    holder_of,
    holding,
    reclaim,
)
from dalsegno._core.types import DeviceId, Micros, Millis

PAGE = Path(__file__).resolve().parents[3] / "docs" / "continuity.md"
PHONE, KITCHEN = DeviceId("00000000000000a1"), DeviceId("00000000000000a2")
NOW_MS = 1_790_000_000_000
LEASE = stamp(NOW_MS, 0, PHONE)


def document(holder: object, now_ms: int = NOW_MS) -> Document:
    at = Micros(now_ms * 1000)
    return Document("listening/1", {}, 1, Millis(now_ms), PHONE, at, at, holder)  # type: ignore[arg-type]


# --- the table ----------------------------------------------------------------------------------------


def test_each_case_is_decided_as_the_page_says() -> None:
    """The rows of the table say of all cases what the function does."""
    for case in all_cases():
        assert reclaim(case) == expected(case), case


def expected(case: Case) -> tuple[Verdict, Besides]:
    """The table of the design, read row by row, and not as the code is written."""
    blind = case.known is not Known.KNOWN
    besides = {Known.BRIEFLY: Besides.JUMP, Known.LONG: Besides.OFFER}.get(case.known, Besides.NOTHING)
    rows = (
        (case.claim in (Claim.NONE, Claim.SAME), (Verdict.STAND, Besides.NOTHING)),
        (case.claim is Claim.NEWER and case.here, (Verdict.HOLD, besides)),
        (case.claim is Claim.NEWER and blind, (Verdict.WITHDRAW, Besides.NOTHING)),
        (case.claim is Claim.NEWER and case.there and case.apart, (Verdict.WITHDRAW, Besides.NOTHING)),
        (case.claim is Claim.NEWER, (Verdict.SETTLE, Besides.NOTHING)),
        (not case.here, (Verdict.WITHDRAW, Besides.NOTHING)),
        (case.there, (Verdict.YIELD, Besides.NOTHING)),
        (not case.apart, (Verdict.YIELD, Besides.NOTHING)),
        (True, (Verdict.RECLAIM, besides)),
    )
    return next(answer for applies, answer in rows if applies)


def test_what_cannot_be_is_no_case() -> None:
    """Nobody sounds without a claim, and under the same lease there is no other holder."""
    cases = all_cases()
    assert 56 == len(cases) == len({str(case) for case in cases})
    assert all(not case.here for case in cases if case.claim is Claim.NONE)
    assert all(not (case.there or case.apart) for case in cases if case.claim is Claim.SAME)


def test_two_devices_that_meet_never_both_play_on() -> None:
    """Whatever each knows: the one under the later lease holds, or the one under the older one does, never
    both. The older one goes on only where the later is not heard any more."""
    for case in all_cases():
        if case.claim is Claim.OLDER and case.here:
            assert (reclaim(case)[0] is Verdict.RECLAIM) == (case.apart and not case.there)


def test_only_what_sounds_takes_back_a_lease() -> None:
    """A correction, a renewal or a wake-up never does."""
    for case in all_cases():
        if reclaim(case)[0] is Verdict.RECLAIM:
            assert case.here


def test_the_page_shows_the_table_that_is_executed() -> None:
    """docs/continuity.md is for whoever writes another client."""
    assert as_markdown() in PAGE.read_text("utf-8")
    assert {reclaim(case)[0] for *_, case in ROWS} == set(Verdict)


# --- the holder ---------------------------------------------------------------------------------------


def test_a_holder_that_was_written_is_read_back() -> None:
    """Each lease counts one more; a step of the same lease counts none."""
    first = holding(None, PHONE, LEASE, NOW_MS + 1.0)
    assert {"device": PHONE, "epoch": 1, "until": NOW_MS + 1, "lease": LEASE} == first
    found = holder_of(document(first))
    assert found is not None
    assert (PHONE, 1, NOW_MS + 1, LEASE) == (found.device, found.epoch, found.until_ms, found.lease)
    assert 1 == holding(document(first), PHONE, LEASE, 0)["epoch"]
    assert 2 == holding(document(first), KITCHEN, stamp(NOW_MS, 1, KITCHEN), 0)["epoch"]


GOOD = {"device": PHONE, "epoch": 1, "until": 0, "lease": LEASE}


@pytest.mark.parametrize(
    ("nonsense", "next_epoch"),
    [
        (None, 1),
        ({}, 1),
        ({**GOOD, "device": 7}, 2),
        ({**GOOD, "device": "short"}, 2),
        ({**GOOD, "epoch": 0}, 1),
        ({**GOOD, "epoch": True}, 1),
        ({**GOOD, "epoch": "1"}, 1),
        ({**GOOD, "epoch": MOST_EPOCHS}, 1),
        ({**GOOD, "epoch": 2**63 - 1}, 1),
        ({**GOOD, "until": -1}, 2),
        ({**GOOD, "until": 1.5}, 2),
        ({**GOOD, "lease": "yesterday"}, 1),
        ({**GOOD, "lease": stamp(NOW_MS + 60_001, 0, PHONE)}, 1),
        ({key: value for key, value in GOOD.items() if key != "lease"}, 1),
    ],
)
def test_a_holder_that_makes_no_sense_is_none(nonsense: object, next_epoch: int) -> None:
    """Somebody wrote it past the rules: an epoch at the end of all numbers, a lease a minute ahead. Whoever
    takes over next counts as the rules do, which let it begin anew where they find nonsense."""
    assert holder_of(document(nonsense)) is None
    assert next_epoch == holding(document(nonsense), PHONE, LEASE, 0)["epoch"]
    assert holder_of(document(GOOD)) is not None
