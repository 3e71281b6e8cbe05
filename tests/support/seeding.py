"""Fills an emulator with what a user may have, past the rules: for tests of administration."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
from google.api_core.exceptions import Cancelled
from google.api_core.retry import Retry, if_exception_type
from google.cloud.firestore_v1 import GeoPoint
from google.cloud.firestore_v1._helpers import encode_dict
from google.cloud.firestore_v1.services.firestore import FirestoreClient
from google.cloud.firestore_v1.services.firestore.transports import FirestoreGrpcTransport
from google.cloud.firestore_v1.types import document, firestore, query, write

OWNER = (("authorization", "Bearer owner"),)
AT = datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=UTC)
_AGAIN = Retry(if_exception_type(Cancelled), timeout=30.0)
"""The emulator's answer to a write that it could not tell to a listener that is gone."""
EVERY_TYPE: Mapping[str, Any] = {
    "none": None,
    "yes": True,
    "big": 2**63 - 1,
    "whole": 1.0,
    "nan": float("nan"),
    "endless": float("-inf"),
    "nothing": -0.0,
    "tenth": 0.1,
    "text": "line\nbreak “quoted” \u2028 𝄋 \x00",
    "bytes": b"\x00\xff",
    "at": AT,
    "where": GeoPoint(52.5, 13.4),
    "list": [1, "two", {"three": 3.0}],
    "map": {"a.b": {"`": []}},
}


class Seeder:
    """The owner of an emulator's project."""

    def __init__(self, host: str, project: str) -> None:
        self._client = FirestoreClient(transport=FirestoreGrpcTransport(channel=grpc.insecure_channel(host)))
        self.database = f"projects/{project}/databases/(default)"

    def close(self) -> None:
        self._client.transport.close()

    def put(self, documents: Mapping[str, Mapping[str, Any]]) -> None:
        """Writes documents by their path below the database."""
        writes = [
            write.Write(update=document.Document(name=self.name(path), fields=encode_dict(fields)))
            for path, fields in documents.items()
        ]
        for start in range(0, len(writes), 400):
            request = firestore.BatchWriteRequest(database=self.database, writes=writes[start : start + 400])
            answer = self._client.batch_write(request, metadata=OWNER, retry=_AGAIN)
            assert {0} == {status.code for status in answer.status}

    def name(self, path: str) -> str:
        return f"{self.database}/documents/{path}"

    def get(self, path: str) -> Any:
        """One document as it stands on the wire."""
        found = self._client.get_document(firestore.GetDocumentRequest(name=self.name(path)), metadata=OWNER)
        return document.Document.pb(found)

    def names(self, path: str) -> list[str]:
        """The paths of all documents below one."""
        asked = query.StructuredQuery(
            from_=[query.StructuredQuery.CollectionSelector(all_descendants=True)],
            select=query.StructuredQuery.Projection(
                fields=[query.StructuredQuery.FieldReference(field_path="__name__")]
            ),
        )
        request = firestore.RunQueryRequest(parent=self.name(path), structured_query=asked)
        answers = self._client.run_query(request, metadata=OWNER)
        return [a.document.name[len(self.name("")) :] for a in answers if a.document.name]

    def fill(self, uid: str, sessions: int) -> int:
        """A user with so many sessions, one of ten with a mark, and three devices with their sign-ins, one of
        them thrown out; how many documents.
        """
        root = f"users/{uid}"
        documents: dict[str, Mapping[str, Any]] = {
            f"{root}/sessions/book-{number:05}": session(number) for number in range(sessions)
        }
        for number in range(0, sessions, 10):
            documents[f"{root}/sessions/book-{number:05}/marks/m1"] = {"kind": "jump", "state": EVERY_TYPE}
        for number in range(3):
            card = device(f"phone {number}", seen=datetime.now(UTC), sign_in=str(1700000000 + number))
            documents[f"{root}/devices/{number:016x}"] = card
            documents[f"{root}/signins/{1700000000 + number}"] = sign_in(f"{number:016x}")
        documents[f"{root}/signins/1700000002"] = sign_in(f"{2:016x}", thrown_out=True)
        self.put(documents)
        return len(documents)


def session(number: int) -> Mapping[str, Any]:
    stamp = "000001700000000-00000-00000000000000aa"
    return {
        "schema": "reading/1",
        "state": {**EVERY_TYPE, "number": number},
        "stamps": {"number": stamp},
        "basis": {"number": 0},
        "holder": None,
        "rev": number,
        "hlc": 1700000000,
        "device": "00000000000000aa",
        "at": AT,
    }


def device(
    name: str, *, seen: datetime, sign_in: str = "1690000000", online: bool = False
) -> Mapping[str, Any]:
    until_ms = int((seen + timedelta(minutes=2)).timestamp() * 1000)
    return {
        "name": name,
        "kind": "phone",
        "platform": "linux",
        "app": "reader",
        "sign_in": sign_in,
        "seen": seen,
        "until": until_ms if online else 0,
        "revoked": None,
        "expire_at": seen + timedelta(days=400),
    }


def sign_in(*devices: str, thrown_out: bool = False) -> Mapping[str, Any]:
    """One under which these devices work, or worked until another one threw it out."""
    registered = {"devices": dict.fromkeys(devices, True), "at": AT}
    return registered | ({"revoked": {"by": "00000000000000bb", "at": AT}} if thrown_out else {})
