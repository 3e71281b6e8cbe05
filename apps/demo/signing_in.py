"""What a person does on the account screens, by the tags of their controls. Knows nothing of the SDK."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from apps.common.driving import AppProcess, DriveError, Seen
from apps.demo.services import Person

SIGN_IN_S = 60.0


def is_signed_in(seen: Seen) -> bool:
    return bool(seen["signed_in"])


def asks_who(seen: Seen) -> bool:
    """The sign-in screen is shown, and nothing is under way on it."""
    return seen["screen"] == "sign-in" and not (seen["form"] or {}).get("busy")


def said(seen: Seen) -> str:
    """The sentence on the sign-in screen: what went wrong, or why it is shown."""
    form: Mapping[str, Any] = seen["form"] or {}
    return str(next(iter(form.get("errors", {}).values()), "") or form.get("notice") or "")


def fill_in(app: AppProcess, person: Person, password: str | None = None) -> None:
    """Types e-mail address and password, whatever was in the fields."""
    app.wait(asks_who, "the sign-in screen")
    app.clear("email")
    app.type(person.email, on="email")
    app.clear("password")
    app.type(person.password if password is None else password, on="password")


def sign_in(app: AppProcess, person: Person, button: str = "sign_in") -> tuple[int, Seen]:
    """By e-mail and password; when the button was pushed, and the first screen behind it."""
    fill_in(app, person)
    at_ns = app.click(button)
    return at_ns, app.wait(is_signed_in, "being signed in", since_ns=at_ns, timeout_s=SIGN_IN_S)


def show_code(app: AppProcess) -> str:
    """Has a device that is signed in show a code; as it is on the screen."""
    open_panel(app)
    app.click("add_device")
    app.wait(lambda s: (s["adding"] or {}).get("state") == "shown", "a code", timeout_s=SIGN_IN_S)
    return app.read("pairing_code")


def enter_code(app: AppProcess, code: str) -> None:
    """Types a code on a device where nobody is signed in, and does not send it yet."""
    app.wait(asks_who, "the sign-in screen")
    app.click("enter_code")
    app.wait(lambda s: s["screen"] == "code", "the screen for the code")
    app.type(code, on="code")


def use_code(app: AppProcess) -> tuple[int, Seen]:
    """Sends the code that was typed; when, and the first screen behind it."""
    at_ns = app.click("use_code")
    return at_ns, app.wait(is_signed_in, "being signed in", since_ns=at_ns, timeout_s=SIGN_IN_S)


def dismiss_message(app: AppProcess) -> None:
    """Nobody touches what a message lies over."""
    if app.observe()["message"]:
        with suppress(DriveError):  # it went away by itself
            app.click("message_dismiss")
        app.wait(lambda s: not s["message"], "that the message is gone")


def open_panel(app: AppProcess) -> None:
    dismiss_message(app)
    if not app.observe()["panel"]:
        app.click("account")
        app.wait(lambda s: s["panel"], "the account panel")


def close_panel(app: AppProcess) -> None:
    """Closes whatever of the account screens is open, the topmost first."""
    while (seen := app.observe())["panel"] or seen["adding"] or seen["confirm"]:
        open_now = (seen["panel"], bool(seen["adding"]), seen["confirm"])
        app.key("escape")
        app.wait(
            partial(lambda was, s: (s["panel"], bool(s["adding"]), s["confirm"]) != was, open_now),
            "that it is closed",
        )


def devices(seen: Seen) -> dict[str, Mapping[str, Any]]:
    """The rows of the panel by the devices' names."""
    return {row["name"]: row for row in seen["devices"] or ()}


def row_of(app: AppProcess, name: str) -> int:
    """At which row of the panel a device stands."""
    seen = app.wait(lambda s: name in devices(s), f"“{name}” among the devices", timeout_s=SIGN_IN_S)
    return list(devices(seen)).index(name)
