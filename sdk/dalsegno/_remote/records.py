"""All documents of one user, by that user's own tokens, one request after the other: for an export, and for
the end of an account. Any thread but the app's and the worker's: every call waits for the network.

Rules let no user ask for "all that is below me", so the collections stand here by name. Invariant: nothing is
decoded, so nothing is lost; what Google wrote in an error is not repeated: it may hold names.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from google.api_core import exceptions as api
from google.api_core import retry
from google.cloud.firestore_v1.services.firestore import FirestoreClient
from google.cloud.firestore_v1.services.firestore.transports import FirestoreGrpcTransport
from google.cloud.firestore_v1.types import firestore, write
from google.protobuf.json_format import MessageToDict

from dalsegno._core.messages import ANY, FieldPath, ResourcePath, Write
from dalsegno._core.types import DeviceId, ProjectId, UserId, Value
from dalsegno._errors import DalSegnoError, Offline, Refusal, SignInRefused
from dalsegno._remote.claims import sign_in_of
from dalsegno._remote.commit import commit_request
from dalsegno._remote.resource_path import ResourceNames

TARGET = "firestore.googleapis.com:443"
TIMEOUT_S = 30.0
PATIENCE_S = 60.0
PAGE = 100
TOGETHER = 20
"""Writes in a commit: rules may look at 20 documents for all of them."""
AT_ONCE = 8

SESSIONS, DEVICES, SIGN_INS = "sessions", "devices", "signins"
BELOW: dict[str, tuple[str, ...]] = {SESSIONS: ("marks",)}
"""What there is below each document of a collection."""

Tell = Callable[[int], None]
Registration = Callable[[DeviceId, str], Write]
_AGAIN = retry.Retry(
    retry.if_exception_type(
        api.ServiceUnavailable, api.TooManyRequests, api.Aborted, api.InternalServerError
    ),
    timeout=PATIENCE_S,
)


class UserRecords:
    """The documents of one user, at Google or in an emulator ("host:port"); `token()` gives an ID token."""

    def __init__(
        self,
        project: ProjectId,
        user: UserId,
        token: Callable[[], str],
        registration: Registration,
        emulator: str | None = None,
    ) -> None:
        """`registration` makes the write that registers a device under a sign-in."""
        self._registration = registration
        self._names, self._token = ResourceNames(project, user), token
        if emulator:
            channel = grpc.insecure_channel(emulator, [("grpc.enable_http_proxy", 0)])
        else:
            channel = grpc.secure_channel(TARGET, grpc.ssl_channel_credentials())
        self._channel = channel
        self._client: Any = FirestoreClient(transport=FirestoreGrpcTransport(channel=channel))

    def __enter__(self) -> UserRecords:
        return self

    def __exit__(self, *_: object) -> None:
        self._channel.close()

    # --- reading --------------------------------------------------------------------------------------

    def everything(self) -> Iterator[tuple[ResourcePath, Any]]:
        """Each document as JSON values, page by page, with its path below the user."""
        for collection in (SESSIONS, DEVICES, SIGN_INS):
            for found in self._documents((collection,)):
                path = self._path(found)
                yield path, MessageToDict(found)
                for below in BELOW.get(collection, ()):
                    yield from (
                        (self._path(child), MessageToDict(child)) for child in self._documents((*path, below))
                    )

    def _documents(self, collection: ResourcePath) -> Iterator[Any]:
        token = ""
        while True:
            page = self._page(collection, token)
            yield from (firestore.ListDocumentsResponse.pb(page).documents)
            token = page.next_page_token
            if not token:
                return

    def _page(self, collection: ResourcePath, page_token: str = "", *, names_only: bool = False) -> Any:
        request = firestore.ListDocumentsRequest(
            parent=self._names.parent(collection),
            collection_id=collection[-1],
            page_size=PAGE,
            page_token=page_token,
            mask={"field_paths": ["__name__"]} if names_only else None,
        )
        with plainly():
            return next(self._client.list_documents(request, **self._how()).pages)

    def _path(self, document: Any) -> ResourcePath:
        return self._names.path(document.name) or ()

    # --- deleting -------------------------------------------------------------------------------------

    def erase(self, tell: Tell) -> None:
        """Ends all other sign-ins, then deletes everything but the sign-ins, whose ends must stay on record.

        tell   how many documents have been deleted so far

        What is done stays done: a second call goes on. Raises: SignInRefused (SIGN_IN_AGAIN: the sign-in is
        not recent, or was ended; nothing was done, unless it grew old on the way), Offline.
        """
        self._ask_whether_it_may()
        self._end_other_sign_ins()
        done = 0
        for collection in (SESSIONS, DEVICES):
            for paths in self._until_empty((collection,)):
                for below in BELOW.get(collection, ()):
                    done = self._erase_below([(*path, below) for path in paths], done, tell)
                self._delete(paths)
                done += len(paths)
                tell(done)

    def _erase_below(self, collections: Sequence[ResourcePath], done: int, tell: Tell) -> int:
        with ThreadPoolExecutor(AT_ONCE, "dalsegno-erase") as pool:
            for count in pool.map(self._erase_collection, collections):
                done += count
                tell(done)
        return done

    def _erase_collection(self, collection: ResourcePath) -> int:
        done = 0
        for paths in self._until_empty(collection):
            self._delete(paths)
            done += len(paths)
        return done

    def _until_empty(self, collection: ResourcePath) -> Iterator[list[ResourcePath]]:
        """The first page, again and again, as the caller deletes it; until there is none."""
        before: list[ResourcePath] = []
        while paths := self._first(collection):
            if paths == before:
                raise Offline("Firestore answers, and deletes nothing: try again later")
            yield paths
            before = paths

    def _first(self, collection: ResourcePath) -> list[ResourcePath]:
        found = firestore.ListDocumentsResponse.pb(self._page(collection, names_only=True)).documents
        return [self._path(document) for document in found]

    def _delete(self, paths: Sequence[ResourcePath]) -> None:
        writes = [write.Write(delete=self._names.name(path)) for path in paths]
        for start in range(0, len(writes), TOGETHER):
            self._commit(
                firestore.CommitRequest(
                    database=self._names.database, writes=writes[start : start + TOGETHER]
                )
            )

    def _ask_whether_it_may(self) -> None:
        """By deleting a card that nobody has: ended sign-ins are ended for good, also if all else is refused.

        The rules look at who asks, and since when, before they look whether there is such a document.
        """
        self._delete([(DEVICES, os.urandom(8).hex())])

    def _end_other_sign_ins(self) -> None:
        """Other devices stop at once, before anything is gone that they would write again."""
        own, here = sign_in_of(self._token()), DeviceId(os.urandom(8).hex())
        self._write([self._registration(here, own)])
        for found in list(self._documents((SIGN_INS,))):
            path = self._path(found)
            if path[-1] != own and "revoked" not in found.fields:
                fields: dict[FieldPath, Value] = {("revoked", "by"): here}
                self._write([Write(path, fields, ANY, server_times=(("revoked", "at"),))])

    def _write(self, writes: Sequence[Write]) -> None:
        self._commit(firestore.CommitRequest.wrap(commit_request(self._names, writes)))

    def _commit(self, request: Any) -> None:
        # The emulator answers so, though it has written, while a listener is there that may see no more.
        # Whoever asks looks again at what there is.
        with plainly(), contextlib.suppress(api.Cancelled):
            self._client.commit(request, **self._how())

    def _how(self) -> dict[str, Any]:
        token = ("authorization", f"Bearer {self._token()}")
        prefix = ("google-cloud-resource-prefix", self._names.database)
        return {"timeout": TIMEOUT_S, "retry": _AGAIN, "metadata": (token, prefix)}


@contextlib.contextmanager
def plainly() -> Iterator[None]:
    """Firestore's errors as ours."""
    try:
        yield
    except (api.Forbidden, api.Unauthenticated):
        raise SignInRefused(
            Refusal.SIGN_IN_AGAIN,
            "this needs a sign-in of just now, which no other device has ended: sign in again, and try again",
        ) from None
    except (api.ServerError, api.RetryError, api.TooManyRequests, api.Aborted, api.Cancelled) as error:
        raise Offline(
            f"Firestore cannot be reached, or is busy ({_kind(error)}): what is done stays done; "
            "try again later"
        ) from None
    except api.GoogleAPICallError as error:
        raise DalSegnoError(f"Firestore refuses this ({type(error).__name__})") from None


def _kind(error: Exception) -> str:
    cause = getattr(error, "cause", None)  # of an error that was met again until the patience was over
    return type(cause or error).__name__
