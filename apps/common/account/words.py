"""What the account's screens say: errors as sentences, each by the field it is about; devices too. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from apps.common.ages import ago
from dalsegno import DalSegnoError, Refusal, SignInRefused

Field = Literal["email", "password", "code", "form"]

_FIELDS: Final[Mapping[Refusal, Field]] = {
    Refusal.WRONG_PASSWORD: "password",
    Refusal.WEAK_PASSWORD: "password",
    Refusal.UNKNOWN_USER: "email",
    Refusal.BAD_EMAIL: "email",
    Refusal.EMAIL_IN_USE: "email",
    Refusal.DISABLED: "email",
    Refusal.WRONG_CODE: "code",
    Refusal.USED_CODE: "code",
    Refusal.LATE_CODE: "code",
}
"""All other refusals, and all other errors, are about the form as a whole."""

ICONS: Final = {"phone": "phone", "tablet": "tablet", "laptop": "laptop", "desktop": "desktop"}
_PLATFORMS: Final = {
    "linux": "Linux",
    "windows": "Windows",
    "darwin": "macOS",
    "android": "Android",
    "ios": "iOS",
}
_AGAIN: Final = "Nothing is lost. Sign in again: from the account panel."
_HELPLESS: Final[Mapping[Refusal | None, str]] = {
    Refusal.DISABLED: "Nothing is lost: what you did stays on this device.",
    Refusal.DELETED: "What is on this device can be removed from the account panel.",
}


@dataclass(frozen=True, slots=True)
class Complaint:
    """One sentence, and the field it belongs to."""

    field: Field
    text: str


def complaint(error: Exception) -> Complaint:
    """What to say of an error, and where."""
    if isinstance(error, SignInRefused):
        return Complaint(_FIELDS.get(error.reason, "form"), sentence(str(error)))
    if isinstance(error, DalSegnoError):
        return Complaint("form", sentence(str(error)))
    return Complaint("form", "Something went wrong here. Try again.")


def sentence(text: str) -> str:
    """With a capital and a full stop: the SDK's messages are written to go on after a colon."""
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?", "…")) else ".")


def advice(refusal: Refusal | None) -> str:
    """What somebody can do whom the server refuses: sign in again, if that helps."""
    return _HELPLESS.get(refusal, _AGAIN)


def helps_to_sign_in_again(refusal: Refusal | None) -> bool:
    return refusal not in _HELPLESS


def presence(info: Any, now_ms: int) -> str:
    """Whether a device is there, or when it was: of a `ds.DeviceInfo`."""
    if info.signed_out:
        return "signed out"
    if info.online or info.here:
        return "online" if info.online else "not connected"
    return seen(info.seen_at_ms, now_ms)


def seen(at_ms: int, now_ms: int) -> str:
    """How long ago, as roughly as people say it."""
    if at_ms <= 0:
        return "not seen yet"
    return f"seen {ago(at_ms, now_ms)}"


def icon_of(kind: str) -> str:
    return ICONS.get(kind.lower(), "laptop")


def made_of(app: str, platform: str) -> str:
    """“Reader · Linux”."""
    words = (app[:1].upper() + app[1:], _PLATFORMS.get(platform.lower(), platform))
    return " · ".join(word for word in words if word)
