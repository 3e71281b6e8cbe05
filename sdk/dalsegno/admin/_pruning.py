"""Forgets devices that have not been seen for long. The caller's thread.

The documents' own TTL does so by itself after 400 days at the most; this is for who wants it sooner.
Invariants: age goes by the server's clock alone; a device that comes back while we look stays; only cards are
forgotten, never sign-ins: of one that was thrown out it stays on record for good, so no device comes back by
being forgotten.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from dalsegno._errors import UsageError
from dalsegno.admin._access import Authority
from dalsegno.admin._listing import moment
from dalsegno.admin._progress import Tell, silent
from dalsegno.admin._users import existing

if TYPE_CHECKING:
    from dalsegno.admin._documents import Documents, Page


MOST_DAYS = 3650
"""Cards have a TTL of 400 days."""


@dataclass(frozen=True, slots=True)
class Pruned:
    """`looked_at` devices, of which `pruned` were forgotten (a dry run: would be)."""

    looked_at: int
    pruned: int


def prune_devices(
    authority: Authority, *, older_than_days: int, uid: str = "", dry_run: bool = False, tell: Tell = silent
) -> Pruned:
    """Deletes the devices not seen for so many days, of one user or of all. Each device is billed as a read.

    Raises:
        NoSuchUser: there is neither an account nor a document of this user.
        UsageError: less than a day, more than MOST_DAYS, or no user can have this id.
        Denied, Offline: what is done stays done.
    """
    if older_than_days < 1:
        raise UsageError("a device that was seen today is not old: give 1 day or more")
    if older_than_days > MOST_DAYS:
        raise UsageError(f"no device is so old: give {MOST_DAYS} days or fewer")
    documents = authority.documents
    if uid:
        existing(authority, uid)
    parent = documents.user(uid) if uid else documents.top
    total, looked_at, pruned = documents.count(parent, collection="devices"), 0, 0
    for page in _pages(documents, parent):
        before = page.read_time - timedelta(days=older_than_days)
        old = [doc for doc in page.documents if _is_device(documents.path(doc.name)) and _is_old(doc, before)]
        looked_at += len(page.documents)
        pruned += len(old) if dry_run else documents.delete(old, unchanged=True)
        tell("pruning", looked_at, total)
    return Pruned(looked_at, pruned)


def _pages(documents: Documents, parent: str) -> Iterator[Page]:
    return documents.below(parent, collection="devices", only=("seen",))


def _is_device(path: tuple[str, ...]) -> bool:
    """Another app of the same project may have collections of that name."""
    return len(path) == 4 and path[0] == "users"


def _is_old(doc: Any, before: datetime) -> bool:
    seen = moment(doc.fields, "seen") or doc.update_time.ToDatetime(tzinfo=UTC)
    return seen < before
