"""Sign-in against the official Auth emulator; its tokens against the Firestore emulator under the rules."""

from __future__ import annotations

import base64
import json
import urllib.request
from pathlib import Path

import pytest

import dalsegno as ds
from dalsegno._auth.identity_toolkit import claims_of
from dalsegno._errors import Refusal
from dalsegno.testing._auth_emulator import AuthEmulator
from tests.support.auth_emulator import PROJECT, change_user, custom_token, delete_user, fresh_email, mails
from tests.support.clients import Note
from tests.support.waiting import until

KEY = "any-key"
PASSWORD = "correct horse"
PATIENCE_S = 60.0


pytestmark = pytest.mark.usefixtures("accounts_by_environment")


def account(home: Path) -> ds.Account:
    return ds.account(PROJECT, api_key=KEY, home=home)


def connected(home: Path, user: ds.User | ds.SignIn) -> ds.Client:
    return ds.connect(PROJECT, user=user, home=home)


def reaches(client: ds.Client, link: ds.Link) -> ds.Status:
    until(lambda: client.status.link is link, timeout_s=PATIENCE_S, what=f"{link}, not {client.status}")
    return client.status


def reason(call: object) -> Refusal:
    with pytest.raises(ds.SignInRefused) as raised:
        call()  # type: ignore[operator]
    return raised.value.reason


# --- ways in ------------------------------------------------------------------------------------------


def test_an_anonymous_user_saves_under_the_rules(tmp_path: Path) -> None:
    """The first line of an app: nobody is signed in, and a moment later an edit is saved everywhere."""
    with connected(tmp_path, ds.Anonymous(api_key=KEY)) as client:
        client.open("moby", Note).update(page=7)
        assert client.flush(PATIENCE_S)
        assert ds.Saved.EVERYWHERE is client.status.saved


def test_linking_keeps_sessions_and_a_second_device_has_them(tmp_path: Path) -> None:
    """Anonymous, then an address, signed out, and in again on another device: the same sessions all along."""
    email = fresh_email()
    here = account(tmp_path / "phone")
    with connected(tmp_path / "phone", ds.Anonymous(api_key=KEY)) as client:
        session = client.open("moby", Note)
        session.update(page=7)
        assert client.flush(PATIENCE_S)
        uid = here.link(email, PASSWORD).uid
        session.update(page=8)  # the client that is open goes on with the new tokens
        assert client.flush(PATIENCE_S)
    here.sign_out()
    there = account(tmp_path / "laptop").sign_in(email, PASSWORD)
    assert uid == there.uid
    with connected(tmp_path / "laptop", there) as client:
        session = client.open("moby", Note)
        until(lambda: session.state.page == 8, timeout_s=PATIENCE_S, what="the page")


def test_who_signed_up_starts_without_the_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the first sign-in a start needs no network: the place is there, and the password is not asked."""
    email = fresh_email()
    user = ds.EmailPassword(api_key=KEY, email=email, password=PASSWORD, sign_up=True)
    with connected(tmp_path, user) as client:
        client.open("moby", Note).update(page=7)
    monkeypatch.setattr("dalsegno._auth.identity_toolkit.IdentityToolkit._post", None)
    for again in (user, ds.StoredUser(api_key=KEY), ds.Anonymous(api_key=KEY)):
        with ds.connect(PROJECT, user=again, home=tmp_path, emulator="127.0.0.1:9") as client:
            assert 7 == client.open("moby", Note).state.page
            client.close(0)


def test_nobody_stored_is_told_at_once(tmp_path: Path) -> None:
    """An app that only resumes learns that it must show its sign-in screen."""
    assert Refusal.NOBODY is reason(lambda: connected(tmp_path, ds.StoredUser(api_key=KEY)))
    assert None is account(tmp_path).user


def test_wrong_password_unknown_user_weak_password_and_a_taken_address(tmp_path: Path) -> None:
    """What people mistype is told apart, and nobody is signed in afterwards."""
    email, here = fresh_email(), account(tmp_path)
    here.sign_up(email, PASSWORD)
    here.sign_out()
    assert Refusal.WRONG_PASSWORD is reason(lambda: here.sign_in(email, "wrong horse"))
    assert Refusal.UNKNOWN_USER is reason(lambda: here.sign_in(fresh_email(), PASSWORD))
    assert Refusal.WEAK_PASSWORD is reason(lambda: here.sign_up(fresh_email(), "short"))
    assert Refusal.EMAIL_IN_USE is reason(lambda: here.sign_up(email, "other horse"))
    assert Refusal.BAD_EMAIL is reason(lambda: here.sign_up("ada@nowhere@", PASSWORD))
    assert None is here.user


def test_a_custom_token_signs_in_its_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The uid that a trusted server named; the same token again starts offline, and nonsense is refused."""
    uid = fresh_email().partition("@")[0]
    token = custom_token(uid)
    assert Refusal.BAD_TOKEN is reason(
        lambda: connected(tmp_path, ds.CustomToken(api_key=KEY, token="nonsense"))
    )
    with connected(tmp_path, ds.CustomToken(api_key=KEY, token=token)) as client:
        assert client.user is not None and uid == client.user.uid
        client.open("moby", Note).update(page=7)
        assert client.flush(PATIENCE_S)
    monkeypatch.setattr("dalsegno._auth.identity_toolkit.IdentityToolkit._post", None)
    again = ds.CustomToken(api_key=KEY, token=token)
    with ds.connect(PROJECT, user=again, home=tmp_path, emulator="127.0.0.1:9") as client:
        assert 7 == client.open("moby", Note).state.page


