"""The one table: what is done about each gRPC status code."""

from __future__ import annotations

import grpc
import pytest

from dalsegno._core.rpc_error import TABLE, Call, Disposition, disposition

PERMANENT = {
    "INVALID_ARGUMENT",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "FAILED_PRECONDITION",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "DATA_LOSS",
}
"""What Google's SDKs call permanent, for a stream; ABORTED as well, which is transient for writes."""

AMBIGUOUS = {"CANCELLED", "UNKNOWN", "DEADLINE_EXCEEDED", "INTERNAL", "UNAVAILABLE"}


def test_the_table_knows_every_code_of_grpc_and_no_other() -> None:
    """A code that grpc adds or renames must be decided here."""
    assert {code.name for code in grpc.StatusCode} == set(TABLE)


@pytest.mark.parametrize("code", sorted(TABLE))
def test_a_stream_or_read_gives_up_on_permanent_codes_only(code: str) -> None:
    """Denied for what Google's SDKs call permanent; all else comes again."""
    for call in (Call.LISTEN, Call.READ):
        assert (code in PERMANENT) == (disposition(code, call) is Disposition.DENIED)


@pytest.mark.parametrize("code", sorted(AMBIGUOUS))
def test_a_commit_that_may_have_been_applied_is_read_again(code: str) -> None:
    """An edit is never sent twice on a guess."""
    assert Disposition.REREAD is disposition(code, Call.COMMIT)


@pytest.mark.parametrize("code", ["FAILED_PRECONDITION", "ALREADY_EXISTS", "PERMISSION_DENIED", "ABORTED"])
def test_a_commit_upon_a_stale_picture_is_read_again(code: str) -> None:
    """Rules run before preconditions, so a denial may only mean that the document moved."""
    assert Disposition.REREAD is disposition(code, Call.COMMIT)


@pytest.mark.parametrize("call", Call)
def test_credentials_and_quota_are_no_verdict_on_the_edit(call: Call) -> None:
    """UNAUTHENTICATED gets a new token, RESOURCE_EXHAUSTED the longest wait: for all calls."""
    assert Disposition.REFRESH is disposition("UNAUTHENTICATED", call)
    assert Disposition.WAIT is disposition("RESOURCE_EXHAUSTED", call)


def test_a_code_that_nobody_knows_is_treated_as_unknown() -> None:
    """A newer grpc must not crash us."""
    assert disposition("UNKNOWN", Call.COMMIT) is disposition("COFFEE_BREAK", Call.COMMIT)
