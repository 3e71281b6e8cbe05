"""The system's safe for secrets: Keychain, Credential Locker, Secret Service, through the library `keyring`.

Any thread; may wait for the user, whom the system asks to unlock it. `keyring` is loaded when it is first
needed, never on import.
"""

from __future__ import annotations

from typing import Any, Protocol

from dalsegno._errors import KeyringLocked

SERVICE = "Dal Segno"


class VaultError(Exception):
    """The vault cannot be used; why does not matter, since there is a file to fall back on."""


class Vault(Protocol):
    """Secrets by name. Raises KeyringLocked or VaultError."""

    def get(self, name: str) -> str | None: ...

    def set(self, name: str, secret: str) -> None: ...

    def remove(self, name: str) -> None: ...


class KeyringVault:
    """What `keyring` finds on this machine; on each call, since a session may get its keyring late."""

    def get(self, name: str) -> str | None:
        secret = _calling(lambda ring: ring.get_password(SERVICE, name))
        return secret if isinstance(secret, str) else None

    def set(self, name: str, secret: str) -> None:
        _calling(lambda ring: ring.set_password(SERVICE, name, secret))

    def remove(self, name: str) -> None:
        _calling(lambda ring: ring.delete_password(SERVICE, name))


def _calling(call: Any) -> object:
    try:
        import keyring
        from keyring import errors
    except Exception:  # noqa: BLE001 - a keyring that does not load is none
        raise VaultError from None
    try:
        ring = keyring.get_keyring()
        if ring.priority < 1:  # keyring's own line between a safe and a makeshift
            raise VaultError
        return call(ring)
    except (errors.KeyringLocked, errors.InitError):
        raise locked() from None
    except errors.PasswordDeleteError:
        return None
    except Exception:  # noqa: BLE001 - backends raise what their systems raise, and the text may hold anything
        raise VaultError from None


def locked() -> KeyringLocked:
    return KeyringLocked("the system's keyring is locked: unlock it, and this device goes on by itself")
