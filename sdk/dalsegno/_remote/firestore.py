"""`FirestoreRemote`: the port `Remote` over gRPC.

Called on the engine's worker thread, and never waits there. Answers go to the sink on grpc's thread (commits
and reads) or on the stream's reader thread. Invariant: each call is answered by exactly one event, each
stream by its events and one `StreamEnded`, also after `close`.

A large commit goes on a connection of its own, which is made when the first comes: on a slow uplink all other
calls would wait behind it, for HTTP/2 puts the calls of one connection into one line of bytes.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from dalsegno._core.deadlines import LARGE_BYTES, Deadlines
from dalsegno._core.messages import (
    CommitFailed,
    ReadFailed,
    RemoteEvent,
    ResourcePath,
    RpcError,
    SignInKnown,
    Sink,
    StreamAges,
    Target,
    Write,
)
from dalsegno._core.ports import TokenSource
from dalsegno._core.types import ProjectId, UserId
from dalsegno._remote.channel import Channel
from dalsegno._remote.claims import sign_in_of
from dalsegno._remote.commit import commit_request, committed, read_done, read_request
from dalsegno._remote.grpc_status import rpc_error_of
from dalsegno._remote.listen_call import NONSENSE, ListenCall
from dalsegno._remote.resource_path import ResourceNames
from dalsegno._remote.token_fetcher import TokenFetcher

_log = logging.getLogger(__name__)

DEADLINE_S = 10.0
"""Google's SDKs call themselves offline after 10 s without an answer: so do we (`_core/deadlines.py`)."""
UNAUTHENTICATED = "UNAUTHENTICATED"
_JOIN_S = 2.0
_CLOSED = RpcError("CANCELLED", "closed on this side")


