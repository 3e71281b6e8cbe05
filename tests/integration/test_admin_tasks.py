"""Administration on both official emulators: list, export, erase, prune; interrupted, and run again."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from google.cloud.firestore_v1.types import document
from google.protobuf.json_format import ParseDict

import dalsegno as ds
from dalsegno._cli import main
from dalsegno.admin import Authority, NoSuchUser, erase, export, holdings
from tests.support.seeding import EVERY_TYPE, Seeder, device, session, sign_in

Enter = Callable[..., int]


def test_a_user_s_sessions_and_devices_are_listed(
    seeder: Seeder, alice: str, authority: Authority, capsys: pytest.CaptureFixture[str]
) -> None:
    """What a user has is listed, not where in it the user is; a name cannot steer the terminal."""
    seen = datetime(2026, 3, 1, 12, tzinfo=UTC)
    seeder.fill(alice, 11)
    seeder.put({f"users/{alice}/devices/00000000000000aa": device("evil \x1b[2J name", seen=seen)})
    found = holdings(authority, alice)
    assert (11, 4, {"marks": 2, "signins": 3}) == (len(found.sessions), len(found.devices), found.others)
    assert ("book-00003", "reading/1", 3) == (
        found.sessions[3].id,
        found.sessions[3].schema,
        found.sessions[3].rev,
    )
    assert 0 == main(["admin", "list", alice])
    printed = capsys.readouterr().out
    assert "11 sessions\n" in printed
    assert "00000000000000aa  evil \ufffd[2J name  phone  linux     reader  2026-03-01 12:00:00Z" in printed
    assert 0 == main(["admin", "list", alice, "--json"])
    as_json = json.loads(capsys.readouterr().out)
    assert {"id": "00000000000000aa", "name": "evil \x1b[2J name"}.items() <= as_json["devices"][3].items()


def test_who_is_online_and_who_was_signed_out_is_listed(
    seeder: Seeder,
    alice: str,
    authority: Authority,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Online is whose lease runs; signed out is whose sign-in was thrown out, whatever stands on the card."""
    monkeypatch.setattr("dalsegno.admin._documents.PAGE", 2)
    now, root = datetime.now(UTC), f"users/{alice}"
    ahead, long_ago = now + timedelta(minutes=5), now - timedelta(hours=1)
    claimed = {"by": "00000000000000b1", "at": now}
    seeder.put(
        {
            f"{root}/devices/00000000000000b1": device("on", seen=ahead, sign_in="1", online=True),
            f"{root}/devices/00000000000000b2": device("off", seen=long_ago, sign_in="2", online=True),
            f"{root}/devices/00000000000000b3": device("out", seen=ahead, sign_in="3", online=True),
            f"{root}/devices/00000000000000b4": {**device("said", seen=now, sign_in="2"), "revoked": claimed},
            f"{root}/devices/00000000000000b5": {"until": "soon", "sign_in": 3},
            f"{root}/signins/1": sign_in("00000000000000b1"),
            f"{root}/signins/3": sign_in("00000000000000b3", thrown_out=True),
        }
    )
    found = holdings(authority, alice)
    assert [(True, False), (False, False), (False, True), (False, False), (False, False)] == [
        (known.online, known.signed_out) for known in found.devices
    ]
    assert ["1", "2", "3", "2", ""] == [known.sign_in for known in found.devices]
    assert 0 == main(["admin", "list", alice])
    printed = capsys.readouterr().out.splitlines()
    ends = [line.split("Z")[-1].split("never")[-1].strip() for line in printed[4:9]]
    assert ["online", "", "signed out", "", ""] == ends


def test_an_export_holds_every_type_to_the_last_digit(
    seeder: Seeder, alice: str, authority: Authority, tmp_path: Path
) -> None:
    """What is read back from the file is byte for byte what stands in Firestore; the account is there."""
    root = f"users/{alice}"
    paths = [
        root,
        f"{root}/sessions/book",
        f"{root}/sessions/gone/marks/m1",
        f"{root}/notes/of-a-later-version",
    ]
    seeder.put(dict.fromkeys(paths, EVERY_TYPE))
    file = tmp_path / "alice.json"
    done = export(authority, alice, file)
    content = json.loads(file.read_text(encoding="utf-8"))
    assert {"users": 1, "sessions": 1, "marks": 1, "notes": 1} == content["counts"] == done.documents
    assert sorted(paths) == sorted(entry["path"] for entry in content["documents"])
    for entry in content["documents"]:
        kept = ParseDict({"name": seeder.name(entry.pop("path")), **entry}, _empty_document())
        there = seeder.get(kept.name.partition("/documents/")[2])
        assert there.SerializeToString(deterministic=True) == kept.SerializeToString(deterministic=True)
    assert (alice, f"{alice}@example.com", "Alice") == tuple(
        content["account"][name] for name in ("uid", "email", "display_name")
    )
    assert 0o600 == file.stat().st_mode & 0o777


