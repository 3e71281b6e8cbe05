"""An account in its user's hands, on both official emulators: changed, verified, exported, deleted."""

from __future__ import annotations

import json
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import dalsegno as ds
from dalsegno._auth.identity_toolkit import IdentityToolkit
from dalsegno._errors import Refusal
from dalsegno._remote.records import UserRecords
from dalsegno._sync.devices.cards import registration_write
from dalsegno.testing._auth_emulator import AuthEmulator
from dalsegno.testing._firestore_emulator import FirestoreEmulator
from tests.support.auth_emulator import PROJECT, custom_token, fresh_email, mails, next_second
from tests.support.clients import Note
from tests.support.users import raw_client, unsigned_token
from tests.support.waiting import until

KEY = "any-key"
PASSWORD, NEW = "correct horse", "another horse"
PATIENCE_S = 60.0


pytestmark = pytest.mark.usefixtures("accounts_by_environment")


def account(home: Path) -> ds.Account:
    return ds.account(PROJECT, api_key=KEY, home=home)


def read_to_its_end(home: Path, user: ds.User, sessions: int = 3) -> None:
    """A client writes some sessions, and is closed.

    One after the other: the emulator mixes up the bytes of messages that it sends on one stream at one time,
    which many sessions that come to be together provoke.
    """
    with ds.connect(PROJECT, user=user, home=home) as client:
        for number in range(sessions):
            with client.open(f"book-{number}", Note) as note:
                note.update(page=number)
            assert client.flush(PATIENCE_S)


def reason(call: Any) -> Refusal:
    with pytest.raises(ds.SignInRefused) as raised:
        call()
    return raised.value.reason


def follow(auth_emulator: AuthEmulator, email: str, kind: str) -> None:
    """The user follows the link of the newest mail of this kind."""
    mail = [mail for mail in mails(auth_emulator, email) if mail["requestType"] == kind][-1]
    urllib.request.urlopen(mail["oobLink"]).close()


OWNER = [("authorization", "Bearer owner")]


def root(uid: str) -> str:
    return f"projects/{PROJECT}/databases/(default)/documents/users/{uid}"


def mark(emulator: FirestoreEmulator, uid: str, session: str) -> None:
    """A session has a mark, as a later version makes them."""
    request = {"parent": f"{root(uid)}/sessions/{session}", "collection_id": "marks", "document_id": "m1"}
    raw_client(emulator.host, None).create_document({**request, "document": {}}, metadata=OWNER)


def on_server(emulator: FirestoreEmulator, uid: str) -> list[str]:
    """The names of a user's documents: (collection)/(id)."""
    client = raw_client(emulator.host, None)
    selector = {"collection_id": "", "all_descendants": True}
    request = {"parent": root(uid), "structured_query": {"from_": [selector]}}
    found = [answer.document.name for answer in client.run_query(request, metadata=OWNER)]
    return ["/".join(name.split("/")[-2:]) for name in found if name]


# --- changing -----------------------------------------------------------------------------------------


def test_a_password_is_changed_and_the_old_one_opens_nothing(tmp_path: Path) -> None:
    """With the current one; the client that is open goes on, and a lost answer is found to be done."""
    email, here = fresh_email(), account(tmp_path)
    user = here.sign_up(email, PASSWORD)
    assert Refusal.WRONG_PASSWORD is reason(lambda: here.change_password("wrong horse", NEW))
    assert Refusal.WEAK_PASSWORD is reason(lambda: here.change_password(PASSWORD, "short"))
    with ds.connect(PROJECT, user=user, home=tmp_path) as client:
        here.change_password(PASSWORD, NEW)
        client.open("moby", Note).update(page=7)
        assert client.flush(PATIENCE_S)
    assert user.uid == here.change_password(PASSWORD, NEW).uid  # as after a lost answer
    here.sign_out()
    assert Refusal.WRONG_PASSWORD is reason(lambda: here.sign_in(email, PASSWORD))
    assert user.uid == here.sign_in(email, NEW).uid


def test_an_address_changes_when_the_mail_to_the_new_one_is_answered(
    tmp_path: Path, auth_emulator: AuthEmulator
) -> None:
    """Not before: a mistyped address locks nobody out. Then this device knows it with the next token."""
    old, new, here = fresh_email(), fresh_email(), account(tmp_path)
    uid = here.sign_up(old, PASSWORD).uid
    assert Refusal.WRONG_PASSWORD is reason(lambda: here.change_email("wrong horse", new))
    assert Refusal.BAD_EMAIL is reason(lambda: here.change_email(PASSWORD, "nowhere"))
    here.change_email(PASSWORD, new)
    assert here.user is not None and old == here.user.email
    follow(auth_emulator, old, "VERIFY_AND_CHANGE_EMAIL")
    tokens = here.user.tokens(PROJECT, "127.0.0.1:1")  # type: ignore[arg-type]
    tokens.drop(tokens.token())
    tokens.token()
    assert new == here.user.email
    here.sign_out()
    assert uid == here.sign_in(new, PASSWORD).uid


