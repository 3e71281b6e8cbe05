"""Who is meant: users by id or address, and what is said of those who do not exist."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from firebase_admin import auth

from dalsegno._cli import main
from dalsegno.admin import Authority, NoSuchUser, erase, export, holdings, prune_devices
from tests.support.seeding import Seeder, session

NOBODY = "alcie-who-was-mistyped"


@pytest.mark.parametrize(
    "command",
    [
        ["list"],
        ["export", "--to", "file.json"],
        ["export", "--dry-run"],
        ["erase", "--yes"],
        ["erase", "--yes", "--account"],
        ["erase", "--account", "--dry-run"],
        ["prune-devices", "--older-than", "30", "--user"],
    ],
)
@pytest.mark.parametrize("who", [NOBODY, "nobody@example.com"])
def test_a_mistyped_user_is_none(
    environment: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: list[str],
    who: str,
) -> None:
    """Where there is neither an account nor a document, each command says so, ends with code 3, and writes
    nothing: neither to a file nor to stdout."""
    monkeypatch.chdir(tmp_path)
    assert 3 == main(["admin", *command, who])
    said = capsys.readouterr()
    assert "" == said.out
    what = "no account has this e-mail address" if "@" in who else "no user has this id"
    assert f"dalsegno: {what}, and nothing is kept under it: is it mistyped, or of another project?\n" == (
        said.err
    )
    assert [] == list(tmp_path.iterdir())


def test_the_library_says_so_too(authority: Authority, tmp_path: Path) -> None:
    """No such user is an error of its own, that a program can catch."""
    with pytest.raises(NoSuchUser):
        export(authority, NOBODY, tmp_path / "file.json")
    with pytest.raises(NoSuchUser):
        erase(authority, NOBODY)
    with pytest.raises(NoSuchUser):
        holdings(authority, NOBODY)
    with pytest.raises(NoSuchUser):
        prune_devices(authority, older_than_days=30, uid=NOBODY)
    assert [] == list(tmp_path.iterdir())


def test_data_without_an_account_are_somebody_s(seeder: Seeder, alice: str, authority: Authority) -> None:
    """A document is enough to be erased, below a user or the user's own; and an account is, without any."""
    orphan = f"{alice}-gone"
    seeder.put({f"users/{orphan}/sessions/book/marks/m1": session(1)})
    assert {"marks": 1} == erase(authority, orphan).documents
    seeder.put({f"users/{orphan}": {"since": 2026}})
    assert {"users": 1} == erase(authority, orphan).documents
    assert ({}, True) == (
        erase(authority, alice).documents,
        erase(authority, alice, account=True).account,
    )


