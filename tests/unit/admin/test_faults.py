"""Google's errors as ours: each says who must act, and repeats nothing of what Google wrote."""

from __future__ import annotations

from types import ModuleType
from typing import ClassVar

import pytest
import requests
from firebase_admin import exceptions as firebase
from google.api_core import exceptions as api
from google.auth import exceptions as google_auth

from dalsegno._errors import DalSegnoError, Denied, Offline, UsageError
from dalsegno.admin import Authority, _accounts, _documents, _sign_ins
from dalsegno.admin._reaching import BETWEEN, LATER, PROXY, TRUST

SECRET = "users/alice alice@example.com"


@pytest.mark.parametrize(
    ("raised", "ours"),
    [
        (api.PermissionDenied(SECRET), Denied),
        (api.Unauthenticated(SECRET), Denied),
        (google_auth.RefreshError(SECRET), Denied),
        (api.ServiceUnavailable(SECRET), Offline),
        (api.DeadlineExceeded(SECRET), Offline),
        (api.ResourceExhausted(SECRET), Offline),
        (api.RetryError(SECRET, None), Offline),
        (api.Aborted(SECRET), Offline),
        (api.Cancelled(SECRET), Offline),
        (google_auth.TransportError(SECRET), Offline),
        (api.NotFound(SECRET), UsageError),
        (api.InvalidArgument(SECRET), DalSegnoError),
    ],
)
def test_firestore_s_errors(raised: Exception, ours: type[Exception]) -> None:
    """What Firestore answers becomes an error that says who must act, without its words."""
    with pytest.raises(ours) as error, _documents._plainly():
        raise raised
    assert ours is type(error.value)
    assert "alice" not in str(error.value)
    assert error.value.__suppress_context__


@pytest.mark.parametrize(
    ("raised", "ours"),
    [
        (firebase.UnavailableError(SECRET), Offline),
        (firebase.ResourceExhaustedError(SECRET), Offline),
        (google_auth.TransportError(SECRET), Offline),
        (firebase.PermissionDeniedError(SECRET), Denied),
        (google_auth.RefreshError(SECRET), Denied),
        (firebase.InvalidArgumentError(SECRET), DalSegnoError),
    ],
)
def test_firebase_auth_s_errors(raised: Exception, ours: type[Exception]) -> None:
    """The same for Firebase Auth."""
    with pytest.raises(ours) as error, _accounts._plainly():
        raise raised
    assert ours is type(error.value)
    assert "alice" not in str(error.value)
    assert error.value.__suppress_context__


class Answer:
    """What a proxy says in its own name."""

    headers: ClassVar = {"content-type": "text/html"}


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        (firebase.UnavailableError(SECRET, cause=requests.exceptions.ConnectTimeout()), LATER),
        (firebase.UnavailableError(SECRET, cause=requests.exceptions.ProxyError(SECRET)), PROXY),
        (firebase.UnavailableError(SECRET, cause=requests.exceptions.SSLError(SECRET)), TRUST),
        (google_auth.TransportError(requests.exceptions.ProxyError(SECRET)), PROXY),
        (google_auth.TransportError(requests.exceptions.SSLError(SECRET)), TRUST),
        (firebase.PermissionDeniedError(SECRET, http_response=Answer()), BETWEEN),
        (firebase.UnknownError(SECRET, http_response=Answer()), BETWEEN),
        (firebase.NotFoundError(SECRET, http_response=Answer()), BETWEEN),
    ],
)
def test_a_proxy_in_the_way_of_accounts_is_named(raised: Exception, told: str) -> None:
    """Behind a proxy that is dead, or refuses, or looks into TLS, the hint is about that; not about roles
    that the service account lacks, nor that Firebase is busy."""
    with pytest.raises(Offline) as error, _accounts._plainly():
        raise raised
    assert f"Firebase Auth cannot be reached: {told}" == str(error.value)


@pytest.mark.parametrize("module", [_documents, _sign_ins])
@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("Ssl handshake failed: SSL_ERROR_SSL: CERTIFICATE_VERIFY_FAILED", TRUST),
        ("HTTP proxy returned response code 403", PROXY),
        ("failed to connect to all addresses", LATER),
    ],
)
def test_a_proxy_in_the_way_of_firestore_is_named(module: ModuleType, said: str, told: str) -> None:
    """The same for Firestore, of which gRPC tells by its text alone."""
    with pytest.raises(Offline) as error, module._plainly():
        raise api.ServiceUnavailable(said)
    assert f"(ServiceUnavailable): {told}" in str(error.value)


def test_a_wrong_project_is_said_to_be() -> None:
    """Where the project has no Firebase Authentication, the project's id is what to look at."""
    with pytest.raises(UsageError, match="is the project's id right"), _accounts._plainly():
        raise firebase.NotFoundError(SECRET)


def test_a_sign_in_service_that_is_down_is_offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody answers for accounts, that is said."""
    monkeypatch.setenv("FIREBASE_AUTH_EMULATOR_HOST", "127.0.0.1:9")
    monkeypatch.delenv("FIRESTORE_EMULATOR_HOST", raising=False)
    with (
        Authority.open("demo-down") as authority,
        pytest.raises(Offline, match="Firebase Auth cannot be reached"),
    ):
        authority.accounts.record("alice")
