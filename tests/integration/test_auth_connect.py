"""`connect` with users who are kept on disk: what it says, and what it leaves when it cannot go on."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

import dalsegno as ds
from dalsegno._auth.account import EMULATOR_VARIABLE, Account
from dalsegno._auth.keyring_vault import locked
from dalsegno._auth.stored_sign_in import WAS_LOCKED, SignInStore
from tests.support.clients import Note
from tests.support.sign_in_service import API_KEY, PROJECT, MemoryVault, SignInService


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A loopback address where nobody answers: both emulators are away."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        host = "127.0.0.1:{1}".format(*taken.getsockname())
        monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", host)
        monkeypatch.setenv(EMULATOR_VARIABLE, host)
        yield host


@pytest.mark.parametrize(
    "user",
    [
        ds.Anonymous(api_key=API_KEY),
        ds.EmailPassword(api_key=API_KEY, email="ada@example.com", password="correct horse"),
        ds.EmailPassword(api_key=API_KEY, email="ada@example.com", password="correct horse", sign_up=True),
        ds.CustomToken(api_key=API_KEY, token="a.b.c"),
    ],
    ids=lambda user: type(user).__name__,
)
def test_a_first_sign_in_without_network_is_offline_and_leaves_nothing(
    tmp_path: Path, nowhere: str, user: ds.SignIn
) -> None:
    """The one moment that needs the network says so, and the next try finds everything as it was."""
    for _ in range(2):
        with pytest.raises(ds.Offline, match="check the network"):
            ds.connect(PROJECT, user=user, home=tmp_path)
    assert [] == list(tmp_path.iterdir())


def test_the_client_says_once_how_the_sign_in_is_kept(tmp_path: Path, nowhere: str) -> None:
    """A keyring that was locked at the sign-in is told by the first client, and not by the next start's."""
    vault = MemoryVault()
    vault.fault = locked()

    def account() -> Account:
        keeper = SignInStore(tmp_path / "user.json", vault)
        return Account(PROJECT, SignInService().toolkit(), keeper, emulated=True)

    first = account()
    with ds.connect(PROJECT, user=first.sign_in_anonymously(), home=tmp_path) as client:
        assert [WAS_LOCKED] == client.notices
        client.close(0)
    stored = account().user
    assert stored is not None
    with ds.connect(PROJECT, user=stored, home=tmp_path) as client:
        assert [] == client.notices
        client.close(0)


def test_a_keyring_that_is_locked_delays_no_start(tmp_path: Path, nowhere: str) -> None:
    """The place is on the screen though the keyring is locked: only the network waits for it."""
    vault = MemoryVault()
    keeper = SignInStore(tmp_path / "user.json", vault)
    account = Account(PROJECT, SignInService().toolkit(), keeper, emulated=True)
    with ds.connect(PROJECT, user=account.sign_in_anonymously(), home=tmp_path) as client:
        client.open("moby", Note).update(page=7)
        client.close(0)
    vault.fault = locked()
    again = Account(
        PROJECT, SignInService().toolkit(), SignInStore(tmp_path / "user.json", vault), emulated=True
    )
    assert again.user is not None
    with ds.connect(PROJECT, user=again.user, home=tmp_path) as client:
        assert 7 == client.open("moby", Note).state.page
        client.close(0)
