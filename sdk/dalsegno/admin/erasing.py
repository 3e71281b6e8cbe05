"""Erases a user. The caller's thread.

Invariants: what is done stays done, and to run it again ends in the same state; the account goes last, so
that as long as it is there, and disabled, an interrupted erase can be seen; and an erase that says so has
looked for itself that nothing is left.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dalsegno.admin.access import Authority, checked_uid
from dalsegno.admin.progress import Tell, silent
from dalsegno.errors import Offline

if TYPE_CHECKING:
    from dalsegno.admin.documents import Documents

PASSES = 5
"""A device that is still on may write while we erase; and Firestore may be too busy for some of a page."""
PAUSE_S = 0.5


@dataclass(frozen=True, slots=True)
class Erased:
    """How many documents were erased, by collection (a dry run: would be), and whether the account was."""

    documents: Mapping[str, int]
    account: bool


def erase(
    authority: Authority, uid: str, *, account: bool = False, dry_run: bool = False, tell: Tell = silent
) -> Erased:
    """Deletes every document of a user, and with `account` the account, too.

    ID tokens that were given out before live for up to an hour: so long, a device that is on may write again.
    Without `account` the user's devices keep their own copies, and write again what the user changes.

    Raises:
        UsageError: no user can have this id.
        Offline: interrupted, or documents were written as quickly as they were erased: run it again.
        Denied.
    """
    documents = authority.documents
    root = documents.user(checked_uid(uid))
    accounts = authority.accounts if account else None
    if dry_run:
        there = accounts is not None and accounts.record(uid) is not None
        return Erased(_counted(documents, root, tell), there)
    had_account = accounts is not None and accounts.disable(uid)
    counts = _erased(documents, root, tell)
    if accounts is not None:
        accounts.delete(uid)
    return Erased(counts, had_account)


def _erased(documents: Documents, root: str, tell: Tell) -> Mapping[str, int]:
    counts: Counter[str] = Counter()
    for turn in range(PASSES):
        if turn:
            time.sleep(PAUSE_S * turn)
        own = documents.get(root)
        total, done = documents.count(root), 0
        for page in documents.below(root, only=()):
            documents.delete(page.documents)
            counts.update(documents.path(doc.name)[-2] for doc in page.documents)
            done += len(page.documents)
            tell("erasing", done, max(total, done))
        if own is not None:
            documents.delete([own])
            counts["users"] += 1
        if _is_empty(documents, root):
            return dict(counts)
    raise Offline("documents of this user are still there: a device may be writing; run the erase again")


def _is_empty(documents: Documents, root: str) -> bool:
    return next(documents.below(root, only=()), None) is None and documents.get(root) is None


def _counted(documents: Documents, root: str, tell: Tell) -> Mapping[str, int]:
    counts: Counter[str] = Counter()
    total = documents.count(root)
    for page in documents.below(root, only=()):
        counts.update(documents.path(doc.name)[-2] for doc in page.documents)
        tell("counting", counts.total(), total)
    if documents.get(root) is not None:
        counts["users"] += 1
    return dict(counts)
