"""Households in bad weather, and proof that the simulation would notice."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from dalsegno._core import adoption, document_serializer, line, ruling
from dalsegno._core.document import NO_STAMP, Entry
from dalsegno._core.lease import Case, Claim
from dalsegno._core.line import Step
from dalsegno._core.messages import ANY, Write
from dalsegno._core.policies import Latest, Wish
from dalsegno._core.ports import Batch
from dalsegno._core.replica import Replica
from dalsegno._core.types import SessionId
from dalsegno._sync.devices import registration
from dalsegno._sync.devices.cards import sign_in_of
from dalsegno._sync.leases import Leases
from dalsegno._sync.local_store import LocalStore
from tests.support.simulation.failure import Failure
from tests.support.simulation.run import Simulation, failure, shrink
from tests.support.simulation.schedule import KINDS, LINES, PLACES, schedule
from tests.support.simulation.witness import Witness

SHARES, PER_SHARE = 6, 12
PLANTED = SHARES * PER_SHARE
"""Within as many schedules as are run here a planted bug must be found."""

FALSE_ALARMS = (
    *(21026, 21149, 21199, 21484, 33037, 100916, 105908, 201746, 201971, 400909, 402755, 507030),
    *(703114, 704293, 930383, 940037),
)
"""The witness once saw a fault in these: slow clocks, full disks, versions of the app that differ, a server
that loses the same edit twice, or loses one for a newer one that then gives way to an older, higher one; and
a place whose user had gone back to it before its mark was sent."""


@pytest.mark.parametrize("share", range(SHARES))
def test_nothing_is_lost_nothing_diverges_nothing_breaks(share: int) -> None:
    """All invariants hold, during and after each schedule. (`make soak` runs ten thousand.)"""
    for seed in range(share * PER_SHARE, (share + 1) * PER_SHARE):
        found = failure(schedule(seed))
        if found is not None:
            least = shrink(schedule(seed), found.kind)
            pytest.fail(f"{found}\n{least}\nreplay: make soak SCHEDULES=1 SEED={seed}")


@pytest.mark.parametrize("seed", FALSE_ALARMS)
def test_there_is_no_alarm_where_nothing_is_wrong(seed: int) -> None:
    """What a device gives back to a server that lost it is no new edit; what an app leaves to others may go
    back; and what took an edit's place may have been overwritten in turn."""
    assert None is failure(schedule(seed).silent())


def test_a_schedule_replays_exactly() -> None:
    """The same seed does the same twice, to the microsecond of the last commit."""
    first, second = Simulation(schedule(4)), Simulation(schedule(4))
    first.run()
    second.run()
    assert first.server.history == second.server.history
    assert first.server.history
    assert first.virtual_clock.now_ms == second.virtual_clock.now_ms


