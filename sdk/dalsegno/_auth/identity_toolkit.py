"""Firebase's sign-in service (Identity Toolkit and Secure Token), as far as a device needs it.

Any thread; every call waits for the network, 10 s at the most. Invariant: a token's life is counted on the
steady clock from before it was asked for; what the machine believes the date to be plays no part.
"""

from __future__ import annotations

import base64
import contextlib
import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import quote, urlencode

from dalsegno._auth.auth_error import BUSY_FROM, nonsense, of_another_project, refusal
from dalsegno._auth.unsigned import is_loopback
from dalsegno._core.types import ProjectId, UserId
from dalsegno._errors import Offline, Refusal, SignInRefused, UsageError
from dalsegno._steady import sleep_counting_clock
from dalsegno._support_log import note

if TYPE_CHECKING:
    import ssl

ACCOUNTS = "identitytoolkit.googleapis.com/v1/accounts"
SECURE_TOKEN = "securetoken.googleapis.com/v1/token"
TIMEOUT_S = 10.0
MAX_ANSWER_BYTES = 1 << 20
_JSON = "application/json"
_FORM = "application/x-www-form-urlencoded"

Send: TypeAlias = Callable[[str, bytes, str], tuple[int, bytes]]
"""(url, body, content type) → (HTTP status, answer); raises Offline."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What a sign-in or a refresh gives.

    email        "" if the user has none
    lifetime_s   how long the ID token serves, counted from asked_s
    asked_s      the steady clock just before the request
    """

    uid: UserId = field(repr=False)
    email: str = field(repr=False)
    id_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    lifetime_s: float
    asked_s: float


@dataclass(frozen=True, slots=True)
class Profile:
    """What the service knows of an account. `email` "" = it has no address."""

    email: str = field(repr=False)
    verified: bool


class IdentityToolkit:
    """The service for one project. `emulator` is the Auth emulator's "host:port"; None = Google.

    Raises:
        UsageError: no API key, a `demo-` project without an emulator, or an emulator on another machine.
    """

    def __init__(
        self,
        project: ProjectId,
        api_key: str,
        emulator: str | None = None,
        send: Send | None = None,
        steady_s: Callable[[], float] | None = None,
    ) -> None:
        if not isinstance(api_key, str) or not api_key.strip():
            raise UsageError(
                "an API key is needed: the Web API key of Project settings in the Firebase console"
            )
        if emulator is not None and not is_loopback(emulator):
            raise UsageError(
                f"an Auth emulator must be on this machine, since passwords go to it in the clear: {emulator}"
            )
        if emulator is None and project.startswith("demo-"):
            raise UsageError(
                f"{project} exists on emulators only: set FIREBASE_AUTH_EMULATOR_HOST, or use ds.Unsigned"
            )
        self._project, self._key = project, api_key.strip()
        self._base = f"http://{emulator}/" if emulator else "https://"
        self._send = send or (direct if emulator else through_proxy)
        self.steady_s: Callable[[], float] = steady_s or sleep_counting_clock()

    def sign_up(self, email: str = "", password: str = "") -> Grant:
        """A new account; without e-mail an anonymous one."""
        return self._signed_in("signUp", _named(email, password) if email or password else {})

    def sign_in(self, email: str, password: str) -> Grant:
        return self._signed_in("signInWithPassword", _named(email, password))

    def sign_in_with_custom_token(self, token: str) -> Grant:
        return self._signed_in("signInWithCustomToken", {"token": token})

    def link(self, id_token: str, email: str, password: str) -> Grant:
        """Gives an account an e-mail address and a password; its uid stays."""
        return self._signed_in("signUp", {"idToken": id_token, **_named(email, password)})

    def send_reset_mail(self, email: str) -> None:
        """Has Firebase send the mail by which a password is set anew."""
        self._post_json("sendOobCode", {"requestType": "PASSWORD_RESET", "email": email})

    def send_verification_mail(self, id_token: str) -> None:
        """Has Firebase send the mail by which an address is shown to be its user's."""
        self._post_json("sendOobCode", {"requestType": "VERIFY_EMAIL", "idToken": id_token})

    def send_change_mail(self, id_token: str, new_email: str) -> None:
        """Has Firebase send the mail, to the new address, by which that takes the place of the old one."""
        body = {"requestType": "VERIFY_AND_CHANGE_EMAIL", "idToken": id_token, "newEmail": new_email}
        self._post_json("sendOobCode", body)

    def set_password(self, id_token: str, password: str) -> Grant:
        """Another password; the tokens from before it end, and these are new. Wants a recent sign-in."""
        return self._signed_in("update", {"idToken": id_token, "password": password})

    def delete(self, id_token: str) -> None:
        """Deletes the account itself. Wants a recent sign-in."""
        self._post_json("delete", {"idToken": id_token})

    def profile(self, id_token: str) -> Profile:
        """The account as it is now, which a token that is an hour old may not know."""
        answer = self._post_json("lookup", {"idToken": id_token})
        try:
            (user,) = answer["users"]
            return Profile(str(user.get("email", "")), bool(user.get("emailVerified", False)))
        except (KeyError, TypeError, ValueError, AttributeError):
            raise nonsense() from None

    def refresh(self, refresh_token: str) -> Grant:
        """A new ID token, and perhaps a new refresh token."""
        asked_s = self.steady_s()
        form = urlencode({"grant_type": "refresh_token", "refresh_token": refresh_token})
        answer = self._post(SECURE_TOKEN, form.encode(), _FORM)
        return self._grant(answer, asked_s, "id_token", "refresh_token", "expires_in")

    def _signed_in(self, method: str, body: Mapping[str, object]) -> Grant:
        asked_s = self.steady_s()
        answer = self._post_json(method, {**body, "returnSecureToken": True})
        if "mfaPendingCredential" in answer:
            raise SignInRefused(
                Refusal.NOT_ENABLED, "this account asks for a second factor, which is not supported yet"
            )
        return self._grant(answer, asked_s, "idToken", "refreshToken", "expiresIn")

    def _grant(self, answer: Mapping[str, Any], asked_s: float, *names: str) -> Grant:
        try:
            id_token, refresh_token, lifetime = (str(answer[name]) for name in names)
            claims = claims_of(id_token)
            uid, audience, lifetime_s = str(claims["sub"]), claims["aud"], float(lifetime)
            email = str(claims.get("email", ""))
        except (KeyError, ValueError):
            raise nonsense() from None
        if audience != self._project:
            raise of_another_project()
        return Grant(UserId(uid), email, id_token, refresh_token, lifetime_s, asked_s)

    def _post_json(self, method: str, body: Mapping[str, object]) -> Mapping[str, Any]:
        return self._post(f"{ACCOUNTS}:{method}", json.dumps(body).encode(), _JSON)

    def _post(self, path: str, body: bytes, content_type: str) -> dict[str, Any]:
        since_s, what = time.monotonic(), re.split("[:/]", path)[-1]
        try:
            url = f"{self._base}{path}?key={quote(self._key, safe='')}"
            status, raw = self._send(url, body, content_type)
        except Offline:
            note("auth-silent", call=what, took_ms=(time.monotonic() - since_s) * 1000)
            raise
        note("auth-answered", call=what, http=status, took_ms=(time.monotonic() - since_s) * 1000)
        try:
            answer = json.loads(raw)
        except ValueError:
            answer = None
        if status >= BUSY_FROM:
            raise refusal(status, None)
        if not isinstance(answer, dict):
            raise nonsense()
        if status != 200:
            raise refusal(status, answer)
        return answer


