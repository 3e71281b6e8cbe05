"""The presenter of the account panel: who is signed in, and on which devices. No Kivy; the app's thread.

Invariant: what the server has not confirmed is not shown as done: a name changes when the list says so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import dalsegno as ds
from apps.common.account.ports import DevicesPort, Someone
from apps.common.account.words import complaint, helps_to_sign_in_again, icon_of, made_of, presence
from apps.common.account.work import Work

MAX_NAME = 100  # as the SDK has it
WAIT_S = 20.0  # for the server's word on a rename or a sign-out


@dataclass(frozen=True, slots=True)
class Row:
    """One device, as it is shown. `said`: online, seen 5 min ago, signed out."""

    id: str
    name: str
    kind: str
    icon: str
    detail: str
    said: str
    here: bool
    online: bool
    signed_out: bool


@dataclass(frozen=True, slots=True)
class Who:
    """Who is signed in. `kind`: email, anonymous or unsigned; `nameless`: an e-mail address can be added."""

    kind: str
    title: str
    detail: str
    nameless: bool
    can_sign_out: bool


@dataclass(frozen=True, slots=True)
class Question:
    """Something to confirm, and what is done then."""

    title: str
    text: str
    action: str


class DevicesPresenter:
    """`on_change` is called after something that is shown has changed."""

    def __init__(
        self,
        client: DevicesPort,
        user: Callable[[], Someone | None],
        uid: str,
        work: Work,
        why_refused: Callable[[], ds.Refusal | None] = lambda: None,
    ) -> None:
        """`user`: who is signed in now; None for `uid` who is on an emulator without a sign-in."""
        self._why_refused = why_refused
        self._client, self._user, self._uid, self._work = client, user, uid, work
        self._devices = list(client.devices())
        self._closed = False
        self.busy: str | None = None  # the device that is being renamed or signed out
        self.renaming: str | None = None  # the device whose name is being edited
        self.error = ""
        self.on_change: Callable[[], None] = lambda: None
        self.on_devices: Callable[[list[Any]], None] = lambda devices: None
        self._unsubscribe = client.on_devices(self._changed)

    # -- what is shown

    @property
    def who(self) -> Who:
        user = self._user()
        if user is None:
            return Who("unsigned", self._uid, "On an emulator, without a sign-in", False, False)
        if user.email:
            return Who("email", user.email, "Signed in", False, True)
        kind = "anonymous" if user.anonymous else "email"
        detail = "With an e-mail address you can come back, from any device."
        return Who(kind, "Without an account", detail, True, True)

    @property
    def rows(self) -> list[Row]:
        now_ms = self._client.now_ms()
        return [
            Row(
                device.id,
                device.name,
                device.kind,
                icon_of(device.kind),
                made_of(device.app, device.platform),
                presence(device, now_ms),
                device.here,
                device.online,
                device.signed_out,
            )
            for device in self._devices
        ]

    @property
    def devices(self) -> list[Any]:
        return self._devices

    @property
    def refusal(self) -> str:
        """Why the server takes nothing from this sign-in any more; "" if it does."""
        status = self._client.status
        return str(status.reason) if status.link is ds.Link.DENIED else ""

    @property
    def may_sign_in_again(self) -> bool:
        """Whether a new sign-in helps against the refusal."""
        return helps_to_sign_in_again(self._why_refused())

    # -- renaming

    def begin_to_rename(self, device_id: str) -> None:
        self.renaming, self.error = device_id, ""
        self.on_change()

    def keep_name(self) -> None:
        self.renaming, self.error = None, ""
        self.on_change()

    def rename(self, name: str) -> None:
        """The name that is edited is to be this one."""
        device_id, name = self.renaming, name.strip()
        if device_id is None or self.busy:
            return
        if not 0 < len(name) <= MAX_NAME:
            self._say(f"A name has 1 to {MAX_NAME} characters.")
        elif any(device.id == device_id and device.name == name for device in self._devices):
            self.keep_name()
        else:
            self._do(device_id, lambda: self._client.rename_device(device_id, name), "Not renamed")

    # -- signing out

    def question(self, device_id: str) -> Question:
        """What to ask before another device is signed out."""
        name = next((device.name for device in self._devices if device.id == device_id), "this device")
        return Question(
            f"Sign out “{name}”?",
            "It is cut off at once, and is told why. What it has not sent yet stays on it; signing in there "
            "again brings it back.",
            "Sign out",
        )

    def sign_out(self, device_id: str) -> None:
        """Another device is thrown out."""
        if not self.busy:
            self._do(device_id, lambda: self._client.sign_out_device(device_id), "Not signed out")

    def question_here(self) -> Question:
        """What to ask before this device is signed out."""
        texts = []
        if self.who.nameless:
            texts.append(
                "Without an e-mail address nobody can come back to these places, unless another device is "
                "signed in. Add an e-mail address first."
            )
        if self._client.status.saved is not ds.Saved.EVERYWHERE:
            texts.append(
                "Some of what you did here has not been sent yet. It stays on this device, and is sent once "
                "you sign in here again."
            )
        texts = texts or ["Your places stay in your account, and come back when you sign in."]
        lost = self.who.nameless
        return Question("Sign out here?", "\n\n".join(texts), "Sign out anyway" if lost else "Sign out")

    # -- what happens

    def refresh(self) -> None:
        """Time has passed, or the user has got an address."""
        self.on_change()

    def close(self) -> None:
        self._closed = True
        self._unsubscribe()

    def _do(self, device_id: str, ask: Callable[[], Any], failed: str) -> None:
        self.busy, self.error = device_id, ""
        self.on_change()
        self._work(
            lambda: ask().result(WAIT_S),
            lambda _: self._done(),
            lambda error: self._say(f"{failed}: {_uncapped(complaint(_plain(error)).text)}"),
        )

    def _done(self) -> None:
        self.renaming = None
        self._say("")

    def _say(self, error: str) -> None:
        if not self._closed:
            self.busy, self.error = None, error
            self.on_change()

    def _changed(self, devices: list[Any]) -> None:
        if not self._closed:
            self._devices = list(devices)
            self.on_devices(self._devices)
            self.on_change()


def _plain(error: Exception) -> Exception:
    """A server that takes too long is one that cannot be reached now."""
    return (
        ds.Offline("the server does not answer: try again later")
        if isinstance(error, TimeoutError)
        else error
    )


def _uncapped(text: str) -> str:
    return text[:1].lower() + text[1:]
