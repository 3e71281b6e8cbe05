"""Should the screen go along with a change? Pure.

Nobody is ever pulled away from the page that they are reading: a change that its writer made without knowing
of the newest edit here is offered, never followed.
"""

from __future__ import annotations

from dalsegno._core.types import Advice, Origin


def advise(origin: Origin, *, concurrent: bool) -> Advice:
    """What an app should do with a change. Its own edit is on the screen already."""
    if origin is Origin.HERE:
        return Advice.KEEP
    return Advice.OFFER if concurrent else Advice.FOLLOW


_CARE = (Advice.KEEP, Advice.FOLLOW, Advice.OFFER)
"""From what asks nothing of the screen to what must not be done unasked."""


def more_careful(one: Advice, other: Advice) -> Advice:
    """The advice on two changes that are told as one: what was to be offered is not followed."""
    return max(one, other, key=_CARE.index)
