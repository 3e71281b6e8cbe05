"""Acts whose answer was lost, or could not be kept: done again, they are recognised as one's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from dalsegno._auth.account import Account
from dalsegno._auth.stored_sign_in import SignInStore
from dalsegno._errors import Offline, Refusal, SignInRefused, StorageFull
from tests.support.sign_in_service import PROJECT, SignInService

EMAIL, PASSWORD, OTHER = "ada@example.com", "correct horse", "another horse"


class FullDisk(SignInStore):
    """Takes nothing as long as it is full."""

    full = False

    def save(self, kept: object) -> None:
        if self.full:
            raise StorageFull("the sign-in cannot be kept")
        super().save(kept)  # type: ignore[arg-type]


class Scene:
    def __init__(self, folder: Path) -> None:
        self.service = SignInService()
        self.disk = FullDisk(folder / "user.emulator.json", None)
        self.account = Account(PROJECT, self.service.toolkit(), self.disk, emulated=True)


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def test_a_link_whose_answer_was_lost_is_done_by_the_second_try(scene: Scene) -> None:
    """The address is taken then, but by oneself: the same user, who has an address now."""
    uid = scene.account.sign_in_anonymously().uid
    scene.service.loses.add("signUp")
    with pytest.raises(Offline):
        scene.account.link(EMAIL, PASSWORD)
    linked = scene.account.link(EMAIL, PASSWORD)
    assert (uid, EMAIL, False) == (linked.uid, linked.email, linked.anonymous)


def test_a_link_that_ended_the_old_tokens_is_done_by_the_second_try(scene: Scene) -> None:
    """A new password ends the sign-in from before it, and its answer, with the new one, was lost."""
    user = scene.account.sign_in_anonymously()
    scene.service.loses.add("signUp")
    with pytest.raises(Offline):
        scene.account.link(EMAIL, PASSWORD)
    scene.service.revoked.add(user.uid)
    scene.service.clock.now_s += 3600
    assert user.uid == scene.account.link(EMAIL, PASSWORD).uid


def test_a_link_that_could_not_be_kept_is_done_by_the_second_try(scene: Scene) -> None:
    """The service has done it, and this disk was full: there is room now."""
    uid = scene.account.sign_in_anonymously().uid
    scene.disk.full = True
    with pytest.raises(StorageFull):
        scene.account.link(EMAIL, PASSWORD)
    scene.disk.full = False
    assert uid == scene.account.link(EMAIL, PASSWORD).uid


def test_a_second_try_with_another_password_is_told_what_happened(scene: Scene) -> None:
    """The address is one's own; that an account has it already would send people to sign out."""
    uid = scene.account.sign_in_anonymously().uid
    scene.service.loses.add("signUp")
    with pytest.raises(Offline):
        scene.account.link(EMAIL, PASSWORD)
    with pytest.raises(SignInRefused, match="from an earlier try with another password") as raised:
        scene.account.link(EMAIL, OTHER)
    assert Refusal.WRONG_PASSWORD is raised.value.reason
    assert uid == scene.account.link(EMAIL, PASSWORD).uid


def test_a_second_try_with_another_password_after_the_tokens_were_ended(scene: Scene) -> None:
    """The first try ended all tokens from before its second, so that the address cannot be asked for: it is
    not said to be taken."""
    user = scene.account.sign_in_anonymously()
    scene.service.loses.add("signUp")
    with pytest.raises(Offline):
        scene.account.link(EMAIL, PASSWORD)
    scene.service.ended.add(user.uid)
    with pytest.raises(SignInRefused, match="with another password, use that one") as raised:
        scene.account.link(EMAIL, OTHER)
    assert Refusal.SIGN_IN_AGAIN is raised.value.reason
    assert user.uid == scene.account.link(EMAIL, PASSWORD).uid


def test_an_address_of_somebody_else_stays_theirs(scene: Scene, tmp_path: Path) -> None:
    """With the right password too: an anonymous user is never exchanged for the owner of the address."""
    theirs = Account(
        PROJECT, scene.service.toolkit(), SignInStore(tmp_path / "o" / "u.json", None), emulated=True
    )
    theirs.sign_up(EMAIL, PASSWORD)
    user = scene.account.sign_in_anonymously()
    for password in (PASSWORD, OTHER):
        with pytest.raises(SignInRefused) as raised:
            scene.account.link(EMAIL, password)
        assert Refusal.EMAIL_IN_USE is raised.value.reason
    here = scene.account.user
    assert here is not None
    assert (user.uid, True, "") == (here.uid, here.anonymous, here.email)


def test_a_sign_up_whose_answer_was_lost_is_done_by_the_second_try(scene: Scene) -> None:
    """The account is there, and opens with the same password."""
    scene.service.loses.add("signUp")
    with pytest.raises(Offline):
        scene.account.sign_up(EMAIL, PASSWORD)
    assert None is scene.account.user
    assert EMAIL == scene.account.sign_up(EMAIL, PASSWORD).email


def test_a_sign_up_that_could_not_be_kept_is_done_by_the_second_try(scene: Scene) -> None:
    """The service has made the account, and this disk was full: there is room now."""
    scene.disk.full = True
    with pytest.raises(StorageFull):
        scene.account.sign_up(EMAIL, PASSWORD)
    scene.disk.full = False
    assert EMAIL == scene.account.sign_up(EMAIL, PASSWORD).email


def test_a_sign_up_with_an_address_that_is_taken_is_refused(scene: Scene) -> None:
    """Whoever does not know the password is told, and nobody is signed in."""
    scene.account.sign_up(EMAIL, PASSWORD)
    scene.account.sign_out()
    with pytest.raises(SignInRefused) as raised:
        scene.account.sign_up(EMAIL, OTHER)
    assert (Refusal.EMAIL_IN_USE, None) == (raised.value.reason, scene.account.user)


def test_no_network_at_the_second_try_is_told_as_that(scene: Scene) -> None:
    """Whether the address is one's own cannot be told without network; it is not said to be taken."""
    scene.account.sign_in_anonymously()
    scene.service.loses.add("signUp")
    with pytest.raises(Offline):
        scene.account.link(EMAIL, PASSWORD)
    scene.service.loses.add("signInWithPassword")
    with pytest.raises(Offline):
        scene.account.link(EMAIL, PASSWORD)
    assert not scene.account.link(EMAIL, PASSWORD).anonymous
