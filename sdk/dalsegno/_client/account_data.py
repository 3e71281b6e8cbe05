"""What belongs to users beside their sign-in, for `Account`: joins the server and the disk. Any thread.

The network stack is loaded when it is first needed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from dalsegno._auth.managed import LocalData, Progress
from dalsegno._client.runtime import await_abandoned
from dalsegno._core.types import ProjectId, UserId
from dalsegno._export_format import Writer
from dalsegno._persistence import local_data
from dalsegno._persistence.user_file import replacing
from dalsegno._sync.devices.cards import registration_write

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
        """See `Account.export`."""
        with self._records(uid, token) as records, replacing(to) as file:
            writer = Writer(file, project=self._project, uid=uid, account=account)
            for done, (path, content) in enumerate(records.everything(), 1):
                writer.add(("users", uid, *path), content)
                if done % TOLD_EVERY == 0:
                    tell(done)
            writer.end()
        total = writer.counts.total()
        tell(total)
        return total

    def local(self) -> LocalData:
        """What is on this device, of whom, and what of it the server does not have."""
        users, unsent, unreadable = [], 0, 0
        for folder in local_data.users_in(self._where):
            user, owed = local_data.held_by(folder)
            if user:
                users.append(user)
                unsent += owed
            else:
                unreadable += local_data.is_users(folder)  # it may have gone meanwhile
        return LocalData(tuple(users), unsent, unreadable)

    def held_local(self, uid: UserId | None) -> AbstractContextManager[Callable[[], None]]:
        """The folder of one user, or of all with the sign-in."""
        await_abandoned()
        return local_data.all_held(self._where) if uid is None else local_data.held([self._of(uid)])

    def _records(self, uid: UserId, token: Callable[[], str]) -> Any:
        from dalsegno._remote.records import UserRecords  # loads grpc: seconds on a slow device

        return UserRecords(self._project, uid, token, registration_write, self._emulator)
