"""Who may administer: service accounts and the emulators, never end users; and never half a world of each."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from dalsegno._auth.unsigned import Unsigned
from dalsegno._cli import main
from dalsegno._errors import UsageError
from dalsegno.admin import Authority
from dalsegno.admin._access import EndUserRefused, checked_uid
from tests.support.users import unsigned_token

FIRESTORE, AUTH = "FIRESTORE_EMULATOR_HOST", "FIREBASE_AUTH_EMULATOR_HOST"
CREDENTIALS = "GOOGLE_APPLICATION_CREDENTIALS"
AUTHORIZED_USER = {
    "type": "authorized_user",
    "client_id": "id",
    "client_secret": "SECRET",
    "refresh_token": "SECRET",
}


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing of the machine's own set-up, and no question to a metadata server."""
    for name in (FIRESTORE, AUTH, CREDENTIALS, "GOOGLE_CLOUD_PROJECT", "GCLOUD_PROJECT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path / "gcloud"))
    monkeypatch.setenv("NO_GCE_CHECK", "true")


@pytest.fixture
def keep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that GOOGLE_APPLICATION_CREDENTIALS names."""
    path = tmp_path / "credentials.json"
    monkeypatch.setenv(CREDENTIALS, str(path))
    return path


def service_account() -> dict[str, str]:
    key = rsa.generate_private_key(65537, 2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return {
        "type": "service_account",
        "project_id": "my-project",
        "private_key_id": "1",
        "private_key": key.decode(),
        "client_email": "admin@my-project.iam.gserviceaccount.com",
        "token_uri": "https://oauth2.googleapis.com/token",
    }


@pytest.mark.parametrize(
    "content",
    [
        json.dumps(AUTHORIZED_USER),
        json.dumps({"uid": "alice", "refresh_token": "SECRET"}),
        json.dumps({"idToken": "SECRET"}),
        unsigned_token("alice") + "SECRET",
    ],
    ids=["authorized_user", "a device's sign-in", "an ID token in JSON", "an ID token"],
)
def test_an_end_user_is_refused_and_told_why(
    keep: Path, content: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """With an end user's credentials the command ends with code 1 and the reason, and repeats no secret."""
    keep.write_text(content, encoding="utf-8")
    assert 1 == main(["admin", "list", "alice", "--project", "my-project"])
    said = capsys.readouterr().err
    assert "Administration runs as a service account" in said
    assert "sign-ins cannot be minted so" in said
    assert "SECRET" not in said


def test_gcloud_s_own_log_in_is_an_end_user(tmp_path: Path) -> None:
    """What `gcloud auth application-default login` left in its own folder is found, and refused."""
    folder = tmp_path / "gcloud"
    folder.mkdir()
    (folder / "application_default_credentials.json").write_text(
        json.dumps(AUTHORIZED_USER), encoding="utf-8"
    )
    with pytest.raises(EndUserRefused, match="a person's credentials"):
        Authority.open("my-project")


@pytest.mark.parametrize("given", [unsigned_token("alice"), Unsigned("alice"), object()])
def test_a_program_cannot_hand_in_an_end_user(given: object) -> None:
    """The module refuses ID tokens and signed-in users as the command does."""
    with pytest.raises(EndUserRefused, match="is no administrator"):
        Authority.open("my-project", given)


def test_firebase_admin_s_refresh_tokens_are_end_users(keep: Path) -> None:
    """Credentials that firebase-admin made of a person's refresh token are refused."""
    from firebase_admin import credentials

    with pytest.raises(EndUserRefused):
        Authority.open("my-project", credentials.RefreshToken(AUTHORIZED_USER))


def test_a_service_account_is_let_in(keep: Path) -> None:
    """A service account's key file opens its own project, or another one that is named."""
    keep.write_text(json.dumps(service_account()), encoding="utf-8")
    with Authority.open() as own, Authority.open("another-one") as named:
        assert ("my-project", "another-one") == (own.project, named.project)
        assert own.documents.user("alice").startswith("projects/my-project/")
        assert "PRIVATE" not in repr(own)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("nonsense", "is no credentials file"),
        ("[]", "is no credentials file"),
        ('{"type": "x"}', "no usable credentials"),
    ],
)
def test_a_file_that_is_no_credentials_is_said_to_be(keep: Path, content: str, told: str) -> None:
    """A file that holds something else is a clear error."""
    keep.write_text(content, encoding="utf-8")
    with pytest.raises(UsageError, match=told):
        Authority.open("my-project")


def test_a_missing_file_is_said_to_be(keep: Path) -> None:
    """A path that leads nowhere is a clear error."""
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        Authority.open("my-project")


def test_without_credentials_it_says_what_to_set() -> None:
    """With no credentials anywhere it says how to give some."""
    with pytest.raises(
        UsageError, match="set GOOGLE_APPLICATION_CREDENTIALS to a service account's key file"
    ):
        Authority.open("my-project")


@pytest.mark.parametrize(("project", "told"), [(None, "give --project"), ("No such", "is no project id")])
def test_a_project_is_needed(monkeypatch: pytest.MonkeyPatch, project: str | None, told: str) -> None:
    """On the emulators nobody knows the project but the caller."""
    monkeypatch.setenv(FIRESTORE, "127.0.0.1:1")
    with pytest.raises(UsageError, match=told):
        Authority.open(project)


def test_a_demo_project_is_not_looked_for_at_google(keep: Path) -> None:
    """A demo project without emulators is a clear error."""
    keep.write_text(json.dumps(service_account()), encoding="utf-8")
    with pytest.raises(UsageError, match="exists on emulators only"):
        Authority.open("demo-project")


def test_half_a_world_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """With one emulator named, the real half of the other kind is never touched."""
    monkeypatch.setenv(FIRESTORE, "127.0.0.1:1")
    with (
        Authority.open("my-project") as authority,
        pytest.raises(UsageError, match="would reach real accounts"),
    ):
        authority.accounts  # noqa: B018
    monkeypatch.delenv(FIRESTORE)
    monkeypatch.setenv(AUTH, "127.0.0.1:1")
    with (
        Authority.open("my-project") as authority,
        pytest.raises(UsageError, match="would change real documents"),
    ):
        authority.documents  # noqa: B018


@pytest.mark.parametrize("uid", ["", "a/b", "x" * 129, ".", "..", "__x__", "bad \udcff", None])
def test_an_impossible_user_is_refused(uid: str) -> None:
    """What cannot be a user's id is refused before anything is asked."""
    with pytest.raises(UsageError, match="a user id has 1 to 128 characters"):
        checked_uid(uid)


def test_without_firebase_admin_it_says_what_to_install() -> None:
    """Without the extra the command ends with one sentence that names it; nothing is imported before."""
    code = """
import sys
sys.modules["firebase_admin"] = None
from dalsegno._cli import main
code = main(["admin", "list", "alice"])
assert not {"grpc", "google"} & sys.modules.keys()
sys.exit(code)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (1, "") == (done.returncode, done.stdout)
    assert "pip install 'dalsegno[admin]'" in done.stderr
