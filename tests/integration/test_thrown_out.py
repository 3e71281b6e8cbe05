"""What a sign-in that was thrown out is still good for, with real accounts: to a thief, and for pairing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from google.api_core import exceptions as api
from google.cloud.firestore_v1.services.firestore import FirestoreClient
from google.cloud.firestore_v1.services.firestore.transports import FirestoreGrpcTransport
from google.cloud.firestore_v1.types import firestore

import dalsegno as ds
from dalsegno import pairing
from dalsegno._auth.identity_toolkit import claims_of
from dalsegno.admin import Authority
from dalsegno.admin._pairing_desk import Desk
from dalsegno.testing._auth_emulator import AuthEmulator
from tests.support.auth_emulator import fresh_email
from tests.support.clients import Note
from tests.support.pairing_helper import serving
from tests.support.seeding import Seeder, sign_in
from tests.support.users import signed_in_channel
from tests.support.waiting import until

PASSWORD = "correct horse"
PATIENCE_S = 30.0
DEVICE = "00000000000000aa"


@pytest.fixture(autouse=True)
def emulators(monkeypatch: pytest.MonkeyPatch, auth_emulator: AuthEmulator, emulator_host: str) -> None:
    monkeypatch.setenv("FIREBASE_AUTH_EMULATOR_HOST", auth_emulator.host)
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", emulator_host)


@pytest.fixture
def project(auth_emulator: AuthEmulator) -> str:
    return auth_emulator.project


@pytest.fixture
def seeder(project: str, emulator_host: str) -> Iterator[Seeder]:
    seeder = Seeder(emulator_host, project)
    yield seeder
    seeder.close()


@pytest.fixture
def service(project: str) -> Iterator[str]:
    """The address of a pairing helper."""
    with (
        Authority.open(project) as authority,
        serving(Desk(authority.accounts, authority.sign_ins)) as server,
    ):
        yield server.url


class Place:
    """A folder with an account: a device."""

    def __init__(self, project: str, home: Path) -> None:
        self.project, self.home = project, home
        self.account = ds.account(project, api_key="key", home=home)

    @property
    def user(self) -> ds.SignedIn:
        assert self.account.user is not None
        return self.account.user

    @property
    def sign_in(self) -> str:
        return str(claims_of(self.user.id_token())["auth_time"])

    def signs_in(self, email: str, *, not_as: str) -> None:
        """With the password, until in a second of its own: sign-ins of one second are one."""

        def anew() -> bool:
            self.account.sign_in(email, PASSWORD)
            return self.sign_in != not_as

        until(anew, timeout_s=PATIENCE_S, what="a sign-in of another second")

    def connected(self) -> ds.Client:
        return ds.connect(self.project, user=self.user, home=self.home)

    def copied_to(self, home: Path) -> Place:
        """What a thief has who copied this device's disk."""
        source = next(self.home.rglob("user.emulator.json"))
        copy = home / source.relative_to(self.home)
        copy.parent.mkdir(parents=True)
        copy.write_bytes(source.read_bytes())
        return Place(self.project, home)


def reads(place: Place, host: str) -> bool:
    """Whether a client that is not ours may, with this place's newest token, list the user's sessions."""
    user = place.user
    asked = firestore.ListDocumentsRequest(
        parent=f"projects/{place.project}/databases/(default)/documents/users/{user.uid}",
        collection_id="sessions",
    )
    with signed_in_channel(host, user.id_token()) as channel:
        client = FirestoreClient(transport=FirestoreGrpcTransport(channel=channel))
        try:
            list(client.list_documents(asked, timeout=PATIENCE_S))
        except api.PermissionDenied:
            return False
    return True


def knows(client: ds.Client, device: ds.Device) -> bool:
    return device.id in {known.id for known in client.devices()}


