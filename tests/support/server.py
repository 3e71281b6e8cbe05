"""The server's side of a test: what stands in the documents, read and written as the administrator.

For looking, and for documents that no honest client writes; the rules do not hold here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from google.auth.credentials import AnonymousCredentials
from google.cloud import firestore
from google.cloud.firestore_v1.services.firestore import FirestoreClient
from google.cloud.firestore_v1.services.firestore.transports import FirestoreGrpcTransport

from tests.support.users import OWNER, signed_in_channel


class Server:
    """The documents of one project."""

    def __init__(self, host: str, project: str) -> None:
        self._channel = signed_in_channel(host, OWNER)
        self._client = firestore.Client(project=project, credentials=AnonymousCredentials())
        self._client._firestore_api_internal = FirestoreClient(
            transport=FirestoreGrpcTransport(channel=self._channel)
        )

    def close(self) -> None:
        self._channel.close()

    def session(self, name: str, user: str = "alice") -> dict[str, Any] | None:
        """The fields of a session's document, as they stand; None = there is none."""
        found = self._session(name, user).get()
        return found.to_dict() if found.exists else None

    def state(self, name: str, user: str = "alice") -> dict[str, Any]:
        """The state in a session's document; empty if there is none."""
        state: dict[str, Any] = (self.session(name, user) or {}).get("state", {})
        return state

    def put(self, name: str, fields: Mapping[str, Any], user: str = "alice") -> None:
        """Sets a session's document to exactly these fields."""
        self._session(name, user).set(dict(fields))

    def change(self, name: str, fields: Mapping[str, Any], user: str = "alice") -> None:
        """Changes these fields (dotted paths) and no others."""
        self._session(name, user).update(dict(fields))

    def delete(self, name: str, user: str = "alice") -> None:
        self._session(name, user).delete()

    def _session(self, name: str, user: str) -> Any:
        return self._client.document("users", user, "sessions", name)
