"""A user's documents, all that there are, in pages: read as they stand on the wire, counted, deleted.

Any thread. Plain protobuf in and out: nothing is decoded, so nothing is lost. Invariant: what lies below a
user is found by asking Firestore for all descendants, whatever the collections are called: marks of a session
that is gone, and what future versions may keep, are found as well.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from google.api_core import exceptions as api
from google.api_core import retry
from google.auth import exceptions as google_auth
from google.cloud.firestore_v1.services.firestore import FirestoreClient
from google.cloud.firestore_v1.services.firestore.transports import FirestoreGrpcTransport
from google.cloud.firestore_v1.types import common, document, firestore, query, write

from dalsegno._core.types import ProjectId
from dalsegno._errors import DalSegnoError, Denied, Offline, UsageError
from dalsegno.admin._reaching import why

PAGE = 200
"""Documents read, or deleted, with one request; an interruption loses the work of one page at the most."""
TIMEOUT_S = 60.0
"""For one request."""
PATIENCE_S = 60.0
"""How long an unreachable or busy Firestore is asked again; its own client would for five minutes."""
OWNER = (("authorization", "Bearer owner"),)
"""How an emulator knows its administrator."""
_OK, _NOT_FOUND, _CHANGED = 0, 5, 9
"""gRPC's codes; the last: a document is no longer as it was read."""
_DONE = (_OK, _NOT_FOUND)
"""Either way the document is not there."""

PASSING = (
    api.ServiceUnavailable,
    api.TooManyRequests,
    api.Aborted,
    api.InternalServerError,
    api.Cancelled,  # the emulator's answer to a write that it could not tell to a listener that is gone
)

_Query = query.StructuredQuery
NAME = "__name__"
_BY_NAME = [_Query.Order(field=_Query.FieldReference(field_path=NAME), direction=_Query.Direction.ASCENDING)]


@dataclass(frozen=True, slots=True)
class Page:
    """Some documents (plain protobuf), in the order of their names, as they stood at `read_time`."""

    documents: Sequence[Any]
    read_time: Any


