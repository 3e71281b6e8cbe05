"""The desk where a signed-in device gets a short code, and a new one is signed in for it.

Any thread. Nothing here speaks HTTP or Firebase: `pairing_server.py`, `accounts.py` and `sign_ins.py` do.
Invariants: a code signs in once, within its two minutes, and a user has one at a time; a device that was
signed out gets none, and one that it had got is void; no code is kept, only its keyed hash, in memory, and
beside it, while it is good, the ID token of who asked; wrong tries are counted before and whether or not
anything is compared, so that a guesser learns nothing from being refused. Why guessing is of no use:
docs/adr/0011-pairing-codes.md.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from dalsegno._core.types import UserId
from dalsegno._errors import DalSegnoError
from dalsegno._steady import sleep_counting_clock
from dalsegno.admin._accounts import Proof, Revoked, SignedOut
from dalsegno.admin._limits import Buckets

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's: no I, L, O, U, that look like others."""
LENGTH = 8
LIFETIME_S = 120.0
REMEMBERED_S = 600.0
"""How long a used or late code is told from a wrong one."""
MOST_LIVE = 500
"""Codes at one time, of all users."""

TRIES, TRY_AGAIN_S = 10, 60.0
"""Wrong codes, or bad tokens, from one address: 10 at once, then one a minute."""
ALL_TRIES, ALL_TRY_AGAIN_S = 100, 1.0
"""The same from everybody together: 100 at once, then one a second."""
CODES, CODE_AGAIN_S = 5, 120.0
"""Codes for one user: 5 at once, then one each two minutes."""
CHECKS, CHECK_AGAIN_S = 30, 5.0
"""Requests for a code from one address (each makes Firebase look): 30 at once, then one each five seconds."""


class WrongCode(DalSegnoError):
    """Nobody was given this code, or a newer one took its place."""


class UsedCode(DalSegnoError):
    """Somebody has been signed in for this code."""


class LateCode(DalSegnoError):
    """The code's time is over."""


class TooManyTries(DalSegnoError):
    """`wait_s`: how long until the next try."""

    def __init__(self, wait_s: float) -> None:
        super().__init__("too many tries")
        self.wait_s = wait_s


class Busy(DalSegnoError):
    """More codes are out than this desk keeps."""


class Authority(Protocol):
    """Who knows the users. Raises SignedOut, Revoked, Offline."""

    def proven(self, id_token: str) -> Proof: ...

    def mint(self, proof: Proof) -> str: ...


class Register(Protocol):
    """Who knows which sign-ins have been thrown out. Raises Revoked, SignedOut, Offline, Denied."""

    def check(self, proof: Proof) -> None: ...


@dataclass(slots=True)
class _Entry:
    digest: bytes = field(repr=False)
    proof: Proof | None = field(repr=False)
    """None: of no use any more."""
    until_s: float
    used: bool = False


class Desk:
    """`now_s`: by default a clock that counts sleep; `choose`: an unguessable choice of a character."""

    def __init__(
        self,
        authority: Authority,
        register: Register,
        now_s: Callable[[], float] | None = None,
        choose: Callable[[str], str] = secrets.choice,
    ) -> None:
        now_s = now_s or sleep_counting_clock()
        self._authority, self._register = authority, register
        self._now_s, self._choose = now_s, choose
        self._key = secrets.token_bytes(32)
        self._lock = threading.Lock()
        self._live: dict[UserId, _Entry] = {}
        self._past: list[_Entry] = []
        self._tries = Buckets(TRIES, TRY_AGAIN_S, now_s)
        self._all_tries = Buckets(ALL_TRIES, ALL_TRY_AGAIN_S, now_s)
        self._codes = Buckets(CODES, CODE_AGAIN_S, now_s)
        self._checks = Buckets(CHECKS, CHECK_AGAIN_S, now_s)

    def give_code(self, id_token: str, address: str) -> str:
        """A new code for the user whose token this is; one that the user had before is void.

        Raises:
            TooManyTries, Busy, SignedOut, Revoked, Offline, Denied.
        """
        with self._lock:
            self._refuse_guesser(address)
            self._take(self._checks, address)
        try:
            proof = self._authority.proven(id_token)
            self._register.check(proof)
        except (SignedOut, Revoked):
            with self._lock:
                self._count_try(address)
            raise
        code = "".join(self._choose(ALPHABET) for _ in range(LENGTH))
        with self._lock:
            self._clear_away()
            self._take(self._codes, proof.uid)
            if len(self._live) >= MOST_LIVE and proof.uid not in self._live:
                raise Busy("too many codes are out")
            self._live[proof.uid] = _Entry(self._digest(code), proof, self._now_s() + LIFETIME_S)
        return code

    def redeem(self, code: str, address: str) -> str:
        """A custom token for the user to whom this code was given.

        Raises:
            WrongCode, UsedCode, LateCode, TooManyTries, Revoked, Offline, Denied (the code stays good).
        """
        with self._lock:
            self._refuse_guesser(address)
            self._clear_away()
            entry = self._found(code)
            if entry is None or entry.used or entry.proof is None:
                self._count_try(address)
                raise _no_good(entry)
            entry.used = True
            proof = entry.proof
        try:
            token = self._minted(proof)
        except DalSegnoError:
            with self._lock:
                entry.used = False  # nobody was signed in
            raise
        with self._lock:
            entry.proof = None
        return token

    def _minted(self, proof: Proof) -> str:
        """Looks last of all, so that a device that is signed out until this moment pairs nobody."""
        token = self._authority.mint(proof)
        try:
            self._register.check(proof)
        except SignedOut:
            raise LateCode("the ID token of who asked for this code is over") from None
        return token

    def _found(self, code: str) -> _Entry | None:
        """Looks at all of them, always: how long it takes tells nothing."""
        digest, found = self._digest(code), None
        for entry in (*self._past, *self._live.values()):
            if hmac.compare_digest(entry.digest, digest):
                found = entry
        return found

    def _digest(self, code: str) -> bytes:
        return hmac.digest(self._key, code.encode("utf-8", "surrogatepass"), hashlib.sha256)

    def _clear_away(self) -> None:
        now_s = self._now_s()
        over = [uid for uid, entry in self._live.items() if now_s >= entry.until_s]
        for uid in over:
            entry = self._live.pop(uid)
            entry.proof = None
            self._past.append(entry)
        self._past = [entry for entry in self._past if now_s < entry.until_s + REMEMBERED_S][-MOST_LIVE:]

    # --- limits ---------------------------------------------------------------------------------------

    def _refuse_guesser(self, address: str) -> None:
        wait_s = max(self._tries.wait_s(address), self._all_tries.wait_s(""))
        if wait_s > 0:
            raise TooManyTries(wait_s)

    def _count_try(self, address: str) -> None:
        self._tries.take(address)
        self._all_tries.take("")

    def _take(self, buckets: Buckets, who: str) -> None:
        wait_s = buckets.wait_s(who)
        if wait_s > 0:
            raise TooManyTries(wait_s)
        buckets.take(who)


def _no_good(entry: _Entry | None) -> DalSegnoError:
    if entry is None:
        return WrongCode("nobody was given this code")
    return UsedCode("this code has been used") if entry.used else LateCode("this code's time is over")
