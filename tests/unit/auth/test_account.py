"""The account of a device: the ways in and out, and that nobody takes another's place."""

from __future__ import annotations

from pathlib import Path

import pytest

import dalsegno as ds
from dalsegno._auth.account import EMULATOR_VARIABLE, Account, SignedIn
from dalsegno._auth.stored_sign_in import SignInStore
from dalsegno._core.types import ProjectId
from dalsegno._errors import Offline, Refusal, SignInRefused, StorageFull, UsageError
from tests.support.sign_in_service import API_KEY, PROJECT, SignInService
from tests.support.users import unsigned_token

EMAIL, PASSWORD = "ada@example.com", "correct horse"
EMULATOR = "127.0.0.1:8080"


class Scene:
    """An account on a scripted service; `again` is another process's view of the same disk."""

    def __init__(self, folder: Path) -> None:
        self.service = SignInService()
        self.folder = folder
        self.account = self.again()

    def again(self) -> Account:
        keeper = SignInStore(self.folder / "user.emulator.json", None)
        return Account(PROJECT, self.service.toolkit(), keeper, emulated=True)


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


@pytest.fixture
def account(scene: Scene) -> Account:
    return scene.account


class Guest:
    """A client, as far as an account knows one."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def close(self, timeout_s: float) -> None:
        self.told.append("closed")

    def network_changed(self) -> None:
        self.told.append("network")


def reason_of(error: pytest.ExceptionInfo[SignInRefused]) -> Refusal:
    return error.value.reason


def test_an_anonymous_user_is_the_same_after_a_restart(scene: Scene, account: Account) -> None:
    """The stored identity starts at once, without a request; asking again makes no second user."""
    assert None is account.user
    user = account.sign_in_anonymously()
    assert user.anonymous and not user.email
    scene.service.fault = Offline("none")
    stored = scene.again().user
    assert stored is not None and (user.uid, True) == (stored.uid, stored.anonymous)
    assert user.uid == scene.again().sign_in_anonymously().uid
    assert 1 == scene.service.asked["signUp"]


def test_linking_keeps_the_uid(scene: Scene, account: Account) -> None:
    """An anonymous user gets an address and a password and stays who he is; then any device can sign in."""
    uid = account.sign_in_anonymously().uid
    linked = account.link(EMAIL, PASSWORD)
    assert (uid, EMAIL, False) == (linked.uid, linked.email, linked.anonymous)
    stored = scene.again().user
    assert stored is not None and (uid, EMAIL, False) == (stored.uid, stored.email, stored.anonymous)
    with pytest.raises(UsageError, match="nothing to link"):
        account.link(EMAIL, PASSWORD)
    account.sign_out()
    assert uid == account.sign_in(EMAIL, PASSWORD).uid


def test_a_link_that_fails_changes_nothing(scene: Scene, account: Account) -> None:
    """An address that is taken, a weak password, no network: still the same anonymous user, with tokens."""
    other = Scene(scene.folder / "other")
    other.service = scene.service
    other.again().sign_up(EMAIL, PASSWORD)
    uid = account.sign_in_anonymously().uid
    with pytest.raises(SignInRefused) as raised:
        account.link(EMAIL, PASSWORD)
    assert Refusal.EMAIL_IN_USE is reason_of(raised)
    with pytest.raises(SignInRefused) as raised:
        account.link("new@example.com", "short")
    assert Refusal.WEAK_PASSWORD is reason_of(raised)
    scene.service.fault = Offline("none")
    with pytest.raises(Offline):
        account.link("new@example.com", PASSWORD)
    assert account.user is not None and account.user.anonymous and uid == account.user.uid
    assert account.user.tokens(PROJECT, EMULATOR).peek()


def test_who_signs_out_is_out_whatever_a_client_stumbles_over(scene: Scene, account: Account) -> None:
    """The tokens are gone, though a client could not be closed."""

    class Stumbling:
        def close(self, timeout_s: float) -> None:
            raise StorageFull("no room")

        def network_changed(self) -> None: ...

    user, guest = account.sign_up(EMAIL, PASSWORD), Stumbling()
    user.attach(guest)
    with pytest.raises(StorageFull):
        account.sign_out()
    assert None is account.user
    assert None is scene.again().user
    assert None is user.tokens(PROJECT, EMULATOR).peek()


def test_nobody_can_be_linked(account: Account) -> None:
    """Without a user there is nothing to link."""
    with pytest.raises(SignInRefused) as raised:
        account.link(EMAIL, PASSWORD)
    assert Refusal.NOBODY is reason_of(raised)


def test_nobody_takes_anothers_place(scene: Scene, account: Account) -> None:
    """An anonymous user who is overwritten is lost for ever: whoever else comes must sign out first."""
    account.sign_up(EMAIL, PASSWORD)
    account.sign_out()
    anonymous = account.sign_in_anonymously()
    asked = scene.service.asked["signUp"]
    with pytest.raises(UsageError, match="sign out first"):
        account.sign_up("new@example.com", PASSWORD)
    assert asked == scene.service.asked["signUp"]
    with pytest.raises(UsageError, match="sign out first"):
        account.sign_in(EMAIL, PASSWORD)
    with pytest.raises(UsageError, match="sign out first"):
        account.sign_in_with_token(unsigned_token("bob"))
    assert account.user is not None and anonymous.uid == account.user.uid


@pytest.mark.parametrize(
    ("email", "password", "reason"),
    [
        ("", PASSWORD, Refusal.BAD_EMAIL),
        ("ada", PASSWORD, Refusal.BAD_EMAIL),
        (" @ ", PASSWORD, Refusal.BAD_EMAIL),
        (EMAIL, "", Refusal.WRONG_PASSWORD),
        (EMAIL, "wrong", Refusal.WRONG_PASSWORD),
        ("bob@example.com", PASSWORD, Refusal.UNKNOWN_USER),
    ],
)
def test_a_bad_sign_in_is_told_and_leaves_nobody(
    account: Account, email: str, password: str, reason: Refusal
) -> None:
    """Wrong password, unknown user, no address: a reason, and the device is as it was."""
    account.sign_up(EMAIL, PASSWORD)
    account.sign_out()
    with pytest.raises(SignInRefused) as raised:
        account.sign_in(email, password)
    assert (reason, None) == (reason_of(raised), account.user)


def test_no_network_at_the_first_sign_in_is_offline(scene: Scene, account: Account) -> None:
    """Without network nobody is signed in, nothing is kept, and the next try works."""
    scene.service.fault = Offline("the sign-in service cannot be reached")
    with pytest.raises(Offline):
        account.sign_in_anonymously()
    assert (None, []) == (account.user, list(scene.folder.iterdir()))
    scene.service.fault = None
    assert account.sign_in_anonymously()


def test_signing_in_again_renews_tokens_and_wakes_the_clients(scene: Scene, account: Account) -> None:
    """A revoked user who signs in again goes on at once, in the clients that are open too."""
    user = account.sign_up(EMAIL, PASSWORD)
    guest = Guest()
    user.attach(guest)
    tokens = user.tokens(PROJECT, EMULATOR)
    scene.service.revoked.add(user.uid)
    tokens.drop(tokens.token())
    with pytest.raises(SignInRefused):
        tokens.token()
    assert user.uid == account.sign_in(EMAIL, PASSWORD).uid
    assert tokens.peek()
    assert ["network"] == guest.told


def test_signing_out_closes_clients_and_removes_tokens(scene: Scene, account: Account) -> None:
    """After the sign-out clients are closed, the disk has no token, and a token source gives none."""
    user = account.sign_in_anonymously()
    guest = Guest()
    user.attach(guest)
    tokens = user.tokens(PROJECT, EMULATOR)
    assert tokens.peek()
    account.sign_out()
    assert (["closed"], None, None) == (guest.told, tokens.peek(), account.user)
    assert [] == list(scene.folder.iterdir())
    with pytest.raises(SignInRefused) as raised:
        tokens.token()
    assert Refusal.NOBODY is reason_of(raised)


def test_a_reset_mail_does_not_tell_who_has_an_account(scene: Scene, account: Account) -> None:
    """An address that nobody has is treated as one that somebody has; other refusals are told."""
    account.send_reset_mail("nobody@example.com")
    assert 1 == scene.service.asked["sendOobCode"]
    scene.service.fault = (400, {"error": {"message": "INVALID_EMAIL"}})
    with pytest.raises(SignInRefused) as raised:
        account.send_reset_mail("?")
    assert Refusal.BAD_EMAIL is reason_of(raised)


@pytest.mark.parametrize("emulator", [None, "10.0.2.2:8080", "firestore.googleapis.com:443"])
def test_tokens_of_the_auth_emulator_stay_on_this_machine(account: Account, emulator: str | None) -> None:
    """They are not signed: they go to an emulator on this machine, and nowhere else."""
    with pytest.raises(UsageError):
        account.sign_in_anonymously().tokens(PROJECT, emulator)


def test_a_real_token_goes_to_no_emulator_elsewhere(scene: Scene) -> None:
    """The way to an emulator is not encrypted: a real user's token stays on this machine too."""
    keeper = SignInStore(scene.folder / "user.json", None)
    account = Account(PROJECT, scene.service.toolkit(), keeper, emulated=False)
    user = account.sign_in_anonymously()
    with pytest.raises(UsageError, match="on this machine only"):
        user.tokens(PROJECT, "10.0.2.2:8080")
    assert user.tokens(PROJECT, None).peek() == user.tokens(PROJECT, EMULATOR).peek()


