"""Real processes, killed with SIGKILL at random moments. `make kills` does it 200 times."""

from __future__ import annotations

from tests.soak import kills
from tests.soak.diary import place_of

SEED = 20260401


def test_every_edit_that_returned_survives_kill_nine(emulator_host: str, project: str) -> None:
    """An app is killed while it edits, starts, connects, sends, online and off: every edit whose `update()`
    had returned is at the server after the last restart."""
    outcome = kills.run(emulator_host, project, kills=14, seed=SEED, longest_life_s=0.6)
    assert 14 == outcome.kills
    assert outcome.confirmed >= outcome.kills - outcome.at_start_up > 0, "each other life began with an edit"
    assert 1 < len(outcome.links), "all lives were on one kind of link"


def test_each_edit_of_the_diary_has_a_field_of_its_own() -> None:
    """No edit can hide behind a later one: the test above would see each that is lost."""
    assert 1000 == len({place_of(number) for number in range(1000)})
