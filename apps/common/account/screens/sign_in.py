"""The sign-in screen: what is shown while nobody is signed in. See `apps.common.account.signing_in`."""

from __future__ import annotations

from kivy.properties import BooleanProperty, ObjectProperty, StringProperty
from kivy.uix.boxlayout import BoxLayout

from apps.common import widgets as _widgets  # noqa: F401 - used in kv
from apps.common.account.screens import credentials as _credentials  # noqa: F401 - used in kv
from apps.common.account.screens import saying as _saying  # noqa: F401 - used in kv
from apps.common.account.signing_in import SignInPresenter
from apps.common.kv import load_beside

load_beside(__file__)


class SignInScreen(BoxLayout):
    """`begin(presenter)` connects it; ``on_enter_code`` when a code is to be entered instead."""

    title = StringProperty("")
    icon = StringProperty("book")
    presenter: SignInPresenter = ObjectProperty(None, allownone=True)
    busy = StringProperty("")
    notice = StringProperty("")
    trouble = StringProperty("")
    takes_codes = BooleanProperty(False)
    has_local = BooleanProperty(False)  # something of a user is on this device
    __events__ = ("on_enter_code", "on_remove_local")

    def on_enter_code(self) -> None:
        """A code from another device is to be entered."""

    def on_remove_local(self) -> None:
        """What is on this device is to be removed."""

    def begin(self, presenter: SignInPresenter) -> None:
        self.presenter = presenter
        presenter.on_change = self.refresh
        self.refresh()

    def refresh(self) -> None:
        form = self.presenter
        self.busy, self.notice, self.trouble = form.busy, form.notice, form.errors.get("form", "")
        self.ids.form.show(form)

    def sign_in(self) -> None:
        self.presenter.sign_in(self.ids.form.email, self.ids.form.password)

    def create_account(self) -> None:
        self.presenter.create_account(self.ids.form.email, self.ids.form.password)

    def forgot_password(self) -> None:
        self.presenter.send_reset_mail(self.ids.form.email)

    def end(self) -> None:
        """Somebody is signed in, or the window closes."""
        self.presenter.close()
        self.ids.form.clear()
