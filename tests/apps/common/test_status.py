"""The status line says where the work is."""

from __future__ import annotations

from enum import Enum
from types import SimpleNamespace

import pytest

from apps.common.widgets.statusline import say

Link = Enum("Link", "OFFLINE CONNECTING LIVE DENIED")
Saved = Enum("Saved", "HERE EVERYWHERE")


@pytest.mark.parametrize(
    ("link", "saved", "text"),
    [
        (Link.LIVE, Saved.EVERYWHERE, "Live · saved everywhere"),
        (Link.LIVE, Saved.HERE, "Live · saving…"),
        (Link.OFFLINE, Saved.HERE, "Offline · saved on this device"),
        (Link.OFFLINE, Saved.EVERYWHERE, "Offline · saved everywhere"),
        (Link.CONNECTING, Saved.HERE, "Connecting · saved on this device"),
    ],
)
def test_it_never_claims_more_than_what_is_known(link: Enum, saved: Enum, text: str) -> None:
    """Each state of link and saving has its own sentence."""
    assert text == say(SimpleNamespace(link=link, reason="", saved=saved)).text


def test_a_refusal_is_told_with_its_reason() -> None:
    """Denied is not offline: the reason is on the screen, in the colour of an error."""
    said = say(SimpleNamespace(link=Link.DENIED, reason="signed out", saved=Saved.HERE))
    assert ("Not allowed: signed out · saved on this device", "bad") == (said.text, said.tone)
