"""Firestore's messages and calls as plain protobuf: proto-plus attribute access is too slow for the hot path.

No state. Importing this module imports google.cloud.firestore_v1 (half a second): only the background does.
"""

from __future__ import annotations

from typing import Any

from google.cloud.firestore_v1.types import common, document, firestore, query, write
from google.protobuf.message import DecodeError


def _plain(message: Any) -> Any:
    """The protobuf class that a proto-plus class wraps."""
    return type(message.pb(message()))


Value = _plain(document.Value)
Document = _plain(document.Document)
DocumentMask = _plain(common.DocumentMask)
StructuredQuery = _plain(query.StructuredQuery)
Write = _plain(write.Write)
CommitRequest = _plain(firestore.CommitRequest)
CommitResponse = _plain(firestore.CommitResponse)
BatchGetDocumentsRequest = _plain(firestore.BatchGetDocumentsRequest)
BatchGetDocumentsResponse = _plain(firestore.BatchGetDocumentsResponse)
ListenRequest = _plain(firestore.ListenRequest)
ListenResponse = _plain(firestore.ListenResponse)

DESCENDING = int(query.StructuredQuery.Direction.DESCENDING)
REQUEST_TIME = int(write.DocumentTransform.FieldTransform.ServerValue.REQUEST_TIME)

COMMIT = "/google.firestore.v1.Firestore/Commit"
BATCH_GET = "/google.firestore.v1.Firestore/BatchGetDocuments"
LISTEN = "/google.firestore.v1.Firestore/Listen"


def parse(kind: Any, raw: bytes) -> Any:
    """The message of this kind in the bytes.

    Raises:
        DecodeError: there is none. Protobuf in plain Python, which stands where there is no compiled one,
            says of a text that is no Unicode: UnicodeDecodeError.
    """
    try:
        return kind.FromString(raw)
    except UnicodeDecodeError:
        raise DecodeError("a text is no Unicode") from None
