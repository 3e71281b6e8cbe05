"""A second device signed in by a short code: real accounts, a helper, devices with their own data."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from google.api_core.retry import Retry

import dalsegno as ds
from dalsegno import pairing
from dalsegno._auth.identity_toolkit import claims_of
from dalsegno._core.types import ProjectId
from dalsegno.admin import Authority
from dalsegno.admin._pairing_desk import Desk
from dalsegno.admin._sign_ins import SignIns
from dalsegno.testing._auth_emulator import AuthEmulator
from tests.support.auth_emulator import change_user, delete_user, fresh_email
from tests.support.pairing_helper import serving
from tests.support.seeding import Seeder, sign_in
from tests.support.users import unsigned_token
from tests.support.waiting import until

PASSWORD = "correct horse"


class Reading(ds.State, schema="reading/1"):
    page: int = ds.latest(0)


class Offset:
    """A steady clock that goes on only when a test puts it forward."""

    ahead_s = 0.0

    def __call__(self) -> float:
        return 1_000.0 + self.ahead_s


@pytest.fixture
def clock() -> Offset:
    return Offset()


@pytest.fixture
def service(
    monkeypatch: pytest.MonkeyPatch, auth_emulator: AuthEmulator, emulator_host: str, clock: Offset
) -> Iterator[str]:
    """The address of a pairing helper that knows the Auth emulator's users, and Firestore's sign-ins."""
    monkeypatch.setenv("FIREBASE_AUTH_EMULATOR_HOST", auth_emulator.host)
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", emulator_host)
    with (
        Authority.open(auth_emulator.project) as authority,
        serving(Desk(authority.accounts, authority.sign_ins, clock)) as server,
    ):
        yield server.url


@pytest.fixture
def account(auth_emulator: AuthEmulator, tmp_path: Path) -> Callable[[str], ds.Account]:
    """`account("phone")`: the account of a device."""

    def on(device: str) -> ds.Account:
        return ds.account(
            auth_emulator.project, api_key="key", home=tmp_path / device, emulator=auth_emulator.host
        )

    return on


@pytest.fixture
def phone(account: Callable[[str], ds.Account]) -> ds.SignedIn:
    """A user who is signed in on a phone."""
    return account("phone").sign_up(fresh_email(), PASSWORD)


def test_a_second_device_carries_on(
    service: str, phone: ds.SignedIn, auth_emulator: AuthEmulator, emulator_host: str, tmp_path: Path
) -> None:
    """The phone shows a code, the laptop enters it: it is the same user, and goes on where the phone was."""
    with ds.connect(
        auth_emulator.project, user=phone, home=tmp_path / "phone", emulator=emulator_host
    ) as client:
        client.open("book", Reading).update(page=42)
        assert client.flush(20.0)
    code = pairing.request_code(service, phone)
    typed = code.text.lower().replace("-", " ")
    paired = pairing.redeem(service, typed, api_key="key")
    with ds.connect(
        auth_emulator.project, user=paired, home=tmp_path / "laptop", emulator=emulator_host
    ) as client:
        assert phone.uid == client.user.uid  # type: ignore[union-attr]
        book = client.open("book", Reading)
        until(lambda: book.state.page == 42, timeout_s=20.0, what="the phone's page")
    stored = ds.StoredUser(api_key="key")
    with ds.connect(
        auth_emulator.project, user=stored, home=tmp_path / "laptop", emulator=emulator_host
    ) as client:
        assert phone.uid == client.user.uid  # type: ignore[union-attr]


def test_a_paired_device_goes_on_by_itself(
    service: str, phone: ds.SignedIn, account: Callable[[str], ds.Account]
) -> None:
    """A device that was paired can pair the next one, and outlives the first one's sign-out."""
    laptop, tablet = account("laptop"), account("tablet")
    laptop.sign_in_with_token(
        pairing.redeem(service, pairing.request_code(service, phone).text, api_key="key").token
    )
    account("phone").sign_out()
    assert laptop.user is not None
    code = pairing.request_code(service, laptop.user)
    assert (
        phone.uid == tablet.sign_in_with_token(pairing.redeem(service, code.payload, api_key="key").token).uid
    )


