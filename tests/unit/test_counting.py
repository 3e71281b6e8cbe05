"""What `make test` counts, and what not."""

from __future__ import annotations

import sys

import pytest


@pytest.mark.no_cover
def test_what_is_not_to_be_counted_runs_at_full_speed() -> None:
    """Nothing traces a test that is marked so, in a worker either: whole books and simulations would take
    three times as long."""
    assert sys.gettrace() is None