def test_a_reset_mail_sets_a_new_password(tmp_path: Path, auth_emulator: AuthEmulator) -> None:
    """The mail is sent, its code sets a new password, and from then on that one signs in."""
    email, here = fresh_email(), account(tmp_path)
    uid = here.sign_up(email, PASSWORD).uid
    here.sign_out()
    here.send_reset_mail(email)
    here.send_reset_mail(fresh_email())  # nobody's: no error, no mail
    (mail,) = mails(auth_emulator, email)
    assert "PASSWORD_RESET" == mail["requestType"]
    with urllib.request.urlopen(mail["oobLink"] + "&newPassword=another-horse", timeout=30) as page:
        assert 200 == page.status
    assert Refusal.WRONG_PASSWORD is reason(lambda: here.sign_in(email, PASSWORD))
    assert uid == here.sign_in(email, "another-horse").uid


# --- what becomes of a sign-in ------------------------------------------------------------------------


def test_a_refresh_gives_another_token_of_the_same_user(tmp_path: Path) -> None:
    """The refresh token fetches tokens without the user, in another process too."""
    user = account(tmp_path).sign_in_anonymously()
    tokens = user.tokens(PROJECT, "127.0.0.1:1")  # type: ignore[arg-type]
    first = tokens.token()
    tokens.drop(first)
    assert [user.uid, user.uid] == [claims_of(token)["sub"] for token in (first, tokens.token())]


@pytest.mark.parametrize("fate", ["disabled", "deleted"])
def test_a_disabled_or_deleted_user_is_denied_with_a_reason(
    tmp_path: Path, auth_emulator: AuthEmulator, fate: str
) -> None:
    """Such a user starts with the local data, is Denied at the next token, and the app can say why."""
    with connected(tmp_path, ds.Anonymous(api_key=KEY)) as client:
        client.open("moby", Note).update(page=7)
        assert client.flush(PATIENCE_S)
        assert client.user is not None
        uid = client.user.uid
        tokens = client.user.tokens(PROJECT, "127.0.0.1:1")  # type: ignore[arg-type]
        here = account(tmp_path)
    tokens.drop(tokens.token())  # after the end of the client, which needed one to say goodbye
    if fate == "disabled":
        change_user(auth_emulator, uid, disableUser=True)
    else:
        delete_user(auth_emulator, uid)
    with connected(tmp_path, ds.StoredUser(api_key=KEY)) as client:
        session = client.open("moby", Note)
        session.update(page=8)
        status = reaches(client, ds.Link.DENIED)
        assert f"this account has been {fate}" in status.reason
        assert "sign in again" not in status.reason
        assert Refusal[fate.upper()] is here.refusal
        assert (8, ds.Saved.HERE) == (session.state.page, client.status.saved)


def test_an_enabled_user_goes_on_and_nothing_was_lost(tmp_path: Path, auth_emulator: AuthEmulator) -> None:
    """What was edited while denied is sent after the user has signed in again."""
    email = fresh_email()
    user = account(tmp_path).sign_up(email, PASSWORD)
    tokens = user.tokens(PROJECT, "127.0.0.1:1")  # type: ignore[arg-type]
    tokens.drop(tokens.token())
    change_user(auth_emulator, user.uid, disableUser=True)
    with connected(tmp_path, user) as client:
        client.open("moby", Note).update(page=8)
        reaches(client, ds.Link.DENIED)
        assert Refusal.DISABLED is reason(lambda: account(tmp_path).sign_in(email, PASSWORD))
        change_user(auth_emulator, user.uid, disableUser=False)
        account(tmp_path).sign_in(email, PASSWORD)
        assert client.flush(PATIENCE_S)
        reaches(client, ds.Link.LIVE)


