"""Whether the screen goes along with a change."""

from __future__ import annotations

import pytest

from dalsegno._core.advice import advise
from dalsegno._core.types import Advice, Origin


@pytest.mark.parametrize("concurrent", [True, False])
def test_our_own_edit_is_on_the_screen_already(concurrent: bool) -> None:
    """KEEP: nothing to do."""
    assert Advice.KEEP is advise(Origin.HERE, concurrent=concurrent)


def test_a_change_that_knew_ours_is_followed() -> None:
    """The other device had seen where we are: go along."""
    assert Advice.FOLLOW is advise(Origin.REMOTE, concurrent=False)


def test_a_concurrent_change_is_offered_never_followed() -> None:
    """Nobody is pulled away from a page by somebody who did not know of it."""
    assert Advice.OFFER is advise(Origin.REMOTE, concurrent=True)
