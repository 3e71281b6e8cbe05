"""Where a sign-in is kept: the keyring, or a file that only the user can read."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from dalsegno._auth.keyring_vault import VaultError, locked
from dalsegno._auth.stored_sign_in import (
    NO_KEYRING,
    NOT_REMOVED,
    WAS_DAMAGED,
    WAS_LOCKED,
    WAS_OPEN,
    SignInStore,
    StoredSignIn,
)
from dalsegno._core.types import UserId
from dalsegno._errors import KeyringLocked, StorageDenied, StorageFull
from tests.support.sign_in_service import MemoryVault

ADA = StoredSignIn(UserId("uid-1"), "ada@example.com", False, "secret-refresh-token")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "project" / "user.json"


@pytest.fixture
def vault() -> MemoryVault:
    return MemoryVault()


def test_the_token_is_in_the_keyring_and_not_in_the_file(path: Path, vault: MemoryVault) -> None:
    """With a keyring the file tells only who it is; whoever copies the disk has no token."""
    SignInStore(path, vault).save(ADA)
    assert "secret" not in path.read_text()
    again = SignInStore(path, vault)
    assert ADA == again.load()
    assert [] == again.notices


def test_who_it_is_needs_no_keyring(path: Path, vault: MemoryVault) -> None:
    """A start asks the file only: a locked keyring delays nothing."""
    SignInStore(path, vault).save(ADA)
    reads, vault.fault = vault.reads, locked()
    keeper = SignInStore(path, vault)
    assert StoredSignIn(ADA.uid, ADA.email, False) == keeper.who()
    assert reads == vault.reads
    with pytest.raises(KeyringLocked, match="unlock it"):
        keeper.load()


@pytest.mark.parametrize(("fault", "notice"), [(VaultError(), NO_KEYRING), (locked(), WAS_LOCKED)])
def test_without_a_keyring_it_is_in_a_private_file_and_said_once(
    path: Path, vault: MemoryVault, fault: Exception, notice: str
) -> None:
    """No keyring, or a locked one: a file has the token, only the user can read it, and it is said once."""
    vault.fault = fault
    keeper = SignInStore(path, vault)
    keeper.save(ADA)
    keeper.save(ADA)
    assert [notice] == keeper.notices
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)
    assert 0o700 == stat.S_IMODE(path.parent.stat().st_mode)
    again = SignInStore(path, vault)
    assert ADA == again.load()
    assert [] == again.notices


def test_an_unlocked_keyring_takes_the_token_out_of_the_file(path: Path, vault: MemoryVault) -> None:
    """Once there is a keyring, the next sign-in leaves nothing in the file."""
    vault.fault = locked()
    SignInStore(path, vault).save(ADA)
    vault.fault = None
    SignInStore(path, vault).save(ADA)
    assert "secret" not in path.read_text()
    assert ADA == SignInStore(path, vault).load()


def test_a_keyring_that_forgets_is_none(path: Path) -> None:
    """A backend that takes a secret and does not give it back (keyring's null backend) is not relied on."""

    class Null(MemoryVault):
        def set(self, name: str, secret: str) -> None: ...

    keeper = SignInStore(path, Null())
    keeper.save(ADA)
    assert [NO_KEYRING] == keeper.notices
    assert ADA == SignInStore(path, Null()).load()


def test_emulators_get_a_file_and_no_notice(path: Path) -> None:
    """What an emulator hands out is worth nothing: a file is good enough, and nobody need be told."""
    keeper = SignInStore(path, None)
    keeper.save(ADA)
    assert ADA == SignInStore(path, None).load()
    assert [] == keeper.notices


def test_a_keyring_that_lost_the_token_means_nobody(path: Path, vault: MemoryVault) -> None:
    """An entry deleted in the keyring is a sign-out: no token, no error."""
    SignInStore(path, vault).save(ADA)
    vault.secrets.clear()
    assert None is SignInStore(path, vault).load()


def test_two_places_share_no_entry(tmp_path: Path, vault: MemoryVault) -> None:
    """Two profiles on one keyring do not take each other's token."""
    bob = StoredSignIn(UserId("uid-2"), "", True, "another")
    SignInStore(tmp_path / "a" / "user.json", vault).save(ADA)
    SignInStore(tmp_path / "b" / "user.json", vault).save(bob)
    assert ADA == SignInStore(tmp_path / "a" / "user.json", vault).load()
    assert bob == SignInStore(tmp_path / "b" / "user.json", vault).load()


def test_a_rotated_token_does_not_undo_a_newer_sign_in(path: Path, vault: MemoryVault) -> None:
    """A refresh that ends after the user was linked must not bring back what was before."""
    keeper = SignInStore(path, vault)
    keeper.save(ADA)
    keeper.rotate(ADA.uid, ADA.refresh_token, "second")
    linked = StoredSignIn(ADA.uid, "new@example.com", False, "third")
    keeper.save(linked)
    keeper.rotate(ADA.uid, "second", "late")
    assert linked == keeper.load()
    vault.fault = locked()
    keeper.rotate(ADA.uid, "third", "fourth")  # not kept, and no error: the third goes on serving
    vault.fault = None
    assert linked == keeper.load()


def test_clearing_leaves_nothing(path: Path, vault: MemoryVault) -> None:
    """After a sign-out neither file nor keyring has anything; clearing twice is harmless."""
    keeper = SignInStore(path, vault)
    keeper.save(ADA)
    keeper.clear()
    keeper.clear()
    assert ({}, [], None) == (vault.secrets, list(path.parent.iterdir()), keeper.load())


@pytest.mark.parametrize(("fault", "notices"), [(locked(), [NOT_REMOVED]), (VaultError(), [])])
def test_a_sign_out_with_a_locked_keyring_is_one_all_the_same(
    path: Path, vault: MemoryVault, fault: Exception, notices: list[str]
) -> None:
    """The file goes in any case, so nobody is signed in; what could not be removed is told."""
    keeper = SignInStore(path, vault)
    keeper.save(ADA)
    vault.fault = fault
    keeper.clear()
    assert (None, notices) == (keeper.who(), keeper.notices)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"uid": 7}', '{"uid":"","email":"","refresh_token":"x"}', "\x00"]
)
def test_a_damaged_file_is_set_aside(path: Path, text: str) -> None:
    """Damage is nobody signed in, said, and kept: nothing is overwritten."""
    path.parent.mkdir(parents=True)
    path.write_text(text)
    path.chmod(0o600)
    keeper = SignInStore(path, None)
    assert None is keeper.load()
    assert [WAS_DAMAGED] == keeper.notices
    assert text == path.with_name("user.json.damaged").read_text()
    keeper.save(ADA)
    assert ADA == keeper.load()


