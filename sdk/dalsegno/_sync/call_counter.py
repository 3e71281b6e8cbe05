"""Counts what is asked of the server, between the engine and whatever `Remote` it has.

Calls come on the worker thread; `counters` may be read on any: it is replaced as a whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dalsegno._core.messages import CommitFailed, ReadFailed, RemoteEvent, ResourcePath, Target, Write
from dalsegno._core.ports import Remote
from dalsegno._core.rpc_error import Call, Disposition, disposition
from dalsegno._core.types import Counters


class CallCounter:
    """`counters` is how many calls there were since the client was made."""

    def __init__(self) -> None:
        self.counters: Counters = Counters()

    def counted(self, remote: Remote) -> Remote:
        """The same remote; what is asked of it is counted here."""
        return _Counted(remote, self)

    def handle(self, event: RemoteEvent) -> None:
        """An answer: a failure that passes has the call made again."""
        match event:
            case CommitFailed():
                call = Call.COMMIT
            case ReadFailed():
                call = Call.READ
            case _:
                return
        if disposition(event.fault.code, call) is not Disposition.DENIED:
            self.counters = replace(self.counters, retries=self.counters.retries + 1)

    def sends(self) -> None:
        self.counters = replace(self.counters, commits=self.counters.commits + 1)

    def reads(self) -> None:
        self.counters = replace(self.counters, reads=self.counters.reads + 1)

    def listens(self) -> None:
        listens = self.counters.listens + 1
        self.counters = replace(self.counters, listens=listens, reconnects=listens - 1)


class _Counted:
    """A `Remote` that tells of the calls."""

    def __init__(self, remote: Remote, counter: CallCounter) -> None:
        self._remote, self._counter = remote, counter
        self.add_target = remote.add_target
        self.remove_target = remote.remove_target
        self.hang_up = remote.hang_up
        self.drop_token = remote.drop_token
        self.identify = remote.identify
        self.reset_channel = remote.reset_channel
        self.close = remote.close

    def listen(self, stream: int, targets: Sequence[Target]) -> None:
        self._counter.listens()
        self._remote.listen(stream, targets)

    def commit(self, ticket: int, writes: Sequence[Write]) -> None:
        self._counter.sends()
        self._remote.commit(ticket, writes)

    def read(self, ticket: int, path: ResourcePath) -> None:
        self._counter.reads()
        self._remote.read(ticket, path)