def test_an_anonymous_user_can_pair(service: str, account: Callable[[str], ds.Account]) -> None:
    """A user without a name has no password to type anywhere: pairing is the way to a second device."""
    user = account("phone").sign_in_anonymously()
    paired = pairing.redeem(service, pairing.request_code(service, user).text, api_key="key")
    assert user.uid == account("laptop").sign_in_with_token(paired.token).uid


def test_a_user_who_has_just_been_linked_can_pair(service: str, account: Callable[[str], ds.Account]) -> None:
    """A password revokes the older tokens of an anonymous user; the newest is good for pairing at once."""
    phone = account("phone")
    phone.sign_in_anonymously()
    user = phone.link(fresh_email(), PASSWORD)
    paired = pairing.redeem(service, pairing.request_code(service, user).text, api_key="key")
    assert user.uid == account("laptop").sign_in_with_token(paired.token).uid


def refused(call: Callable[[], object]) -> ds.Refusal:
    with pytest.raises(ds.SignInRefused) as error:
        call()
    return error.value.reason


def test_wrong_used_and_late_codes(service: str, phone: ds.SignedIn, clock: Offset) -> None:
    """Each code that is no good is refused with its own reason, and a new one works after that."""

    def enter(code: str) -> ds.CustomToken:
        return pairing.redeem(service, code, api_key="key")

    assert ds.Refusal.WRONG_CODE is refused(lambda: enter("0000-0000"))
    used = pairing.request_code(service, phone).text
    enter(used)
    assert ds.Refusal.USED_CODE is refused(lambda: enter(used))
    late = pairing.request_code(service, phone).text
    clock.ahead_s = 120.0
    assert ds.Refusal.LATE_CODE is refused(lambda: enter(late))
    assert enter(pairing.request_code(service, phone).text).token


def test_who_guesses_is_stopped(service: str, phone: ds.SignedIn) -> None:
    """After ten wrong codes the right one is refused, too: a guesser learns nothing more."""
    code = pairing.request_code(service, phone).text
    for number in range(10):
        wrong = f"0000000{number}"
        assert ds.Refusal.WRONG_CODE is refused(partial(pairing.redeem, service, wrong, api_key="key"))
    assert ds.Refusal.TOO_MANY_TRIES is refused(lambda: pairing.redeem(service, code, api_key="key"))


def test_a_user_who_is_disabled_meanwhile_gets_no_second_device(
    service: str, phone: ds.SignedIn, auth_emulator: AuthEmulator
) -> None:
    """A disabled user gets no code, and a code that is out already signs nobody in."""
    code = pairing.request_code(service, phone).text
    change_user(auth_emulator, phone.uid, disableUser=True)
    assert ds.Refusal.SIGN_IN_AGAIN is refused(lambda: pairing.redeem(service, code, api_key="key"))
    assert ds.Refusal.SIGN_IN_AGAIN is refused(lambda: pairing.request_code(service, phone))


def test_a_user_who_was_signed_out_everywhere_gets_no_second_device(
    service: str, phone: ds.SignedIn, auth_emulator: AuthEmulator
) -> None:
    """After the user's sign-ins were revoked, neither an old ID token nor an old code is of use."""
    code = pairing.request_code(service, phone).text
    change_user(auth_emulator, phone.uid, validSince=str(int(time.time()) + 60))
    assert ds.Refusal.SIGN_IN_AGAIN is refused(lambda: pairing.redeem(service, code, api_key="key"))
    assert ds.Refusal.SIGN_IN_AGAIN is refused(lambda: pairing.request_code(service, phone))


