"""The `Listen` stream: one call, many targets, one reader thread for as long as the call lives.

Invariant: every stream ends with exactly one `StreamEnded`, and nothing follows it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from queue import SimpleQueue
from typing import Any

import grpc
from google.protobuf.message import DecodeError

from dalsegno._core.messages import (
    DocumentChange,
    DocumentGone,
    ExistenceFilter,
    RemoteEvent,
    RpcError,
    Sink,
    StreamEnded,
    Target,
    TargetChange,
)
from dalsegno._remote import protos
from dalsegno._remote.commit import snapshot
from dalsegno._remote.grpc_status import rpc_error_of, rpc_error_of_status
from dalsegno._remote.resource_path import ResourceNames
from dalsegno._remote.serializer import micros
from dalsegno._remote.undecodable import salvaged_change

_log = logging.getLogger(__name__)

_KINDS = {0: "NO_CHANGE", 1: "ADD", 2: "REMOVE", 3: "CURRENT", 4: "RESET"}
CANCELLED = RpcError("CANCELLED", "hung up on this side")
NONSENSE = RpcError("INTERNAL", "the server sent a message that makes no sense")


def add_target_request(names: ResourceNames, target: Target) -> Any:
    """A document target, or with `newest` a query of the newest documents of a collection."""
    request = protos.ListenRequest(database=names.database)
    request.add_target.target_id = target.id
    if target.newest:
        request.add_target.query.parent = names.parent(target.path)
        _fill_query(request.add_target.query.structured_query, target)
    else:
        request.add_target.documents.documents.append(names.name(target.path))
    if target.resume_token:
        request.add_target.resume_token = target.resume_token
    return request


def _fill_query(query: Any, target: Target) -> None:
    query.from_.add(collection_id=target.path[-1])
    if target.order_by:
        order = query.order_by.add(direction=protos.DESCENDING)
        order.field.field_path = target.order_by
    query.limit.value = target.newest


def remove_target_request(names: ResourceNames, target: int) -> Any:
    return protos.ListenRequest(database=names.database, remove_target=target)


def parsed(raw: bytes, stream: int, names: ResourceNames) -> RemoteEvent | None:
    """The event in the bytes of a `ListenResponse`.

    Raises:
        DecodeError: there is none in them, not even a damaged document.
    """
    try:
        return event_of(protos.parse(protos.ListenResponse, raw), stream, names)
    except DecodeError:
        return salvaged_change(raw, stream, names)


def event_of(response: Any, stream: int, names: ResourceNames) -> RemoteEvent | None:
    """One `ListenResponse` as the port's event; None for what concerns nobody."""
    kind = response.WhichOneof("response_type")
    if kind == "target_change":
        return _target_change(response.target_change, stream)
    if kind == "document_change":
        change = response.document_change
        document = snapshot(names, change.document)
        if document is None:
            return None
        return DocumentChange(stream, document, tuple(change.target_ids), tuple(change.removed_target_ids))
    if kind in ("document_delete", "document_remove"):
        gone = getattr(response, kind)
        path = names.path(gone.document)
        if path is None:
            return None
        read_time = micros(gone.read_time) if gone.HasField("read_time") else None
        return DocumentGone(stream, path, tuple(gone.removed_target_ids), read_time)
    if kind == "filter":
        return ExistenceFilter(stream, response.filter.target_id, response.filter.count)
    return None


def _target_change(change: Any, stream: int) -> TargetChange | None:
    kind = _KINDS.get(change.target_change_type)
    if kind is None:
        return None
    return TargetChange(
        stream,
        kind,
        tuple(change.target_ids),
        micros(change.read_time) if change.HasField("read_time") else None,
        change.resume_token,
        rpc_error_of_status(change.cause) if change.HasField("cause") else None,
    )


class ListenCall:
    """One `Listen` call. Requests may be queued before it starts; `start`, `fail` and `hang_up` once each,
    from any thread and in any order."""

    def __init__(self, number: int, names: ResourceNames, sink: Sink) -> None:
        self.number = number
        self._names = names
        self._sink = sink
        self._requests: SimpleQueue[Any] = SimpleQueue()
        self._lock = threading.Lock()
        self._call: Any = None
        self._reader: threading.Thread | None = None
        self._over = False

    def add(self, target: Target) -> None:
        self._requests.put(add_target_request(self._names, target))

    def remove(self, target: int) -> None:
        self._requests.put(remove_target_request(self._names, target))

    def start(self, open_call: Callable[[Iterator[Any]], Any], on_end: Callable[[RpcError], None]) -> None:
        """Makes the call, which must not block, and reads it on a thread of its own.

        `on_end` is called on that thread, before `StreamEnded` is told.
        """
        with self._lock:
            if self._over:
                return
            self._call = open_call(iter(self._requests.get, None))
            self._reader = threading.Thread(
                target=self._read, args=(on_end,), name="dalsegno-listen", daemon=True
            )
            self._reader.start()

    def fail(self, fault: RpcError) -> None:
        """Ends a stream that could not be started."""
        with self._lock:
            if self._over or self._call is not None:
                return
            self._over = True
        self._end(fault)

    def hang_up(self) -> None:
        self.fail(CANCELLED)
        if self._call is not None:
            self._call.cancel()

    def join(self, timeout_s: float) -> None:
        reader = self._reader
        if reader is not None and reader is not threading.current_thread():
            reader.join(timeout_s)

    def _read(self, on_end: Callable[[RpcError], None]) -> None:
        nonsense = False
        try:
            for raw in self._call:
                self._receive(raw)
        except grpc.RpcError:
            pass  # its status is read below, like that of a clean end
        except Exception as error:  # noqa: BLE001 - whatever is in a message, the end of the stream is told
            _log.warning("a message on the stream made no sense: %s", type(error).__name__)
            nonsense = True
            self._call.cancel()
        fault = NONSENSE if nonsense else rpc_error_of(self._call)
        on_end(fault)
        self._end(fault)

    def _receive(self, raw: bytes) -> None:
        event = parsed(raw, self.number, self._names)
        if event is not None:
            self._sink(event)

    def _end(self, fault: RpcError) -> None:
        with self._lock:
            self._over = True
        self._requests.put(None)  # lets grpc's own thread, which waits for our requests, come to its end
        self._sink(StreamEnded(self.number, fault))
