"""Google's errors as ours: each says who must act, and repeats nothing of what Google wrote."""

from __future__ import annotations

import pytest
from firebase_admin import exceptions as firebase
from google.api_core import exceptions as api
from google.auth import exceptions as google_auth

from dalsegno._errors import DalSegnoError, Denied, Offline, UsageError
from dalsegno.admin import Authority, _accounts, _documents

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


def test_a_sign_in_service_that_is_down_is_offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody answers for accounts, that is said."""
    monkeypatch.setenv("FIREBASE_AUTH_EMULATOR_HOST", "127.0.0.1:9")
    monkeypatch.delenv("FIRESTORE_EMULATOR_HOST", raising=False)
    with (
        Authority.open("demo-down") as authority,
        pytest.raises(Offline, match="Firebase Auth cannot be reached"),
    ):
        authority.accounts.record("alice")
