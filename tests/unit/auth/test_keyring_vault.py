"""The system's keyring, through the library `keyring` with backends of our own."""

from __future__ import annotations

from collections.abc import Iterator

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends.fail import Keyring as NoKeyring
from keyring.errors import InitError, PasswordDeleteError
from keyring.errors import KeyringLocked as Locked

from dalsegno._auth.keyring_vault import SERVICE, KeyringVault, VaultError
from dalsegno._errors import KeyringLocked


class Ring(KeyringBackend):
    """A good keyring in memory."""

    priority = 5

    def __init__(self, fault: Exception | None = None) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.entries: dict[tuple[str, str], str] = {}
        self.fault = fault

    def get_password(self, service: str, username: str) -> str | None:
        if self.fault:
            raise self.fault
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        if self.fault:
            raise self.fault
        self.entries[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if self.fault:
            raise self.fault
        if self.entries.pop((service, username), None) is None:
            raise PasswordDeleteError("no such entry")


class Makeshift(Ring):
    """As keyrings.alt's plain text file."""

    priority = 0.5  # type: ignore[assignment]


@pytest.fixture(autouse=True)
def given_back() -> Iterator[None]:
    before = keyring.get_keyring()
    yield
    keyring.set_keyring(before)


def test_secrets_go_through_the_systems_keyring() -> None:
    """What is set can be had until it is removed, under our name; removing it twice is harmless."""
    ring = Ring()
    keyring.set_keyring(ring)
    vault = KeyringVault()
    vault.set("entry", "secret")
    assert {(SERVICE, "entry"): "secret"} == ring.entries
    assert "secret" == vault.get("entry")
    vault.remove("entry")
    vault.remove("entry")
    assert None is vault.get("entry")


@pytest.mark.parametrize("fault", [Locked("dismissed"), InitError("Failed to unlock")])
def test_a_locked_keyring_is_told_as_such(fault: Exception) -> None:
    """The user can do something about a locked keyring: it is no missing one, and says what to do."""
    keyring.set_keyring(Ring(fault))
    with pytest.raises(KeyringLocked, match="unlock it"):
        KeyringVault().get("entry")


@pytest.mark.parametrize("ring", [NoKeyring(), Makeshift(), Ring(RuntimeError("D-Bus said: secret"))])
def test_no_keyring_a_makeshift_and_a_broken_one_are_none(ring: KeyringBackend) -> None:
    """Where there is no real safe there is none, and what its system wrote is not passed on."""
    keyring.set_keyring(ring)
    with pytest.raises(VaultError) as raised:
        KeyringVault().set("entry", "secret")
    assert "secret" not in str(raised.value)
