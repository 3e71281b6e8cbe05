"""Brings back what an export holds. The caller's thread.

Documents are written as they were, to the last digit and type; only Firestore's own times of creation and
change cannot be brought back. Invariants: the whole file is looked through before anything is written; no
document that is there and differs is replaced unless that is asked for; one that is there already as in the
file is left alone, so an import that was interrupted is finished by running it again; nothing but a few pages
is ever in memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dalsegno._errors import Offline, UsageError
from dalsegno.admin import _export_file as export_file
from dalsegno.admin._access import Authority, checked_uid
from dalsegno.admin._accounts import is_own
from dalsegno.admin._progress import Tell, silent

if TYPE_CHECKING:
    from dalsegno.admin._documents import Documents

BATCH = 100
"""Documents written with one request, if they are small."""
BATCH_CHARACTERS = 1 << 22
"""Of a batch's lines: Firestore takes ten megabytes with one request."""
TURNS = 3
"""A device may write while we do; and Firestore may be too busy for some of a batch."""


@dataclass(frozen=True, slots=True)
class Imported:
    """uid         whose documents they are now
    documents   how many the file holds, by collection
    replaced    how many of them were there and differed, and were (a dry run: would be) replaced
    unchanged   how many were there already just so
    account     whether the account was (would be) made
    own         the file is a user's own: of the account it has the id and the address alone
    """

    uid: str
    documents: Mapping[str, int]
    replaced: int
    unchanged: int
    account: bool
    own: bool = False


def import_user(
    authority: Authority,
    file: Path,
    *,
    uid: str = "",
    overwrite: bool = False,
    account: bool = False,
    dry_run: bool = False,
    tell: Tell = silent,
) -> Imported:
    """Writes all documents of a file that `export` made, or the user. What else the user has stays as it is.

    uid         whose they become; default: whose they were
    overwrite   replace documents that are there and differ; else there may be none
    account     make the account as well, if there is none; the password is in no export

    Raises:
        UsageError: the file is no whole export; documents are there and differ; there is no account.
        Offline: interrupted: run it again.
        Denied.
    """
    with export_file.reading(file) as reader:
        counts = reader.checked(tell)
        uid = checked_uid(uid or reader.uid)
        makes_account = _makes_account(authority, uid, reader.account, account)
        task = _Task(authority.documents, reader, uid, counts.total(), overwrite, tell)
        task.compare()
        if task.differing and not overwrite:
            raise UsageError(
                f"{task.differing} of these documents are there already and differ, and nothing was "
                "changed: --overwrite (overwrite=True) replaces them"
            )
        if not dry_run:
            task.write()
            if makes_account:
                assert reader.account is not None
                authority.accounts.restore(reader.account, uid)
    own = reader.account is not None and is_own(reader.account)
    return Imported(uid, dict(counts), task.differing, task.same, makes_account, own)


def _makes_account(authority: Authority, uid: str, record: Mapping[str, Any] | None, wanted: bool) -> bool:
    """Documents under an id that nobody has could be seen by nobody."""
    if not authority.has_accounts or authority.accounts.record(uid) is not None:
        return False
    if not wanted:
        raise UsageError(
            "there is no account of this id: --account (account=True) makes it, or give another user's id"
        )
    if record is None:
        raise UsageError("there is no account of this id, and none in the file")
    authority.accounts.check_restorable(record, uid)
    return True


@dataclass(slots=True)
class _Task:
    documents: Documents
    reader: export_file.Reader
    uid: str
    total: int
    overwrite: bool
    tell: Tell
    same: int = 0
    differing: int = 0
    done: int = 0

    def compare(self) -> None:
        """Counts what is there, before anything is written."""
        for batch in self._batches():
            there = self.documents.read([doc.name for doc in batch])
            same = sum(_is_same(there.get(doc.name), doc) for doc in batch)
            self.same += same
            self.differing += len(there) - same
            self._step("comparing", len(batch))

    def write(self) -> None:
        self.done = 0
        for batch in self._batches():
            self._write(batch)
            self._step("importing", len(batch))

    def _write(self, batch: list[Any]) -> None:
        """Until each is there just so: an answer may be lost, and the write done."""
        for _ in range(TURNS):
            there = self.documents.read([doc.name for doc in batch])
            batch = [doc for doc in batch if not _is_same(there.get(doc.name), doc)]
            if not batch:
                return
            if there.keys() & {doc.name for doc in batch} and not self.overwrite:
                raise UsageError("a device has written one of these documents meanwhile: run it again")
            if self.documents.write(batch, only_new=not self.overwrite) == len(batch):
                return
        raise Offline("Firestore is too busy for some documents: what is done stays done, run it again")

    def _batches(self) -> Iterator[list[Any]]:
        batch: list[Any] = []
        size = 0
        for entry in self.reader.entries():
            if batch and (len(batch) >= BATCH or size + entry.characters > BATCH_CHARACTERS):
                yield batch
                batch, size = [], 0
            name = self.documents.user(self.uid) + "".join(f"/{part}" for part in entry.path[2:])
            batch.append(entry.document(name))
            size += entry.characters
        if batch:
            yield batch

    def _step(self, what: str, number: int) -> None:
        self.done += number
        self.tell(what, self.done, self.total)


def _is_same(there: Any, doc: Any) -> bool:
    """By the bytes: NaN is not equal to itself, and 0.0 is to -0.0."""
    if there is None or len(there.fields) != len(doc.fields):
        return False
    return _bytes(there) == _bytes(doc)


def _bytes(doc: Any) -> bytes:
    bare = type(doc)(name=doc.name, fields=doc.fields)
    found: bytes = bare.SerializeToString(deterministic=True)
    return found
