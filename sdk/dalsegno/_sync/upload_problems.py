"""What an app is told of edits that cannot be sent: sentences of ours, without what the user keeps. Pure."""

from __future__ import annotations

from dalsegno._core.messages import RpcError
from dalsegno._core.types import Problem
from dalsegno._core.upload_state import RESTING, UploadState
from dalsegno._sync.open_session import OpenSession
from dalsegno._sync.upload_lane import Lane

WHOLE = {
    UploadState.MALFORMED: "the server's document of this session makes no sense: it is not written over",
    UploadState.FOREIGN: "the server's document of this session is of another kind: it is not written to",
}
"""What holds up a whole session."""

REASONS = {
    "PERMISSION_DENIED": "the security rules refuse this edit",
    "INVALID_ARGUMENT": (
        "the server cannot take this edit: most often the document would become too large (INVALID_ARGUMENT)"
    ),
}
"""By code; the server's own words are in the log."""


def reason_of(fault: RpcError) -> str:
    """Why an edit is refused."""
    return REASONS.get(fault.code, f"the server refuses this edit ({fault.code})")


def is_stuck(open_session: OpenSession, lane: Lane | None) -> bool:
    """Whether nothing that it owes can be sent as things are: it was refused, or its document is spoilt."""
    resting = lane is None or lane.state in RESTING
    return bool(open_session.replica.pending) and not open_session.may_be_sent and resting


def problems_of(open_session: OpenSession, lane: Lane) -> list[Problem]:
    """Longest first."""
    whole = WHOLE.get(lane.state)
    known = [Problem("", whole, lane.state.name, int(lane.since_ms))] if whole else []
    return sorted([*known, *open_session.problems.values()], key=lambda problem: problem.since_ms)
