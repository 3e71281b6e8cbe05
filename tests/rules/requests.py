"""Requests to Firestore as plain data that a test can change in one place, and how they are sent.

They are encoded by Google's own client and sent over gRPC as a signed-in user, or as nobody; and what no
client writes, as an administrator.
"""

from __future__ import annotations

import queue
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Protocol

from google.api_core.exceptions import PermissionDenied
from google.cloud.firestore_v1 import types
from google.cloud.firestore_v1._helpers import encode_dict
from google.cloud.firestore_v1.field_path import FieldPath
from google.cloud.firestore_v1.services.firestore import FirestoreClient

from dalsegno._core import messages
from tests.support.users import OWNER, raw_client, unsigned_token

Transform = types.DocumentTransform.FieldTransform
NOW = Transform.ServerValue.REQUEST_TIME
TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class User:
    """Who asks, and since when this user is signed in: rules tell one sign-in from another by that time.

    email   "" for a user who has none, and so cannot sign in anew
    """

    uid: str
    signed_in_s: int
    email: str = "somebody@example.com"

    @property
    def sign_in(self) -> str:
        """The path of the document of this sign-in."""
        return f"users/{self.uid}/signins/{self.signed_in_s}"

    @property
    def token(self) -> str:
        claims = {"email": self.email} if self.email else {}
        return unsigned_token(self.uid, auth_time=self.signed_in_s, **claims)


ALICE = User("alice", 1_700_000_001)


class Administrator(User):
    """For documents that no honest client writes: the rules do not hold."""

    @property
    def token(self) -> str:
        return OWNER


ADMINISTRATOR = Administrator("administrator", 0)


@cache
def client(host: str) -> FirestoreClient:
    """The connection to an emulator."""
    return raw_client(host, None)


@dataclass(frozen=True, slots=True)
class Server:
    """One project on one emulator; all users ask over one connection, each call with its own token."""

    host: str
    project: str

    @property
    def database(self) -> str:
        return f"projects/{self.project}/databases/(default)"

    @property
    def root(self) -> str:
        return f"{self.database}/documents"

    def metadata(self, user: User | None) -> Sequence[tuple[str, str]]:
        prefix = ("google-cloud-resource-prefix", self.database)
        return [prefix] if user is None else [prefix, ("authorization", f"Bearer {user.token}")]

    def call(self, request: Request, method: str, **fields: Any) -> Any:
        return getattr(client(self.host), method)(
            request=fields, retry=None, timeout=TIMEOUT_S, metadata=self.metadata(request.user)
        )

    def allows(self, request: Request) -> bool:
        """Sends it; False if the rules deny it. Any other failure is raised: it says nothing of the rules."""
        try:
            request.send(self)
        except PermissionDenied:
            return False
        return True


class Request(Protocol):
    """Something that `user` (None: nobody is signed in) asks of the server."""

    user: User | None

    def send(self, server: Server) -> None:
        """Raises PermissionDenied if the rules say no."""
        ...


@dataclass
class Put:
    """A write of some fields: the field mask is exactly their paths."""

    path: str
    fields: dict[tuple[str, ...], Any]
    increments: dict[tuple[str, ...], int | float] = field(default_factory=dict)
    server_times: list[tuple[str, ...]] = field(default_factory=list)
    exists: bool | None = None
    erased: list[tuple[str, ...]] = field(default_factory=list)
    user: User | None = ALICE

    @classmethod
    def of(cls, write: messages.Write, user: User = ALICE) -> Put:
        """A write that the SDK makes; its precondition on time becomes one on existence."""
        path = "/".join(("users", user.uid, *write.path))
        exists = None if write.base == messages.ANY else write.base is not None
        fields, increments = dict(write.fields), dict[tuple[str, ...], int | float](write.increments)
        return cls(path, fields, increments, list(write.server_times), exists, user=user)

    def send(self, server: Server) -> None:
        server.call(self, "commit", database=server.database, writes=[self.write(server)])

    def write(self, server: Server) -> types.Write:
        nested: dict[str, Any] = {}
        for path, value in self.fields.items():
            inner = nested
            for name in path[:-1]:
                inner = inner.setdefault(name, {})
            inner[path[-1]] = value
        document = types.Document(name=f"{server.root}/{self.path}", fields=encode_dict(nested))
        mask = [_text(path) for path in (*self.fields, *self.erased)]
        transforms = [
            *(
                Transform(field_path=_text(path), increment=_number(by))
                for path, by in self.increments.items()
            ),
            *(Transform(field_path=_text(path), set_to_server_value=NOW) for path in self.server_times),
        ]
        precondition = None if self.exists is None else types.Precondition(exists=self.exists)
        return types.Write(
            update=document,
            update_mask=types.DocumentMask(field_paths=mask),
            update_transforms=transforms,
            current_document=precondition,
        )


