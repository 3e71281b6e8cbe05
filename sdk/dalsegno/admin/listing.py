"""A user's sessions and devices, for an administrator's eyes. The caller's thread.

Invariant: where somebody is, and in what, is not shown: of a session its id, its schema, and who wrote when.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from dalsegno.admin.access import Authority, checked_uid
from dalsegno.admin.progress import Tell, silent

if TYPE_CHECKING:
    from dalsegno.admin.documents import Page

_SESSION = ("schema", "rev", "device", "at")
_DEVICE = ("name", "kind", "platform", "app", "seen")


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
    """`seen`: when it last spoke to the server."""

    id: str
    name: str
    kind: str
    platform: str
    app: str
    seen: datetime | None


@dataclass(frozen=True, slots=True)
class Holdings:
    """What a user has. `others`: how many other documents (marks), by collection."""

    sessions: tuple[KnownSession, ...]
    devices: tuple[KnownDevice, ...]
    others: Mapping[str, int]


def holdings(authority: Authority, uid: str, *, tell: Tell = silent) -> Holdings:
    """A user's sessions and devices, in the order of their ids.

    Raises:
        UsageError: no user can have this id.
        Denied, Offline: nothing was changed.
    """
    documents = authority.documents
    root = documents.user(checked_uid(uid))
    total = documents.count(root)
    sessions, devices, others = [], [], dict[str, int]()
    for doc in _told(documents.below(root, only=(*_SESSION, *_DEVICE)), tell, total):
        match documents.path(doc.name)[2:]:
            case ("sessions", session):
                sessions.append(_session(session, doc.fields))
            case ("devices", device):
                devices.append(_device(device, doc.fields))
            case path:
                others[path[-2]] = others.get(path[-2], 0) + 1
    return Holdings(tuple(sessions), tuple(devices), others)


def _told(pages: Iterator[Page], tell: Tell, total: int) -> Iterator[Any]:
    done = 0
    for page in pages:
        done += len(page.documents)
        tell("reading", done, total)
        yield from page.documents


def _session(name: str, fields: Any) -> KnownSession:
    rev = int(fields["rev"].integer_value) if "rev" in fields else 0
    return KnownSession(name, _text(fields, "schema"), rev, _text(fields, "device"), moment(fields, "at"))


def _device(name: str, fields: Any) -> KnownDevice:
    label, kind, platform, app = (_text(fields, field) for field in ("name", "kind", "platform", "app"))
    return KnownDevice(name, label, kind, platform, app, moment(fields, "seen"))


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
