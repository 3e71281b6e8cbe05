"""Signed-in users for tests and the bench: unsigned tokens, and clients that send them to the emulator.

google-cloud-firestore's own emulator mode sends "Bearer owner", for whom no rules hold; these are users.
"""

from __future__ import annotations

import base64
import json
from collections import namedtuple
from collections.abc import Callable
from typing import Any

import grpc
from google.auth.credentials import AnonymousCredentials
from google.cloud import firestore
from google.cloud.firestore_v1.services.firestore import FirestoreClient
from google.cloud.firestore_v1.services.firestore.transports import FirestoreGrpcTransport

OWNER = "owner"  # the emulator's name for its administrator
SIGNED_IN_S = 1_700_000_000  # when a user signed in of whom nothing else is said; rules tell sign-ins by it


def unsigned_token(uid: str, **claims: object) -> str:
    """An ID token without signature: the official emulators take it, nothing else does."""
    payload = {"sub": uid, "user_id": uid, "auth_time": SIGNED_IN_S, **claims}
    return ".".join([_base64url({"alg": "none", "typ": "JWT"}), _base64url(payload), ""])


def _base64url(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def signed_in_channel(host: str, token: str | None) -> grpc.Channel:
    """A channel to the emulator on which every call carries the token (None: nobody is signed in)."""
    channel = grpc.insecure_channel(host)
    return channel if token is None else grpc.intercept_channel(channel, _Bearer(token))


def delete_as_owner(host: str, project: str, document: str) -> None:
    name = f"projects/{project}/databases/(default)/documents/{document}"
    with signed_in_channel(host, OWNER) as channel:
        FirestoreClient(transport=FirestoreGrpcTransport(channel=channel)).delete_document(name=name)


def raw_client(host: str, uid: str | None, signed_in_s: int = SIGNED_IN_S) -> FirestoreClient:
    """The generated client, signed in as `uid`; nothing between a test and the wire."""
    email = "somebody@example.com"  # with it the rules ask for a recent sign-in before they let anything go
    token = None if uid is None else unsigned_token(uid, auth_time=signed_in_s, email=email)
    return FirestoreClient(transport=FirestoreGrpcTransport(channel=signed_in_channel(host, token)))


def stock_client(
    host: str, project: str, uid: str | None, signed_in_s: int = SIGNED_IN_S
) -> firestore.Client:
    """google-cloud-firestore's client, signed in as `uid`: the rules hold for it, listeners included.

    It may read at once; before it writes, its device must be registered (`register`).

    It is told of a channel of ours through a private attribute: there is no other way to make it a user.
    FIRESTORE_EMULATOR_HOST must not be set.
    """
    client = firestore.Client(project=project, credentials=AnonymousCredentials())
    assert client._emulator_host is None, "FIRESTORE_EMULATOR_HOST makes every client an owner: unset it"
    client._firestore_api_internal = raw_client(host, uid, signed_in_s)
    client._transport = client._firestore_api_internal.transport
    return client


def register(client: firestore.Client, uid: str, device: str, signed_in_s: int = SIGNED_IN_S) -> None:
    """Makes `device` (16 hexadecimal digits) one that may write under the client's own sign-in."""
    sign_in = client.document("users", uid, "signins", str(signed_in_s))
    sign_in.set({"devices": {device: True}, "at": firestore.SERVER_TIMESTAMP}, merge=True)


class _CallDetails(
    namedtuple("_CallDetails", "method timeout metadata credentials wait_for_ready compression"),
    grpc.ClientCallDetails,
):
    pass


class _Bearer(
    grpc.UnaryUnaryClientInterceptor,
    grpc.UnaryStreamClientInterceptor,
    grpc.StreamStreamClientInterceptor,
):
    """Adds the token to every call."""

    def __init__(self, token: str) -> None:
        self._entry = ("authorization", f"Bearer {token}")

    def _call(self, proceed: Callable[..., Any], details: grpc.ClientCallDetails, request: object) -> Any:
        metadata = [*(details.metadata or ()), self._entry]
        signed = _CallDetails(
            details.method,
            details.timeout,
            metadata,
            details.credentials,
            details.wait_for_ready,
            details.compression,
        )
        return proceed(signed, request)

    intercept_unary_unary = intercept_unary_stream = intercept_stream_stream = _call
