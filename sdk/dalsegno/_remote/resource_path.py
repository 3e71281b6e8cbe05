"""Names in Firestore: database, documents, field paths. Pure; any thread."""

from __future__ import annotations

import re

from dalsegno._core.messages import FieldPath, ResourcePath
from dalsegno._core.types import ProjectId, UserId

_SIMPLE = re.compile(r"[A-Za-z_][A-Za-z_0-9]*\Z")


class ResourceNames:
    """Turns a path below `users/{uid}` into a resource name, and back."""

    def __init__(self, project: ProjectId, user: UserId) -> None:
        self.database = f"projects/{project}/databases/(default)"
        self.root = f"{self.database}/documents/users/{user}"
        self._prefix = self.root + "/"

    def name(self, path: ResourcePath) -> str:
        """The resource name of a document or collection."""
        return self._prefix + "/".join(path)

    def parent(self, collection: ResourcePath) -> str:
        """The resource name of the document that a collection is in."""
        return "/".join((self.root, *collection[:-1]))

    def path(self, name: str) -> ResourcePath | None:
        """The path of a resource name; None if it is not below this user."""
        if not name.startswith(self._prefix):
            return None
        return tuple(name[len(self._prefix) :].split("/"))


def field_path(path: FieldPath) -> str:
    """A field path as masks and transforms write it: segments that are no plain words in backticks."""
    return ".".join(part if _SIMPLE.match(part) else _quoted(part) for part in path)


def _quoted(segment: str) -> str:
    escaped = segment.replace("\\", "\\\\").replace("`", "\\`")
    return f"`{escaped}`"
