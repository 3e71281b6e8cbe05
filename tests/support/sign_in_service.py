"""Firebase's sign-in service as a `Send`: for what the Auth emulator never does, and for time that is ours.

    service = SignInService()
    toolkit = service.toolkit()
    service.clock.now_s += 3600          # the steady clock
    service.fault = (503, {})            # the answer to all requests from now on; an exception is raised
    service.loses.add("signUp")          # it is done, but the answer is lost
    service.revoked.add(uid)

Any thread. Its tokens are unsigned JWTs with a number, so that each is another.
"""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

from dalsegno._auth.identity_toolkit import IdentityToolkit
from dalsegno._core.types import ProjectId
from dalsegno._errors import Offline
from tests.support.users import unsigned_token

PROJECT = ProjectId("demo-scripted")
API_KEY = "AIza-key-of-the-project"


class Clock:
    """A steady clock that the test moves."""

    def __init__(self) -> None:
        self.now_s = 1_000.0

    def __call__(self) -> float:
        return self.now_s


class SignInService:
    """Accounts by e-mail, tokens that live `lifetime_s`, and counts of what was asked."""

    def __init__(self, steady_s: Callable[[], float] | None = None, lifetime_s: float = 3600) -> None:
        self.clock = Clock()
        self.steady_s = steady_s or self.clock
        self.lifetime_s = lifetime_s
        self.audience: str = PROJECT
        self.asked: Counter[str] = Counter()
        self.fault: tuple[int, Any] | Exception | None = None
        self.loses: set[str] = set()
        """Methods whose next answer is lost: what was asked is done, and whoever asked hears nothing."""
        self.gate: threading.Event | None = None
        """If set, each request waits for it."""
        self.waiting = threading.Semaphore(0)
        self.rotates = False
        self.revoked: set[str] = set()
        self.disabled: set[str] = set()
        self.deleted: set[str] = set()
        self.ended: set[str] = set()
        """Whose tokens from before this second are refused, though they have not run out."""
        self.expiry_s: dict[str, float] = {}
        """ID token → when it ends, on the steady clock."""
        self._passwords: dict[str, tuple[str, str]] = {}
        self._number = 0
        self._lock = threading.Lock()

    def toolkit(self) -> IdentityToolkit:
        return IdentityToolkit(PROJECT, API_KEY, "127.0.0.1:9", self.send, self.steady_s)

    def send(self, url: str, body: bytes, content_type: str) -> tuple[int, bytes]:
        method = url.partition("?")[0].rpartition("/")[2].rpartition(":")[2]
        with self._lock:
            self.asked[method] += 1
        self.waiting.release()
        if self.gate is not None:
            assert self.gate.wait(30)
        if isinstance(self.fault, Exception):
            raise self.fault
        if self.fault is not None:
            status, answer = self.fault
            return status, answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        with self._lock:
            try:
                answer = getattr(self, f"_{method}")(body)
            except KeyError as error:
                return 400, json.dumps({"error": {"code": 400, "message": error.args[0]}}).encode()
            if method in self.loses:
                self.loses.remove(method)
                raise Offline("the answer was lost")
        return 200, json.dumps(answer).encode()

    # --- requests -------------------------------------------------------------------------------------

    def _signUp(self, raw: bytes) -> dict[str, Any]:
        body = json.loads(raw)
        email = body.get("email", "")
        if email in self._passwords:
            raise KeyError("EMAIL_EXISTS")
        if email and len(body["password"]) < 6:
            raise KeyError("WEAK_PASSWORD : Password should be at least 6 characters")
        uid = _subject(body["idToken"]) if "idToken" in body else f"uid-{len(self._passwords)}-{self._number}"
        if email:
            self._passwords[email] = (body["password"], uid)
        return self._granted(uid)

    def _signInWithPassword(self, raw: bytes) -> dict[str, Any]:
        body = json.loads(raw)
        known = self._passwords.get(body["email"])
        if known is None:
            raise KeyError("EMAIL_NOT_FOUND")
        if known[0] != body["password"]:
            raise KeyError("INVALID_PASSWORD")
        if known[1] in self.disabled:
            raise KeyError("USER_DISABLED")
        self.revoked.discard(known[1])
        return self._granted(known[1])

    def _signInWithCustomToken(self, raw: bytes) -> dict[str, Any]:
        return self._granted(_subject(json.loads(raw)["token"]))

    def _lookup(self, raw: bytes) -> dict[str, Any]:
        uid = _subject(json.loads(raw)["idToken"])
        if uid in self.ended:
            raise KeyError("TOKEN_EXPIRED")
        return {"users": [{"localId": uid, **self._address(uid)}]}

    def _sendOobCode(self, raw: bytes) -> dict[str, Any]:
        if json.loads(raw)["email"] not in self._passwords:
            raise KeyError("EMAIL_NOT_FOUND")
        return {}

    def _token(self, raw: bytes) -> dict[str, Any]:
        refresh_token = parse_qs(raw.decode())["refresh_token"][0]
        uid = refresh_token.split("~")[1]
        if uid in self.disabled:
            raise KeyError("USER_DISABLED")
        if uid in self.deleted:
            raise KeyError("USER_NOT_FOUND")
        if uid in self.revoked:
            raise KeyError("TOKEN_EXPIRED")
        granted = self._granted(uid)
        return {
            "id_token": granted["idToken"],
            "refresh_token": granted["refreshToken"] if self.rotates else refresh_token,
            "expires_in": granted["expiresIn"],
        }

    def _granted(self, uid: str) -> dict[str, Any]:
        self._number += 1
        # What the token says of the date is a day off, as on a machine whose clock is.
        wrong_s = int(time.time()) - 86_400
        claims = {"aud": self.audience, "n": self._number, "iat": wrong_s, "exp": wrong_s + 3600}
        token = unsigned_token(uid, **claims, **self._address(uid))
        self.expiry_s[token] = self.steady_s() + self.lifetime_s
        return {
            "idToken": token,
            "refreshToken": f"refresh-{self._number}~{uid}",
            "expiresIn": f"{self.lifetime_s:g}",
        }

    def _address(self, uid: str) -> dict[str, str]:
        return next(({"email": email} for email, (_, of) in self._passwords.items() if of == uid), {})


def _subject(token: str) -> str:
    from dalsegno._auth.identity_toolkit import claims_of

    return str(claims_of(token)["sub"])


class MemoryVault:
    """A keyring that can be locked."""

    def __init__(self) -> None:
        self.secrets: dict[str, str] = {}
        self.fault: Exception | None = None
        self.reads = 0

    def get(self, name: str) -> str | None:
        self.reads += 1
        self._check()
        return self.secrets.get(name)

    def set(self, name: str, secret: str) -> None:
        self._check()
        self.secrets[name] = secret

    def remove(self, name: str) -> None:
        self._check()
        self.secrets.pop(name, None)

    def _check(self) -> None:
        if self.fault is not None:
            raise self.fault