def test_an_account_that_is_gone_gets_no_second_device(
    service: str, phone: ds.SignedIn, auth_emulator: AuthEmulator
) -> None:
    """The token of a deleted account, still within its hour, gets no code."""
    code = pairing.request_code(service, phone).text
    delete_user(auth_emulator, phone.uid)
    assert ds.Refusal.SIGN_IN_AGAIN is refused(lambda: pairing.redeem(service, code, api_key="key"))
    assert ds.Refusal.SIGN_IN_AGAIN is refused(lambda: pairing.request_code(service, phone))


def sign_in_of(user: ds.SignedIn) -> str:
    """The name of the sign-in under which the user's newest token is."""
    return str(claims_of(user.id_token())["auth_time"])


def test_a_device_that_was_signed_out_gets_no_second_device(
    service: str, phone: ds.SignedIn, account: Callable[[str], ds.Account], seeder: Seeder
) -> None:
    """A sign-in that another device threw out gets no code, and the code that it had shown signs nobody in;
    with the password the same user is signed in anew, and can pair again.
    """
    thrown_out = sign_in_of(phone)
    path = f"users/{phone.uid}/signins/{thrown_out}"
    seeder.put({path: sign_in("00000000000000aa")})
    code = pairing.request_code(service, phone).text
    seeder.put({path: sign_in("00000000000000aa", thrown_out=True)})
    assert ds.Refusal.SIGN_IN_AGAIN is refused(lambda: pairing.redeem(service, code, api_key="key"))
    assert ds.Refusal.SIGN_IN_AGAIN is refused(lambda: pairing.request_code(service, phone))

    def anew() -> bool:
        """Sign-ins of one second are one."""
        account("phone").sign_in(phone.email, PASSWORD)
        return sign_in_of(phone) != thrown_out

    until(anew, timeout_s=20.0, what="a sign-in of another second")
    paired = pairing.redeem(service, pairing.request_code(service, phone).text, api_key="key")
    assert phone.uid == account("laptop").sign_in_with_token(paired.token).uid


def test_without_firestore_nobody_is_paired(
    service: str, phone: ds.SignedIn, auth_emulator: AuthEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A helper that cannot reach Firestore is busy, for codes and for devices; the code stays good."""
    monkeypatch.setattr("dalsegno.admin._sign_ins._AGAIN", Retry(timeout=0.3))
    code = pairing.request_code(service, phone).text
    with monkeypatch.context() as broken:
        broken.setattr(SignIns, "_client", SignIns(ProjectId(auth_emulator.project), "127.0.0.1:9")._client)
        with pytest.raises(ds.Offline, match="busy, or cannot reach Firebase"):
            pairing.request_code(service, phone)
        with pytest.raises(ds.Offline, match="busy, or cannot reach Firebase"):
            pairing.redeem(service, code, api_key="key")
    assert pairing.redeem(service, code, api_key="key").token


class Forger:
    def __init__(self, token: str) -> None:
        self._token = token

    def id_token(self) -> str:
        return self._token


@pytest.mark.parametrize("project", ["demo-another", "", None])
def test_tokens_of_elsewhere_get_no_code(service: str, phone: ds.SignedIn, project: str | None) -> None:
    """An ID token of another project, of none, or mere nonsense is refused."""
    claims = {
        "aud": project,
        "iss": f"https://securetoken.google.com/{project}",
        "iat": 1,
        "exp": 2**31,
        "auth_time": 1,
    }
    token = "nonsense" if project is None else unsigned_token(phone.uid, **claims)
    assert ds.Refusal.SIGN_IN_AGAIN is refused(lambda: pairing.request_code(service, Forger(token)))


def test_firebase_out_of_reach_spends_no_code(
    service: str, phone: ds.SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the helper cannot reach Firebase when the code is entered, the code is good a moment later."""
    from dalsegno.admin._accounts import Accounts

    code = pairing.request_code(service, phone).text

    def unreachable(*_: object) -> str:
        raise ds.Offline("no")

    with monkeypatch.context() as broken, pytest.raises(ds.Offline, match="busy, or cannot reach Firebase"):
        broken.setattr(Accounts, "mint", unreachable)
        pairing.redeem(service, code, api_key="key")
    assert pairing.redeem(service, code, api_key="key").token
