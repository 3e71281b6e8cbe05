"""What the suites here run on: each store there is, and each Firestore."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dalsegno._core.ports import Store
from dalsegno._persistence.sqlite import SqliteStore
from dalsegno._sync.devices.cards import registration_write
from dalsegno.testing._memory_persistence import MemoryStore
from tests.contract.turns import US, Simulated, code
from tests.support.emulator import fresh_project, shared_emulator
from tests.support.remotes import Client, Listening
from tests.support.stores import Killed, Restarting


def _memory(_: Path) -> Store:
    return MemoryStore()


def _memory_restarting(_: Path) -> Store:
    return Restarting(lambda old: old.reopened() if isinstance(old, MemoryStore) else MemoryStore())


def _sqlite(folder: Path) -> Store:
    return SqliteStore.open(folder, "alice")


def _sqlite_restarting(folder: Path) -> Store:
    def reopen(old: Store | None) -> Store:
        if old is not None:
            old.close()
        return SqliteStore.open(folder, "alice")

    return Restarting(reopen)


def _sqlite_killed(folder: Path) -> Store:
    return Killed(folder, "alice")


KINDS = (_memory, _memory_restarting, _sqlite, _sqlite_restarting, _sqlite_killed)


@pytest.fixture(params=KINDS, ids=lambda kind: kind.__name__.strip("_"))
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    make: Callable[[Path], Store] = request.param
    made = make(tmp_path / "profile")
    yield made
    made.close()


@pytest.fixture(params=["simulated", "emulator"])
def stranger(request: pytest.FixtureRequest) -> Iterator[Client]:
    """A client whose device is not registered."""
    if request.param == "simulated":
        yield Simulated()
        return
    with Listening(shared_emulator().host, fresh_project(), "alice") as listening:
        yield listening


@pytest.fixture
def client(stranger: Client) -> Client:
    """On a registered device."""
    assert "OK" == code(stranger.commit(registration_write(US, stranger.sign_in)))
    stranger.rest()
    return stranger
