"""A scripted server that keeps documents: as long as the test says nothing else, it is a small Firestore.

    with LivingServer() as server, Device(server.host, home, time=server.time) as device:
        device.open("moby").update(page=7)
        server.value("moby", "page")

It commits with preconditions, masks and transforms, and tells every listener. Its time is a clock that the
test can push forward. Scripts and answers of `ScriptedServer` go first.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from queue import Empty
from typing import Any

from dalsegno._core.messages import ResourcePath, RpcError
from dalsegno._core.types import Micros, Value
from dalsegno._remote import protos
from dalsegno._remote.serializer import decode_fields, micros, set_micros
from tests.support.clients import SkippingTime
from tests.support.scripted_listen import CODES, Doc, ListenCall
from tests.support.scripted_server import Answer, Never, ScriptedServer

PACE = 40
MOBY = ("sessions", "moby")
"""A document, for tests that need one."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Lost:
    """The answer to a commit is lost, after the server has applied it or not; the client sees `fault`,
    or nothing at all. `meanwhile` happens before the answer."""

    applied: bool
    fault: RpcError | None = None
    meanwhile: Callable[[], object] = lambda: None


class LivingServer(ScriptedServer):
    """`documents`: what it holds. `honours_tokens`: a resume token spares what the client has already."""

    def __init__(self, project: str = "demo-scripted", user: str = "alice") -> None:
        super().__init__(project, user)
        self.time = SkippingTime()
        self.documents: dict[ResourcePath, Doc] = {}
        self.honours_tokens = True
        self._last = Micros(0)
        self._refused: dict[ResourcePath, RpcError] = {}
        self._answers: dict[ResourcePath, deque[Any]] = {}
        self.reads: list[ResourcePath] = []
        """The document of each read, in order."""
        self.mute: set[ResourcePath] = set()
        """Documents whose reads are never answered."""
        self._lock = threading.RLock()
        self._targets: dict[ListenCall, dict[int, ResourcePath]] = {}

    # --- what the test asks ---------------------------------------------------------------------

    def script(self, *scripts: Callable[[ListenCall], object]) -> None:
        """Like `on_listen`, but forgets the scripts before."""
        self._scripts.clear()
        self.on_listen(*scripts)

    def on_commit_of(self, session: str, *answers: Answer | Lost) -> None:
        """Answers to the next commits of a session, in place of those set before."""
        self._answers["sessions", session] = deque(answers)

    def skipping(self, ms: float) -> bool:
        """Pushes the clock, at most `PACE` times as fast as it goes; true. For conditions that need time to
        go on: a second that takes no time at all is too short for any answer."""
        time.sleep(ms / 1000 / PACE)
        self.time.skip(ms)
        return True

    def target_of(self, path: ResourcePath) -> tuple[ListenCall, int]:
        """The newest call that listens to this path, and the target's number."""
        with self._lock:
            found = [(c, t) for c, own in self._targets.items() for t, p in own.items() if p == path]
        return found[-1]

    def put(self, path: ResourcePath, fields: Mapping[str, Value]) -> Doc:
        """A document appears or changes, as if somebody else had written it; all listeners are told."""
        with self._lock:
            changed = self.documents[path] = self.doc(path, fields)
            self._tell(changed)
        return changed

    def doc(self, path: ResourcePath, fields: Mapping[str, Value]) -> Doc:
        """A document as of now; it is not kept, and nobody is told."""
        return Doc(path, fields, self.tick())

    def refuse(self, path: ResourcePath, cause: RpcError | None) -> None:
        """From now on nobody may listen to this document, or (None) everybody again."""
        with self._lock:
            self._refused.pop(path, None)
            if cause is not None:
                self._refused[path] = cause

    def fields(self, session: str) -> Mapping[str, Value]:
        found = self.documents.get(("sessions", session))
        return found.fields if found else {}

    def value(self, session: str, field: str) -> Value:
        """A field of a session's state, or None."""
        state = self.fields(session).get("state")
        return state.get(field) if isinstance(state, Mapping) else None

    def tick(self) -> Micros:
        with self._lock:
            self._last = Micros(max(self._last + 1, self.time.wall_ms() * 1000))
            return self._last

    # --- listening ------------------------------------------------------------------------------

    def serve(self, call: ListenCall) -> None:
        """Answers a call like a healthy server until it ends: the script of calls that have none."""
        while True:
            try:
                self.answer_next(call)
            except Empty:
                continue  # nothing was asked for a while
            except EOFError:
                break
        with self._lock:
            self._targets.pop(call, None)

    def answer_next(self, call: ListenCall) -> None:
        """Does what the next request of the call asks."""
        request = call.next_request()
        with self._lock:
            targets = self._targets.setdefault(call, {})
            if request.WhichOneof("target_change") == "remove_target":
                targets.pop(request.remove_target, None)
                call.remove(request.remove_target)
                return
            target = request.add_target
            path = self._path(target)
            if path in self._refused:
                call.remove(target.target_id, cause=self._refused[path])
                return
            targets[target.target_id] = path
            self._answer(call, target.target_id, path, target.resume_token)

    def _answer(self, call: ListenCall, target: int, path: ResourcePath, token: bytes) -> None:
        found = [d for p, d in self.documents.items() if p == path or p[:-1] == path]
        call.add(target)
        if token and self.honours_tokens:
            found = [d for d in found if d.update_time > int(token)]
        elif token:
            call.reset(target)
        for document in found:
            call.document(document, target)
        token = str(self._last).encode()
        call.current(target, token=token).heartbeat(token=token)

    def _path(self, target: Any) -> ResourcePath:
        if target.WhichOneof("target_type") == "documents":
            path = self.names.path(target.documents.documents[0])
            assert path is not None
            return path
        return (target.query.structured_query.from_[0].collection_id,)

    def _tell(self, changed: Doc) -> None:
        for call, targets in self._targets.items():
            theirs = [t for t, path in targets.items() if path in (changed.path, changed.path[:-1])]
            if theirs:
                call.document(changed, *theirs).heartbeat(token=str(self._last).encode())

    # --- calls ----------------------------------------------------------------------------------

    def _listen(self, requests: Any, context: Any) -> Any:
        if not self._scripts:
            self.on_listen(self.serve)
        return super()._listen(requests, context)

    def _commit(self, request: Any, context: Any) -> Any:
        self._met(context)
        self.commits.append(request)
        answers = self._answers.get(self._name(request.writes[0].update.name))
        answer: Any = answers.popleft() if answers else None
        if isinstance(answer, Lost):
            if answer.applied:
                self._apply(request, context)
            answer.meanwhile()
            answer = answer.fault or Never()
        return self._answered(answer, request, context, lambda request: self._apply(request, context))

    def _apply(self, request: Any, context: Any) -> Any:
        with self._lock:
            for write in request.writes:
                self._check(write, context)
            response = protos.CommitResponse()
            for write in request.writes:
                document = self._written(write)
                self.documents[document.path] = document
                set_micros(response.write_results.add().update_time, document.update_time)
                self._tell(document)
            set_micros(response.commit_time, self._last)
            return response

    def _check(self, write: Any, context: Any) -> None:
        current = self.documents.get(self._name(write.update.name))
        condition = write.current_document
        match condition.WhichOneof("condition_type"):
            case "exists":
                holds = condition.exists is (current is not None)
            case "update_time":
                holds = current is not None and current.update_time == micros(condition.update_time)
            case _:
                holds = True
        if not holds:
            context.abort(CODES["FAILED_PRECONDITION"], "the document is another than you think")

    def _written(self, write: Any) -> Doc:
        path = self._name(write.update.name)
        now = self.tick()
        known = self.documents.get(path)
        fields = _copied(known.fields) if known else {}
        given = decode_fields(write.update)
        for field_path in write.update_mask.field_paths:
            _move(field_path.replace("`", "").split("."), given, fields)
        for transform in write.update_transforms:
            name = transform.field_path
            if transform.HasField("increment"):
                fields[name] = fields.get(name, 0) + transform.increment.integer_value
            else:
                fields[name] = _EPOCH + timedelta(microseconds=now)
        return Doc(path, fields, now)

    def _read(self, request: Any, context: Any) -> Any:
        path = self._name(request.documents[0])
        if path in self.mute:
            self.reads.append(path)
            self._answered(Never(), request, context, lambda request: None)
        else:
            yield from super()._read(request, context)

    def _found(self, request: Any, item: Any) -> Any:
        self.reads.append(self._name(request.documents[0]))
        with self._lock:
            return super()._found(request, item or self.documents.get(self._name(request.documents[0])))

    def _name(self, name: str) -> ResourcePath:
        path = self.names.path(name)
        assert path is not None
        return path


def written(rev: int = 1, **state: Value) -> dict[str, Value]:
    """A session's document as another device would have written it, `rev` seconds after a day in 2023."""
    millis = 1_700_000_000_000 + 1000 * rev
    return {
        "schema": "note/1",
        "state": state,
        "stamps": dict.fromkeys(state, f"{millis:015d}-00000-00000000000000bb"),
        "basis": dict.fromkeys(state, rev - 1),
        "rev": rev,
        "hlc": millis,
        "device": "00000000000000bb",
        "holder": None,
    }


def _copied(fields: Mapping[str, Value]) -> dict[str, Any]:
    return {k: _copied(v) if isinstance(v, Mapping) else v for k, v in fields.items()}


def _move(path: Iterable[str], given: Any, into: dict[str, Any]) -> None:
    """Writes the field at `path` of `given`; a field that is masked and not given is deleted."""
    *outer, name = path
    for segment in outer:
        given = given.get(segment, {})
        into = into.setdefault(segment, {})
    if name in given:
        into[name] = given[name]
    else:
        into.pop(name, None)
