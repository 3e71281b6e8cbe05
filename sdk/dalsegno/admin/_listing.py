"""A user's sessions and devices, for an administrator's eyes. The caller's thread.

Invariants: where somebody is, and in what, is not shown: of a session its id, its schema, and who wrote when;
whether a device was signed out is read from its sign-in, as by the rules, and not from its card; whether it
is online goes by the server's clock.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from dalsegno.admin._access import Authority
from dalsegno.admin._progress import Tell, silent
from dalsegno.admin._users import KnownAccount, existing, known_account

if TYPE_CHECKING:
    from dalsegno.admin._documents import Page

_SESSION = ("schema", "rev", "device", "at")
_DEVICE = ("name", "kind", "platform", "app", "seen", "until", "sign_in")
_SIGN_IN = ("revoked",)


@dataclass(frozen=True, slots=True)
class KnownSession:
    """`at`: when it was last written, by the server's clock; `device`: by which."""

    id: str
    schema: str
    rev: int
    device: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class KnownDevice:
    """`seen`: when it last spoke to the server; `sign_in`: the one that it works under."""

    id: str
    name: str
    kind: str
    platform: str
    app: str
    seen: datetime | None
    sign_in: str
    online: bool
    signed_out: bool


@dataclass(frozen=True, slots=True)
class Holdings:
    """What a user has. `others`: how many other documents (marks, signins), by collection; `account`: None if
    there is none, or no Auth emulator."""

    sessions: tuple[KnownSession, ...]
    devices: tuple[KnownDevice, ...]
    others: Mapping[str, int]
    account: KnownAccount | None = None


def holdings(authority: Authority, uid: str, *, tell: Tell = silent) -> Holdings:
    """A user's sessions and devices, in the order of their ids, and the state of the account.

    Raises:
        NoSuchUser: there is neither an account nor a document.
        UsageError: no user can have this id.
        Denied, Offline: nothing was changed.
    """
    documents = authority.documents
    user = existing(authority, uid)
    root, total = documents.user(uid), user.below
    sessions, devices, others, thrown_out = [], [], Counter[str](), set[str]()
    for doc, now in _told(documents.below(root, only=(*_SESSION, *_DEVICE, *_SIGN_IN)), tell, total):
        path = documents.path(doc.name)[2:]
        match path:
            case ("sessions", session):
                sessions.append(_session(session, doc.fields))
            case ("devices", device):
                devices.append(_device(device, doc.fields, now))
            case _:
                others[path[-2]] += 1
        if path[0] == "signins" and "revoked" in doc.fields:
            thrown_out.add(path[1])
    judged = tuple(_judged(d, thrown_out) for d in devices)
    return Holdings(tuple(sessions), judged, dict(others), known_account(user.record))


def _told(pages: Iterator[Page], tell: Tell, total: int) -> Iterator[tuple[Any, datetime]]:
    """Each document, and the moment of which it is."""
    done = 0
    for page in pages:
        done += len(page.documents)
        tell("reading", done, total)
        yield from ((doc, page.read_time) for doc in page.documents)


def _judged(device: KnownDevice, thrown_out: Set[str]) -> KnownDevice:
    return replace(device, online=False, signed_out=True) if device.sign_in in thrown_out else device


def _session(name: str, fields: Any) -> KnownSession:
    rev = int(fields["rev"].integer_value) if "rev" in fields else 0
    return KnownSession(name, _text(fields, "schema"), rev, _text(fields, "device"), moment(fields, "at"))


def _device(name: str, fields: Any, now: datetime) -> KnownDevice:
    label, kind, platform, app = (_text(fields, field) for field in ("name", "kind", "platform", "app"))
    until_ms = int(fields["until"].integer_value) if "until" in fields else 0
    return KnownDevice(
        name,
        label,
        kind,
        platform,
        app,
        moment(fields, "seen"),
        sign_in=_text(fields, "sign_in"),
        online=until_ms > now.timestamp() * 1000,
        signed_out=False,
    )


def _text(fields: Any, name: str) -> str:
    return str(fields[name].string_value) if name in fields else ""


def moment(fields: Any, name: str) -> datetime | None:
    """A field that holds a timestamp; None if there is none."""
    if name not in fields or fields[name].WhichOneof("value_type") != "timestamp_value":
        return None
    try:
        found: datetime = fields[name].timestamp_value.ToDatetime(tzinfo=UTC)
    except ValueError:  # outside of what a calendar has
        return None
    return found
