"""What was exported comes back: the same bytes, to the same user or another; and nothing is lost by it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import dalsegno as ds
from dalsegno._cli import main
from dalsegno.admin import Authority, Imported, erase, export, import_user
from tests.support.seeding import EVERY_TYPE, Seeder


@pytest.fixture
def exported(seeder: Seeder, alice: str, authority: Authority, tmp_path: Path) -> Path:
    """A file of all that alice has: twelve documents with every type that Firestore knows."""
    seeder.put({f"users/{alice}": EVERY_TYPE, f"users/{alice}/notes/of-a-later-version": EVERY_TYPE})
    seeder.fill(alice, 4)
    file = tmp_path / "alice.json"
    export(authority, alice, file)
    return file


COUNTS = {"users": 1, "notes": 1, "sessions": 4, "marks": 1, "devices": 3, "signins": 3}


def fields(seeder: Seeder, uid: str) -> dict[str, bytes]:
    """What stands in each document of a user, by its path below the user's own."""
    root = f"users/{uid}"
    found = {path: seeder.get(path) for path in [root, *seeder.names(root)]}
    return {
        path.removeprefix(root): type(doc)(fields=doc.fields).SerializeToString(deterministic=True)
        for path, doc in found.items()
    }


def test_all_comes_back_after_an_erase(
    seeder: Seeder, alice: str, authority: Authority, exported: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Erased with the account and imported: every document is byte for byte as it was, the thrown-out sign-in
    too, and the account is there, without a password."""
    before, account = fields(seeder, alice), authority.accounts.record(alice)
    erase(authority, alice, account=True)
    assert 1 == main(["admin", "import", str(exported)])
    assert "there is no account of this id: --account (account=True) makes it" in capsys.readouterr().err
    assert [] == seeder.names(f"users/{alice}")
    assert 0 == main(["admin", "import", str(exported), "--account"])
    said = capsys.readouterr()
    counts = "3 in devices, 1 in marks, 1 in notes, 4 in sessions, 3 in signins, 1 in users"
    assert (f"the account and {counts} imported\n0 documents already just so, 0 replaced\n") == said.out
    assert "the password is in no export: the user sets a new one by the reset mail" in said.err
    assert before == fields(seeder, alice)
    again = authority.accounts.record(alice)
    names = ("uid", "email", "email_verified", "display_name", "disabled", "custom_claims", "created_ms")
    assert account and again
    assert [account[name] for name in names] == [again[name] for name in names]


def test_another_user_gets_it(seeder: Seeder, alice: str, authority: Authority, exported: Path) -> None:
    """Under another id all is as it was under its own, and nothing is taken from its owner."""
    bob = f"{alice}-bob"
    seeder.put({f"users/{bob}/sessions/own": {"of": "bob"}})
    authority.accounts._auth.create_user(uid=bob, app=authority._app)
    before = fields(seeder, alice)
    assert Imported(bob, COUNTS, 0, 0, False) == import_user(authority, exported, uid=bob)
    assert before == fields(seeder, alice)
    found = fields(seeder, bob)
    assert found.pop("/sessions/own")
    assert before == found


def test_nothing_that_differs_is_replaced_unasked(
    seeder: Seeder, alice: str, authority: Authority, exported: Path
) -> None:
    """One document that went on since the export: the import refuses and writes nothing at all, not even what
    is missing; asked to, it replaces that one, and leaves alone what is no part of the file."""
    path, missing, new = (f"users/{alice}/sessions/{name}" for name in ("book-00001", "book-00002", "new"))
    before = fields(seeder, alice)
    seeder.put({path: {"gone": "on"}, new: {"later": True}})
    authority.documents.delete([seeder.get(missing)])
    there = fields(seeder, alice)
    with pytest.raises(ds.UsageError, match="1 of these documents are there already and differ, and nothing"):
        import_user(authority, exported)
    assert there == fields(seeder, alice)
    assert (1, 11) == _changed(import_user(authority, exported, overwrite=True, dry_run=True))
    assert there == fields(seeder, alice)
    assert (1, 11) == _changed(import_user(authority, exported, overwrite=True))
    assert {**before, "/sessions/new": there["/sessions/new"]} == fields(seeder, alice)


def test_an_interrupted_import_is_finished_by_the_next(
    seeder: Seeder, alice: str, authority: Authority, exported: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Interrupted between two batches, it goes on where it was: what is there is not written again."""
    monkeypatch.setattr("dalsegno.admin._importing.BATCH", 5)
    before = fields(seeder, alice)
    erase(authority, alice, account=True)

    def interrupted(what: str, done: int, total: int) -> None:
        if what == "importing":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_user(authority, exported, account=True, tell=interrupted)
    assert 5 == len(seeder.names(f"users/{alice}"))
    assert authority.accounts.record(alice) is None
    assert (0, 5) == _changed(import_user(authority, exported, account=True))
    assert before == fields(seeder, alice)


def test_what_a_device_writes_meanwhile_stands(
    seeder: Seeder, alice: str, authority: Authority, exported: Path
) -> None:
    """A document that appears between the look and the writing is not replaced, and that is said."""
    erase(authority, alice)
    path = f"users/{alice}/sessions/book-00001"

    def written(what: str, done: int, total: int) -> None:
        if what == "comparing":
            seeder.put({path: {"new": True}})

    with pytest.raises(ds.UsageError, match="a device has written one of these documents meanwhile"):
        import_user(authority, exported, tell=written)
    assert ["new"] == list(seeder.get(path).fields)


def test_an_account_whose_address_is_taken_stops_it_before_anything(
    seeder: Seeder, alice: str, authority: Authority, exported: Path
) -> None:
    """Under another id the account would share its address with the first: nothing is written."""
    with pytest.raises(ds.UsageError, match="another account has the e-mail address"):
        import_user(authority, exported, uid=f"{alice}-twin", account=True)
    assert [] == seeder.names(f"users/{alice}-twin")
    assert authority.accounts.record(f"{alice}-twin") is None


@pytest.mark.parametrize(
    "harm", ["cut", "half a line", "counts", "a document", "an odd path", "pretty", "none"]
)
def test_a_file_that_is_not_whole_changes_nothing(
    seeder: Seeder, alice: str, authority: Authority, exported: Path, harm: str
) -> None:
    """A file that was cut off or changed is told before the first document is written."""
    erase(authority, alice)
    there = seeder.names(f"users/{alice}")
    lines = exported.read_text(encoding="utf-8").splitlines(keepends=True)
    harmed = {
        "cut": lines[:6],
        "half a line": [*lines[:6], lines[6][:-40]],
        "counts": [*lines[:3], *lines[4:]],
        "a document": [*lines[:5], lines[5].replace('"stringValue"', '"strongValue"'), *lines[6:]],
        "an odd path": [*lines[:5], lines[5].replace(f"users/{alice}/", "users/mallory/"), *lines[6:]],
        "pretty": [json.dumps(json.loads("".join(lines)), indent=2)],
        "none": ["not an export\n"],
    }[harm]
    exported.write_text("".join(harmed), encoding="utf-8")
    with pytest.raises(ds.UsageError, match=r"no whole export|makes no sense|is no export"):
        import_user(authority, exported)
    assert there == seeder.names(f"users/{alice}")


def _changed(done: Any) -> tuple[int, int]:
    return done.replaced, done.unchanged