def test_an_address_is_taken_where_an_id_is(
    seeder: Seeder, alice: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each command finds the user by the e-mail address, and says whose it is."""
    seeder.fill(alice, 1)
    address, file = f"{alice}@example.com", tmp_path / "file.json"
    for command in (
        ["list", address],
        ["export", address, "--to", str(file)],
        ["prune-devices", "--older-than", "30", "--user", address],
        ["erase", address, "--yes", "--account"],
    ):
        assert 0 == main(["admin", *command])
        assert f"the user {alice}\n" in capsys.readouterr().err
    assert alice == json.loads(file.read_text(encoding="utf-8"))["uid"]
    assert [] == seeder.names(f"users/{alice}")


def test_an_id_that_is_another_s_address_is_not_guessed(
    alice: str, authority: Authority, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who calls themselves by another's address does not get what is meant for that one."""
    auth.create_user(uid=f"{alice}@example.com", app=authority._app)
    assert 1 == main(["admin", "erase", f"{alice}@example.com", "--yes", "--account"])
    assert "the id of one user and the e-mail address of another: give the id" in capsys.readouterr().err
    assert authority.accounts.record(alice) is not None


def test_the_state_of_the_account_is_shown(
    alice: str, authority: Authority, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whether it is disabled, the address and whether it is verified, how and when the user signed in."""
    auth.update_user(alice, disabled=True, email_verified=True, password="correct horse", app=authority._app)
    account = holdings(authority, alice).account
    assert account is not None
    assert (f"{alice}@example.com", True, True, ("password",)) == (
        account.email,
        account.email_verified,
        account.disabled,
        account.providers,
    )
    assert 0 == main(["admin", "list", alice])
    assert account.created and account.last_signed_in  # the emulator's account begins with a sign-in
    made, last = (f"{at:%Y-%m-%d %H:%M:%SZ}" for at in (account.created, account.last_signed_in))
    line = f"account DISABLED  {alice}@example.com (verified)  password  made {made}  last sign-in {last}"
    assert line == capsys.readouterr().out.splitlines()[0]
    assert 0 == main(["admin", "list", alice, "--json"])
    as_json = json.loads(capsys.readouterr().out)["account"]
    assert {"disabled": True, "providers": ["password"]}.items() <= as_json.items()


def test_an_anonymous_account_is_shown_as_one(
    seeder: Seeder, authority: Authority, alice: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither an address nor a provider; and who has no account at all is told from that."""
    auth.create_user(uid=f"{alice}-anon", app=authority._app)
    assert 0 == main(["admin", "list", f"{alice}-anon"])
    shown = capsys.readouterr().out
    assert shown.startswith("account  no e-mail address  no provider (anonymous, or by custom tokens)  made ")
    seeder.fill(f"{alice}-orphan", 1)
    assert 0 == main(["admin", "list", f"{alice}-orphan"])
    assert "no account" == capsys.readouterr().out.splitlines()[0]


@pytest.mark.parametrize("days", ["999999999", "99999999999999999999", "3651", "0", "-1"])
def test_an_age_that_no_device_has_is_refused(
    environment: dict[str, str], capsys: pytest.CaptureFixture[str], days: str
) -> None:
    """Days beyond all calendars end in one sentence, as those below one do."""
    assert 1 == main(["admin", "prune-devices", "--older-than", days])
    said = capsys.readouterr().err
    assert said.startswith(
        "dalsegno: no device is so old" if int(days) > 0 else "dalsegno: a device that was"
    )
    assert 1 == said.count("\n")


def test_what_reads_the_list_may_stop(environment: dict[str, str], seeder: Seeder, alice: str) -> None:
    """`dalsegno admin list … | head -n 1`: no traceback, no word, and the code of a closed pipe."""
    seeder.fill(alice, 300)
    with subprocess.Popen(
        [sys.executable, "-m", "dalsegno._cli", "admin", "list", alice],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **environment, "PYTHONUNBUFFERED": "1"},
        pipesize=4096,  # all of it would fit into a larger one, before anybody stops reading
    ) as process:
        assert process.stdout and process.stderr
        assert process.stdout.readline().startswith(b"account")
        process.stdout.close()
        assert b"" == process.stderr.read()
    assert 141 == process.returncode


def test_each_result_is_there_as_json(
    seeder: Seeder, alice: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With --json stdout is one JSON document, whatever the command."""
    seeder.fill(alice, 1)
    file = str(tmp_path / "file.json")
    found = []
    for command in (
        ["export", alice, "--to", file],
        ["prune-devices", "--older-than", "30", "--user", alice],
        ["erase", alice, "--yes", "--account"],
        ["import", file, "--account"],
    ):
        assert 0 == main(["admin", *command, "--json"])
        found.append(json.loads(capsys.readouterr().out))
    documents = {"devices": 3, "marks": 1, "sessions": 1, "signins": 3}
    assert {"documents": documents, "account": True} == found[0]
    assert {"looked_at": 3, "pruned": 0} == found[1]
    assert {"documents": documents, "account": True, "kept": 0} == found[2]
    imported = {"uid": alice, "documents": documents, "replaced": 0, "unchanged": 0}
    assert {**imported, "account": True, "own": False} == found[3]


def test_no_answer_is_no_consent(
    alice: str, seeder: Seeder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Asked whether to erase, Ctrl-D ends it as another id does."""
    seeder.fill(alice, 1)

    def ended() -> str:
        raise EOFError

    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", ended)
    assert 1 == main(["admin", "erase", alice])
    assert capsys.readouterr().err.endswith("dalsegno: that is another id: nothing was erased\n")
    assert 8 == len(seeder.names(f"users/{alice}"))
