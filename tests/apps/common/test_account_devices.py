"""The account panel, as its presenters do it: devices in words, renaming, signing out, a code and its end."""

from __future__ import annotations

from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

import dalsegno as ds
from apps.common.account.devices import DevicesPresenter
from apps.common.account.showing_code import AddDevicePresenter
from apps.common.account.words import advice, seen
from tests.apps.common.fakes import FakeClient, HeldWork, device

ANNA = SimpleNamespace(uid="u1", email="anna@example.com", anonymous=False)
NOBODY = SimpleNamespace(uid="u2", email="", anonymous=True)
MIN_MS, NOW_MS = 60_000, 100 * 86_400_000
HERE = device(1, "Laptop", here=True, kind="laptop", platform="linux", app="player")
PHONE = device(2, "Pixel 8")


class Panel:
    """The panel without a window."""

    def __init__(self, *devices: ds.DeviceInfo, user: Any = ANNA) -> None:
        self.client, self.work = FakeClient(*devices), HeldWork()
        self.presenter = DevicesPresenter(self.client, lambda: user, "u1", self.work)


@pytest.mark.parametrize(
    ("ago_ms", "said"),
    [
        (-5_000, "seen just now"),
        (59_000, "seen just now"),
        (5 * MIN_MS, "seen 5 min ago"),
        (60 * MIN_MS, "seen 1 h ago"),
        (25 * 60 * MIN_MS, "seen yesterday"),
        (3 * 24 * 60 * MIN_MS, "seen 3 days ago"),
        ((40 * 24 - 12) * 60 * MIN_MS, "seen on 2 Mar 1970"),
        (NOW_MS, "not seen yet"),
    ],
)
def test_how_long_ago_is_said_as_people_say_it(ago_ms: int, said: str) -> None:
    """Roughly, and never in the future: clocks differ."""
    assert said == seen(NOW_MS - ago_ms, NOW_MS)


def test_devices_are_said_in_words() -> None:
    """Kind, app, platform and presence are words and icons that a person understands."""
    away = device(3, "Old", online=False, seen_at_ms=NOW_MS - 5 * MIN_MS, kind="toaster", platform="beos")
    gone = device(4, "Lost", signed_out=True, online=False)
    rows = Panel(HERE, PHONE, away, gone).presenter.rows
    assert [
        ("laptop", "Player · Linux", "online"),
        ("phone", "Reader · Android", "online"),
        ("laptop", "Reader · beos", "seen 5 min ago"),
        ("phone", "Reader · Android", "signed out"),
    ] == [(row.icon, row.detail, row.said) for row in rows]


@pytest.mark.parametrize(
    ("refusal", "helps"),
    [(ds.Refusal.SIGN_IN_AGAIN, True), (ds.Refusal.DISABLED, False), (ds.Refusal.DELETED, False)],
)
def test_nobody_is_sent_to_sign_in_again_in_vain(refusal: ds.Refusal, helps: bool) -> None:
    """A disabled or deleted account takes no new sign-in: the panel offers none, the news ask for none."""
    presenter = DevicesPresenter(FakeClient(), lambda: ANNA, "u1", HeldWork(), lambda: refusal)
    assert (helps, helps) == (presenter.may_sign_in_again, "Sign in again" in advice(refusal))


def test_a_new_name_is_shown_when_the_list_says_so() -> None:
    """A rename is sent once, trimmed; the field stays until the server has answered."""
    panel = Panel(HERE, PHONE)
    panel.presenter.begin_to_rename(PHONE.id)
    panel.presenter.rename("  Anna’s phone ")
    panel.presenter.rename("another")
    assert (PHONE.id, 1) == (panel.presenter.busy, len(panel.work.waiting))
    panel.client.future.set_result(None)
    panel.work.arrive()
    assert [("rename", PHONE.id, "Anna’s phone")] == panel.client.asked
    assert (None, None, "Pixel 8") == (
        panel.presenter.busy,
        panel.presenter.renaming,
        panel.presenter.rows[1].name,
    )


