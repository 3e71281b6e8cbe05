"""Links that are slow, and somebody at work on both ends: who is unlucky once is not unlucky for ever."""

from __future__ import annotations

import pytest

from tests.support.scenario import Scenario, ScenarioDevice
from tests.support.simulation.network import Fate


def slow(device: ScenarioDevice, one_way_ms: float) -> ScenarioDevice:
    """Everything takes this long to the server, and as long back."""
    device.line.choose = lambda _: Fate(one_way_ms, one_way_ms)
    device.line.message_ms = lambda: one_way_ms
    return device


@pytest.mark.parametrize("one_way_ms", [100, 600, 2500])
@pytest.mark.parametrize("handicap_ms", [0, 40])
def test_two_devices_that_edit_all_the_time_both_get_through(one_way_ms: float, handicap_ms: float) -> None:
    """Both edit one session twice a second on a slow link, one a little slower than the other: neither waits
    for more than a few round trips until the other one sees what it did, however long that goes on."""
    story = Scenario()
    quick = slow(story.device("quick"), one_way_ms).opens()
    tardy = slow(story.device("tardy"), one_way_ms + handicap_ms).opens()
    story.time_passes(seconds=20)
    behind = []
    for turn in range(240):
        quick.edits(place=turn)
        tardy.edits(furthest=turn / 240)
        story.time_passes(seconds=0.5)
        behind.append(turn - round(240 * _furthest_at_server(story)))
    patience_turns = 2 * (3 + 12 * one_way_ms / 1000)
    assert max(behind) <= patience_turns, "the slower device was overtaken again and again"
    story.time_passes(minutes=1)
    quick.sees(place=239, furthest=239 / 240)
    tardy.sees(place=239, furthest=239 / 240)


def _furthest_at_server(story: Scenario) -> float:
    document = story.document()
    entry = document.entries.get("furthest") if document else None
    if entry is None:
        return 0.0
    assert isinstance(entry.value, int | float)
    return float(entry.value)