def test_a_device_that_was_signed_out_pairs_nobody(tmp_path: Path, project: str, service: str) -> None:
    """The laptop signs the phone out: the phone is told, its pairing code is void and it gets no other; with
    the password it is back.
    """
    phone, laptop = Place(project, tmp_path / "phone"), Place(project, tmp_path / "laptop")
    email = fresh_email()
    phone.account.sign_up(email, PASSWORD)
    laptop.signs_in(email, not_as=phone.sign_in)
    with phone.connected() as there, laptop.connected() as here:
        there.open("moby", Note).update(page=7)
        assert there.flush(PATIENCE_S)
        until(lambda: knows(here, there.device), timeout_s=PATIENCE_S, what="the phone in the list")
        code = pairing.request_code(service, phone.user).text
        here.sign_out_device(there.device.id).result(PATIENCE_S)
        until(lambda: there.status.signed_out, timeout_s=PATIENCE_S, what="the phone to be told")
        for refused in (
            lambda: pairing.redeem(service, code, api_key="key"),
            lambda: pairing.request_code(service, phone.user),
        ):
            with pytest.raises(ds.SignInRefused) as error:
                refused()
            assert ds.Refusal.SIGN_IN_AGAIN is error.value.reason
        phone.signs_in(email, not_as=phone.sign_in)
        until(lambda: there.status.link is ds.Link.LIVE, timeout_s=PATIENCE_S, what="the phone to be back")
        assert pairing.redeem(service, pairing.request_code(service, phone.user).text, api_key="key").token


def test_a_stolen_refresh_token_is_worth_nothing_once_its_sign_in_is_thrown_out(
    tmp_path: Path, project: str, seeder: Seeder, emulator_host: str
) -> None:
    """Firebase goes on renewing a thief's tokens; but they are of the sign-in that was thrown out, and read
    nothing.
    """
    phone = Place(project, tmp_path / "phone")
    phone.account.sign_up(fresh_email(), PASSWORD)
    thief = phone.copied_to(tmp_path / "thief")
    assert phone.sign_in == thief.sign_in
    assert reads(thief, emulator_host)
    path = f"users/{phone.user.uid}/signins/{phone.sign_in}"
    seeder.put({path: sign_in(DEVICE, thrown_out=True)})
    assert not reads(thief, emulator_host)
    stolen = thief.user.tokens(project, emulator_host)  # type: ignore[arg-type]
    stolen.drop(stolen.token())
    assert None is stolen.peek()
    assert stolen.token()  # Firebase has given him another
    assert not reads(thief, emulator_host)


def test_the_auth_emulator_renews_tokens_with_the_newest_sign_in(tmp_path: Path, project: str) -> None:
    """As no real Firebase does, where a renewed token keeps its own: see SECURITY.md."""
    phone, laptop = Place(project, tmp_path / "phone"), Place(project, tmp_path / "laptop")
    email = fresh_email()
    phone.account.sign_up(email, PASSWORD)
    first = phone.sign_in
    laptop.signs_in(email, not_as=first)
    assert first == phone.sign_in
    phones = phone.user.tokens(project, "127.0.0.1:9")  # type: ignore[arg-type]
    phones.drop(phones.token())
    assert laptop.sign_in == phone.sign_in


def test_a_password_that_a_thief_knows_lets_him_in_again(
    tmp_path: Path, project: str, seeder: Seeder, emulator_host: str
) -> None:
    """To throw a sign-in out is no help against who can make another one: that takes a new password."""
    phone, email = Place(project, tmp_path / "phone"), fresh_email()
    phone.account.sign_up(email, PASSWORD)
    thief = phone.copied_to(tmp_path / "thief")
    thrown_out = phone.sign_in
    seeder.put({f"users/{phone.user.uid}/signins/{thrown_out}": sign_in(DEVICE, thrown_out=True)})
    thief.signs_in(email, not_as=thrown_out)
    assert reads(thief, emulator_host)


def test_a_thief_gives_an_anonymous_account_a_password_and_is_in_again(
    tmp_path: Path, project: str, seeder: Seeder, emulator_host: str
) -> None:
    """Who has a token of an anonymous user can link the account to an address, and sign in by that: with
    Firebase, not with the SDK, is where that would have to be refused.
    """
    phone, email = Place(project, tmp_path / "phone"), fresh_email()
    phone.account.sign_in_anonymously()
    thief = phone.copied_to(tmp_path / "thief")
    thrown_out = phone.sign_in
    seeder.put({f"users/{phone.user.uid}/signins/{thrown_out}": sign_in(DEVICE, thrown_out=True)})
    assert not reads(thief, emulator_host)
    thief.account.link(email, PASSWORD)
    thief.signs_in(email, not_as=thrown_out)
    assert phone.user.uid == thief.user.uid
    assert reads(thief, emulator_host)