def test_an_export_is_of_one_moment(
    seeder: Seeder, alice: str, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a device writes while the export is being written is not in it, not even in part."""
    monkeypatch.setattr("dalsegno.admin._documents.PAGE", 2)
    root = f"users/{alice}"
    before, after = {"value": "before"}, {"value": "after"}
    paths = [root, *(f"{root}/sessions/book-{number}" for number in range(5))]
    seeder.put(dict.fromkeys(paths, before))
    file = tmp_path / "alice.json"
    export(
        authority,
        alice,
        file,
        tell=lambda *_: seeder.put(dict.fromkeys([*paths, f"{root}/sessions/new"], after)),
    )
    content = json.loads(file.read_text(encoding="utf-8"))
    assert dict.fromkeys(paths, "before") == {
        entry["path"]: entry["fields"]["value"]["stringValue"] for entry in content["documents"]
    }


def test_a_dry_run_changes_nothing(
    seeder: Seeder, alice: str, authority: Authority, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With --dry-run each command says what it would do, and neither a document nor a file is touched."""
    seeder.fill(alice, 10)
    old = datetime.now(UTC) - timedelta(days=100)
    seeder.put({f"users/{alice}/devices/00000000000000aa": device("old", seen=old)})
    before = seeder.names(f"users/{alice}")
    file = tmp_path / "alice.json"
    assert 0 == main(["admin", "export", alice, "--to", str(file), "--dry-run"])
    assert 0 == main(["admin", "erase", alice, "--account", "--dry-run"])
    assert 0 == main(["admin", "erase", alice, "--dry-run"])
    assert 0 == main(["admin", "prune-devices", "--user", alice, "--older-than", "30", "--dry-run"])
    assert [
        "the account and 4 in devices, 1 in marks, 10 in sessions, 3 in signins would be exported",
        "the account and 4 in devices, 1 in marks, 10 in sessions, 3 in signins would be erased",
        "4 in devices, 1 in marks, 10 in sessions, 2 in signins would be erased",
        "1 of 4 devices would be forgotten",
    ] == capsys.readouterr().out.splitlines()
    assert before == seeder.names(f"users/{alice}")
    assert not list(tmp_path.iterdir())
    assert authority.accounts.record(alice)["disabled"] is False  # type: ignore[index]


def test_erasing_wants_to_be_meant(alice: str, seeder: Seeder, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a terminal to ask at, and without --yes, nothing is erased."""
    seeder.fill(alice, 1)
    assert 1 == main(["admin", "erase", alice])
    assert "cannot be undone: give --yes" in capsys.readouterr().err
    assert 8 == len(seeder.names(f"users/{alice}"))


def test_an_erase_without_the_account_lets_nobody_back_in(
    seeder: Seeder,
    alice: str,
    authority: Authority,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The user can go on signing in, to nothing; but which sign-ins were thrown out stays on record, since
    their devices would be let in again without. What else is called `revoked` goes.
    """
    monkeypatch.setattr("dalsegno.admin._documents.PAGE", 2)
    root, thrown_out = f"users/{alice}", f"users/{alice}/signins/1700000002"
    seeder.fill(alice, 3)
    seeder.put({f"{root}/devices/signins": {"revoked": {"by": "00000000000000bb"}}})
    seeder.put({f"{thrown_out}/signins/1": {"revoked": True}})
    before = seeder.get(thrown_out)
    done = erase(authority, alice)
    assert {"sessions": 3, "marks": 1, "devices": 4, "signins": 3} == done.documents
    assert (1, False) == (done.kept, done.account)
    assert [thrown_out] == seeder.names(root)
    assert before == seeder.get(thrown_out)
    assert authority.accounts.record(alice)["disabled"] is False  # type: ignore[index]
    assert 0 == main(["admin", "erase", alice, "--yes"])
    said = capsys.readouterr()
    assert "no documents erased; nothing else is left\n" == said.out
    assert "1 sign-in that had been thrown out: kept on record" in said.err
    assert (1, 1) == _count_and_kept(
        erase(authority, alice, account=True, dry_run=True), erase(authority, alice)
    )
    assert {"signins": 1} == erase(authority, alice, account=True).documents
    assert [] == seeder.names(root)


def test_export_and_erase_survive_being_killed(
    seeder: Seeder, alice: str, authority: Authority, tmp_path: Path, environment: dict[str, str]
) -> None:
    """1,000 sessions and what belongs to them. Export, killed, again; erase, killed twice, again: nothing of
    the user is left, no sign-in either, and all of others.
    """
    total = seeder.fill(alice, 1000)
    seeder.put({f"users/{alice}": {"since": 2026}})
    seeder.fill(f"{alice}-bob", 3)
    file = tmp_path / "alice.json"
    file.write_text("an older export", encoding="utf-8")

    kill_at_random(f"export(authority, {alice!r}, Path({str(file)!r}), tell=tell)", total, environment)
    assert "an older export" == file.read_text(encoding="utf-8")
    assert total + 1 == sum(export(authority, alice, file).documents.values())
    assert [file] == list(tmp_path.iterdir())
    exported = json.loads(file.read_text(encoding="utf-8"))
    assert {"users": 1, "sessions": 1000, "marks": 100, "devices": 3, "signins": 3} == exported["counts"]
    assert sorted([f"users/{alice}", *seeder.names(f"users/{alice}")]) == sorted(
        entry["path"] for entry in exported["documents"]
    )

    left = total
    for _ in range(2):
        kill_at_random(f"erase(authority, {alice!r}, account=True, tell=tell)", left, environment)
        before, left = left, len(seeder.names(f"users/{alice}"))
        assert 0 < left < before
        assert authority.accounts.record(alice)["disabled"] is True  # type: ignore[index]
    assert left + 1 == sum(erase(authority, alice, account=True).documents.values())

    assert [] == seeder.names(f"users/{alice}")
    assert authority.documents.get(seeder.name(f"users/{alice}")) is None
    assert authority.accounts.record(alice) is None
    with pytest.raises(NoSuchUser):
        erase(authority, alice, account=True)
    assert 10 == len(seeder.names(f"users/{alice}-bob"))


def test_what_a_device_writes_meanwhile_is_erased_too(
    seeder: Seeder, alice: str, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A device that writes while the erase goes on: the erase looks again, and says so if it does not end."""
    monkeypatch.setattr("dalsegno.admin._erasing.PAUSE_S", 0.0)
    seeder.fill(alice, 3)
    delete, writes = authority.documents.delete, iter(range(2))

    def and_written(documents: Any) -> int:
        deleted = delete(documents)
        if next(writes, None) is not None:
            seeder.put({f"users/{alice}/sessions/again": session(1)})
        return deleted

    monkeypatch.setattr(authority.documents, "delete", and_written)
    assert {"sessions": 5, "marks": 1, "devices": 3, "signins": 2} == erase(authority, alice).documents
    assert [f"users/{alice}/signins/1700000002"] == seeder.names(f"users/{alice}")

    writes = iter(range(1000))
    seeder.fill(alice, 1)
    with pytest.raises(ds.Offline, match="run the erase again"):
        erase(authority, alice)


def test_ctrl_c_says_how_to_go_on(
    alice: str, seeder: Seeder, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    """An interrupted command ends with code 130 and says that it can be run again."""
    seeder.fill(alice, 1)

    def interrupted(*_: object, **__: object) -> None:
        os.kill(os.getpid(), signal.SIGTERM)  # as a service manager stops it

    monkeypatch.setattr("dalsegno.admin._documents.Documents.delete", interrupted)
    before = signal.getsignal(signal.SIGTERM)
    assert 130 == main(["admin", "erase", alice, "--yes"])
    assert "what is done stays done; run the same command again" in capsys.readouterr().err
    assert before == signal.getsignal(signal.SIGTERM)


def test_a_firestore_that_is_down_is_one_sentence(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where nobody answers, the command ends with code 1 and a sentence, in seconds."""
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", "127.0.0.1:9")
    monkeypatch.setattr("dalsegno.admin._documents.PATIENCE_S", 0.3)
    assert 1 == main(["admin", "list", "alice"])
    said = capsys.readouterr().err
    assert said.startswith("dalsegno: Firestore cannot be reached, or is busy")
    assert 1 == said.count("\n")


KILLED = """
import sys
from pathlib import Path
import dalsegno.admin._documents as documents
from dalsegno.admin import Authority, NoSuchUser, erase, export

documents.PAGE = 25

def tell(what, done, total):
    print(done, flush=True)
    sys.stdin.readline()

with Authority.open() as authority:
    {task}
"""


def kill_at_random(task: str, total: int, environment: dict[str, str]) -> None:
    """Runs a task in a process of its own, and kills it on the way from one random page to the next."""
    chosen = random.uniform(0.1, 0.7) * total
    code = KILLED.format(task=task)
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    ) as process:
        assert process.stdin and process.stdout
        for line in process.stdout:
            process.stdin.write("\n")
            process.stdin.flush()
            if int(line) >= chosen:
                process.kill()
                break
    assert -signal.SIGKILL == process.wait()


def _count_and_kept(wanted: Any, done: Any) -> tuple[int, int]:
    return sum(wanted.documents.values()), done.kept


def _empty_document() -> Any:
    return document.Document.pb(document.Document())
