"""Erases a user. The caller's thread.

Invariants: what is done stays done, and to run it again ends in the same state; the account goes last, so
that as long as it is there, and disabled, an interrupted erase can be seen; an erase that says so has looked
for itself that nothing is left; and as long as there is an account, it stays on record which sign-ins were
thrown out: without that their devices would be let in again.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dalsegno._errors import Offline
from dalsegno.admin._access import Authority
from dalsegno.admin._progress import Tell, silent
from dalsegno.admin._users import existing

if TYPE_CHECKING:
    from dalsegno.admin._documents import Documents

PASSES = 5
"""A device that is still on may write while we erase; and Firestore may be too busy for some of a page."""
PAUSE_S = 0.5


@dataclass(frozen=True, slots=True)
class Erased:
    """How many documents were erased, by collection (a dry run: would be), and whether the account was.

    kept    sign-ins that were thrown out, and stay on record with the account
    """

    documents: Mapping[str, int]
    account: bool
    kept: int = 0


def erase(
    authority: Authority, uid: str, *, account: bool = False, dry_run: bool = False, tell: Tell = silent
) -> Erased:
    """Deletes every document of a user, and with `account` the account, too.

    ID tokens that were given out before live for up to an hour: so long, a device that is on may write again.
    Without `account` the user's devices keep their own copies, and write again what the user changes; and the
    sign-ins that were thrown out stay on record: ids of devices and times, nothing else.

    Raises:
        NoSuchUser: there is neither an account nor a document: nothing is left to erase.
        UsageError: no user can have this id.
        Offline: interrupted, or documents were written as quickly as they were erased: run it again.
        Denied.
    """
    documents = authority.documents
    accounts = authority.accounts if account else None
    user = existing(authority, uid)
    task = _Task(documents, documents.user(uid), tell, keeps_thrown_out=accounts is None)
    if dry_run:
        there = accounts is not None and user.record is not None
        return Erased(task.counted(), there, task.kept)
    had_account = accounts is not None and accounts.disable(uid)
    counts = task.erased()
    if accounts is not None:
        accounts.delete(uid)
    return Erased(counts, had_account, task.kept)


@dataclass(slots=True)
class _Task:
    documents: Documents
    root: str
    tell: Tell
    keeps_thrown_out: bool
    kept: int = 0
    """Met in the last pass."""

    def counted(self) -> Mapping[str, int]:
        """What would be erased, by collection."""
        counts: Counter[str] = Counter()
        total = self.documents.count(self.root)
        for page in self._pages():
            counts.update(self.documents.path(doc.name)[-2] for doc in page)
            self.tell("counting", counts.total(), total)
        if self.documents.get(self.root) is not None:
            counts["users"] += 1
        return dict(counts)

    def erased(self) -> Mapping[str, int]:
        """Erases until nothing is left. Offline: something always is."""
        counts: Counter[str] = Counter()
        for turn in range(PASSES):
            if turn:
                time.sleep(PAUSE_S * turn)
            own = self.documents.get(self.root)
            total, done = self.documents.count(self.root), 0
            for page in self._pages():
                self.documents.delete(page)
                counts.update(self.documents.path(doc.name)[-2] for doc in page)
                done += len(page)
                self.tell("erasing", done, max(total, done))
            if own is not None:
                self.documents.delete([own])
                counts["users"] += 1
            if self._is_empty():
                return dict(counts)
        raise Offline("documents of this user are still there: a device may be writing; run the erase again")

    def _is_empty(self) -> bool:
        return not any(self._pages()) and self.documents.get(self.root) is None

    def _pages(self) -> Iterator[Sequence[Any]]:
        """What is to be erased, page by page."""
        self.kept = 0
        for page in self.documents.below(self.root, only=("revoked",)):
            erasable = [doc for doc in page.documents if not self._stays(doc)]
            self.kept += len(page.documents) - len(erasable)
            yield erasable

    def _stays(self, doc: Any) -> bool:
        if not self.keeps_thrown_out or "revoked" not in doc.fields:
            return False
        return self.documents.path(doc.name)[2:-1] == ("signins",)
