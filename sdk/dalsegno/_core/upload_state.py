"""Why a session can send now, or cannot: one state, and one table that is executed. Pure.

Invariant: what is not in `NEXT` does not happen; `follow` raises. docs/uploading.md shows the table, and a
test holds that page to it.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping


class UploadState(enum.Enum):
    """How a session stands with the server."""

    READY = "what is owed is sent as soon as the pace allows"
    SENDING = "a commit is on its way"
    IN_DOUBT = "the document must be looked at again before anything is sent"
    READING = "the document is being read"
    ASKING = "refused: the sign-in's document is asked whether that is for this device's sake"
    REFUSED = "all that is owed was refused, field by field: see `session.problems`"
    MALFORMED = "the server's document makes no sense, and is not written over"
    FOREIGN = "the server's document is of another kind, and is not written to"


class UploadEvent(enum.Enum):
    """What happens to a session on its way to the server."""

    SEND = "a commit is sent"
    COMMITTED = "the server applied it"
    REJECTED = "the server refuses what was sent: the field that is to blame is looked for"
    MOVED = "it met another document, which the stream has told already"
    STALE = "it met another document, which nobody has told yet"
    LOST = "nobody knows whether it was applied"
    LATER = "it was not applied, for a reason that passes"
    UNHEARD = "nobody listens to the session, and its document is known in part only: it is looked at first"
    READ = "the document is read"
    ANSWERED = "the read tells how the document stands"
    UNANSWERED = "the read failed for a reason that passes"
    HEARD = "the stream tells how the document stands"
    ASK = "the rules refuse, though the document has not moved"
    STANDS = "not for this device's sake"
    ANEW = "it was for this device's sake, and is not any more, or the sign-in was ended"
    UNKNOWN = "nobody could be asked"
    LOOKS_GOOD = "there is something to send, or nothing is owed"
    LOOKS_REFUSED = "only what was refused is owed"
    LOOKS_MALFORMED = "the document makes no sense"
    LOOKS_FOREIGN = "the document is of another kind"


S, E = UploadState, UploadEvent

LOOKS: Mapping[UploadEvent, UploadState] = {
    E.LOOKS_GOOD: S.READY,
    E.LOOKS_REFUSED: S.REFUSED,
    E.LOOKS_MALFORMED: S.MALFORMED,
    E.LOOKS_FOREIGN: S.FOREIGN,
}
"""Where nothing is on its way and nothing in doubt, the state is what a look at the session says."""

RESTING = frozenset(LOOKS.values())
ON_ITS_WAY = frozenset({S.SENDING, S.READING, S.ASKING})

NEXT: Mapping[tuple[UploadState, UploadEvent], UploadState] = {
    **{(state, look): found for state in UploadState if state in RESTING for look, found in LOOKS.items()},
    (S.READY, E.SEND): S.SENDING,
    (S.READY, E.UNHEARD): S.IN_DOUBT,
    (S.SENDING, E.COMMITTED): S.READY,
    (S.SENDING, E.REJECTED): S.READY,
    (S.SENDING, E.MOVED): S.READY,
    (S.SENDING, E.STALE): S.IN_DOUBT,
    (S.SENDING, E.LOST): S.IN_DOUBT,
    (S.SENDING, E.LATER): S.READY,
    (S.IN_DOUBT, E.READ): S.READING,
    (S.IN_DOUBT, E.HEARD): S.READY,
    (S.READING, E.ANSWERED): S.READY,
    (S.READING, E.UNANSWERED): S.IN_DOUBT,
    (S.READING, E.HEARD): S.READY,
    (S.READING, E.REJECTED): S.READY,
    (S.READING, E.ASK): S.ASKING,
    (S.ASKING, E.STANDS): S.READY,
    (S.ASKING, E.ANEW): S.READY,
    (S.ASKING, E.UNKNOWN): S.IN_DOUBT,
}


def follow(state: UploadState, event: UploadEvent) -> UploadState:
    """The state after the event. Raises KeyError for what cannot happen."""
    return NEXT[state, event]


def as_markdown() -> str:
    """The states and the table, as docs/uploading.md shows them."""
    lines = ["| state | meaning |", "|---|---|"]
    lines += [f"| {s.name} | {s.value} |" for s in UploadState]
    lines += ["", "| state | event | state after it |", "|---|---|---|"]
    resting = " / ".join(s.name for s in UploadState if s in RESTING)
    lines += [f"| {resting} | {look.value} | {found.name} |" for look, found in LOOKS.items()]
    lines += [f"| {s.name} | {e.value} | {after.name} |" for (s, e), after in NEXT.items() if e not in LOOKS]
    return "\n".join(lines)
