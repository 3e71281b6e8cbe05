"""Lobby: the window while nobody is signed in: the sign-in screen, or the code screen, in its middle."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kivy.properties import BooleanProperty, ObjectProperty

from apps.common.account.entering_code import CodePresenter, Redeem
from apps.common.account.form import Form
from apps.common.account.ports import AccountPort
from apps.common.account.screens.code import CodeScreen
from apps.common.account.screens.sign_in import SignInScreen
from apps.common.account.signing_in import SignInPresenter
from apps.common.account.work import Work
from apps.common.kv import load_beside
from apps.common.widgets import Confirm, Shell

load_beside(__file__)


class Lobby(Shell):
    """`signed_in(user)` is called once, when somebody is; `redeem` None: codes are not offered."""

    __events__ = ("on_remove_local",)
    room: Any = ObjectProperty(None, allownone=True)
    has_local = BooleanProperty(False)

    def __init__(
        self,
        account: AccountPort,
        redeem: Redeem | None,
        work: Work,
        signed_in: Callable[[Any], None],
        *,
        title: str,
        icon: str,
    ) -> None:
        super().__init__()
        self._account, self._redeem, self._work, self._signed_in = account, redeem, work, signed_in
        self._screen: SignInScreen | CodeScreen | None = None
        self._title, self._icon = title, icon
        self.confirm = Confirm()
        self.add_widget(self.confirm, index=self.children.index(self.message) + 1)
        self.show_sign_in()

    def on_remove_local(self) -> None:
        """What is on this device is to be removed."""

    @property
    def name(self) -> str:
        return "code" if isinstance(self._screen, CodeScreen) else "sign-in"

    @property
    def form(self) -> Form:
        assert self._screen is not None
        return self._screen.presenter

    def show_sign_in(self) -> None:
        if isinstance(self._screen, SignInScreen):
            return
        screen = SignInScreen(title=self._title, icon=self._icon, takes_codes=self._redeem is not None)
        self.bind(has_local=screen.setter("has_local"))
        screen.has_local = self.has_local
        screen.begin(SignInPresenter(self._account, self._work, self._signed_in))
        screen.bind(on_enter_code=lambda *_: self.show_code())
        screen.bind(on_remove_local=lambda *_: self.dispatch("on_remove_local"))
        self._show(screen)

    def show_code(self) -> None:
        if self._redeem is None:
            return
        screen = CodeScreen()
        screen.begin(CodePresenter(self._account, self._redeem, self._work, self._signed_in))
        screen.bind(on_back=lambda *_: self.show_sign_in())
        self._show(screen)

    def _show(self, screen: SignInScreen | CodeScreen) -> None:
        self.end()
        self._screen = screen
        self.ids.room.clear_widgets()
        self.ids.room.add_widget(screen)
        self.ids.scroll.scroll_y = 1

    def end(self) -> None:
        """Nothing of what was typed stays."""
        if self._screen is not None:
            self._screen.end()
