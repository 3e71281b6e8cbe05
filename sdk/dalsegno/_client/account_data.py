"""What belongs to users beside their sign-in, for `Account`: joins the server and the disk. Any thread.

The network stack is loaded when it is first needed.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from dalsegno._auth.managed import LocalData, Progress
from dalsegno._core.types import ProjectId, UserId
from dalsegno._errors import StorageFull
from dalsegno._persistence import local_data
from dalsegno._sync.devices.cards import registration_write

FORMAT = "dalsegno-export/1"
TOLD_EVERY = 20


class OwnData:
    """The data of one project's users; those on this device in `where`, each in the folder `of(uid)`."""

    def __init__(
        self, project: ProjectId, where: Path, of: Callable[[UserId], Path], emulator: str | None
    ) -> None:
        self._project, self._where, self._of, self._emulator = project, where, of, emulator

    def erase(self, uid: UserId, token: Callable[[], str], tell: Progress) -> None:
        """Everything on the server but the ends of sign-ins, which keep others out until their tokens end."""
        with self._records(uid, token) as records:
            records.erase(tell)

    def export(
        self, uid: UserId, token: Callable[[], str], account: Mapping[str, Any], to: Path, tell: Progress
    ) -> int:
        """See `Account.export`. The form is that of `dalsegno admin export`."""
        head = {
            "format": FORMAT,
            "project": self._project,
            "uid": uid,
            "exported_at": datetime.now(UTC).isoformat(),
            "account": account,
        }
        counts: dict[str, int] = {}
        with self._records(uid, token) as records, _replacing(to) as file:
            file.write(json.dumps(head, ensure_ascii=False)[:-1] + ',\n"documents": [')
            for done, (path, content) in enumerate(records.everything(), 1):
                content.pop("name")
                line = {"path": "/".join(("users", uid, *path)), "fields": {}, **content}
                file.write(("\n" if done == 1 else ",\n") + json.dumps(line, ensure_ascii=False))
                counts[path[-2]] = counts.get(path[-2], 0) + 1
                if done % TOLD_EVERY == 0:
                    tell(done)
            file.write(f'\n],\n"counts": {json.dumps(counts)}}}\n')
        total = sum(counts.values())
        tell(total)
        return total

    def local(self) -> LocalData:
        """What is on this device, of whom, and what of it the server does not have."""
        users, unsent = [], 0
        for folder in local_data.users_in(self._where):
            user, owed = local_data.held_by(folder)
            users.append(user)
            unsent += owed
        return LocalData(tuple(user for user in users if user), unsent)

    def remove_local(self, uid: UserId | None) -> None:
        """The folder of one user, or of all with the sign-in."""
        if uid is not None:
            local_data.remove([self._of(uid)])
            return
        local_data.remove(list(local_data.users_in(self._where)))
        local_data.remove_rest(self._where)

    def _records(self, uid: UserId, token: Callable[[], str]) -> Any:
        from dalsegno._remote.records import UserRecords  # loads grpc: seconds on a slow device

        return UserRecords(self._project, uid, token, registration_write, self._emulator)


@contextlib.contextmanager
def _replacing(to: Path) -> Iterator[TextIO]:
    """A private file beside `to`, of its own name, that takes its place when all is on the disk."""
    beside = to.with_name(f".{os.urandom(6).hex()}.part")
    try:
        descriptor = os.open(beside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123 - a descriptor, no path
            yield file
            file.flush()
            os.fsync(file.fileno())
        beside.replace(to)
    except OSError as error:
        raise StorageFull(
            f"the file cannot be written: {error.strerror}; free space, or choose another place"
        ) from None
    finally:
        beside.unlink(missing_ok=True)
