"""An account in its user's hands: the reader's own buttons, on both official emulators."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import dalsegno as ds
from apps.common.driving import AppProcess, Seen
from dalsegno._errors import Refusal
from dalsegno.testing._auth_emulator import AuthEmulator
from tests.support.auth_emulator import PROJECT, change_user, fresh_email, mails

pytestmark = pytest.mark.no_cover  # nearly all its lines are those of tests that are counted

PASSWORD, NEW = "correct horse battery", "another horse battery"
PATIENCE_S = 60.0  # a server's word, on a machine that is busy with other tests
Start = Callable[..., AppProcess]


@pytest.fixture
def start(
    auth_emulator: AuthEmulator, emulator_host: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Start]:
    """Starts a reader on a device of its own; its user's home is a folder of the test."""
    running: list[AppProcess] = []
    (tmp_path / "Downloads").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path))

    def start(device: str, *arguments: object) -> AppProcess:
        process = AppProcess(
            "apps.reader",
            *("--offscreen", "--device", device, "--project", PROJECT, "--size", "420x1000"),
            *("--auth-emulator", auth_emulator.host, "--emulator", emulator_host),
            *("--home", tmp_path / device, *arguments),
            name=device,
            log=tmp_path / f"{device}.err",
        )
        running.append(process)
        process.ready()
        return process

    yield start
    for app in running:
        app.close()


def sign_up(reader: AppProcess, email: str) -> Seen:
    reader.type(email, "email")
    reader.type(PASSWORD, "password")
    reader.click("create_account")
    reader.wait(lambda s: s["screen"] == "book", "the book", timeout_s=PATIENCE_S)
    reader.key("right")
    return saved(reader)


def saved(reader: AppProcess) -> Seen:
    return reader.wait(
        lambda s: s["link"] == "LIVE" and s["saved"] == "EVERYWHERE", "a saved place", timeout_s=PATIENCE_S
    )


def act(reader: AppProcess, name: str, *typed: str) -> None:
    """Opens the sheet of an act, fills it in and sends it off."""
    reader.click(name)
    for tag, text in zip(("act_first", "act_second"), typed, strict=False):
        reader.type(text, tag)
    reader.click("act_go")


def outcome(reader: AppProcess) -> dict[str, Any]:
    """What the sheet says once the answer is there."""
    seen = reader.wait(
        lambda s: s["act"] and not s["act"]["busy"] and (s["act"]["notice"] or s["act"]["errors"]),
        "an answer",
        timeout_s=PATIENCE_S,
    )
    return dict(seen["act"])


def copied_books(tmp_path: Path) -> list[str]:
    return [path.name for path in (tmp_path / "Laptop" / "libraries").rglob("*.epub")]


def other_account(tmp_path: Path, auth_emulator: AuthEmulator) -> ds.Account:
    return ds.account(PROJECT, api_key="any", home=tmp_path / "other", emulator=auth_emulator.host)


