"""The gRPC channel and the three calls that we make on it. Any thread.

Invariant: a channel never tries to connect on its own account after it failed: whoever sees it fail throws it
away, so that the engine's backoff is the only one. (grpc would otherwise wait for up to two minutes behind
our back, and go on connecting while we wish to be quiet.)
"""

from __future__ import annotations

from typing import Any

import grpc

from dalsegno._remote import protos

ENDPOINT = "firestore.googleapis.com:443"
CONNECT_TIMEOUT_S = 10
MAX_MESSAGE_BYTES = 16 * 1024 * 1024  # Firestore's own limit for a request is 10 MiB

_OPTIONS: tuple[tuple[str, int], ...] = (
    ("grpc.min_reconnect_backoff_ms", CONNECT_TIMEOUT_S * 1000),  # grpc's name for the connect timeout
    ("grpc.use_local_subchannel_pool", 1),  # otherwise a new channel inherits the backoff of the old one
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
)

KEEPALIVE_S = 30
KEEPALIVE_TIMEOUT_S = 10
_GOOGLE: tuple[tuple[str, int], ...] = (
    ("grpc.keepalive_time_ms", KEEPALIVE_S * 1000),  # as in the stock client; every 10 s draws GOAWAY
    ("grpc.keepalive_timeout_ms", KEEPALIVE_TIMEOUT_S * 1000),
)
_EMULATOR: tuple[tuple[str, int], ...] = (  # no keepalive: a quiet stream with pings every 30 s draws GOAWAY
    ("grpc.enable_http_proxy", 0),
)


class Channel:
    """One channel to Firestore, with its calls as grpc multicallables.

    commit  CommitRequest → CommitResponse
    read    BatchGetDocumentsRequest → BatchGetDocumentsResponse as bytes. The server streams one answer for
            each document, and we ask for one: so it is a unary call to us, and needs no thread to wait for it
    listen  ListenRequests → ListenResponses as bytes

    The bytes are parsed by those who can salvage something of a message that makes no sense.
    """

    def __init__(self, emulator: str | None) -> None:
        """`emulator` is the "host:port" of an emulator, spoken to without TLS; None = Google's servers."""
        if emulator is not None:
            self._channel = grpc.insecure_channel(emulator, options=_OPTIONS + _EMULATOR)
        else:
            tls = grpc.ssl_channel_credentials()
            self._channel = grpc.secure_channel(ENDPOINT, tls, options=_OPTIONS + _GOOGLE)
        self.commit: Any = self._channel.unary_unary(
            protos.COMMIT, protos.CommitRequest.SerializeToString, protos.CommitResponse.FromString
        )
        self.read: Any = self._channel.unary_unary(
            protos.BATCH_GET, protos.BatchGetDocumentsRequest.SerializeToString
        )
        self.listen: Any = self._channel.stream_stream(protos.LISTEN, protos.ListenRequest.SerializeToString)

    def close(self) -> None:
        """Ends all calls. Never on grpc's own thread (a call's callback): it would wait for itself."""
        self._channel.close()
