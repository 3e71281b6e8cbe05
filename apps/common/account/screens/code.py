"""The code screen: signs in with what another device shows. See `apps.common.account.entering_code`."""

from __future__ import annotations

from kivy.properties import ObjectProperty, StringProperty
from kivy.uix.boxlayout import BoxLayout

from apps.common import widgets as _widgets  # noqa: F401 - used in kv
from apps.common.account.entering_code import CodePresenter
from apps.common.account.screens import saying as _saying  # noqa: F401 - used in kv
from apps.common.kv import load_beside

load_beside(__file__)


class CodeScreen(BoxLayout):
    """`begin(presenter)` connects it; ``on_back`` when the user would rather sign in with a password."""

    presenter: CodePresenter = ObjectProperty(None, allownone=True)
    busy = StringProperty("")
    error = StringProperty("")
    trouble = StringProperty("")
    __events__ = ("on_back",)

    def on_back(self) -> None:
        """Back to the sign-in screen."""

    def begin(self, presenter: CodePresenter) -> None:
        self.presenter = presenter
        presenter.on_change = self.refresh
        self.refresh()

    def refresh(self) -> None:
        form = self.presenter
        self.busy, self.error = form.busy, form.errors.get("code", "")
        self.trouble = form.errors.get("form", "") or form.errors.get("email", "")

    def use(self) -> None:
        self.presenter.use(self.ids.code.text)

    def end(self) -> None:
        """Somebody is signed in, or has gone back."""
        self.presenter.close()
        self.ids.code.clear()