def test_a_user_of_one_project_is_none_in_another(account: Account) -> None:
    """Signed in to one project, connected to another: told at once, not by a server's refusal."""
    with pytest.raises(UsageError, match="not to demo-other"):
        account.sign_in_anonymously().tokens(ProjectId("demo-other"), EMULATOR)


def test_one_account_per_place_and_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An app's sign-in screen and its client share one account, so that there is one refresh; an emulator's
    users and Google's are kept apart."""
    monkeypatch.delenv(EMULATOR_VARIABLE, raising=False)
    here = ds.account("some-project", api_key=API_KEY, home=tmp_path)
    assert here is ds.account("some-project", api_key=API_KEY, home=tmp_path)
    monkeypatch.setenv(EMULATOR_VARIABLE, "127.0.0.1:9099")
    assert here is not ds.account("some-project", api_key=API_KEY, home=tmp_path)
    assert here is not ds.account("some-project", api_key=API_KEY, home=tmp_path, profile="phone")


def test_values_do_not_show_secrets() -> None:
    """What is logged of a user or a way to sign in names nobody and opens nothing."""
    secrets = ["uid-1", EMAIL, PASSWORD, API_KEY, "a.b.c"]
    shown = [
        repr(ds.Anonymous(api_key=API_KEY)),
        repr(ds.EmailPassword(api_key=API_KEY, email=EMAIL, password=PASSWORD)),
        repr(ds.CustomToken(api_key=API_KEY, token="a.b.c")),
        repr(ds.StoredUser(api_key=API_KEY)),
        repr(ds.Unsigned("uid-1")),
        repr(SignedIn("uid-1", EMAIL, False, None)),  # type: ignore[arg-type]
    ]
    assert [] == [(secret, text) for text in shown for secret in secrets if secret in text]
