"""What the rules deny."""

from __future__ import annotations

import pytest

from tests.rules.forbidden import Forbidden
from tests.rules.requests import Server
from tests.rules.table_cut_off import CUT_OFF
from tests.rules.table_devices import DEVICES
from tests.rules.table_holder import HOLDER
from tests.rules.table_others import OTHERS
from tests.rules.table_sessions import SESSIONS

FORBIDDEN = [*SESSIONS, *HOLDER, *DEVICES, *CUT_OFF, *OTHERS]


@pytest.mark.parametrize("case", FORBIDDEN, ids=lambda case: case.name)
def test_one_thing_wrong_is_denied(server: Server, case: Forbidden) -> None:
    """A request that is allowed is denied as soon as this one thing about it is changed."""
    assert case.complaints(server) == []


def test_each_case_has_its_own_documents() -> None:
    """They are named by the case's title: two of one title would meet."""
    names = [case.name for case in FORBIDDEN]
    assert sorted(set(names)) == sorted(names)
