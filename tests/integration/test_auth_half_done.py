"""Answers of the official Auth emulator that are lost on the way: done again, what was asked is done once."""

from __future__ import annotations

from pathlib import Path

import pytest

import dalsegno as ds
from dalsegno._auth.identity_toolkit import IdentityToolkit
from dalsegno._errors import Refusal
from dalsegno.testing._auth_emulator import AuthEmulator
from tests.support.auth_emulator import PROJECT, fresh_email

KEY = "any-key"
PASSWORD = "correct horse"


@pytest.fixture
def losing(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Methods whose next answer is lost: the emulator has done what was asked."""
    methods: set[str] = set()
    post = IdentityToolkit._post_json

    def lossy(self: IdentityToolkit, method: str, body: dict[str, object]) -> object:
        answer = post(self, method, body)
        if method in methods:
            methods.remove(method)
            raise ds.Offline("the answer was lost")
        return answer

    monkeypatch.setattr(IdentityToolkit, "_post_json", lossy)
    return methods


@pytest.fixture
def account(tmp_path: Path, auth_emulator: AuthEmulator) -> ds.Account:
    return ds.account(PROJECT, api_key=KEY, home=tmp_path, emulator=auth_emulator.host)


def test_a_link_is_done_by_the_second_try(account: ds.Account, losing: set[str]) -> None:
    """Anonymous, then an address, and the answer is lost: trying again, the user is the same, and has it."""
    email, uid = fresh_email(), account.sign_in_anonymously().uid
    losing.add("signUp")
    with pytest.raises(ds.Offline):
        account.link(email, PASSWORD)
    linked = account.link(email, PASSWORD)
    assert (uid, email, False) == (linked.uid, linked.email, linked.anonymous)


def test_a_second_try_with_another_password_is_told_what_happened(
    account: ds.Account, losing: set[str]
) -> None:
    """Never that the address is taken, which sends people to a sign-out that loses everything."""
    email = fresh_email()
    account.sign_in_anonymously()
    losing.add("signUp")
    with pytest.raises(ds.Offline):
        account.link(email, PASSWORD)
    with pytest.raises(ds.SignInRefused) as raised:
        account.link(email, "another horse")
    assert Refusal.EMAIL_IN_USE is not raised.value.reason
    assert not account.link(email, PASSWORD).anonymous


def test_a_sign_up_is_done_by_the_second_try(account: ds.Account, losing: set[str]) -> None:
    """The account is there already, and it is the one that was asked for."""
    email = fresh_email()
    losing.add("signUp")
    with pytest.raises(ds.Offline):
        account.sign_up(email, PASSWORD)
    assert email == account.sign_up(email, PASSWORD).email
