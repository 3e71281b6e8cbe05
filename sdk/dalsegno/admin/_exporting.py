"""Everything of a user, in one JSON file. The caller's thread.

Values are in Firestore's own JSON form, as its REST interface has them ({"integerValue": "5"}, {"bytesValue":
…}, {"doubleValue": "NaN"}): no type and no digit is lost, and every Firestore tool can read it. All documents
are of one moment. Invariant: the file is the old one or a whole new one; it is written page by page, never
held in memory, and only its owner can read it.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from dalsegno._errors import StorageFull, UsageError
from dalsegno.admin._access import Authority, checked_uid
from dalsegno.admin._progress import Tell, silent

if TYPE_CHECKING:
    from dalsegno.admin._documents import Documents

FORMAT = "dalsegno-export/1"


@dataclass(frozen=True, slots=True)
class Exported:
    """How many documents, by collection; `account`: whether there is an account."""

    documents: Mapping[str, int]
    account: bool


def export(
    authority: Authority, uid: str, to: Path, *, dry_run: bool = False, tell: Tell = silent
) -> Exported:
    """Writes all documents of a user, and the account, to the file `to`; an old one is replaced at the end.

    {"format": "dalsegno-export/1", "project": …, "uid": …, "exported_at": …, "account": {…} or null,
     "documents": [{"path": "users/…", "createTime": …, "updateTime": …, "fields": {name: value}}, …],
     "counts": {collection: number}}

    Raises:
        UsageError: no user can have this id, or the file cannot be made.
        StorageFull: the disk is full; what stood in the file is unharmed.
        Denied, Offline.
    """
    documents = authority.documents
    root = documents.user(checked_uid(uid))
    account = authority.accounts.record(uid) if authority.has_accounts else None
    counts: Counter[str] = Counter()
    if dry_run:
        for doc in _everything(documents, root, tell):
            counts[documents.path(doc.name)[-2]] += 1
        return Exported(dict(counts), account is not None)
    head = {
        "format": FORMAT,
        "project": authority.project,
        "uid": uid,
        "exported_at": datetime.now(UTC).isoformat(),
        "account": account,
    }
    with _replacing(to) as file:
        file.write(json.dumps(head, ensure_ascii=False)[:-1] + ',\n"documents": [')
        for doc in _everything(documents, root, tell):
            path = documents.path(doc.name)
            file.write(",\n" if counts else "\n")
            file.write(_line("/".join(path), doc))
            counts[path[-2]] += 1
        file.write(f'\n],\n"counts": {json.dumps(counts)}}}\n')
    return Exported(dict(counts), account is not None)


def _everything(documents: Documents, root: str, tell: Tell) -> Iterator[Any]:
    """All below the user's own document, and that one, if there is one: as they stood at one moment."""
    total, done, moment = documents.count(root), 0, None
    for page in documents.below(root):
        moment = page.read_time
        done += len(page.documents)
        tell("exporting", done, total)
        yield from page.documents
    own = documents.get(root, read_time=moment)
    if own is not None:
        yield own


def _line(path: str, doc: Any) -> str:
    from google.protobuf.json_format import MessageToDict

    content = MessageToDict(doc)
    content.pop("name")
    content.setdefault("fields", {})
    return json.dumps({"path": path, **content}, ensure_ascii=False, allow_nan=False)


@contextlib.contextmanager
def _replacing(to: Path) -> Iterator[TextIO]:
    """A private file beside `to`, that takes its place when all is on the disk."""
    beside = to.with_name(to.name + ".part")
    try:
        beside.unlink(missing_ok=True)
        descriptor = os.open(beside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except OSError as error:
        raise UsageError(f"{to} cannot be written: {error.strerror}") from None
    try:
        with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123 - a descriptor, no path
            yield file
            file.flush()
            os.fsync(file.fileno())
        beside.replace(to)
    except OSError as error:
        raise StorageFull(f"{to} cannot be written: {error.strerror}; free space and try again") from None
    finally:
        beside.unlink(missing_ok=True)
