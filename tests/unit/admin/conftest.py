"""A pairing desk, and what it asks."""

from __future__ import annotations

import pytest

from dalsegno.admin._pairing_desk import Desk
from tests.unit.admin.pairing_fakes import Clock, Firebase, Register


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def firebase() -> Firebase:
    return Firebase()


@pytest.fixture
def register() -> Register:
    return Register()


@pytest.fixture
def desk(firebase: Firebase, register: Register, clock: Clock) -> Desk:
    return Desk(firebase, register, clock)
