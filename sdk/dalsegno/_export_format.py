"""The file of an export, a user's own or `dalsegno admin export`'s: one document a line, so that it is
written and read without being held in memory. Any thread; standard library only.

    {"format": "dalsegno-export/1", "project": …, "uid": …, "exported_at": …, "account": {…} or null,
    "documents": [
    {"path": "users/…", "createTime": …, "updateTime": …, "fields": {name: value}},
    …
    ],
    "counts": {collection: number}}

Values are in Firestore's own JSON form, as its REST interface has them ({"integerValue": "5"}, {"bytesValue":
…}, {"doubleValue": "NaN"}): no type and no digit is lost, and every Firestore tool can read it. The account
is as Firebase Auth knows it; a user's own file has a part of it: `OWN_ACCOUNT`.
Invariant: a file that was cut off is told from a whole one by its end.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TextIO

FORMAT = "dalsegno-export/1"
OWN_ACCOUNT = ("uid", "email", "email_verified")
"""What a user's own file says of the account."""


class Writer:
    """Writes a file from its head to its end, in that order."""

    def __init__(self, file: TextIO, *, project: str, uid: str, account: Mapping[str, Any] | None) -> None:
        self._file = file
        self.counts: Counter[str] = Counter()
        head = {
            "format": FORMAT,
            "project": project,
            "uid": uid,
            "exported_at": datetime.now(UTC).isoformat(),
            "account": account,
        }
        file.write(json.dumps(head, ensure_ascii=False)[:-1] + ',\n"documents": [')

    def add(self, path: Sequence[str], content: Mapping[str, Any]) -> None:
        """One document, by its path below the database, in Firestore's JSON form (the name is left out)."""
        kept = {name: value for name, value in content.items() if name != "name"}
        line = {"path": "/".join(path), "fields": {}, **kept}
        self._file.write(",\n" if self.counts else "\n")
        self._file.write(json.dumps(line, ensure_ascii=False, allow_nan=False))
        self.counts[path[-2]] += 1

    def end(self) -> None:
        self._file.write(f'\n],\n"counts": {json.dumps(self.counts)}}}\n')