def _text(path: tuple[str, ...]) -> str:
    return str(FieldPath(*path).to_api_repr())


def _number(value: float) -> types.Value:
    return types.Value(integer_value=value) if isinstance(value, int) else types.Value(double_value=value)


@dataclass
class Delete:
    path: str
    user: User | None = ALICE

    def send(self, server: Server) -> None:
        server.call(self, "commit", database=server.database, writes=[self.write(server)])

    def write(self, server: Server) -> types.Write:
        return types.Write(delete=f"{server.root}/{self.path}")


@dataclass
class Together:
    """Several writes as one commit, which is done as a whole or not at all."""

    writes: tuple[Put | Delete, ...]
    user: User | None = ALICE

    def send(self, server: Server) -> None:
        writes = [write.write(server) for write in self.writes]
        server.call(self, "commit", database=server.database, writes=writes)


@dataclass
class Get:
    path: str
    user: User | None = ALICE

    def send(self, server: Server) -> None:
        server.call(self, "get_document", name=f"{server.root}/{self.path}")


@dataclass
class BatchGet:
    path: str
    user: User | None = ALICE

    def send(self, server: Server) -> None:
        database = server.database
        list(
            server.call(
                self, "batch_get_documents", database=database, documents=[f"{server.root}/{self.path}"]
            )
        )


@dataclass
class Query:
    """The newest documents of one collection, or of the whole collection group below `parent`."""

    parent: str
    collection: str
    order_by: str = ""
    limit: int = 20
    group: bool = False
    user: User | None = ALICE

    def query(self) -> types.StructuredQuery:
        selector = types.StructuredQuery.CollectionSelector(
            collection_id=self.collection, all_descendants=self.group
        )
        order = types.StructuredQuery.Order(
            field=types.StructuredQuery.FieldReference(field_path=self.order_by),
            direction=types.StructuredQuery.Direction.DESCENDING,
        )
        return types.StructuredQuery(
            from_=[selector], order_by=[order] if self.order_by else [], limit=self.limit
        )

    def full_parent(self, server: Server) -> str:
        return f"{server.root}/{self.parent}" if self.parent else server.root

    def send(self, server: Server) -> None:
        list(server.call(self, "run_query", parent=self.full_parent(server), structured_query=self.query()))


@dataclass
class Listen:
    """A listener on one document (`path`) or on a query; waits for its first snapshot, or for the refusal."""

    what: Get | Query
    user: User | None = ALICE

    def send(self, server: Server) -> None:
        if isinstance(self.what, Query):
            query = types.Target.QueryTarget(
                parent=self.what.full_parent(server), structured_query=self.what.query()
            )
            target = types.Target(target_id=1, query=query)
        else:
            documents = types.Target.DocumentsTarget(documents=[f"{server.root}/{self.what.path}"])
            target = types.Target(target_id=1, documents=documents)
        database = server.database
        requests: queue.SimpleQueue[types.ListenRequest | None] = queue.SimpleQueue()
        requests.put(types.ListenRequest(database=database, add_target=target))
        stream = client(server.host).listen(
            requests=iter(requests.get, None),
            retry=None,
            timeout=TIMEOUT_S,
            metadata=server.metadata(self.user),
        )
        try:
            _await_snapshot(stream)
        finally:
            requests.put(None)
            for _ in stream:  # to its end: a write meets no listener that is just being cancelled
                pass


def _await_snapshot(stream: Iterable[types.ListenResponse]) -> None:
    change = types.TargetChange.TargetChangeType
    for response in stream:
        kind = response.target_change.target_change_type
        if kind == change.REMOVE:
            raise PermissionDenied(response.target_change.cause.message)
        if "target_change" in response and kind == change.CURRENT:
            return
    raise AssertionError("the stream ended before its first snapshot")
