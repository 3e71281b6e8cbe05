"""A Firestore server that does as the test says, for what the emulator never does: heartbeats and their
absence, existence filters, resume tokens honoured or refused, RESET, every fault, nonsense.

    with ScriptedServer() as server:
        ...                                    # a client listens at server.host
        call = server.next_listen()
        call.next_target()                     # what it asked for; its resume_token too
        call.answer(1, doc(("sessions", "moby"), {"rev": 1}), token=b"t1")
        call.heartbeat().reset(1).end("UNAVAILABLE")

Each `Listen` call can also be driven by a function (`server.on_listen(script)`), which runs on a thread of
its own; a call without a script accepts, and says nothing until the test does. Nothing here waits for ever:
what does not come within `PATIENCE_S` fails the test.
"""

from __future__ import annotations

import itertools
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from queue import Queue
from typing import Any, Self, TypeAlias

import grpc

from dalsegno._core.messages import RpcError
from dalsegno._core.types import Micros, ProjectId, UserId
from dalsegno._remote import protos
from dalsegno._remote.resource_path import ResourceNames
from dalsegno._remote.serializer import set_micros
from tests.support.scripted_listen import CODES, PATIENCE_S, Doc, ListenCall, doc

__all__ = ["Answer", "Doc", "ListenCall", "Never", "ScriptedServer", "doc"]

_MAX_CALLS = 64
_OPTIONS = (
    ("grpc.http2.min_ping_interval_without_data_ms", 1000),  # lets the client's keepalive through
    ("grpc.http2.max_ping_strikes", 0),
    ("grpc.so_reuseport", 0),
)


@dataclass(frozen=True, slots=True)
class Never:
    """An answer that does not come: the call stays open until the client gives up."""


Answer: TypeAlias = "RpcError | Never | Doc | Callable[[Any], Any] | None"
"""How to answer a commit or read: a fault, never, a document (reads), None = as a healthy server would, or a
function from the request (plain protobuf) to the response (for reads: or to any bytes)."""


class ScriptedServer:
    """Firestore's `Listen`, `Commit` and `BatchGetDocuments` on a free loopback port."""

    def __init__(self, project: str = "demo-scripted", user: str = "alice") -> None:
        self.names = ResourceNames(ProjectId(project), UserId(user))
        self.listens: list[ListenCall] = []
        self.commits: list[Any] = []
        """All `CommitRequest`s, the refused ones too."""
        self.tokens: list[str] = []
        """The token of each call, in order."""
        self._port = 0
        self._arrived: Queue[ListenCall] = Queue()
        self._scripts: deque[Callable[[ListenCall], object]] = deque()
        self._commit_answers: deque[Answer] = deque()
        self._read_answers: deque[Answer] = deque()
        self._times = itertools.count(2_000_000_000_000_000, 1000)
        self._numbers = itertools.count(1)
        self._grpc: Any = None
        self._pool: ThreadPoolExecutor | None = None

    # --- life -------------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self._port}"

    def start(self) -> Self:
        """Starts, or starts again on the same port."""
        self._pool = ThreadPoolExecutor(_MAX_CALLS, "scripted-server")
        self._grpc = grpc.server(self._pool, options=_OPTIONS)
        handlers = {
            "Listen": grpc.stream_stream_rpc_method_handler(self._listen, protos.ListenRequest.FromString),
            "Commit": grpc.unary_unary_rpc_method_handler(
                self._commit, protos.CommitRequest.FromString, protos.CommitResponse.SerializeToString
            ),
            "BatchGetDocuments": grpc.unary_stream_rpc_method_handler(
                self._read,
                protos.BatchGetDocumentsRequest.FromString,
                lambda message: message if isinstance(message, bytes) else message.SerializeToString(),
            ),
        }
        service = grpc.method_handlers_generic_handler("google.firestore.v1.Firestore", handlers)
        self._grpc.add_generic_rpc_handlers((service,))
        self._port = self._grpc.add_insecure_port(self.host)
        self._grpc.start()
        return self

    def stop(self) -> None:
        """Shuts down at once: open calls break off, new connections are refused."""
        if self._grpc is not None:
            self._grpc.stop(0).wait(PATIENCE_S)
            self._grpc = None
        if self._pool is not None:
            self._pool.shutdown()

    def go_away(self) -> None:
        """Sends GOAWAY: open calls go on, new calls must find another connection, and there is none."""
        self._grpc.stop(PATIENCE_S)

    # --- scripts ----------------------------------------------------------------------------------

    def on_listen(self, *scripts: Callable[[ListenCall], object]) -> Self:
        """The next calls are driven by these, one each; the last one also drives all that follow."""
        self._scripts.extend(scripts)
        return self

    def on_commit(self, *answers: Answer) -> Self:
        """Answers to the next commits, one each; afterwards the server is healthy again."""
        self._commit_answers.extend(answers)
        return self

    def on_read(self, *answers: Answer) -> Self:
        """Answers to the next reads, one each; afterwards no document exists."""
        self._read_answers.extend(answers)
        return self

    def next_listen(self) -> ListenCall:
        """The next `Listen` call that arrived and was not taken yet."""
        return self._arrived.get(timeout=PATIENCE_S)

    def tick(self) -> Micros:
        """The server's time: one millisecond later with each look."""
        return Micros(next(self._times))

    # --- calls ------------------------------------------------------------------------------------

    def _listen(self, requests: Iterator[Any], context: Any) -> Iterator[bytes]:
        call = ListenCall(next(self._numbers), self.names, self.tick, self._met(context))
        self.listens.append(call)
        self._arrived.put(call)
        if self._scripts:
            script = self._scripts.popleft() if len(self._scripts) > 1 else self._scripts[0]
            threading.Thread(target=script, args=(call,), name="scripted-listen", daemon=True).start()
        yield from call.serve(requests, context)

    def _commit(self, request: Any, context: Any) -> Any:
        self._met(context)
        self.commits.append(request)
        answer = self._commit_answers.popleft() if self._commit_answers else None
        return self._answered(answer, request, context, self._applied)

    def _read(self, request: Any, context: Any) -> Iterator[Any]:
        self._met(context)
        answer = self._read_answers.popleft() if self._read_answers else None
        response = self._answered(answer, request, context, lambda request: self._found(request, answer))
        if response is not None:
            yield response

    def _answered(self, answer: Answer, request: Any, context: Any, healthy: Callable[[Any], Any]) -> Any:
        match answer:
            case RpcError():
                return context.abort(CODES[answer.code], answer.message)
            case Never():
                gone = threading.Event()
                if context.add_callback(gone.set):
                    gone.wait()
                return None
            case Doc() | None:
                return healthy(request)
            case _:
                return answer(request)

    def _applied(self, request: Any) -> Any:
        response = protos.CommitResponse()
        now = self.tick()
        set_micros(response.commit_time, now)
        for _ in request.writes:
            set_micros(response.write_results.add().update_time, now)
        return response

    def _found(self, request: Any, item: Answer) -> Any:
        response = protos.BatchGetDocumentsResponse()
        set_micros(response.read_time, self.tick())
        if isinstance(item, Doc):
            item.write_into(response.found, self.names)
        else:
            response.missing = request.documents[0]
        return response

    def _met(self, context: Any) -> Mapping[str, str]:
        metadata = {key: value for key, value in context.invocation_metadata() if isinstance(value, str)}
        self.tokens.append(metadata.get("authorization", "").removeprefix("Bearer "))
        return metadata
