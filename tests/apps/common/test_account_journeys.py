"""Signing in, adding a device, throwing one out: both apps as processes, on both official emulators.

The apps' own controls are pushed, and text is typed as a keyboard does it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from apps.common.driving import AppProcess, DriveError, Seen
from dalsegno.admin import Authority
from dalsegno.admin._pairing_desk import Desk
from dalsegno.testing._auth_emulator import AuthEmulator
from tests.support.auth_emulator import fresh_email
from tests.support.pairing_helper import serving

PASSWORD = "correct horse battery"
PATIENCE_S = 60.0  # a server's word, on a machine that is busy with other tests
NOBODY = "127.0.0.1:1"  # nothing listens there: the network is down
Start = Callable[..., AppProcess]


@pytest.fixture
def pairing(
    monkeypatch: pytest.MonkeyPatch, auth_emulator: AuthEmulator, emulator_host: str
) -> Iterator[str]:
    """The address of a pairing service that knows both emulators."""
    monkeypatch.setenv("FIREBASE_AUTH_EMULATOR_HOST", auth_emulator.host)
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", emulator_host)
    with (
        Authority.open(auth_emulator.project) as authority,
        serving(Desk(authority.accounts, authority.sign_ins)) as server,
    ):
        yield server.url


@pytest.fixture
def start(auth_emulator: AuthEmulator, emulator_host: str, pairing: str, tmp_path: Path) -> Iterator[Start]:
    """Starts an app on a device, whose data outlives its processes; afterwards no log knows a secret."""
    running: list[AppProcess] = []

    def start(
        app: str, device: str, *arguments: object, size: str = "390x780", live: bool = True
    ) -> AppProcess:
        process = AppProcess(
            f"apps.{app}",
            *("--offscreen", "--device", device, "--project", auth_emulator.project, "--size", size),
            *("--auth-emulator", auth_emulator.host if live else NOBODY),
            *("--emulator", emulator_host if live else NOBODY),
            *("--pairing", pairing, "--home", tmp_path / device, *arguments),
            name=device,
            log=tmp_path / f"{device}.err",
        )
        running.append(process)
        process.ready()
        return process

    yield start
    for app in running:
        app.close()
    written = "".join(log.read_text("utf-8") for log in [*tmp_path.rglob("*.log"), *tmp_path.glob("*.err")])
    assert [] == [secret for secret in (PASSWORD, "@example.com") if secret in written]


def fill_in(app: AppProcess, email: str, password: str) -> None:
    app.clear("email")
    app.type(email)
    app.clear("password")
    app.type(password)


def is_in(seen: Seen) -> bool:
    return bool(seen["signed_in"])


def is_out(seen: Seen) -> bool:
    return bool(seen["screen"] == "sign-in" and not seen["form"]["busy"])


def is_live(seen: Seen) -> bool:
    return str(seen["link"]).lower() == "live" and str(seen["saved"]).lower() == "everywhere"


def third_page(reader: AppProcess) -> Seen:
    """Turns to it; what is on the screen when the place is saved."""
    for _ in range(3):
        reader.key("right")
    return reader.wait(lambda s: s["page"] == 3 and is_live(s), "a saved place", timeout_s=PATIENCE_S)


def names(seen: Seen) -> list[str]:
    return [device["name"] for device in seen["devices"] or ()]


def test_a_device_is_added_named_thrown_out_and_comes_back(
    start: Start, own_book: Path, tmp_path: Path
) -> None:
    """A phone shows a code, a laptop enters it and is in; the laptop names the phone, and throws it out: the
    phone says at once who did it, and after signing in again it stands where it stood."""
    email = fresh_email()
    phone, laptop = (
        start("reader", "Phone", own_book),
        start("player", "Laptop", tmp_path, "--audio", "none", size="1200x800"),
    )
    fill_in(phone, email, "short")
    phone.click("sign_in")
    phone.wait(lambda s: s["form"]["errors"], "a complaint", timeout_s=PATIENCE_S)
    fill_in(phone, email, PASSWORD)
    phone.click("create_account")
    phone.wait(lambda s: s["screen"] == "book", "the book", timeout_s=PATIENCE_S)
    there = third_page(phone)

    phone.click("account")
    phone.click("add_device")
    phone.wait(lambda s: s["adding"] and s["adding"]["state"] == "shown", "a code", timeout_s=PATIENCE_S)
    code = phone.read("pairing_code")
    laptop.click("enter_code")
    laptop.type("AAAA AAAA", "code")
    laptop.key("enter")
    laptop.wait(lambda s: s["form"]["errors"].get("code"), "wrong code", timeout_s=PATIENCE_S)
    laptop.clear("code")
    laptop.type(code.lower().replace("-", " "))
    laptop.click("use_code")
    laptop.wait(lambda s: s["screen"] == "player", "the player", timeout_s=PATIENCE_S)
    used = phone.wait(lambda s: s["adding"]["state"] == "used", "the laptop's arrival", timeout_s=PATIENCE_S)
    assert ["Phone", "Laptop"] == names(used)

    laptop.click("account")
    laptop.wait(lambda s: names(s) == ["Laptop", "Phone"], "the phone", timeout_s=PATIENCE_S)
    laptop.click("rename.1")
    laptop.clear("new_name")
    laptop.type("Pocket")
    laptop.key("enter")
    laptop.wait(lambda s: names(s) == ["Laptop", "Pocket"], "the new name", timeout_s=PATIENCE_S)
    laptop.click("sign_out_device.1")
    laptop.click("confirm_yes")
    out = phone.wait(is_out, "the sign-in screen", timeout_s=PATIENCE_S)
    assert "This device was signed out from “Laptop”." == out["form"]["notice"]
    laptop.wait(lambda s: s["devices"][1]["said"] == "signed out", "what it did", timeout_s=PATIENCE_S)

    fill_in(phone, email, PASSWORD)
    phone.key("enter")
    phone.wait(lambda s: is_in(s) and is_live(s), "the phone back", timeout_s=PATIENCE_S)
    phone.click("going_on")
    back = phone.wait(lambda s: s["screen"] == "book" and s["sentence"], "the page", timeout_s=PATIENCE_S)
    assert (there["sentence"], "Pocket") == (back["sentence"], back["device_name"])
    for app in ("Phone", "Laptop"):
        assert code not in "".join(log.read_text("utf-8") for log in (tmp_path / app).rglob("*.log"))


def test_a_user_without_an_account_gets_one_and_the_next_sees_nothing_of_it(
    start: Start, own_book: Path
) -> None:
    """Without an account, then with an address: places stay. Who signs in next on this device sees none of
    them; and who is signed in already comes straight in, also without a network."""
    email = fresh_email()
    tablet = start("reader", "Tablet", own_book)
    tablet.click("without_account")
    tablet.wait(lambda s: s["screen"] == "book" and s["who"] == "anonymous", "the book", timeout_s=PATIENCE_S)
    there = third_page(tablet)
    tablet.click("account")
    tablet.click("add_email")
    fill_in(tablet, email, PASSWORD)
    tablet.click("show_password")
    with pytest.raises(DriveError, match="not to be read"):
        tablet.read("password")
    tablet.click("save_email")
    linked = tablet.wait(lambda s: s["who"] == "email" and not s["form"], "the address", timeout_s=PATIENCE_S)
    assert there["sentence"] == linked["sentence"]

    tablet.click("sign_out")
    tablet.click("confirm_yes")
    tablet.wait(is_out, "the sign-in screen", timeout_s=PATIENCE_S)
    tablet.click("without_account")
    other = tablet.wait(lambda s: s["screen"] == "library", "an empty library", timeout_s=PATIENCE_S)
    assert ([], "anonymous") == (other["books"], other["who"])
    tablet.click("account")
    tablet.click("sign_out")
    tablet.click("confirm_yes")
    tablet.wait(is_out, "the sign-in screen again", timeout_s=PATIENCE_S)
    fill_in(tablet, email, PASSWORD)
    tablet.key("enter")
    tablet.wait(lambda s: s["books"] == [there["title"]], "the books", timeout_s=PATIENCE_S)
    tablet.close()

    start("reader", "Tablet", live=False).click("going_on")
