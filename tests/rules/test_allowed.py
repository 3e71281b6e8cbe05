"""What the rules allow."""

from __future__ import annotations

import pytest

from tests.rules.requests import Server
from tests.rules.table_allowed import ALLOWED, Allowed


@pytest.mark.parametrize("case", ALLOWED, ids=lambda case: case.name)
def test_what_the_sdk_does_is_allowed(server: Server, case: Allowed) -> None:
    """The owner's own request, in the shape that the SDK gives it, goes through."""
    assert case.complaints(server) == []