def test_an_address_is_verified_by_mail(tmp_path: Path, auth_emulator: AuthEmulator) -> None:
    """The mail's link shows that the address is the user's."""
    email, here = fresh_email(), account(tmp_path)
    here.sign_up(email, PASSWORD)
    assert not here.email_verified()
    here.send_verification_mail()
    follow(auth_emulator, email, "VERIFY_EMAIL")
    assert here.email_verified()


def test_who_has_no_address_has_none_to_change(tmp_path: Path) -> None:
    """An anonymous user is told to link first; and nobody is told that nobody is there."""
    here = account(tmp_path)
    assert Refusal.NOBODY is reason(lambda: here.change_password(PASSWORD, NEW))
    here.sign_in_anonymously()
    for call in (
        lambda: here.change_password(PASSWORD, NEW),
        lambda: here.change_email(PASSWORD, fresh_email()),
        here.send_verification_mail,
    ):
        with pytest.raises(ds.UsageError, match="link them first"):
            call()


# --- one's own data -----------------------------------------------------------------------------------


def test_everything_of_a_user_is_exported(tmp_path: Path, emulator: FirestoreEmulator) -> None:
    """All documents, in Firestore's own form, into a file that only its user can read."""
    email, here = fresh_email(), account(tmp_path / "home")
    user = here.sign_up(email, PASSWORD)
    read_to_its_end(tmp_path / "home", user)
    mark(emulator, user.uid, "book-1")
    told: list[int] = []
    file = tmp_path / "export.json"
    count = here.export(file, progress=told.append)
    found = json.loads(file.read_text("utf-8"))
    paths = [document["path"] for document in found["documents"]]
    assert (count, count) == (len(paths), told[-1])
    assert ("dalsegno-export/1", user.uid, email) == (
        found["format"],
        found["uid"],
        found["account"]["email"],
    )
    assert {"sessions": 3, "marks": 1, "devices": 1, "signins": 1} == found["counts"]
    page = next(d for d in found["documents"] if d["path"].endswith("sessions/book-2"))["fields"]["state"]
    assert {"integerValue": "2"} == page["mapValue"]["fields"]["page"]
    assert 0o600 == file.stat().st_mode & 0o777


