"""What apps remove with an account, or of all their users: what is said before is true after."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import dalsegno as ds
from apps.common.account.acts import removal
from apps.common.account.form import Form
from apps.common.account.gate import Gate
from apps.common.private import remove_own
from tests.apps.common.fakes import FakeAccount, FakeClient, HeldWork


@pytest.mark.parametrize(
    ("unsent", "uncounted", "said"),
    [
        (0, False, None),
        (1, False, "has not been sent yet, and is lost then: 1 change."),
        (12, False, "has not been sent yet, and is lost then: 12 changes."),
        (12, True, "Some of what was done here may not have been sent yet, and is lost then."),
        (0, True, "Some of what was done here may not have been sent yet, and is lost then."),
    ],
)
def test_no_number_is_said_that_is_too_small(unsent: int, uncounted: bool, said: str | None) -> None:
    """Nobody knows how many changes a client owes that works now: there is no saying "1"."""
    _, text, _ = removal(unsent, uncounted=uncounted, lost=False)
    assert (said is None) == ("lost" not in text)
    assert said is None or text.endswith(said)


class App:
    """A reader without a window, on this folder."""

    def __init__(self, home: Path) -> None:
        self.options: Any = SimpleNamespace(data_home=home, app="reader", profile="default")
        self.client: Any = FakeClient()
        self.books = home / "libraries"
        (self.books / "gone").mkdir(parents=True)
        (self.books / "gone" / "Moby-Dick.epub").write_bytes(b"a book")

    def let_go(self) -> None:
        return None

    def files_of(self, uid: str) -> list[Path]:
        return [self.books / uid]

    def files_of_all(self) -> list[Path]:
        return [self.books]

    def surprised(self, error: BaseException) -> None:
        raise error


class Leaving(Gate):
    """A gate behind which nothing is shown; its account answers each call with `answer`, or raises it."""

    def __init__(self, home: Path, answer: object = None) -> None:
        app: Any = App(home)
        super().__init__(app)
        self.app, self.held = app, HeldWork()
        self._work = self.held
        self.form = Form(self.held)
        self.fake = FakeAccount(answer)
        account: Any = self.fake
        self.account = account

    def _show_lobby(self) -> Any:
        return SimpleNamespace(form=self.form)

    def asked(self, found: ds.LocalData) -> str:
        """The question before a removal, with this on the device."""
        texts: list[str] = []
        confirm: Any = SimpleNamespace(ask=lambda title, text, action, then: texts.append(text))
        self.fake.answer = found
        self.ask_to_remove(confirm, lost=False)
        self.held.arrive()
        return texts[0]


def test_what_is_not_sent_is_neither_counted_twice_nor_forgotten(tmp_path: Path) -> None:
    """The data of the user who is here cannot be counted, and theirs alone are known by the client; others
    that cannot be read may hold something, too."""
    gate = Leaving(tmp_path)
    assert "lost" not in gate.asked(ds.LocalData((), 0, unreadable=1))
    assert gate.asked(ds.LocalData(("bob",), 3, unreadable=1)).endswith(": 3 changes.")
    assert "may not have been sent" in gate.asked(ds.LocalData(("bob",), 3, unreadable=2))
    gate.app.client.status.saved = ds.Saved.HERE
    assert "may not have been sent" in gate.asked(ds.LocalData(("bob",), 3, unreadable=1))
    gate.app.client = None
    assert "may not have been sent" in gate.asked(ds.LocalData((), 0, unreadable=1))


def test_books_of_users_nobody_knows_any_more_go_too(tmp_path: Path) -> None:
    """Their account was deleted on another device, and their places removed: they are in no list."""
    gate = Leaving(tmp_path)
    gate._remove_local()
    gate.held.arrive()
    assert "Nothing of this app's users is left on this device." == gate.form.notice
    assert [] == list(tmp_path.iterdir())


def test_books_are_removed_though_a_disk_keeps_something_else(tmp_path: Path) -> None:
    """What can be removed is, and nobody says that nothing is left."""
    gate = Leaving(tmp_path, ds.StorageDenied("it may not be written"))
    gate._remove_local()
    gate.held.arrive()
    assert ("", {"form": "It may not be written."}) == (gate.form.notice, gate.form.errors)
    assert not gate.app.books.exists()


def test_books_stay_with_whoever_reads_them_in_another_window(tmp_path: Path) -> None:
    """The account's data were not removed then, and nothing is."""
    gate = Leaving(tmp_path, ds.ProfileInUse("in use"))
    gate._remove_local()
    gate.held.arrive()
    assert {"form": "In use."} == gate.form.errors
    assert 1 == len(list(gate.app.books.rglob("*.epub")))


@pytest.mark.parametrize(("is_gone", "left"), [(True, 0), (False, 1)])
def test_a_deleted_account_takes_its_books_whatever_a_disk_keeps(
    tmp_path: Path, is_gone: bool, left: int
) -> None:
    """While it is there, whatever went wrong, the books are, too."""
    gate = Leaving(tmp_path)
    somebody = SimpleNamespace(uid="gone")
    gate.fake.user = somebody

    def delete(*_: object, **__: object) -> None:
        gate.fake.user = None if is_gone else somebody
        raise ds.StorageDenied("it may not be written")

    gate.fake.delete = delete  # type: ignore[attr-defined]
    gate.delete_account(None)
    gate.held.arrive()
    assert {"form": "It may not be written."} == gate.form.errors
    assert left == len(list(gate.app.books.rglob("*.epub")))


@pytest.fixture
def stuck(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that the disk does not let go of."""
    stuck, rmtree = tmp_path / "stuck", shutil.rmtree
    stuck.mkdir()

    def refusing(path: Path, ignore_errors: bool = False, **how: Any) -> None:
        if path != stuck:
            rmtree(path, ignore_errors, **how)
        elif not ignore_errors:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    monkeypatch.setattr("apps.common.private.shutil.rmtree", refusing)
    return stuck


def test_what_is_still_there_is_named(tmp_path: Path, stuck: Path) -> None:
    """Everything else is gone, and so is what the log said."""
    options: Any = SimpleNamespace(data_home=tmp_path, app="reader", profile="default")
    log, other = tmp_path / "reader-default.log", tmp_path / "other"
    log.write_text("what somebody read")
    other.mkdir()
    with pytest.raises(ds.DalSegnoError, match=r"stuck cannot be removed \(Permission denied\)"):
        remove_own([stuck, other], options)
    assert (False, "") == (other.exists(), log.read_text())


def test_a_link_is_removed_and_what_it_leads_to_is_not(tmp_path: Path) -> None:
    """Somebody put it there: the books at its end are theirs."""
    options: Any = SimpleNamespace(data_home=tmp_path, app="reader", profile="default")
    theirs, link = tmp_path / "theirs", tmp_path / "libraries"
    theirs.mkdir()
    link.symlink_to(theirs)
    remove_own([link, tmp_path / "never there"], options)
    assert (False, True) == (link.is_symlink(), theirs.exists())
