"""Everything of a user, in one JSON file. The caller's thread.

All documents are of one moment. Invariant: the file is the old one or a whole new one; it is written page by
page, never held in memory, and only its owner can read it. What is in it: `_export_format.py`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dalsegno._export_format import Writer
from dalsegno._persistence.user_file import replacing
from dalsegno.admin._access import Authority, checked_uid
from dalsegno.admin._progress import Tell, silent
from dalsegno.admin._users import existing

if TYPE_CHECKING:
    from dalsegno.admin._documents import Documents


@dataclass(frozen=True, slots=True)
class Exported:
    """How many documents, by collection; `account`: whether there is an account."""

    documents: Mapping[str, int]
    account: bool


def default_file(uid: str) -> str:
    """`export-UID.json`, or, where some systems would take one user's file for another's, with a hash."""
    plain = re.sub(r"[^A-Za-z0-9_-]+", "-", checked_uid(uid))[:64]
    if plain == uid.lower():
        return f"export-{plain}.json"
    return f"export-{plain}~{hashlib.sha256(uid.encode()).hexdigest()[:8]}.json"


def export(
    authority: Authority, uid: str, to: Path, *, dry_run: bool = False, tell: Tell = silent
) -> Exported:
    """Writes all documents of a user, and the account, to the file `to`; an old one is replaced at the end.

    Raises:
        NoSuchUser: there is neither an account nor a document.
        UsageError: no user can have this id, or the file cannot be made, or another export is writing it.
        StorageFull, StorageDenied: the file cannot be written; what stood in it is unharmed.
        Denied, Offline.
    """
    documents = authority.documents
    user = existing(authority, uid)
    everything = _everything(documents, documents.user(uid), user.below, tell)
    if dry_run:
        counts: dict[str, int] = {}
        for doc in everything:
            collection = documents.path(doc.name)[-2]
            counts[collection] = counts.get(collection, 0) + 1
        return Exported(counts, user.record is not None)
    from google.protobuf.json_format import MessageToDict

    with replacing(to) as file:
        writer = Writer(file, project=authority.project, uid=uid, account=user.record)
        for doc in everything:
            writer.add(documents.path(doc.name), MessageToDict(doc))
        writer.end()
    return Exported(dict(writer.counts), user.record is not None)


def _everything(documents: Documents, root: str, total: int, tell: Tell) -> Iterator[Any]:
    """All below the user's own document, and that one, if there is one: as they stood at one moment."""
    done, moment = 0, None
    for page in documents.below(root):
        moment = page.read_time
        done += len(page.documents)
        tell("exporting", done, total)
        yield from page.documents
    own = documents.get(root, read_time=moment)
    if own is not None:
        yield own
