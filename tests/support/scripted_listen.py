"""One `Listen` call, as a server sees and drives it; `ScriptedServer` hands them out."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from queue import Queue, SimpleQueue
from typing import Any, Self

import grpc

from dalsegno._core.messages import ResourcePath, RpcError
from dalsegno._core.types import Micros, Value
from dalsegno._remote import protos
from dalsegno._remote.resource_path import ResourceNames
from dalsegno._remote.serializer import encode_fields, set_micros

PATIENCE_S = 30.0
CODES = {code.name: code for code in grpc.StatusCode}
_KINDS = {"NO_CHANGE": 0, "ADD": 1, "REMOVE": 2, "CURRENT": 3, "RESET": 4}


@dataclass(frozen=True, slots=True)
class Doc:
    """A document as the server has it."""

    path: ResourcePath
    fields: Mapping[str, Value]
    update_time: Micros

    def write_into(self, message: Any, names: ResourceNames) -> None:
        """Fills a plain protobuf `Document`."""
        message.name = names.name(self.path)
        encode_fields(message.fields, self.fields)
        set_micros(message.update_time, self.update_time)


def doc(path: ResourcePath, fields: Mapping[str, Value], update_time: int = 1_000_000) -> Doc:
    return Doc(path, fields, Micros(update_time))


@dataclass(frozen=True, slots=True)
class _End:
    fault: RpcError = field(default_factory=lambda: RpcError("OK"))


class ListenCall:
    """One `Listen` call as the server sees it. Every sending method returns the call itself."""

    def __init__(
        self, number: int, names: ResourceNames, tick: Callable[[], Micros], metadata: Mapping[str, str]
    ) -> None:
        self.number = number
        self.metadata = metadata
        self.closed = threading.Event()
        """Set when the call is over, whoever ended it."""
        self.targets: list[Any] = []
        """All `Target`s that were asked for on this call, and the ids of those that were removed."""
        self.removals: list[int] = []
        self._names = names
        self._tick = tick
        self._out: SimpleQueue[bytes | _End] = SimpleQueue()
        self._requests: Queue[Any] = Queue()

    # --- what the client asks ---------------------------------------------------------------------

    @property
    def token(self) -> str:
        """The user's token that came with the call."""
        return self.metadata.get("authorization", "").removeprefix("Bearer ")

    def next_request(self) -> Any:
        """The next `ListenRequest`, plain protobuf; EOFError when the call is over."""
        request = self._requests.get(timeout=PATIENCE_S)
        if request is None:
            self._requests.put(None)
            raise EOFError("the call is over")
        return request

    def next_target(self) -> Any:
        """The `Target` of the next request, which must be an addition."""
        request = self.next_request()
        assert request.WhichOneof("target_change") == "add_target", f"not an addition: {request}"
        return request.add_target

    def next_removal(self) -> int:
        """The target id of the next request, which must be a removal."""
        request = self.next_request()
        assert request.WhichOneof("target_change") == "remove_target", f"not a removal: {request}"
        return int(request.remove_target)

    # --- what the server says ---------------------------------------------------------------------

    def answer(self, target: int, *docs: Doc, token: bytes = b"") -> Self:
        """All that a healthy server says to a new target: ADD, its documents, CURRENT, and a snapshot."""
        self.add(target)
        for item in docs:
            self.document(item, target)
        return self.current(target, token=token).heartbeat(token=token)

    def add(self, *targets: int) -> Self:
        return self.target_change("ADD", *targets)

    def current(self, *targets: int, token: bytes = b"") -> Self:
        return self.target_change("CURRENT", *targets, token=token, read_time=self._tick())

    def heartbeat(self, *, token: bytes = b"", read_time: int | None = None) -> Self:
        """NO_CHANGE for the whole stream: what the backend says every 30 s, and after each snapshot."""
        time = self._tick() if read_time is None else Micros(read_time)
        return self.target_change("NO_CHANGE", token=token, read_time=time)

    def reset(self, *targets: int) -> Self:
        return self.target_change("RESET", *targets)

    def remove(self, *targets: int, cause: RpcError | None = None) -> Self:
        return self.target_change("REMOVE", *targets, cause=cause)

    def target_change(
        self,
        kind: str,
        *targets: int,
        token: bytes = b"",
        read_time: Micros | None = None,
        cause: RpcError | None = None,
    ) -> Self:
        response = protos.ListenResponse()
        change = response.target_change
        change.target_change_type = _KINDS[kind]
        change.target_ids.extend(targets)
        change.resume_token = token
        if read_time is not None:
            set_micros(change.read_time, read_time)
        if cause is not None:
            change.cause.code, change.cause.message = CODES[cause.code].value[0], cause.message
        return self._send(response)

    def document(self, item: Doc, *targets: int, removed: tuple[int, ...] = ()) -> Self:
        response = protos.ListenResponse()
        change = response.document_change
        item.write_into(change.document, self._names)
        change.target_ids.extend(targets)
        change.removed_target_ids.extend(removed)
        return self._send(response)

    def delete(self, path: ResourcePath, *removed: int) -> Self:
        """The document was deleted, which the targets `removed` had."""
        response = protos.ListenResponse()
        self._gone(response.document_delete, path, removed)
        return self._send(response)

    def forget(self, path: ResourcePath, *removed: int) -> Self:
        """The document no longer belongs to the targets `removed`, whether it still is or not."""
        response = protos.ListenResponse()
        self._gone(response.document_remove, path, removed)
        return self._send(response)

    def existence_filter(self, target: int, count: int) -> Self:
        response = protos.ListenResponse()
        response.filter.target_id, response.filter.count = target, count
        return self._send(response)

    def raw(self, message: bytes) -> Self:
        """Any bytes in place of a `ListenResponse`."""
        self._out.put(message)
        return self

    def end(self, code: str = "OK", message: str = "") -> None:
        """Ends the call with a gRPC status; OK = cleanly."""
        self._out.put(_End(RpcError(code, message)))

    # --- inside -----------------------------------------------------------------------------------

    def _gone(self, message: Any, path: ResourcePath, removed: tuple[int, ...]) -> None:
        message.document = self._names.name(path)
        message.removed_target_ids.extend(removed)
        set_micros(message.read_time, self._tick())

    def _send(self, response: Any) -> Self:
        return self.raw(response.SerializeToString())

    def _receive(self, requests: Iterator[Any]) -> None:
        try:
            for request in requests:
                self._note(request)
                self._requests.put(request)
        except Exception:  # noqa: BLE001 - grpc raises a bare Exception here when the client hangs up
            self.closed.set()

    def _note(self, request: Any) -> None:
        if request.WhichOneof("target_change") == "add_target":
            self.targets.append(request.add_target)
        else:
            self.removals.append(request.remove_target)

    def _over(self) -> None:
        self.closed.set()
        self._requests.put(None)
        self._out.put(_End())

    def serve(self, requests: Iterator[Any], context: Any) -> Iterator[bytes]:
        """On one of the server's threads, for as long as the call lives."""
        if not context.add_callback(self._over):  # the client has hung up already
            self._over()
            return
        threading.Thread(
            target=self._receive, args=(requests,), name="scripted-requests", daemon=True
        ).start()
        while isinstance(message := self._out.get(), bytes):
            yield message
        if message.fault.code != "OK":
            context.abort(CODES[message.fault.code], message.fault.message)
