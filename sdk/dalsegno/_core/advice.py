"""Should the screen go along with a change? One table, first match. Pure.

Nobody is ever pulled away from the page that they are reading: a change is followed only where its writer had
seen what is shown here, or had written it. docs/continuity.md shows the table, and a test holds it to that.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dalsegno._core.record import record
from dalsegno._core.types import Advice, Rule


@record(frozen=True, slots=True)
class Case:
    """How another edit of one field stands to what this device shows of it.

    own       it was made here
    new       its value is another one than is shown
    joins     the field's policy loses no edit in a join
    held      it is a field of the line of what is played
    fell      what is shown was edited blindly, and the document had the field already
    lost      it lost to an edit made here, which had not seen it
    detached  this device goes its own way
    offered   an offer is open
    wrote     its writer wrote what is shown, too
    seen      its writer had seen what is shown
    """

    own: bool = False
    new: bool = True
    joins: bool = False
    held: bool = False
    fell: bool = False
    lost: bool = False
    detached: bool = False
    offered: bool = False
    wrote: bool = False
    seen: bool = False


Row = tuple[Rule, str, Callable[[Case], bool], Advice]

TABLE: Sequence[Row] = (
    (Rule.OWN, "it was edited here", lambda c: c.own, Advice.KEEP),
    (Rule.SAME, "it is what is shown already", lambda c: not c.new, Advice.KEEP),
    (Rule.JOINED, "the field's policy joins all edits", lambda c: c.joins, Advice.FOLLOW),
    (
        Rule.WITHDRAWN,
        "the line of what is played, and another place was played here",
        lambda c: c.held and (c.fell or c.lost),
        Advice.OFFER,
    ),
    (Rule.HELD, "the line of what is played is obeyed", lambda c: c.held, Advice.FOLLOW),
    (Rule.BLIND, "what is shown was edited before anything was known", lambda c: c.fell, Advice.OFFER),
    (Rule.LOST, "it lost to an edit made here that had not seen it", lambda c: c.lost, Advice.OFFER),
    (Rule.DETACHED, "this device has gone its own way", lambda c: c.detached, Advice.OFFER),
    (Rule.OPEN, "another offer is open", lambda c: c.offered, Advice.OFFER),
    (Rule.WROTE, "its writer wrote what is shown", lambda c: c.wrote, Advice.FOLLOW),
    (Rule.SEEN, "its writer had seen what is shown", lambda c: c.seen, Advice.FOLLOW),
    (Rule.UNSEEN, "its writer had neither seen nor written what is shown", lambda _: True, Advice.OFFER),
)


def advise(case: Case) -> tuple[Advice, Rule]:
    """What an app should do with a change, and by which rule."""
    return next((advice, rule) for rule, _, matches, advice in TABLE if matches(case))


_CARE = (Advice.KEEP, Advice.FOLLOW, Advice.OFFER)
"""From what asks nothing of the screen to what must not be done unasked."""


def more_careful(one: Advice, other: Advice) -> Advice:
    """The advice on two changes that are told as one: what was to be offered is not followed."""
    return max(one, other, key=_CARE.index)


def as_markdown() -> str:
    """The table, as docs/continuity.md shows it."""
    lines = ["| # | if | rule | advice |", "|---|---|---|---|"]
    rows = enumerate(TABLE, start=1)
    return "\n".join(
        [
            *lines,
            *(f"| {n} | {words} | `{rule.value}` | {advice.name} |" for n, (rule, words, _, advice) in rows),
        ]
    )