def test_a_file_that_others_could_read_is_closed_and_told(path: Path) -> None:
    """A file whose mode was loosened (a backup, a copy) is closed again at the next look."""
    keeper = SignInStore(path, None)
    keeper.save(ADA)
    path.chmod(0o644)
    assert ADA == keeper.load()
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)
    assert [WAS_OPEN] == keeper.notices


def test_a_full_disk_changes_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new sign-in that cannot be written leaves the old one as it was, and says so."""
    keeper = SignInStore(path, None)
    keeper.save(ADA)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(StorageFull, match="No space left"):
        keeper.save(StoredSignIn(UserId("uid-2"), "", True, "another"))
    assert ADA == keeper.load()
    assert [path] == list(path.parent.iterdir())


def test_what_may_not_be_written_is_no_full_disk(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """ "Free space" is said where that helps; and who cannot be signed out is told by an error of ours."""
    keeper = SignInStore(path, None)
    keeper.save(ADA)

    def read_only(*_: object, **__: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("dalsegno._auth.stored_sign_in.os.open", read_only)
    with pytest.raises(StorageDenied, match="Read-only"):
        keeper.save(StoredSignIn(UserId("uid-2"), "", True, "another"))
    monkeypatch.setattr(Path, "unlink", read_only)
    with pytest.raises(StorageDenied, match="cannot be removed"):
        keeper.clear()
    assert ADA == keeper.who()


def test_a_symbolic_link_is_replaced_and_not_followed(path: Path, tmp_path: Path) -> None:
    """A link that somebody put in the file's place does not carry the token elsewhere."""
    path.parent.mkdir(parents=True)
    elsewhere = tmp_path / "elsewhere"
    path.symlink_to(elsewhere)
    SignInStore(path, None).save(ADA)
    assert not elsewhere.exists() and not path.is_symlink()
    assert "uid-1" == json.loads(path.read_text())["uid"]
