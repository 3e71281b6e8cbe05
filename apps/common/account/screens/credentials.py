"""CredentialsForm: an e-mail address and a password, each with what is wrong with it; of two screens."""

from __future__ import annotations

from kivy.properties import BooleanProperty, StringProperty
from kivy.uix.boxlayout import BoxLayout

from apps.common import widgets as _widgets  # noqa: F401 - used in kv
from apps.common.account.form import Form
from apps.common.kv import load_beside

load_beside(__file__)


class CredentialsForm(BoxLayout):
    """``on_submit`` when Enter is pressed in the password."""

    email_error = StringProperty("")
    password_error = StringProperty("")
    is_busy = BooleanProperty(False)
    __events__ = ("on_submit",)

    def on_submit(self) -> None:
        """Enter was pressed in the last field."""

    @property
    def email(self) -> str:
        return str(self.ids.email.text)

    @property
    def password(self) -> str:
        return str(self.ids.password.text)

    def show(self, form: Form) -> None:
        """What is wrong, and whether it is on its way. What was typed stays."""
        self.email_error = form.errors.get("email", "")
        self.password_error = form.errors.get("password", "")
        self.is_busy = bool(form.busy)

    def clear(self) -> None:
        """Nothing of what was typed is kept."""
        self.ids.email.clear()
        self.ids.password.clear()
        self.ids.password.is_shown = False
