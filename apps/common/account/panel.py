"""What a signed-in user can do about the account, from the button in every bar: the drawer and its sheets.

Kivy's main thread. Made when it is opened for the first time: most starts never need it. Invariant: after
`close` nothing of the user is held.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import dalsegno as ds
from apps.common.account.acts import ACTS, ActPresenter
from apps.common.account.devices import DevicesPresenter, Question
from apps.common.account.exporting import ExportPresenter
from apps.common.account.screens.account import AccountDrawer
from apps.common.account.screens.act import ActSheet
from apps.common.account.screens.add_device import AddDeviceSheet
from apps.common.account.screens.add_email import AddEmailSheet
from apps.common.account.showing_code import AddDevicePresenter
from apps.common.account.signing_in import LinkPresenter
from apps.common.account.work import Work
from apps.common.widgets import Confirm, Shell


class Host(Protocol):
    """The app, as far as the panel needs it."""

    shell: Shell | None

    def tell(self, text: str, *, bad: bool = False) -> None: ...


class Door(Protocol):
    """The gate, as far as the panel needs it."""

    def sign_out(self, notice: str = "") -> None: ...

    def look_who_is_here(self, user: Any) -> None: ...

    def delete_account(self, password: str | None) -> None: ...

    def ask_to_remove(self, confirm: Confirm, *, lost: bool) -> None: ...


class AccountPanel:
    """`account` None: an emulator's user without a sign-in; `pairing` None: no codes."""

    def __init__(
        self,
        host: Host,
        door: Door,
        client: ds.Client,
        account: ds.Account | None,
        pairing: str | None,
        work: Work,
        deliver: Callable[[Callable[[], None]], None] = lambda job: job(),
    ) -> None:
        self._deliver, self._tell = deliver, host.tell
        self._exporting: ExportPresenter | None = None
        self._door, self._account, self._pairing, self._work = door, account, pairing, work
        uid = str(getattr(client.user, "uid", ""))
        self.presenter = DevicesPresenter(
            client,
            lambda: account.user if account else None,
            uid,
            work,
            lambda: account.refusal if account else None,
        )
        self.drawer, self.confirm = AccountDrawer(), Confirm()
        self.add_device, self.add_email, self.act = AddDeviceSheet(), AddEmailSheet(), ActSheet()
        self.drawer.can_add_device = account is not None and pairing is not None
        self._bind()
        assert host.shell is not None
        for overlay in (self.drawer, self.add_device, self.add_email, self.act, self.confirm):
            host.shell.add_widget(overlay, index=host.shell.children.index(host.shell.message) + 1)
        self.drawer.begin(self.presenter)

    def _bind(self) -> None:
        self.drawer.bind(
            on_add_device=lambda *_: self._add_device(),
            on_add_email=lambda *_: self._add_email(),
            on_sign_out=lambda *_: self._confirm(self.presenter.question_here(), self._door.sign_out),
            on_sign_in_again=lambda *_: self._door.sign_out(self.presenter.refusal),
            on_act=lambda _drawer, name: self._begin(name),
            on_sign_out_device=lambda _drawer, device: self._confirm(
                self.presenter.question(device), lambda: self.presenter.sign_out(device)
            ),
        )

    def open(self) -> None:
        self.drawer.open()

    def close(self) -> None:
        for overlay in (self.confirm, self.act, self.add_email, self.add_device, self.drawer):
            overlay.close()
        if self._exporting is not None:
            self._exporting.end()
        self.presenter.close()
        self.drawer.end()

    def seen(self) -> dict[str, Any]:
        """For the app's observers."""
        adding = self.add_device.presenter
        return {
            "panel": self.drawer.is_open,
            "devices": [
                {
                    "name": row.name,
                    "kind": row.kind,
                    "icon": row.icon,
                    "here": row.here,
                    "online": row.online,
                    "signed_out": row.signed_out,
                    "said": row.said,
                    "detail": row.detail,
                }
                for row in self.presenter.rows
            ],
            "panel_error": self.presenter.error,
            "can_sign_in_again": self.drawer.can_sign_in_again,
            "adding": {"state": adding.stage, "said": adding.said} if adding is not None else None,
            "confirm": self.confirm.title if self.confirm.is_open else None,
            "form": self.add_email.presenter.seen() if self.add_email.presenter is not None else None,
            "act": self.act.presenter.seen() if self.act.presenter is not None else None,
        }

    def _begin(self, name: str) -> None:
        """What a button of the drawer asks for: a sheet, or a question."""
        account, user = self._account, self._account.user if self._account else None
        if account is None or user is None:
            return
        if name == "remove_local":
            self._door.ask_to_remove(self.confirm, lost=self.presenter.who.nameless)
            return
        if name == "export_data":
            self.act.show(self._export(account))
            return
        act = ACTS["delete_nameless" if name == "delete_account" and not user.email else name]
        presenter = ActPresenter(
            act,
            self._work,
            lambda first, second: self._do(name, account, first, second),
            lambda result, first: self._finished(name, first),
        )
        self.act.show(presenter)

    def _export(self, account: ds.Account) -> ExportPresenter:
        """The one that is under way, or a new one."""
        under_way = self._exporting
        if under_way is None or not under_way.busy:
            under_way = ExportPresenter(account, self._work, self._deliver, self._tell)
        self._exporting = under_way
        return under_way

    def _do(self, name: str, account: ds.Account, first: str, second: str) -> Any:
        """Off the app's thread."""
        if name == "change_password":
            return account.change_password(first, second)
        if name == "change_email":
            return account.change_email(second, first)
        if name == "verify_email":
            return account.send_verification_mail()
        if first:  # whoever mistypes the password is told so here, before anything is closed
            assert account.user is not None
            account.sign_in(account.user.email, first)
        return None

    def _finished(self, name: str, first: str) -> str:
        if name == "delete_account":
            self._door.delete_account(first or None)
        return ACTS[name].done

    def _confirm(self, question: Question, then: Any) -> None:
        self.confirm.ask(question.title, question.text, question.action, then)

    def _add_device(self) -> None:
        if self._account is None or self._pairing is None:
            return
        account, service = self._account, self._pairing

        def ask() -> Any:
            from dalsegno import pairing

            user = account.user
            if user is None:
                raise ds.SignInRefused(ds.Refusal.NOBODY, "nobody is signed in on this device: sign in")
            return pairing.request_code(service, user)

        presenter = AddDevicePresenter(ask, self._work, self.presenter.devices)
        self.presenter.on_devices = presenter.devices_changed
        self.add_device.show(presenter)

    def _add_email(self) -> None:
        if self._account is not None:
            self.add_email.show(LinkPresenter(self._account, self._work, self._email_is_added))

    def _email_is_added(self) -> None:
        self.add_email.close()
        if self._account is not None:
            self._door.look_who_is_here(self._account.user)
        self.presenter.refresh()
