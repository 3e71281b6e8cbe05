"""Forgetting devices, on the official emulator: only those that are old, and those for sure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import dalsegno as ds
from dalsegno.admin import Authority, prune_devices
from tests.support.seeding import Seeder, device, sign_in


def test_only_devices_that_are_old_are_forgotten(seeder: Seeder, alice: str, authority: Authority) -> None:
    """Pruning goes by the last time a device was seen; sign-ins and other apps' devices stay, and with the
    card of a device that was signed out the record of that does not go.
    """
    now = datetime.now(UTC)
    root, bob = f"users/{alice}/devices", f"users/{alice}-bob/devices"
    other = f"shops/{alice}/devices/till"
    old = device("old", seen=now - timedelta(days=31))
    seeder.put(
        {
            f"{root}/00000000000000a1": old,
            f"{root}/00000000000000a2": device("young", seen=now - timedelta(days=29)),
            f"{root}/00000000000000a3": {**old, "revoked": {"by": "00000000000000a2", "at": now}},
            f"{root}/00000000000000a4": {"name": "without a time: written today"},
            f"users/{alice}/signins/1690000000": sign_in("00000000000000a3", thrown_out=True),
            f"users/{alice}/signins/1690000001": sign_in("00000000000000a1"),
            f"{bob}/00000000000000b1": old,
            other: old,
        }
    )
    assert (4, 2) == _both(prune_devices(authority, older_than_days=30, uid=alice))
    assert [
        *(f"{root}/00000000000000a{n}" for n in (2, 4)),
        *(f"users/{alice}/signins/169000000{n}" for n in (0, 1)),
    ] == seeder.names(f"users/{alice}")
    prune_devices(authority, older_than_days=30)
    assert [] == seeder.names(f"users/{alice}-bob")
    assert other == seeder.get(other).name.partition("/documents/")[2]


def test_a_device_that_comes_back_meanwhile_stays(
    seeder: Seeder, alice: str, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A device that is seen between being read and being deleted is not deleted."""
    path = f"users/{alice}/devices/00000000000000a1"
    now = datetime.now(UTC)
    seeder.put({path: device("back", seen=now - timedelta(days=31))})
    delete = authority.documents.delete

    def later(documents: Any, *, unchanged: bool = False) -> int:
        seeder.put({path: device("back", seen=now)})
        return delete(documents, unchanged=unchanged)

    monkeypatch.setattr(authority.documents, "delete", later)
    assert (1, 0) == _both(prune_devices(authority, older_than_days=30, uid=alice))
    assert [path] == seeder.names(f"users/{alice}")


def test_what_could_not_be_pruned_is_said(
    seeder: Seeder, alice: str, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where Firestore was too busy for some devices, the command fails: they would seem forgotten else."""
    now, root = datetime.now(UTC), f"users/{alice}/devices"
    old = device("old", seen=now - timedelta(days=31))
    seeder.put({f"{root}/00000000000000a1": old, f"{root}/00000000000000a2": old})
    written = authority.documents._written
    busy = 14
    monkeypatch.setattr(authority.documents, "_written", lambda writes: [*written(writes[:1]), busy])
    with pytest.raises(ds.Offline, match="what is done stays done, run it again"):
        prune_devices(authority, older_than_days=30, uid=alice)
    monkeypatch.undo()
    assert [f"{root}/00000000000000a2"] == seeder.names(f"users/{alice}")


def _both(done: Any) -> tuple[int, int]:
    return done.looked_at, done.pruned