class FirestoreRemote:
    """Firestore for one user of one project, at Google or in an emulator ("host:port")."""

    def __init__(
        self, project: ProjectId, user: UserId, tokens: TokenSource, sink: Sink, emulator: str | None = None
    ) -> None:
        self._names = ResourceNames(project, user)
        self._bearer = TokenFetcher(tokens)
        self._emulator = emulator
        self._deliver = sink
        self._metadata = (
            ("google-cloud-resource-prefix", self._names.database),
            ("x-goog-request-params", "database=" + quote(self._names.database, safe="")),
        )
        self._lock = threading.Lock()
        self._line: Channel | None = None
        self._aside: Channel | None = None
        """For large commits."""
        self._deadlines = Deadlines()
        self._stream: ListenCall | None = None
        self._token = ""
        self._closed = False

    # --- the port -------------------------------------------------------------------------------------

    def listen(self, stream: int, targets: Sequence[Target]) -> None:
        self.hang_up()
        opened = ListenCall(stream, self._names, self._sink)
        for target in targets:
            opened.add(target)
        with self._lock:
            self._stream = opened
        self._fetch(lambda token: self._start(opened, token), opened.fail)

    def add_target(self, target: Target) -> None:
        if self._stream is not None:
            self._stream.add(target)

    def remove_target(self, target: int) -> None:
        if self._stream is not None:
            self._stream.remove(target)

    def hang_up(self) -> None:
        with self._lock:
            stream, self._stream = self._stream, None
        if stream is not None:
            stream.hang_up()

    def commit(self, ticket: int, writes: Sequence[Write]) -> None:
        def fail(fault: RpcError) -> None:
            self._sink(CommitFailed(ticket, fault))

        try:
            request = commit_request(self._names, writes)
        except ValueError as error:
            fail(RpcError("INVALID_ARGUMENT", str(error)))
            return
        self._call(lambda line: line.commit, request, lambda response: committed(ticket, response), fail)

    def read(self, ticket: int, path: ResourcePath) -> None:
        request = read_request(self._names, self._names.name(path))
        self._call(
            lambda line: line.read,
            request,
            lambda response: read_done(ticket, self._names, response),
            lambda fault: self._sink(ReadFailed(ticket, fault)),
        )

    def drop_token(self) -> None:
        self._bearer.drop()

    def identify(self) -> None:
        self._fetch(lambda _: None, lambda _: None)

    def reset_channel(self) -> None:
        with self._lock:
            lines = [line for line in (self._line, self._aside) if line is not None]
            self._line = self._aside = None
        for line in lines:
            line.close()

    def close(self) -> None:
        with self._lock:
            self._closed = True
            stream = self._stream
        self.hang_up()
        self.reset_channel()
        if stream is not None:
            stream.join(_JOIN_S)

    # --- calls ----------------------------------------------------------------------------------------

    def _call(
        self,
        method: Callable[[Channel], Any],
        request: Any,
        answer: Callable[[Any], RemoteEvent],
        fail: Callable[[RpcError], None],
    ) -> None:
        size = request.ByteSize()
        large = size >= LARGE_BYTES

        def done(line: Channel, token: str, sent_s: float, future: Any) -> None:
            fault = replace(rpc_error_of(future), aside=large)
            self._note(size, sent_s, fault)
            if fault.code != "OK":
                self._call_failed(line, token, fault)
                fail(fault)
                return
            try:
                event = answer(future.result())
            except Exception as error:  # noqa: BLE001 - whatever is in an answer, the caller is told
                _log.warning("an answer made no sense: %s", type(error).__name__)
                fail(NONSENSE)
            else:
                self._sink(event)

        def go(token: str) -> None:
            try:
                line = self._open_line(large=large)
                sent_s = time.monotonic()
                with self._lock:
                    timeout_s = self._deadlines.of(size, DEADLINE_S, sent_s)
                future = method(line).future(request, timeout=timeout_s, metadata=self._with(token))
            except ValueError:  # grpc's word for a channel that was closed meanwhile
                fail(_CLOSED)
            else:
                with self._lock:
                    self._deadlines.began(size)
                future.add_done_callback(lambda future: done(line, token, sent_s, future))

        self._fetch(go, fail)

    def _fetch(self, go: Callable[[str], None], fail: Callable[[RpcError], None]) -> None:
        """A token for a call; before that, whose it is, if that has changed."""

        def known(token: str) -> None:
            with self._lock:
                before, self._token = self._token, token
            if before != token:
                self._sink(SignInKnown(sign_in_of(token)))
            go(token)

        self._bearer.fetch(known, fail)

    def _start(self, stream: ListenCall, token: str) -> None:
        try:
            line = self._open_line()
            lasts_s = self._bearer.lasts_s(token)
            if lasts_s is not None:
                self._sink(StreamAges(stream.number, lasts_s * 1000))
            stream.start(
                lambda requests: line.listen(requests, metadata=self._with(token)),
                lambda fault: self._stream_ended(line, stream, token, fault),
            )
        except ValueError:
            stream.fail(_CLOSED)

    def _with(self, token: str) -> tuple[tuple[str, str], ...]:
        return (("authorization", f"Bearer {token}"), *self._metadata)

    # --- channels -------------------------------------------------------------------------------------

    def _open_line(self, *, large: bool = False) -> Channel:
        with self._lock:
            if self._closed:
                raise ValueError("closed")
            if large:
                self._aside = self._aside or Channel(self._emulator)
                return self._aside
            self._line = self._line or Channel(self._emulator)
            return self._line

    def _note(self, size: int, sent_s: float, fault: RpcError) -> None:
        """How long it took; a refusal took its time as an acceptance does."""
        now_s = time.monotonic()
        with self._lock:
            if fault.code in ("DEADLINE_EXCEEDED", "UNAVAILABLE", "CANCELLED"):
                self._deadlines.ended(size, in_vain=fault.code == "DEADLINE_EXCEEDED")
            else:
                self._deadlines.answered(size, now_s - sent_s, now_s)

    def _stream_ended(self, line: Channel, stream: ListenCall, token: str, fault: RpcError) -> None:
        """On the stream's reader thread. A stream that broke takes its channel with it."""
        if fault.code == UNAUTHENTICATED:
            self._bearer.refused(token)
        with self._lock:
            if self._stream is stream:
                self._stream = None
        if fault.code == "UNAVAILABLE" and self._forget(line):
            line.close()

    def _call_failed(self, line: Channel, token: str, fault: RpcError) -> None:
        """On grpc's thread. While a stream is open on the channel, the stream tells whether it is alive.

        On the connection for large commits there is none: it goes with the last call that failed on it.
        """
        if fault.code == UNAUTHENTICATED:
            self._bearer.refused(token)
        broken = fault.code == "UNAVAILABLE" and (fault.aside or self._stream is None)
        if fault.aside and fault.code == "DEADLINE_EXCEEDED":
            with self._lock:
                broken = not self._deadlines.busy
        if broken and self._forget(line):
            threading.Thread(target=line.close, name="dalsegno-close", daemon=True).start()

    def _forget(self, line: Channel) -> bool:
        with self._lock:
            if line is self._line:
                self._line = None
            elif line is self._aside:
                self._aside = None
            else:
                return False
            return True

    def _sink(self, event: RemoteEvent) -> None:
        try:
            self._deliver(event)
        except Exception:  # noqa: BLE001 - a stream must outlive whoever listens
            _log.exception("the engine would not take %s", type(event).__name__)