def test_password_address_data_and_their_end_are_the_users_own(
    start: Start, own_book: Path, tmp_path: Path, auth_emulator: AuthEmulator
) -> None:
    """A wrong password is told in the sheet; the right one changes it; mails are sent; a file is written.
    And a mistyped one deletes nothing; then account, places and copied books are gone, and it is said."""
    email, new_email = fresh_email(), fresh_email()
    reader = start("Laptop", own_book)
    sign_up(reader, email)
    reader.click("account")
    act(reader, "change_password", "wrong horse battery", NEW)
    assert "do not belong together" in next(iter(outcome(reader)["errors"].values()))
    reader.click("sheet_close")
    act(reader, "change_password", PASSWORD, NEW)
    assert "Your password is changed." == outcome(reader)["notice"]
    reader.click("sheet_close")
    act(reader, "verify_email")
    assert "on its way" in outcome(reader)["notice"]
    reader.click("sheet_close")
    act(reader, "change_email", new_email, NEW)
    assert "Nothing changes before" in outcome(reader)["notice"]
    reader.click("sheet_close")
    sent = [mail["requestType"] for mail in mails(auth_emulator, email)]
    assert ["VERIFY_EMAIL", "VERIFY_AND_CHANGE_EMAIL"] == sent
    act(reader, "export_data")
    assert outcome(reader)["notice"].startswith("Saved in Downloads as dal-segno-")
    [file] = (tmp_path / "Downloads").iterdir()
    assert email == json.loads(file.read_text("utf-8"))["account"]["email"]
    assert email == other_account(tmp_path, auth_emulator).sign_in(email, NEW).email

    reader.click("sheet_close")
    assert [own_book.name] == copied_books(tmp_path)
    act(reader, "delete_account", "wrong horse battery")
    assert outcome(reader)["errors"]
    reader.click("sheet_close")
    act(reader, "delete_account", NEW)
    out = reader.wait(
        lambda s: s["screen"] == "sign-in" and not s["form"]["busy"], "the end", timeout_s=PATIENCE_S
    )
    assert "Your account is deleted." == out["form"]["notice"]
    assert [] == list((tmp_path / "Laptop").rglob("*.epub"))
    assert [] == list((tmp_path / "Laptop").rglob("*.sqlite*"))
    with pytest.raises(ds.SignInRefused) as raised:
        other_account(tmp_path, auth_emulator).sign_in(email, NEW)
    assert Refusal.UNKNOWN_USER is raised.value.reason


def test_what_is_on_a_device_is_removed_also_with_nobody_signed_in_and_a_disabled_account_is_told_so(
    start: Start, own_book: Path, tmp_path: Path, auth_emulator: AuthEmulator
) -> None:
    """After a sign-out places and books are still there, for the next time; one button removes them, and
    those of users of whom nothing else is left; the account is as it was. And once it is disabled, the user
    is not sent to sign in again: that cannot help.
    """
    email = fresh_email()
    reader = start("Laptop", own_book)
    of_another = tmp_path / "Laptop" / "libraries" / "0123456789abcdef" / "Old.epub"
    sign_up(reader, email)
    reader.click("account")
    reader.click("sign_out")
    reader.click("confirm_yes")
    reader.wait(lambda s: s["screen"] == "sign-in" and not s["form"]["busy"], "nobody", timeout_s=PATIENCE_S)
    assert [own_book.name] == copied_books(tmp_path)
    of_another.parent.mkdir()
    of_another.write_bytes(own_book.read_bytes())
    reader.wait(lambda s: s["removable"], "the offer to remove it", timeout_s=PATIENCE_S)
    reader.click("remove_local")
    reader.wait(
        lambda s: s["confirm"] == "Remove what is on this device?", "the question", timeout_s=PATIENCE_S
    )
    reader.click("confirm_yes")
    reader.wait(lambda s: s["form"]["notice"].startswith("Nothing of"), "its end", timeout_s=PATIENCE_S)
    reader.wait(lambda s: not s["removable"], "nothing more to remove", timeout_s=PATIENCE_S)
    left = [path.name for path in (tmp_path / "Laptop").rglob("*") if path.is_file()]
    assert [] == [name for name in left if name.endswith((".epub", ".json")) or "sqlite" in name]
    reader.type(email, "email")
    reader.type(PASSWORD, "password")
    reader.click("sign_in")
    reader.wait(lambda s: s["screen"] == "library", "the account is as it was", timeout_s=PATIENCE_S)
    saved(reader)

    reader.close()
    uid = other_account(tmp_path, auth_emulator).sign_in(email, PASSWORD).uid
    change_user(auth_emulator, uid, disableUser=True)
    reader = start("Laptop", own_book)
    seen = reader.wait(
        lambda s: s["message"] and "disabled" in s["message"], "the news", timeout_s=PATIENCE_S
    )
    assert "again" not in seen["message"]
    reader.wait(lambda s: s["screen"] == "book", "what is on the device", timeout_s=PATIENCE_S)
    reader.click("account")
    assert not reader.wait(lambda s: s["panel"], "the panel", timeout_s=PATIENCE_S)["can_sign_in_again"]