def test_a_sign_out_ends_the_client_and_the_next_user_sees_nothing(tmp_path: Path) -> None:
    """The client is closed, its tokens are gone, and who comes next finds an empty shelf."""
    here = account(tmp_path)
    client = connected(tmp_path, ds.Anonymous(api_key=KEY))
    client.open("moby", Note).update(page=7)
    here.sign_out(PATIENCE_S)
    assert ds.Saved.EVERYWHERE is client.status.saved
    with pytest.raises(ds.Closed):
        client.open("moby", Note)
    with connected(tmp_path, ds.Anonymous(api_key=KEY)) as after:
        assert 0 == after.open("moby", Note).state.page
        reaches(after, ds.Link.LIVE)
        assert [] == [found for found in after.recent() if found.state.get("page")]


def test_the_first_user_finds_unsent_edits_again(tmp_path: Path) -> None:
    """What a sign-out could not send waits on disk for its user, and for nobody else."""
    email, here = fresh_email(), account(tmp_path)
    user = here.sign_up(email, PASSWORD)
    offline = ds.connect(PROJECT, user=user, home=tmp_path, emulator="127.0.0.1:9")
    offline.open("moby", Note).update(page=7)
    here.sign_out(0)
    with connected(tmp_path, here.sign_in_anonymously()) as other:
        assert 0 == other.open("moby", Note).state.page
    here.sign_out()
    with connected(tmp_path, here.sign_in(email, PASSWORD)) as client:
        assert 7 == client.open("moby", Note).state.page
        assert client.flush(PATIENCE_S)


def test_a_stolen_refresh_token_ends_with_the_account(tmp_path: Path, auth_emulator: AuthEmulator) -> None:
    """A copied sign-in works elsewhere, as a refresh token does, until the account is shut.

    That a new password ends it too is Google's part, which the emulator leaves out: see the scripted service.
    """
    mine = account(tmp_path / "mine")
    user = mine.sign_up(fresh_email(), PASSWORD)
    source = next((tmp_path / "mine").rglob("user.emulator.json"))
    stolen = tmp_path / "thief" / source.relative_to(tmp_path / "mine")
    stolen.parent.mkdir(parents=True)
    stolen.write_bytes(source.read_bytes())
    thief = account(tmp_path / "thief").user
    assert thief is not None and user.uid == thief.uid
    theirs = thief.tokens(PROJECT, "127.0.0.1:1")  # type: ignore[arg-type]
    theirs.drop(theirs.token())
    change_user(auth_emulator, user.uid, disableUser=True)
    assert Refusal.DISABLED is reason(theirs.token)


def test_a_refresh_token_of_another_project_is_refused(tmp_path: Path) -> None:
    """A sign-in that was copied from another project's folder is no sign-in here."""
    user = account(tmp_path).sign_in_anonymously()
    source = next(tmp_path.rglob("user.emulator.json"))
    kept = json.loads(source.read_text())
    record = json.loads(base64.b64decode(kept["refresh_token"] + "=="))
    record["projectId"] = "demo-other"
    kept["refresh_token"] = base64.b64encode(json.dumps(record).encode()).decode()
    source.write_text(json.dumps(kept))
    tokens = user.tokens(PROJECT, "127.0.0.1:1")  # type: ignore[arg-type]
    tokens.drop(tokens.token())
    del user, tokens
    stored = ds.account(PROJECT, api_key="another-key", home=tmp_path).user
    assert stored is not None
    assert Refusal.SIGN_IN_AGAIN is reason(stored.tokens(PROJECT, "127.0.0.1:1").token)  # type: ignore[arg-type]


def test_the_token_of_one_user_opens_nothing_of_another(tmp_path: Path) -> None:
    """The rules hold for tokens of the Auth emulator: who asks for another's documents is denied."""

    class Impostor:
        """Signed in as one user, and asks for another's sessions."""

        uid = "somebody-else"

        def __init__(self, user: ds.SignedIn) -> None:
            self.tokens = user.tokens

    with connected(tmp_path, Impostor(account(tmp_path).sign_in_anonymously())) as client:
        client.open("moby", Note).update(page=7)
        reaches(client, ds.Link.DENIED)
        assert ds.Saved.HERE is client.status.saved
        client.close(0)


def test_an_unsigned_user_needs_no_auth_emulator(tmp_path: Path) -> None:
    """Unsigned users go on working beside signed-in ones, on emulators."""
    with connected(tmp_path, ds.Unsigned("alice")) as client:
        client.open("moby", Note).update(page=7)
        assert client.flush(PATIENCE_S)
