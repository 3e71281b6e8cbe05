"""Reads the file of an export, document by document; what is in it: `_export_format.py`. Any thread.

Invariant: a file that was cut off, or that something else wrote, is told from a whole one before it is used.
"""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from dalsegno._errors import UsageError
from dalsegno._export_format import FORMAT
from dalsegno.admin._access import checked_uid
from dalsegno.admin._progress import Tell

MOST_CHARACTERS = 1 << 25
"""Of a line: Firestore's largest document, a megabyte, has up to seven as JSON."""
TOLD_EVERY = 200
"""Documents between two words on how far it is."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One document of a file; `characters`: how long its line is."""

    path: tuple[str, ...]
    content: Mapping[str, Any]
    characters: int
    number: int

    def document(self, name: str) -> Any:
        """As plain protobuf, under this name.

        Raises:
            UsageError: it makes no sense.
        """
        from google.cloud.firestore_v1.types import document
        from google.protobuf.json_format import Error, ParseDict

        empty = document.Document.pb(document.Document())
        try:
            return ParseDict({"name": name, "fields": self.content["fields"]}, empty)
        except (Error, KeyError, ValueError, TypeError, AttributeError, RecursionError):
            raise _no_document(self.number) from None


class Reader:
    """Reads a file as often as it takes, line by line."""

    def __init__(self, file: TextIO, name: Path) -> None:
        self._file, self._name = file, name
        head = self._head()
        self.uid: str = head["uid"]
        self.account: Mapping[str, Any] | None = head["account"]

    def _head(self) -> dict[str, Any]:
        head = _parsed(self._line().removesuffix(",") + "}")
        if not isinstance(head, dict) or head.get("format") != FORMAT:
            raise UsageError(
                f"{self._name} is no export ({FORMAT}), of `dalsegno admin export` or of a user's own"
            )
        if not isinstance(head.get("account"), dict | None):
            raise UsageError(f"{self._name}: the account in it makes no sense")
        checked_uid(head.get("uid", ""))
        if self._line() != '"documents": [':
            raise self._not_whole()
        return head

    def checked(self, tell: Tell) -> Counter[str]:
        """Looks through the whole file: how many documents, by collection.

        Raises:
            UsageError: it is not whole, or a document makes no sense.
        """
        counts: Counter[str] = Counter()
        for entry in self.entries():
            entry.document("")
            counts[entry.path[-2]] += 1
            if entry.number % TOLD_EVERY == 0:
                tell("checking", entry.number, 0)
        last = _parsed("{" + self._line())
        if not isinstance(last, dict) or last.get("counts") != counts:
            raise self._not_whole()
        return counts

    def entries(self) -> Iterator[Entry]:
        """All documents, from the first on."""
        self._file.seek(0)
        self._line()
        self._line()
        number = 0
        while (line := self._line()) != "],":
            number += 1
            yield self._entry(line.removesuffix(","), number)

    def _entry(self, line: str, number: int) -> Entry:
        content = _parsed(line)
        if content is None:
            raise self._not_whole()
        path = content.get("path") if isinstance(content, dict) else None
        parts = tuple(path.split("/")) if isinstance(path, str) else ()
        if len(parts) % 2 or parts[:2] != ("users", self.uid) or "" in parts:
            raise _no_document(number)
        return Entry(parts, content, len(line), number)

    def _line(self) -> str:
        try:
            line = self._file.readline(MOST_CHARACTERS)
        except UnicodeDecodeError:
            line = ""
        if not line.endswith("\n"):
            raise self._not_whole()
        return line[:-1]

    def _not_whole(self) -> UsageError:
        return UsageError(
            f"{self._name} is no whole export: it was cut off, or changed by another program; export again"
        )


@contextlib.contextmanager
def reading(file: Path) -> Iterator[Reader]:
    """Opens a file and reads its head.

    Raises:
        UsageError: it cannot be read, or is no export.
    """
    try:
        opened = file.open(encoding="utf-8", newline="\n")
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from None
    with opened:
        yield Reader(opened, file)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _no_document(number: int) -> UsageError:
    return UsageError(f"the {number}. document of this file makes no sense: nothing was changed")