def test_what_the_witness_sees_in_a_callback_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine guards itself against callbacks that fail: it must not guard itself against the witness."""

    def objects(*_: object) -> None:
        raise Failure("broken", "seen in a callback")

    monkeypatch.setattr(Witness, "changed", objects)
    assert "broken: seen in a callback" == str(failure(schedule(4)))


def test_every_kind_of_event_happens() -> None:
    """A kind that is never drawn, or that nobody does, tests nothing."""
    drawn = {event.kind for seed in range(50) for event in schedule(seed).events}
    assert KINDS.keys() | PLACES.keys() | LINES.keys() == drawn
    assert all(hasattr(Simulation, f"_do_{kind}") for kind in drawn)


def drop_compare_and_set(monkeypatch: pytest.MonkeyPatch) -> None:
    honest: Callable[..., Write] = document_serializer.write_of
    monkeypatch.setattr(document_serializer, "write_of", lambda *args: replace(honest(*args), base=ANY))


def order_by_arrival(monkeypatch: pytest.MonkeyPatch) -> None:
    def last_to_come(_: Latest, ours: Entry, theirs: Entry) -> Entry:
        return theirs

    monkeypatch.setattr(Latest, "join", last_to_come)


def acknowledge_before_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = LocalStore.edit

    def hasty(self: LocalStore, session: SessionId, values: Mapping[str, Wish], *more: Any) -> Replica:
        store = self._store
        self._store = Later(self)  # type: ignore[assignment]
        try:
            return honest(self, session, values, *more)
        finally:
            self._store = store

    monkeypatch.setattr(LocalStore, "edit", hasty)


class Later:
    """A store that promises: what it is given is written with the next batch, if there is one."""

    def __init__(self, local_store: LocalStore) -> None:
        self._local_store, self._store = local_store, local_store._store

    def write(self, batch: Batch) -> None:
        local_store, honest = self._local_store, self._store.write

        def both(later: Batch) -> None:
            del local_store._store.write
            honest(batch)
            honest(later)

        self._store.write = both  # type: ignore[method-assign,assignment]


def believe_a_server_that_lost_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adoption, "_lost_by_server", lambda *_: ())


def take_other_policies_for_a_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adoption, "_went_back", lambda *_: True)


def forget_what_was_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adoption, "_is_older", lambda *_: True)
    monkeypatch.setattr(adoption, "_given_back", lambda *_: NO_STAMP)


def write_again_what_was_erased(monkeypatch: pytest.MonkeyPatch) -> None:
    honest: Callable[[Replica], dict[str, Entry]] = Replica.unsent
    monkeypatch.setattr(Replica, "unsent", lambda it: dict(it.view) if it.missing else honest(it))


def overlook_that_a_sign_in_was_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = sign_in_of
    monkeypatch.setattr(registration, "sign_in_of", lambda found: replace(honest(found), revoked=False))


def forget_the_losers_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adoption, "_is_displaced", lambda *_: False)


def forget_whom_an_edit_goes_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adoption, "_is_overruled", lambda *_: False)


def take_over_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    honest: Callable[..., Mapping[str, Wish]] = line.stepped

    def hasty(wishes: Any, schema: Any, view: Any, step: Step, *more: Any) -> Mapping[str, Wish]:
        taken = Step.TAKE if step in (Step.GO_ON, Step.REST) else step
        return honest(wishes, schema, view, taken, *more)

    monkeypatch.setattr(line, "stepped", hasty)


def order_leases_by_arrival(monkeypatch: pytest.MonkeyPatch) -> None:
    """That of the document, which came last, always is the later one."""
    honest: Callable[..., Case] = ruling._case

    def case(*args: Any) -> Case:
        found = honest(*args)
        return replace(found, claim=Claim.OLDER) if found.claim is Claim.NEWER else found

    monkeypatch.setattr(ruling, "_case", case)


def forget_what_was_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ruling._Meeting, "_heard", lambda _: {})


def leave_a_bar_moving_over_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Leases, "opened", lambda *_: None)


def let_a_blind_edit_win(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adoption, "_fallen", lambda *_: {})


LINE_PLANTS: dict[Callable[[pytest.MonkeyPatch], None], int] = {
    take_over_by_itself: 0,
    order_leases_by_arrival: 13,
    forget_what_was_heard: 0,
    leave_a_bar_moving_over_silence: 55,
}
PLANTS: dict[Callable[[pytest.MonkeyPatch], None], int] = {
    forget_the_losers_mark: 1,
    forget_whom_an_edit_goes_over: 2,
    let_a_blind_edit_win: 13,
    drop_compare_and_set: 3,
    order_by_arrival: 1,
    acknowledge_before_the_disk: 2,
    believe_a_server_that_lost_data: 22,
    take_other_policies_for_a_loss: 16,
    forget_what_was_given_back: 16,
    write_again_what_was_erased: 8,
    overlook_that_a_sign_in_was_ended: 46,
    **LINE_PLANTS,
}
"""And a schedule that notices and is soon shrunk: it is tried first. If it notices no more, all are tried."""


@pytest.mark.parametrize("plant", PLANTS, ids=lambda p: p.__name__)
def test_a_planted_bug_is_found_and_told_in_a_few_events(
    plant: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of these would lose edits in the field; the simulation finds it, and shrinks it to a story."""
    plant(monkeypatch)
    known = PLANTS[plant]
    assert known in range(PLANTED)
    seed = next((seed for seed in (known, *range(PLANTED)) if failure(schedule(seed))), None)
    assert seed is not None, f"{PLANTED} schedules did not notice: {plant.__name__}"
    found = failure(schedule(seed))
    assert isinstance(found, Failure)
    least = shrink(schedule(seed), found.kind)
    assert len(least.events) <= 12, f"too long a story:\n{least}"
    again = failure(least)
    assert again is not None
    assert found.kind == again.kind
