"""Two devices of a story that are both online, and what the server keeps of each."""

from __future__ import annotations

from typing import Any

from tests.support.scenario import Scenario, ScenarioDevice


def pair() -> tuple[Scenario, ScenarioDevice, ScenarioDevice]:
    """Two devices, both online, with the same book open."""
    story = Scenario()
    phone, laptop = story.device("phone").opens(), story.device("laptop").opens()
    story.settles()
    return story, phone, laptop


def card(story: Scenario, device: ScenarioDevice) -> dict[str, Any]:
    found = story.server.get(("devices", device.id))
    assert found is not None
    assert found.fields is not None
    return found.fields


def sign_in(story: Scenario, name: str) -> dict[str, Any]:
    found = story.server.get(("signins", name))
    assert found is not None
    assert found.fields is not None
    return found.fields
