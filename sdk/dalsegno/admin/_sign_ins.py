"""Whether a sign-in has been thrown out by another device of its user: asked of Firestore as that user.

Any thread. With the user's own ID token and no rights of ours, so that the security rules decide, and the
service account needs no role for Firestore. Invariant: what cannot be looked up has not passed.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from google.api_core import exceptions as api
from google.api_core import retry
from google.cloud.firestore_v1.services.firestore import FirestoreClient
from google.cloud.firestore_v1.services.firestore.transports import FirestoreGrpcTransport
from google.cloud.firestore_v1.types import common, firestore

from dalsegno._core.types import ProjectId
from dalsegno._errors import DalSegnoError, Denied, Offline
from dalsegno.admin._accounts import Revoked, SignedOut
from dalsegno.admin._documents import PASSING
from dalsegno.admin._reaching import why

if TYPE_CHECKING:
    from dalsegno.admin._accounts import Proof

TARGET = "firestore.googleapis.com:443"
PATIENCE_S = 4.0
"""The device that asks waits for ten seconds, and Firebase Auth has had some of them."""
_AGAIN = retry.Retry(
    retry.if_exception_type(*PASSING), initial=0.1, maximum=1.0, multiplier=2.0, timeout=PATIENCE_S
)


class SignIns:
    """The sign-ins of one project's users. `emulator` is Firestore's "host:port"; None = Google."""

    def __init__(self, project: ProjectId, emulator: str | None = None) -> None:
        self._users = f"projects/{project}/databases/(default)/documents/users"
        self._emulator = emulator

    def check(self, proof: Proof) -> None:
        """Returns if this sign-in has not been thrown out; one that no device has registered has not.

        Raises:
            Revoked: another device of the user has signed this one out.
            SignedOut: the ID token is over.
            Offline: Firestore cannot be reached.
            Denied: the project's rules do not know sign-ins.
        """
        request = firestore.GetDocumentRequest(
            name=f"{self._users}/{proof.uid}/signins/{proof.sign_in}",
            mask=common.DocumentMask(field_paths=["revoked"]),
        )
        with _plainly(), self._client() as client:
            try:
                found = client.get_document(
                    request,
                    timeout=PATIENCE_S,
                    retry=_AGAIN,
                    metadata=(("authorization", f"Bearer {proof.id_token}"),),
                )
            except api.NotFound:
                return
        if "revoked" in found.fields:
            raise Revoked("this device was signed out by another one")

    @contextlib.contextmanager
    def _client(self) -> Iterator[Any]:
        """One call's own connection: requests are rare, and one that was idle for hours may be dead."""
        import grpc

        if self._emulator:
            channel = grpc.insecure_channel(self._emulator, [("grpc.enable_http_proxy", 0)])
        else:
            channel = grpc.secure_channel(TARGET, grpc.ssl_channel_credentials())
        with channel:
            yield FirestoreClient(transport=FirestoreGrpcTransport(channel=channel))


@contextlib.contextmanager
def _plainly() -> Iterator[None]:
    """Firestore's errors as ours; what Google wrote is not repeated: it may hold names."""
    try:
        yield
    except api.Unauthenticated:
        raise SignedOut("this ID token is over") from None
    except api.Forbidden:
        raise Denied(
            "Firestore's rules do not let users see their own sign-ins: deploy the newest firestore.rules"
        ) from None
    except (*PASSING, api.ServerError, api.RetryError) as error:
        kind = type(error).__name__
        raise Offline(f"Firestore cannot be reached, or is busy ({kind}): {why(error)}") from None
    except api.GoogleAPICallError as error:
        raise DalSegnoError(f"Firestore refuses this ({type(error).__name__})") from None