def _named(email: str, password: str) -> Mapping[str, object]:
    return {"email": email.strip(), "password": password}


def claims_of(token: str) -> Mapping[str, Any]:
    """What a JWT says. Its signature is not looked at: it came from the service itself, over TLS.

    Raises:
        ValueError: it is no JWT.
    """
    part = [*token.split("."), ""][1]
    claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    if not isinstance(claims, dict):
        raise ValueError("no claims")
    return claims


# --- HTTP ---------------------------------------------------------------------------------------------


class Mistrusted(Offline):
    """Somebody answers, whose certificate is not valid here."""


def through_proxy(url: str, body: bytes, content_type: str) -> tuple[int, bytes]:
    """A POST to Google, through the proxy that the environment may name."""
    return _post(url, body, content_type, proxies=None)


def direct(url: str, body: bytes, content_type: str) -> tuple[int, bytes]:
    """A POST to this machine, where a proxy has no business."""
    return _post(url, body, content_type, proxies={})


def _post(url: str, body: bytes, content_type: str, proxies: dict[str, str] | None) -> tuple[int, bytes]:
    import http.client  # 40 ms that a start from disk need not spend
    import ssl
    import urllib.error
    import urllib.request

    handlers = (urllib.request.ProxyHandler(proxies), urllib.request.HTTPSHandler(context=_trusted()))
    opener = urllib.request.build_opener(*handlers)
    request = urllib.request.Request(url, body, {"Content-Type": content_type}, method="POST")
    try:
        with opener.open(request, timeout=TIMEOUT_S) as answer:
            return answer.status, answer.read(MAX_ANSWER_BYTES)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read(MAX_ANSWER_BYTES)
    except urllib.error.URLError as error:
        if isinstance(error.reason, ssl.SSLCertVerificationError):
            raise Mistrusted(
                "the sign-in service's certificate is not valid here: is this machine's date right?"
            ) from None
    except (OSError, http.client.HTTPException):
        pass
    raise Offline("the sign-in service cannot be reached: check the network and try again") from None


def _trusted() -> ssl.SSLContext:
    """The system's certificates, and certifi's, since Android and python.org's macOS builds have none."""
    import ssl

    context = ssl.create_default_context()
    with contextlib.suppress(ImportError, OSError):
        import certifi

        context.load_verify_locations(certifi.where())
    return context
