"""What the sign-in service's error codes mean, and what the user is told. Pure.

Invariant: nothing that the service wrote is repeated but a code in capitals: its sentences may hold an e-mail
address, a token or a key.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from dalsegno._errors import DalSegnoError, Offline, Refusal, SignInRefused, UsageError

_PAIR = "this e-mail address and this password do not belong together"
_AGAIN = "this sign-in has been ended (password or address changed, or signed out everywhere): sign in again"
_UNKNOWN = "the sign-in that is kept here is not known any more: sign in again"
_RECENT = "this needs a sign-in of just now: enter the password again"
_ENABLE = (
    "this way to sign in is switched off: enable it in the Firebase console, Authentication, Sign-in method"
)
_CUSTOM = "the custom token is not accepted: it is damaged, older than an hour, or signed for another project"

REFUSALS: Mapping[str, tuple[Refusal, str]] = {
    "INVALID_PASSWORD": (Refusal.WRONG_PASSWORD, _PAIR),
    "INVALID_LOGIN_CREDENTIALS": (Refusal.WRONG_PASSWORD, _PAIR),
    "MISSING_PASSWORD": (Refusal.WRONG_PASSWORD, "a password is needed"),
    "EMAIL_NOT_FOUND": (Refusal.UNKNOWN_USER, "no account has this e-mail address"),
    "WEAK_PASSWORD": (Refusal.WEAK_PASSWORD, "this password is too weak: use 6 characters at the least"),
    "PASSWORD_DOES_NOT_MEET_REQUIREMENTS": (
        Refusal.WEAK_PASSWORD,
        "this password is too weak for this project: use a longer one, with digits, capitals and signs",
    ),
    "INVALID_EMAIL": (Refusal.BAD_EMAIL, "this is no e-mail address"),
    "MISSING_EMAIL": (Refusal.BAD_EMAIL, "an e-mail address is needed"),
    "EMAIL_EXISTS": (Refusal.EMAIL_IN_USE, "an account has this e-mail address already: sign in to it"),
    "USER_DISABLED": (Refusal.DISABLED, "this account has been disabled: ask whoever runs this service"),
    "TOKEN_EXPIRED": (Refusal.SIGN_IN_AGAIN, _AGAIN),
    "USER_NOT_FOUND": (
        Refusal.DELETED,
        "this account has been deleted: nobody can sign in to it any more",
    ),
    "INVALID_REFRESH_TOKEN": (Refusal.SIGN_IN_AGAIN, _UNKNOWN),
    "MISSING_REFRESH_TOKEN": (Refusal.SIGN_IN_AGAIN, _UNKNOWN),
    "INVALID_ID_TOKEN": (Refusal.SIGN_IN_AGAIN, _UNKNOWN),
    "CREDENTIAL_TOO_OLD_LOGIN_AGAIN": (Refusal.SIGN_IN_AGAIN, _RECENT),
    "TOO_MANY_ATTEMPTS_TRY_LATER": (
        Refusal.TOO_MANY_TRIES,
        "too many tries: wait a while, or reset the password",
    ),
    "OPERATION_NOT_ALLOWED": (Refusal.NOT_ENABLED, _ENABLE),
    "PASSWORD_LOGIN_DISABLED": (Refusal.NOT_ENABLED, _ENABLE),
    "ADMIN_ONLY_OPERATION": (Refusal.NOT_ENABLED, _ENABLE),
    "CONFIGURATION_NOT_FOUND": (
        Refusal.NOT_ENABLED,
        "switch Authentication on in the Firebase console first",
    ),
    "INVALID_CUSTOM_TOKEN": (Refusal.BAD_TOKEN, _CUSTOM),
    "MISSING_CUSTOM_TOKEN": (Refusal.BAD_TOKEN, _CUSTOM),
    "MISSING_IDENTIFIER": (Refusal.BAD_TOKEN, _CUSTOM),
    "CREDENTIAL_MISMATCH": (Refusal.OTHER_PROJECT, "the custom token is of another Firebase project"),
    "PROJECT_NUMBER_MISMATCH": (Refusal.OTHER_PROJECT, "this sign-in is of another Firebase project"),
}

BUSY_FROM = 500
TOO_MANY = 429
_CODE = re.compile(r"[A-Z][A-Z_]{2,60}")


def nobody() -> SignInRefused:
    return SignInRefused(Refusal.NOBODY, "nobody is signed in on this device: sign in")


def of_another_project() -> SignInRefused:
    return SignInRefused(Refusal.OTHER_PROJECT, "this API key, or this token, is of another Firebase project")


def nonsense() -> Offline:
    return Offline(
        "what answers is not Firebase's sign-in service: is this network's own log-in page in the way?"
    )


def refusal(status: int, answer: Any) -> DalSegnoError:
    """The error to raise for an answer that is no success.

    status   the HTTP status
    answer   the JSON that came with it
    """
    if status >= BUSY_FROM or status == TOO_MANY:
        return Offline(f"the sign-in service is busy (HTTP {status}): try again later")
    message = _message(answer)
    code = _CODE.match(message)
    if code is not None and code[0] in REFUSALS:
        return SignInRefused(*REFUSALS[code[0]])
    if "api key" in message.lower() or status == 403:
        return UsageError(
            "the API key is refused: take the Web API key of Project settings in the Firebase console, and "
            "check that its restrictions allow this app"
        )
    return SignInRefused(Refusal.OTHER, f"the sign-in service refuses this ({code[0] if code else status})")


def _message(answer: Any) -> str:
    error = answer.get("error") if isinstance(answer, dict) else None
    message = error.get("message") if isinstance(error, dict) else None
    return message if isinstance(message, str) else ""
