"""gRPC status → `RpcError`. Pure; any thread.

Invariant: a fault's text holds no token, address, document name or document content, whatever the server
wrote: it ends up on screens and in logs.
"""

from __future__ import annotations

import re
from typing import Any

import grpc

from dalsegno._core.messages import RpcError

_NAME_OF_NUMBER: dict[int, str] = {code.value[0]: code.name for code in grpc.StatusCode}
_SCANNED = 1000
_SHOWN = 200
_SECRETS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(?i)bearer\s+\S+"), "<token>"),
    (re.compile(r"[\w-]{8,}\.[\w-]{8,}\.[\w-]*"), "<token>"),
    (re.compile(r"[^\s@'\"<>]+@[^\s@'\"<>]+"), "<address>"),
    (re.compile(r"[^\s'\"]*/[^\s'\"]+"), "<name>"),
    (re.compile(r"\"[^\"]*\"?"), "<value>"),
    (re.compile(r"(?<![\w'])'(?!(?:get|list|create|update|delete)')[^']*'?"), "<value>"),
    (re.compile(r"[\w+/=-]{40,}"), "<value>"),
)


def rpc_error_of(call: Any) -> RpcError:
    """The fault of a grpc call that has ended; `OK` for one that ended well."""
    code = call.code()
    if code is grpc.StatusCode.OK:
        return RpcError("OK")
    return RpcError(code.name if code is not None else "UNKNOWN", sanitized(call.details() or ""))


def rpc_error_of_status(status: Any) -> RpcError:
    """The fault in a `google.rpc.Status` message."""
    return RpcError(_NAME_OF_NUMBER.get(status.code, "UNKNOWN"), sanitized(status.message))


def sanitized(text: str) -> str:
    """The server's words without what could be private, in one short line."""
    text = " ".join(text[:_SCANNED].split())
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return text[:_SHOWN]
