"""Who is signed in on this device, on disk: a small file, and the refresh token in the system's keyring.

Any thread. Where there is no keyring, or it is locked when the user signs in, the refresh token is in the
file too, which only the user can read, and that is said once. Invariant: the file is the old one or the new
one, never half of one; and it tells who is signed in without the keyring: a locked one delays no start.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import stat
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dalsegno._auth.keyring_vault import Vault, VaultError
from dalsegno._core.types import UserId
from dalsegno._errors import KeyringLocked, StorageDenied, StorageFull
from dalsegno._in_place import put_in_place
from dalsegno._private_files import make_private_folder

FORMAT = 1
NO_KEYRING = (
    "This system has no keyring, so the sign-in is kept in a file that only you can read. Whoever can read "
    "your files can act as you: sign out on a machine that you share."
)
WAS_LOCKED = (
    "The system's keyring was locked, so the sign-in is kept in a file that only you can read. Unlock it and "
    "sign in again to have it kept there."
)
WAS_OPEN = "The file with the sign-in could be read by other users of this machine; now only you can read it."
WAS_DAMAGED = "What was stored of the sign-in was damaged and has been set aside: sign in again."
NOT_REMOVED = (
    "The system's keyring is locked, so the ended sign-in is still in it: remove the entry “Dal Segno”."
)


@dataclass(frozen=True, slots=True)
class StoredSignIn:
    """Who is signed in. `refresh_token` "" = it is in the keyring, and was not asked for."""

    uid: UserId = field(repr=False)
    email: str = field(repr=False)
    anonymous: bool
    refresh_token: str = field(repr=False, default="")


class SignInStore:
    """One sign-in at `path`. `vault` None: always in the file, and nothing is said of it (emulators)."""

    def __init__(self, path: Path, vault: Vault | None) -> None:
        self._path = path
        self._vault = vault
        self._entry = hashlib.sha256(str(path.absolute()).encode("utf-8", "surrogatepass")).hexdigest()[:24]
        self._lock = threading.RLock()
        self.notices: list[str] = []

    def who(self) -> StoredSignIn | None:
        """Who is signed in, from the file alone: at once."""
        try:
            self._close_to_others()
            return _kept(json.loads(self._path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError):
            self._set_aside()
            return None

    def load(self) -> StoredSignIn | None:
        """Who is signed in, with the refresh token; None = nobody, or the token is gone.

        Raises:
            KeyringLocked: the token is in the keyring, and that is locked.
        """
        kept = self.who()
        if kept is None or kept.refresh_token:
            return kept
        try:
            token = self._vault.get(self._entry) if self._vault else None
        except VaultError:
            token = None
        return StoredSignIn(kept.uid, kept.email, kept.anonymous, token) if token else None

    def save(self, kept: StoredSignIn) -> None:
        """Replaces whoever was signed in.

        Raises:
            StorageFull, StorageDenied: nothing was changed.
        """
        with self._lock:
            told = self._has_token_in_file()
            notice = self._into_vault(kept.refresh_token)
            in_vault = self._vault is not None and not notice
            self._write(
                {
                    "format": FORMAT,
                    "uid": kept.uid,
                    "email": kept.email,
                    "anonymous": kept.anonymous,
                    "refresh_token": "" if in_vault else kept.refresh_token,
                }
            )
            if notice and not told:
                self.notices.append(notice)

    def rotate(self, uid: UserId, old: str, new: str, email: str = "") -> None:
        """Another refresh token in the place of the old one, unless that has been replaced meanwhile.

        email   the user's address now; "" = as it was

        If it cannot be kept now, nothing is lost: the old one goes on serving.
        """
        with self._lock, contextlib.suppress(KeyringLocked, StorageDenied, StorageFull):
            kept = self.load()
            if kept is not None and (uid, old) == (kept.uid, kept.refresh_token):
                anonymous = kept.anonymous and not email
                self.save(StoredSignIn(uid, email or kept.email, anonymous, new))

    def clear(self) -> None:
        """Nobody is signed in any more.

        Raises:
            StorageDenied: the file may not be removed; the sign-in is there as before.
        """
        with self._lock:
            try:
                self._path.unlink(missing_ok=True)
            except OSError as error:
                raise StorageDenied(
                    f"the sign-in cannot be removed: {error.strerror}; make {self._path.parent} writable for "
                    "this user"
                ) from None
            try:
                if self._vault is not None:
                    self._vault.remove(self._entry)
            except KeyringLocked:
                self.notices.append(NOT_REMOVED)
            except VaultError:
                pass

    def _into_vault(self, token: str) -> str:
        """Puts the token into the vault; what is to be said if that cannot be done."""
        if self._vault is None:
            return ""
        try:
            self._vault.set(self._entry, token)
            if self._vault.get(self._entry) == token:  # some backends keep less than they take
                return ""
            return NO_KEYRING
        except KeyringLocked:
            return WAS_LOCKED
        except VaultError:
            return NO_KEYRING

    def _has_token_in_file(self) -> bool:
        kept = self.who()
        return kept is not None and bool(kept.refresh_token)

    def _write(self, content: dict[str, Any]) -> None:
        beside = self._path.with_name(self._path.name + ".new")
        try:
            make_private_folder(self._path.parent)
            beside.unlink(missing_ok=True)
            descriptor = os.open(beside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123 - a descriptor, no path
                json.dump(content, file)
                file.flush()
                os.fsync(file.fileno())
            put_in_place(beside, self._path)
        except OSError as error:
            with contextlib.suppress(OSError):
                beside.unlink(missing_ok=True)
            if isinstance(error, PermissionError) or error.errno == errno.EROFS:
                raise StorageDenied(
                    f"the sign-in cannot be kept: {error.strerror}; make {self._path.parent} writable for "
                    "this user"
                ) from None
            raise StorageFull(
                f"the sign-in cannot be kept: {error.strerror}; free space and try again"
            ) from None

    def _close_to_others(self) -> None:
        mode = stat.S_IMODE(self._path.stat().st_mode)
        if os.name == "posix" and mode & 0o077:
            self._path.chmod(0o600)
            self.notices.append(WAS_OPEN)

    def _set_aside(self) -> None:
        with contextlib.suppress(OSError):
            self._path.replace(self._path.with_name(self._path.name + ".damaged"))
        self.notices.append(WAS_DAMAGED)


def _kept(content: Any) -> StoredSignIn:
    uid, email, token = content["uid"], content["email"], content["refresh_token"]
    if not (isinstance(uid, str) and uid and isinstance(email, str) and isinstance(token, str)):
        raise ValueError("not a sign-in")
    return StoredSignIn(UserId(uid), email, bool(content["anonymous"]), token)
