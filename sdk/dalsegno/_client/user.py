"""Who a client is for: what an app may give to `connect`. Any thread."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol, runtime_checkable

from dalsegno._core.ports import Guest, TokenSource
from dalsegno._core.types import ProjectId


class User(Protocol):
    """Somebody who can be told apart and can show tokens: `Unsigned` for emulators."""

    @property
    def uid(self) -> str: ...

    def tokens(self, project: ProjectId, emulator: str | None) -> TokenSource: ...


@runtime_checkable
class KeptUser(Protocol):
    """A user whose sign-in is kept on this device: `SignedIn`."""

    @property
    def notices(self) -> list[str]: ...

    def attach(self, guest: Guest) -> None: ...


@runtime_checkable
class SignIn(Protocol):
    """A way to sign in: `Anonymous`, `EmailPassword`, `CustomToken`, `StoredUser`.

    `folder` is where the sign-in is kept, next to the users' local data.
    """

    def signed_in(self, project: ProjectId, folder: Path) -> User: ...
