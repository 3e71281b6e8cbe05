"""Why Google cannot be reached, as far as that can be told, so that the hint fits. Any thread.

Invariant: nothing of what a library or a proxy wrote is repeated.
"""

from __future__ import annotations

from collections.abc import Iterator

TRUST = (
    "the certificate that it shows is not trusted here: is this machine's date right? A proxy that looks "
    "into TLS needs its own certificate in REQUESTS_CA_BUNDLE and GRPC_DEFAULT_SSL_ROOTS_FILE_PATH"
)
PROXY = "the proxy that HTTPS_PROXY names does not answer, or lets nothing through"
BETWEEN = "something between this machine and Google answers in its place: is there a proxy in the way?"
LATER = "is this machine online? Else it is busy: try again later"

_PAST = 8
"""Causes of causes that are looked at."""


def why(error: BaseException) -> str:
    """The hint for an error of requests, google-auth, firebase-admin or gRPC."""
    for cause in _causes(error):
        names = {kind.__name__ for kind in type(cause).__mro__}
        if names & {"SSLError", "SSLCertVerificationError"}:
            return TRUST
        if "ProxyError" in names:
            return PROXY
    said = str(error).lower()  # gRPC tells it by its text alone
    if "certificate" in said:
        return TRUST
    return PROXY if "proxy" in said else LATER


def is_foreign(error: BaseException) -> bool:
    """Whether it is no answer of Google's, which are JSON."""
    answer = getattr(error, "http_response", None)
    return answer is not None and "json" not in str(answer.headers.get("content-type", "")).lower()


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error, and what it was made of: libraries keep that in different places."""
    waiting = [error]
    for _ in range(_PAST):
        if not waiting:
            return
        cause = waiting.pop(0)
        yield cause
        found = (
            getattr(cause, "cause", None),
            cause.__cause__,
            getattr(cause, "reason", None),
            *cause.args,
        )
        waiting += [each for each in found if isinstance(each, BaseException)]
