"""What a user exported is brought back by the administrator: documents to the byte, the account in part."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest

import dalsegno as ds
from dalsegno._cli import main
from dalsegno.admin import Authority
from tests.support.auth_emulator import PROJECT, fresh_email
from tests.support.clients import Note
from tests.support.seeding import EVERY_TYPE, Seeder

pytestmark = pytest.mark.usefixtures("accounts_by_environment")
PASSWORD, PATIENCE_S = "correct horse", 60.0


def exported(home: Path, here: ds.Account, user: ds.SignedIn, seeder: Seeder) -> Path:
    """A file of all that a user has: a session of an app, and one with every type that Firestore knows."""
    with ds.connect(PROJECT, user=user, home=home) as client:
        client.open("moby", Note).update(page=7)
        assert client.flush(PATIENCE_S)
    seeder.put({f"users/{user.uid}/sessions/odd": EVERY_TYPE})
    file = home / "export.json"
    assert 4 == here.export(file)
    return file


def documents(seeder: Seeder, uid: str) -> dict[str, bytes]:
    """What stands in sessions and cards."""
    names = [name for name in seeder.names(f"users/{uid}") if "/signins/" not in name]
    found = {name: seeder.get(name) for name in names}
    return {
        name: type(doc)(fields=doc.fields).SerializeToString(deterministic=True)
        for name, doc in found.items()
    }


def test_a_users_own_export_comes_back(
    tmp_path: Path, authority: Authority, seeder: Seeder, capsys: pytest.CaptureFixture[str]
) -> None:
    """After the account was deleted: every document, the account's id and address; and what of the account is
    not in such a file is said."""
    email, here = fresh_email(), ds.account(PROJECT, api_key="any", home=tmp_path)
    user = here.sign_up(email, PASSWORD)
    file = exported(tmp_path, here, user, seeder)
    before = documents(seeder, user.uid)
    assert 3 == len(before)
    here.delete(PASSWORD)
    assert {} == documents(seeder, user.uid)
    assert 0 == main(["admin", "import", str(file), "--account", "--overwrite"])
    said = capsys.readouterr()
    assert said.out.startswith("the account and 1 in devices, 2 in sessions, 1 in signins imported\n")
    assert "a user's own export: not in it are name, phone number" in said.err
    assert before == documents(seeder, user.uid)
    record = authority.accounts.record(user.uid)
    assert record is not None
    assert (email, False) == (record["email"], record["email_verified"])


def test_an_anonymous_users_export_comes_back_to_another(
    tmp_path: Path, authority: Authority, seeder: Seeder
) -> None:
    """Who has no address cannot come back, so what was theirs goes to an account that can."""
    here = ds.account(PROJECT, api_key="any", home=tmp_path)
    user = here.sign_in_anonymously()
    file = exported(tmp_path, here, user, seeder)
    other = f"other-{uuid.uuid4().hex[:8]}"
    assert 0 == main(["admin", "import", str(file), "--as", other, "--account"])
    assert {f"users/{other}/sessions/moby", f"users/{other}/sessions/odd"} <= documents(seeder, other).keys()
    assert None is (authority.accounts.record(other) or {"email": "nobody"})["email"]
