"""The log for support after a busy day on both emulators: what happened is in it, and nobody is."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest

import dalsegno as ds
from dalsegno._auth.account import EMULATOR_VARIABLE
from dalsegno.testing._auth_emulator import AuthEmulator
from dalsegno.testing._firestore_emulator import FirestoreEmulator
from tests.support.auth_emulator import PROJECT, fresh_email, next_second
from tests.support.clients import Note
from tests.support.emulator import RULES
from tests.support.waiting import until

PASSWORD, BOOK, PHONE, LAPTOP = "correct-horse", "moby-dick-by-melville", "Annas Pixel", "Annas ThinkPad"
PATIENCE_S = 60.0


@pytest.fixture
def log(
    auth_emulator: AuthEmulator, emulator: FirestoreEmulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Path]:
    monkeypatch.setenv(EMULATOR_VARIABLE, auth_emulator.host)
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", emulator.host)
    if emulator.attached:
        emulator.load_rules(PROJECT, RULES.read_text(encoding="utf-8"))
    ds.log_to(tmp_path / "support.log")
    yield tmp_path / "support.log"
    ds.log_to(None)


def account(home: Path) -> ds.Account:
    return ds.account(PROJECT, api_key="the-api-key", home=home)


def test_a_busy_day_tells_what_happened_and_of_nobody(tmp_path: Path, log: Path) -> None:
    """Signing up and in, edits, a device that is thrown out, a wrong password, an account's end."""
    email, here = fresh_email(), account(tmp_path / "phone")
    user = here.sign_up(email, PASSWORD)
    next_second()
    there = account(tmp_path / "laptop").sign_in(email, PASSWORD)
    with (
        ds.connect(PROJECT, user=user, home=tmp_path / "phone", device=PHONE) as phone,
        ds.connect(PROJECT, user=there, home=tmp_path / "laptop", device=LAPTOP) as laptop,
    ):
        for client in (phone, laptop):
            client.open(BOOK, Note).update(page=987654321)
            assert client.flush(PATIENCE_S)
        until(lambda: len(phone.devices()) == 2, timeout_s=PATIENCE_S, what="the laptop")
        secrets = [email, email.split("@")[0], PASSWORD, BOOK, user.uid, PHONE, LAPTOP, "987654321"]
        secrets += ["the-api-key", *(device.id for device in phone.devices()), str(tmp_path)]
        token = user.id_token()
        secrets += [token, token.split(".")[1][:20], base64.b64encode(user.uid.encode()).decode()]
        with pytest.raises(ds.SignInRefused):
            here.sign_in(email, "wrong-horse")
        phone.sign_out_device(laptop.device.id).result(PATIENCE_S)
        until(lambda: laptop.status.signed_out, timeout_s=PATIENCE_S, what="the end of the laptop")
        next_second()
        here.delete(PASSWORD)
    written = log.read_text("utf-8")
    assert [] == [secret for secret in secrets if secret in written]
    for happened in (
        "auth-answered call=signUp http=200",
        "auth-answered call=signInWithPassword http=400",
        "auth-answered call=delete http=200",
        "stream-opens targets=",
        "commit call=",
        "of=sessions session=x",
        "code=OK took_ms=",
        "code=PERMISSION_DENIED",
        "status link=live saved=everywhere",
        "signed_out=True",
    ):
        assert happened in written
    assert "=?" not in written, "a word of ours is missing in the list"