@pytest.mark.parametrize(("name", "sent"), [("", 0), ("x" * 101, 0), ("Pixel 8", 0), ("x" * 100, 1)])
def test_a_name_that_cannot_be_is_not_sent(name: str, sent: int) -> None:
    """Too short, too long, or the one that it has."""
    panel = Panel(HERE, PHONE)
    panel.presenter.begin_to_rename(PHONE.id)
    panel.presenter.rename(name)
    assert sent == len(panel.work.waiting)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ds.Offline("no network now"), "Not signed out: no network now."),
        (ds.Denied("the server refuses"), "Not signed out: the server refuses."),
        (TimeoutError(), "Not signed out: the server does not answer: try again later."),
    ],
)
def test_what_could_not_be_done_is_said_in_place(error: Exception, said: str) -> None:
    """Nothing is queued for later, so it must be said; then it can be tried again."""
    panel = Panel(HERE, PHONE)
    panel.client.future.set_exception(error)
    panel.presenter.sign_out(PHONE.id)
    panel.work.arrive()
    assert (said, None) == (panel.presenter.error, panel.presenter.busy)
    panel.client.future = Future()
    panel.client.future.set_result(None)
    panel.presenter.sign_out(PHONE.id)
    panel.work.arrive()
    assert "" == panel.presenter.error


def test_signing_out_warns_of_what_would_be_lost() -> None:
    """Who has no address cannot come back; what was not sent stays on the device; else it is harmless."""
    assert "come back when you sign in" in Panel(HERE).presenter.question_here().text
    anonymous = Panel(HERE, user=NOBODY)
    anonymous.client.status.saved = ds.Saved.HERE
    question = anonymous.presenter.question_here()
    assert ("Sign out anyway", True, True) == (
        question.action,
        "nobody can come back" in question.text,
        "not been sent yet" in question.text,
    )


def test_the_list_lives_until_the_panel_is_closed() -> None:
    """A device that comes is shown at once; a closed panel hears nothing more."""
    panel = Panel(HERE)
    changes: list[int] = []
    panel.presenter.on_change = lambda: changes.append(len(panel.presenter.rows))
    panel.client.are_now(HERE, PHONE)
    panel.presenter.close()
    panel.client.are_now(HERE)
    assert [2] == changes


class Adding:
    """“Add a device” without a window, at a time of one's own."""

    def __init__(self, *devices: ds.DeviceInfo) -> None:
        self.now, self.work, self.asked = datetime(2026, 1, 1, tzinfo=UTC), HeldWork(), 0
        self.error: Exception | None = None
        self.presenter = AddDevicePresenter(self._ask, self.work, devices, lambda: self.now)
        self.presenter.ask()

    def _ask(self) -> Any:
        self.asked += 1
        if self.error is not None:
            raise self.error
        return SimpleNamespace(text=f"CODE-{self.asked:04d}", expires_at=self.now + timedelta(seconds=120))

    def after(self, seconds: float) -> tuple[str, str, str | None]:
        self.now += timedelta(seconds=seconds)
        self.presenter.tick()
        code = self.presenter.code
        return self.presenter.stage, self.presenter.said, code.text if code else None


def test_a_code_counts_down_and_ends() -> None:
    """Two minutes, then it is off the screen, and there is another one for a press."""
    adding = Adding(HERE)
    assert ("asking", "Asking for a code…", None) == adding.after(0)
    adding.work.arrive()
    assert ("shown", "Good for 2:00, and for one device.", "CODE-0001") == adding.after(0)
    assert ("shown", "Good for 0:01, and for one device.", "CODE-0001") == adding.after(119.5)
    assert ("late", "This code's time is over.", None) == adding.after(1)
    adding.presenter.ask()
    adding.work.arrive()
    assert "CODE-0002" == adding.after(0)[2]


def test_a_code_that_was_used_is_gone_and_said() -> None:
    """A device that was not there, or was signed out, comes in: the code is gone, and it says who."""
    gone = device(3, "Tablet", signed_out=True, online=False)
    for devices in ((HERE, gone, PHONE), (HERE, device(3, "Pixel 8"))):
        adding = Adding(HERE, gone)
        adding.work.arrive()
        adding.presenter.devices_changed(devices)
        assert ("used", "“Pixel 8” is signed in.", None) == adding.after(1)


def test_a_change_of_another_kind_does_not_use_a_code() -> None:
    """A rename, or a device that leaves, is no new device."""
    adding = Adding(HERE, PHONE)
    adding.work.arrive()
    adding.presenter.devices_changed((HERE, device(2, "Renamed", online=False)))
    assert "shown" == adding.after(1)[0]


def test_a_service_that_does_not_answer_is_said() -> None:
    """No code: why, and a way to try again."""
    adding = Adding(HERE)
    adding.error = ds.Offline("the pairing service cannot be reached")
    adding.work.arrive()
    assert ("failed", "The pairing service cannot be reached.", None) == adding.after(1)
    adding.error = None
    adding.presenter.ask()
    adding.work.arrive()
    assert "shown" == adding.after(0)[0]