def test_an_export_that_fails_leaves_the_older_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also no half of one beside it."""
    here = account(tmp_path / "home")
    read_to_its_end(tmp_path / "home", here.sign_up(fresh_email(), PASSWORD), 1)
    file = tmp_path / "export.json"
    here.export(file)
    before = file.read_bytes()

    def broken(self: UserRecords) -> Iterator[Any]:
        raise ds.Offline("the network is gone")
        yield

    monkeypatch.setattr(UserRecords, "everything", broken)
    with pytest.raises(ds.Offline):
        here.export(file)
    assert before == file.read_bytes()
    assert {"export.json", "home"} == {path.name for path in tmp_path.iterdir()}


# --- the end of an account ----------------------------------------------------------------------------


def test_a_deleted_account_leaves_nothing_and_its_other_device_is_out(
    tmp_path: Path, emulator: FirestoreEmulator
) -> None:
    """On the server: only that sign-ins were ended. On this device: nothing. On the other: it is told."""
    email, here = fresh_email(), account(tmp_path / "phone")
    user = here.sign_up(email, PASSWORD)
    read_to_its_end(tmp_path / "phone", user, 25)
    mark(emulator, user.uid, "book-1")
    next_second()
    there = account(tmp_path / "laptop").sign_in(email, PASSWORD)
    with (
        ds.connect(PROJECT, user=there, home=tmp_path / "laptop") as laptop,
        ds.connect(PROJECT, user=user, home=tmp_path / "phone") as phone,
    ):
        book = laptop.open("book-1", Note)
        assert book.wait_known(PATIENCE_S)
        book.update(page=9)
        assert laptop.flush(PATIENCE_S)
        assert Refusal.WRONG_PASSWORD is reason(lambda: here.delete("wrong horse"))
        assert phone.flush(PATIENCE_S)  # a mistyped password closes nothing
        told: list[int] = []
        next_second()
        here.delete(PASSWORD, progress=told.append)
        with pytest.raises(ds.Closed):
            phone.open("book-1", Note)
        assert told == sorted(told)
        assert 28 == told[-1]
        until(
            lambda: laptop.status.link is ds.Link.DENIED, timeout_s=PATIENCE_S, what="the laptop to be told"
        )
    assert {"signins"} == {path.split("/")[0] for path in on_server(emulator, user.uid)}
    assert None is here.user
    assert ds.account(PROJECT, api_key=KEY, home=tmp_path / "phone").local_data().users == ()
    assert Refusal.UNKNOWN_USER is reason(lambda: here.sign_in(email, PASSWORD))


def test_an_anonymous_account_is_deleted_without_a_password(
    tmp_path: Path, emulator: FirestoreEmulator
) -> None:
    """Nobody but the device can say anything for it."""
    here = account(tmp_path)
    user = here.sign_in_anonymously()
    read_to_its_end(tmp_path, user)
    here.delete()
    assert {"signins"} == {path.split("/")[0] for path in on_server(emulator, user.uid)}
    assert None is here.user


@pytest.mark.parametrize("at", ["_delete", "_end_other_sign_ins", "account", "answer"])
def test_a_deletion_that_was_interrupted_is_carried_on(
    tmp_path: Path, emulator: FirestoreEmulator, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    """Before any document, between documents, before the account, or when only the answer was lost."""
    email, here = fresh_email(), account(tmp_path)
    user = here.sign_up(email, PASSWORD)
    read_to_its_end(tmp_path, user)

    def gone(*_: object) -> None:
        raise ds.Offline("the network is gone")

    with monkeypatch.context() as patch:
        if at in ("account", "answer"):
            delete = IdentityToolkit.delete
            patch.setattr(
                IdentityToolkit,
                "delete",
                lambda self, token: gone(delete(self, token) if at == "answer" else None),
            )
        else:
            patch.setattr(UserRecords, at, gone)
        with pytest.raises(ds.Offline):
            here.delete(PASSWORD)
        assert here.user is not None
    here.delete(PASSWORD)
    assert None is here.user
    assert {"signins"} == {path.split("/")[0] for path in on_server(emulator, user.uid)}
    assert Refusal.UNKNOWN_USER is reason(lambda: here.sign_in(email, PASSWORD))


def long_in(uid: str, **claims: object) -> Callable[[], str]:
    """Tokens of a sign-in of long ago, of a user with these claims."""
    return lambda: unsigned_token(uid, auth_time=1_700_000_000, **claims)


def some_of_two_devices(uid: str, home: Path) -> None:
    """Two devices of a user, each under its own sign-in, have written something."""
    for device in ("phone", "laptop"):
        with ds.connect(PROJECT, user=ds.Unsigned(uid), home=home, profile=device) as client:
            client.open(device, Note).update(page=1)
            assert client.flush(PATIENCE_S)


def test_a_sign_in_of_long_ago_deletes_nothing(tmp_path: Path, emulator: FirestoreEmulator) -> None:
    """A device that was left open cannot end an account: the rules ask for the password first. Nor does it
    sign out the other devices by trying: that would be for good."""
    uid = f"long-in-{uuid.uuid4().hex[:8]}"
    some_of_two_devices(uid, tmp_path)
    token = long_in(uid, email="somebody@example.com")
    with UserRecords(PROJECT, uid, token, registration_write, emulator.host) as records:  # type: ignore[arg-type]
        assert Refusal.SIGN_IN_AGAIN is reason(lambda: records.erase(lambda _: None))
        sign_ins = {path[-1]: doc for path, doc in records.everything() if path[0] == "signins"}
    assert {"sessions/phone", "sessions/laptop"} <= set(on_server(emulator, uid))
    assert 2 == len(sign_ins)
    assert not [name for name, document in sign_ins.items() if "revoked" in document["fields"]]


def test_who_has_no_address_is_deleted_on_any_device_at_any_time(
    tmp_path: Path, emulator: FirestoreEmulator
) -> None:
    """Nobody without an address can sign in anew: neither on the first device, which is anonymous, nor on one
    that came by a pairing code, whose sign-in is of another kind."""
    uid = f"nameless-{uuid.uuid4().hex[:8]}"
    some_of_two_devices(uid, tmp_path)
    token = long_in(uid, firebase={"sign_in_provider": "custom", "identities": {}})
    with UserRecords(PROJECT, uid, token, registration_write, emulator.host) as records:  # type: ignore[arg-type]
        records.erase(lambda _: None)
    assert {"signins"} == {path.split("/")[0] for path in on_server(emulator, uid)}


def test_the_second_device_of_a_nameless_user_deletes_it_all(
    tmp_path: Path, emulator: FirestoreEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It came by a pairing code. If its sign-in is too old for Firebase, a number without a name stays there:
    nobody comes in by it."""
    first = account(tmp_path / "phone").sign_in_anonymously()
    read_to_its_end(tmp_path / "phone", first)
    next_second()
    second = account(tmp_path / "laptop")
    second.sign_in_with_token(custom_token(first.uid))

    def too_old(*_: object) -> None:
        raise ds.SignInRefused(Refusal.SIGN_IN_AGAIN, "sign in again")

    monkeypatch.setattr(IdentityToolkit, "delete", too_old)
    second.delete()
    assert None is second.user
    assert {"signins"} == {path.split("/")[0] for path in on_server(emulator, first.uid)}
