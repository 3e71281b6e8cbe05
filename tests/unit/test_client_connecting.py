"""The client: connecting, and what bad input it refuses there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import dalsegno as ds
from dalsegno._core.types import DeviceId
from tests.support.client_tests import DEAD, connect


@pytest.mark.parametrize("project", ["", "demo", "Demo-books", "demo_books", "demo/books", "-demo-books", 7])
def test_a_bad_project_is_refused(tmp_path: Path, project: Any) -> None:
    """The error repeats the id and says what one looks like."""
    with pytest.raises(ds.UsageError, match=r"is no project id: 5 to 63 lower-case"):
        connect(tmp_path, project=project)
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize("emulator", [None, "firestore.googleapis.com:443", "192.168.1.5:8080"])
def test_an_unsigned_user_is_refused_away_from_an_emulator(
    tmp_path: Path, emulator: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A user whom nobody checked goes to an emulator on this machine only."""
    monkeypatch.delenv("FIRESTORE_EMULATOR_HOST", raising=False)
    with pytest.raises(ds.UsageError, match="Unsigned users work with an emulator on this machine only"):
        connect(tmp_path, emulator=emulator)


@pytest.mark.parametrize("name", ["", "a/b", "../up", "con", "x" * 41])
def test_bad_names_for_local_data_are_refused(tmp_path: Path, name: str) -> None:
    """An app or profile that would make a bad folder is refused before anything is made."""
    with pytest.raises(ds.UsageError, match="is no good app name"):
        connect(tmp_path, app=name)
    with pytest.raises(ds.UsageError, match="is no good profile name"):
        connect(tmp_path, profile=name)
    assert [] == list(tmp_path.iterdir())


def test_the_emulator_may_come_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """FIRESTORE_EMULATOR_HOST is where a client goes that names no emulator."""
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", DEAD)
    with connect(tmp_path, emulator=None) as client:
        assert ds.Saved.EVERYWHERE == client.status.saved


def test_one_client_at_a_time_works_on_a_profile(tmp_path: Path) -> None:
    """A second one is refused with what to do, whoever holds the first; another profile is free."""
    with connect(tmp_path, profile="phone"):
        with pytest.raises(ds.ProfileInUse, match="profile"):
            connect(tmp_path, profile="phone")
        connect(tmp_path, profile="laptop").close(0.0)
    connect(tmp_path, profile="phone").close(0.0)


def test_a_device_keeps_its_id_and_may_change_its_name(tmp_path: Path) -> None:
    """The id is random and stays; the name is what `connect` says this time."""
    with connect(tmp_path, device="Pixel 8") as first:
        pass
    with connect(tmp_path, device="Pixel 9") as second:
        assert (first.device.id, "Pixel 9") == (second.device.id, second.device.name)
    assert "Pixel 8" == first.device.name


def test_a_name_that_the_rules_would_refuse_is_cut(tmp_path: Path) -> None:
    """They count an emoji as two, and what is no Unicode cannot be sent: with such a name the device would
    not be registered, and all of its edits be refused."""
    for name, shown in (
        ("\N{VIOLIN}" * 51, "\N{VIOLIN}" * 50),
        ("a\ud800b", "ab"),
        ("\ud800", "this device"),
    ):
        with connect(tmp_path, device=name) as client:
            assert shown == client.device.name


@pytest.mark.parametrize(
    ("argument", "wrong"),
    [
        ("user", "alice"),
        ("user", None),
        ("user", ds.Unsigned),
        ("user", ds.Device(DeviceId("0" * 16), "no user")),
        ("device", 3),
        ("kind", None),
        ("kind", b"phone"),
        ("emulator", 8080),
        ("home", 3),
        ("deliver", "main thread"),
    ],
)
def test_an_argument_of_the_wrong_kind_is_refused_by_name(tmp_path: Path, argument: str, wrong: Any) -> None:
    """Before anything is opened; the error says what it takes, and never repeats what it was given."""
    with pytest.raises(ds.UsageError, match=rf"^{argument}= takes .*") as caught:
        given = {"user": ds.Unsigned("alice"), "home": tmp_path, "emulator": DEAD, argument: wrong}
        ds.connect("demo-books", **given)
    assert "alice" not in str(caught.value)
    assert [] == list(tmp_path.iterdir())
