"""Users that sign their own tokens: for emulators only. Pure but for the clock; any thread.

Invariant: an unsigned token never leaves this machine.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from dalsegno._core.limits import is_reserved, is_unicode
from dalsegno._core.ports import TokenSource
from dalsegno._core.types import DeviceId, ProjectId, UserId
from dalsegno._errors import UsageError

LIFETIME_S = 3600
"""As Firebase's own ID tokens."""
RENEW_S = 300
"""A token is renewed so long before it expires: a call that is under way must not outlive it."""


@dataclass(frozen=True, slots=True)
class Unsigned:
    """A user whose word is taken for it: the emulator believes any token, Google's servers none.

    Raises:
        UsageError: the uid is no text of 1 to 128 characters (as Firebase takes), or cannot be the name of a
            document: it holds a "/" or half of a surrogate pair, or is ".", ".." or "__…__".
    """

    uid: str = field(repr=False)

    def __post_init__(self) -> None:
        uid = self.uid
        good = isinstance(uid, str) and 0 < len(uid) <= 128 and "/" not in uid and is_unicode(uid)
        if not good or uid in (".", "..") or is_reserved(uid):
            raise UsageError(
                "a user id has 1 to 128 Unicode characters and no '/', and is not '.', '..' or '__…__': this "
                "one will not do"
            )

    def tokens(self, project: ProjectId, emulator: str | None) -> TokenSource:
        """Tokens for the emulator at "host:port".

        Raises:
            UsageError: there is no emulator, or it is not on this machine.
        """
        if emulator is None or not is_loopback(emulator):
            where = f"{emulator} is not on this machine" if emulator else "no emulator was named"
            raise UsageError(
                f"Unsigned users work with an emulator on this machine only, and {where}. Start one with "
                "`dalsegno emulator` and set FIRESTORE_EMULATOR_HOST, or sign in a real user."
            )
        return UnsignedTokens(project, UserId(self.uid))


class UnsignedTokens:
    """Makes tokens that nobody signed (alg none), with the claims of a Firebase ID token."""

    def __init__(self, project: ProjectId, user: UserId, now_s: Callable[[], float] = time.time) -> None:
        self._project = project
        self._user = user
        self._now_s = now_s
        self._newest: tuple[str, float] | None = None
        self.signed_in_s: int = int(now_s())
        """When the user signed in, seconds of the Unix epoch: the name of the sign-in."""

    def work_for(self, device: DeviceId) -> None:
        """The tokens are this installation's: of one sign-in, the same at every start, and nobody else's."""
        self.sign_in(int(device[:8], 16))

    def sign_in(self, at_s: int) -> None:
        """The user signs in again, at this time."""
        self.signed_in_s, self._newest = at_s, None

    def peek(self) -> str | None:
        return self.token()

    def token(self) -> str:
        newest, now_s = self._newest, self._now_s()
        if newest is not None and 0 < newest[1] - now_s - RENEW_S <= LIFETIME_S:
            return newest[0]
        token = self._make(int(now_s))
        self._newest = (token, now_s + LIFETIME_S)
        return token

    def drop(self, token: str) -> None:
        newest = self._newest
        if newest is not None and newest[0] == token:
            self._newest = None

    def lasts_s(self, token: str) -> None:
        """An emulator never looks at the end of a token's life."""

    def _make(self, now_s: int) -> str:
        claims = {
            "iss": f"https://securetoken.google.com/{self._project}",
            "aud": self._project,
            "sub": self._user,
            "user_id": self._user,
            "iat": now_s,
            "auth_time": self.signed_in_s,
            "exp": now_s + LIFETIME_S,
            "firebase": {"sign_in_provider": "custom", "identities": {}},
        }
        return f"{_part({'alg': 'none', 'typ': 'JWT'})}.{_part(claims)}."


def _part(content: Mapping[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


def is_loopback(endpoint: str) -> bool:
    """Whether "host:port" names this machine itself: localhost, 127.0.0.0/8 or [::1]."""
    host = endpoint.rpartition(":")[0] or endpoint
    host = host.removeprefix("[").removesuffix("]")
    if host == "localhost":
        return True
    import ipaddress  # only for emulators

    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
