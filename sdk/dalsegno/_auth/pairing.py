"""A second device without a password: one that is signed in shows a short code, the new one enters it.

    pairing.request_code("https://pair.example.com", account.user)            # on the old device
    ds.connect(project, user=pairing.redeem("https://pair.example.com", typed, api_key=…))    # on the new one

Any thread; every call waits for the network, 10 s at the most. What answers is the project's own helper,
`dalsegno admin serve-pairing`. Invariants: tokens and codes travel over TLS, or stay on this machine; nothing
that the helper wrote is repeated to the user.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, TypeAlias
from urllib.parse import urlsplit
from urllib.request import getproxies

from dalsegno._auth.credentials import CustomToken
from dalsegno._auth.identity_toolkit import Mistrusted, Send, direct, through_proxy
from dalsegno._auth.unsigned import is_loopback
from dalsegno._errors import DalSegnoError, Denied, Offline, Refusal, SignInRefused, UsageError

SCHEME = "DALSEGNO:"
"""What a QR code begins with; in capitals, since QR packs those tighter."""
_CODE = re.compile(r"[0-9A-HJKMNP-TV-Z]{8}")
_LOOKALIKES = str.maketrans("OIL", "011")
_GROUP = 4

_Refusals: TypeAlias = Mapping[str, tuple[Refusal, str]]

_REFUSALS: _Refusals = {
    "wrong_code": (
        Refusal.WRONG_CODE,
        "this is not the code: compare it with the other device, where a newer one may be shown",
    ),
    "used_code": (Refusal.USED_CODE, "this code has been used already: have the other device show a new one"),
    "late_code": (Refusal.LATE_CODE, "this code's time is over: have the other device show a new one"),
    "too_many_tries": (Refusal.TOO_MANY_TRIES, "too many tries: wait a while, then use a new code"),
    "revoked": (
        Refusal.SIGN_IN_AGAIN,
        "this device was signed out, or its account is disabled: sign in with the password",
    ),
    "signed_out": (Refusal.SIGN_IN_AGAIN, "the pairing service does not accept this sign-in: sign in again"),
}
_OTHERS: _Refusals = {
    **_REFUSALS,
    "revoked": (
        Refusal.SIGN_IN_AGAIN,
        "the device that shows this code was signed out, or its account is disabled: use the password",
    ),
}
"""What the one that enters the code is told."""


class Requester(Protocol):
    """Who is signed in: `account(…).user`."""

    def id_token(self) -> str: ...


@dataclass(frozen=True, slots=True)
class PairingCode:
    """text        as the user reads and types it: "K7QM-4XTR"
    payload     as a QR code holds it
    expires_at  by this machine's clock, right or wrong: good for a countdown
    """

    text: str = field(repr=False)
    payload: str = field(repr=False)
    expires_at: datetime

    def qr(self) -> tuple[tuple[bool, ...], ...]:
        """The QR code's modules, row by row, True = dark; without the quiet zone (4 modules on each side).

        Raises:
            UsageError: the library segno, of the extra "apps", is not installed.
        """
        try:
            import segno
        except ImportError:
            raise UsageError("a QR code needs segno, which is not installed: pip install segno") from None
        return tuple(
            tuple(module == 1 for module in row) for row in segno.make_qr(self.payload, error="m").matrix
        )


def request_code(service_url: str, user: Requester, send: Send | None = None) -> PairingCode:
    """A new code for `user`, good for one device and two minutes; one that was shown before is void.

    service_url   https://…, or http:// on this machine

    Raises:
        SignInRefused: SIGN_IN_AGAIN, TOO_MANY_TRIES.
        Offline: the pairing service, or Firebase, cannot be reached.
        UsageError: the address is no URL, or not protected.
    """
    url = _checked_url(service_url)
    asked_at = datetime.now(UTC)
    answer = _ask(f"{url}/v1/codes", {"id_token": user.id_token()}, send)
    code, lives_s = answer.get("code"), answer.get("lives_s")
    if not isinstance(code, str) or not _CODE.fullmatch(code) or not isinstance(lives_s, int | float):
        raise _nonsense()
    text = f"{code[:_GROUP]}-{code[_GROUP:]}"
    return PairingCode(text, SCHEME + code, asked_at + timedelta(seconds=min(float(lives_s), 3600.0)))


def redeem(service_url: str, code: str, *, api_key: str, send: Send | None = None) -> CustomToken:
    """Signs this device in: for `connect(…, user=…)`, or its `token` for `Account.sign_in_with_token`.

    Nobody else may be signed in here then, and the code is used up: look at `account(…).user` first.

    code      as typed (small letters, blanks, hyphens do no harm; O is 0, I and L are 1), or as in the QR
    api_key   as for `account`

    Raises:
        SignInRefused: WRONG_CODE, USED_CODE, LATE_CODE, TOO_MANY_TRIES, SIGN_IN_AGAIN.
        Offline: the pairing service cannot be reached; the code stays good.
        UsageError: the address is no URL, or not protected.
    """
    url = _checked_url(service_url)
    answer = _ask(f"{url}/v1/redeem", {"code": _checked_code(code)}, send, _OTHERS)
    token = answer.get("custom_token")
    if not isinstance(token, str) or not token:
        raise _nonsense()
    return CustomToken(api_key=api_key, token=token)


def _checked_code(typed: str) -> str:
    code = re.sub(r"[\s\-‐-―]", "", typed.upper().strip().removeprefix(SCHEME)).translate(_LOOKALIKES)
    if not _CODE.fullmatch(code):
        raise SignInRefused(Refusal.WRONG_CODE, "a code has eight letters and digits, like K7QM-4XTR")
    return code


def _checked_url(service_url: str) -> str:
    try:
        parts = urlsplit(service_url)
        port = parts.port
    except (ValueError, AttributeError):
        parts, port = urlsplit(""), None
    if (
        parts.scheme not in ("http", "https")
        or not parts.hostname
        or parts.query
        or parts.fragment
        or parts.username
    ):
        raise UsageError(f"{service_url!r} is no address of a pairing service: https://pair.example.com")
    if parts.scheme == "http" and not is_loopback(f"{parts.hostname}:{port or 80}"):
        raise UsageError(
            "a sign-in must not travel in the clear: the pairing service's address begins with https://"
        )
    return service_url.rstrip("/")


def _ask(
    url: str, content: Mapping[str, str], send: Send | None, refusals: _Refusals = _REFUSALS
) -> Mapping[str, Any]:
    send = send or (direct if url.startswith("http://") else through_proxy)
    try:
        status, raw = send(url, json.dumps(content).encode(), "application/json")
    except Mistrusted:
        raise Offline(
            "the pairing service's certificate is not valid here: is this machine's date right? If it is, "
            "whoever runs the service must renew it"
        ) from None
    except Offline:
        raise Offline(f"the pairing service cannot be reached: check {_what_to_check(url)}") from None
    try:
        answer = json.loads(raw)
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        raise _not_the_service(status)
    if status != 200:
        raise _refusal(answer.get("error"), refusals)
    return answer


def _refusal(code: object, refusals: _Refusals) -> DalSegnoError:
    if isinstance(code, str) and code in refusals:
        return SignInRefused(*refusals[code])
    if code == "busy":
        return Offline("the pairing service is busy, or cannot reach Firebase: try again in a minute")
    return Denied("the pairing service refuses this: whoever runs it finds the reason in its log")


def _what_to_check(url: str) -> str:
    if url.startswith("https://") and "https" in getproxies():
        return "the network, and the proxy that this machine is set to use"
    return "the network and try again"


def _not_the_service(status: int) -> DalSegnoError:
    """What is no answer of the helper's own: a proxy in front of it, or somebody else."""
    if status in (502, 503, 504):
        return Offline("the pairing service does not run at the moment: try again in a minute")
    if status == 429:
        return SignInRefused(*_REFUSALS["too_many_tries"])
    return _nonsense()


def _nonsense() -> Offline:
    return Offline("what answers is not the pairing service: is this network's own log-in page in the way?")