class Documents:
    """The documents of one project."""

    def __init__(self, project: ProjectId, credentials: Any, emulator: str | None) -> None:
        import grpc

        self._client: Any
        self.database = f"projects/{project}/databases/(default)"
        self.top = f"{self.database}/documents"
        if emulator:
            options = [("grpc.enable_http_proxy", 0)]
            transport = FirestoreGrpcTransport(channel=grpc.insecure_channel(emulator, options))
            self._client = FirestoreClient(transport=transport)
        else:
            self._client = FirestoreClient(credentials=credentials)
        again = retry.Retry(retry.if_exception_type(*PASSING), timeout=PATIENCE_S)
        self._how: dict[str, Any] = {
            "timeout": TIMEOUT_S,
            "retry": again,
            "metadata": OWNER if emulator else (),
        }

    def close(self) -> None:
        """Ends the connection."""
        self._client.transport.close()

    def user(self, uid: str) -> str:
        """The name of a user's own document."""
        return f"{self.top}/users/{uid}"

    def path(self, name: str) -> tuple[str, ...]:
        """A document's name below the database: ("users", uid, "sessions", id)."""
        return tuple(name[len(self.top) + 1 :].split("/"))

    def below(
        self, parent: str, *, collection: str = "", only: Sequence[str] | None = None, read_time: Any = None
    ) -> Iterator[Page]:
        """All documents below `parent` (of collections called `collection`), page by page, of one moment.

        only        these fields, of which there may be none; default: all
        read_time   that moment; default: now
        """
        asked = _Query(
            from_=[_Query.CollectionSelector(collection_id=collection, all_descendants=True)],
            order_by=_BY_NAME,
            limit=PAGE,
        )
        if only is not None:
            paths = only or (NAME,)
            asked.select = _Query.Projection(fields=[_Query.FieldReference(field_path=p) for p in paths])
        while True:
            page = self._page(parent, asked, read_time)
            if page.documents:
                yield page
            if len(page.documents) < PAGE:
                return
            read_time = page.read_time
            last = document.Value(reference_value=page.documents[-1].name)
            asked.start_at = query.Cursor(values=[last], before=False)

    def _page(self, parent: str, asked: Any, read_time: Any) -> Page:
        request = firestore.RunQueryRequest(parent=parent, structured_query=asked, read_time=read_time)
        with _plainly():
            answers = list(self._client.run_query(request, **self._how))
        found = [firestore.RunQueryResponse.pb(answer).document for answer in answers]
        return Page([doc for doc in found if doc.name], answers[0].read_time if answers else read_time)

    def get(self, name: str, *, read_time: Any = None) -> Any:
        """One document, as it stood at that moment (default: now), or None."""
        with _plainly():
            try:
                found = self._client.get_document(
                    firestore.GetDocumentRequest(name=name, read_time=read_time), **self._how
                )
            except api.NotFound:
                return None
        return document.Document.pb(found)

    def count(self, parent: str, *, collection: str = "") -> int:
        """How many documents there are below `parent`; Firestore bills one read for a thousand."""
        counting = query.StructuredAggregationQuery
        request = firestore.RunAggregationQueryRequest(
            parent=parent,
            structured_aggregation_query=counting(
                structured_query=_Query(
                    from_=[_Query.CollectionSelector(collection_id=collection, all_descendants=True)]
                ),
                aggregations=[counting.Aggregation(alias="n", count=counting.Aggregation.Count())],
            ),
        )
        with _plainly():
            answers = self._client.run_aggregation_query(request, **self._how)
            return sum(int(a.result.aggregate_fields["n"].integer_value) for a in answers)

    def delete(self, documents: Iterable[Any], *, unchanged: bool = False) -> int:
        """Deletes documents; how many were deleted, or gone already.

        unchanged   only those that are as they were read

        Raises:
            Offline: also if Firestore was too busy for some of those that are to be deleted unchanged.
        """
        writes = [
            write.Write(
                delete=doc.name,
                current_document=common.Precondition(update_time=doc.update_time) if unchanged else None,
            )
            for doc in documents
        ]
        if not writes:
            return 0
        codes = self._written(writes)
        if unchanged and any(code not in (*_DONE, _CHANGED) for code in codes):
            raise Offline("Firestore is too busy for some documents: what is done stays done, run it again")
        return sum(code in _DONE for code in codes)

    def read(self, names: Sequence[str]) -> dict[str, Any]:
        """Those of these documents that there are, by name."""
        request = firestore.BatchGetDocumentsRequest(database=self.database, documents=names)
        with _plainly():
            answers = list(self._client.batch_get_documents(request, **self._how))
        found = [firestore.BatchGetDocumentsResponse.pb(answer).found for answer in answers]
        return {doc.name: doc for doc in found if doc.name}

    def write(self, documents: Iterable[Any], *, only_new: bool) -> int:
        """Writes whole documents (plain protobuf); how many were written.

        only_new    none that is there already
        """
        condition = common.Precondition(exists=False) if only_new else None
        writes = [
            write.Write(update=document.Document.wrap(doc), current_document=condition) for doc in documents
        ]
        return sum(code == _OK for code in self._written(writes))

    def _written(self, writes: Sequence[Any]) -> list[int]:
        request = firestore.BatchWriteRequest(database=self.database, writes=writes)
        with _plainly():
            answer = self._client.batch_write(request, **self._how)
        return [int(status.code) for status in answer.status]


@contextlib.contextmanager
def _plainly() -> Iterator[None]:
    """Firestore's errors as ours; what Google wrote is not repeated: it may hold names."""
    try:
        yield
    except (api.Forbidden, api.Unauthenticated, google_auth.RefreshError):
        raise Denied(
            "Firestore refuses this service account: grant it the role Cloud Datastore User "
            "(roles/datastore.user) in this project; is the project's id right?"
        ) from None
    except (*PASSING, api.ServerError, api.RetryError, google_auth.TransportError) as error:
        raise Offline(
            f"Firestore cannot be reached, or is busy ({type(error).__name__}): {why(error)}; what is done "
            "stays done"
        ) from None
    except api.NotFound:
        raise UsageError("this project has no Firestore database: is the project's id right?") from None
    except api.GoogleAPICallError as error:
        raise DalSegnoError(f"Firestore refuses this ({type(error).__name__})") from None
