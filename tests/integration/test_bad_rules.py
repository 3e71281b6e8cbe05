"""The server refuses: the app is told, the edit stays on disk, and nobody else has to wait."""

from __future__ import annotations

from dalsegno.testing._firestore_emulator import FirestoreEmulator
from tests.integration.conftest import StartDevice
from tests.support.emulator import RULES
from tests.support.server import Server
from tests.support.waiting import until

NOBODY = """rules_version = '2';
service cloud.firestore { match /databases/{database}/documents {
  match /{path=**} { allow read, write: if false; } } }
"""


def rules_that_refuse(session: str) -> str:
    """Our rules, but for one session nobody may write."""
    text, who = RULES.read_text(encoding="utf-8"), "if isRegistered(written().device)"
    assert who in text
    return text.replace(who, f"{who} && sessionId != '{session}'")


def test_a_refused_edit_is_parked_and_told_and_blocks_nobody(
    device: StartDevice, emulator: FirestoreEmulator, project: str, server: Server
) -> None:
    """One session may not be written: its edit stays here, the status says so; another session is sent."""
    emulator.load_rules(project, rules_that_refuse("secret"))
    phone = device("phone")
    for name in ("secret", "open"):
        phone.open(name)
        phone.update(name, note=f"words for {name}")
    until(lambda: {"note": "words for open"} == server.state("open"), timeout_s=60.0)
    until(lambda: "rules refuse" in phone.ask("status")["reason"])
    status = phone.ask("status")
    assert ("live", "here") == (status["link"], status["saved"])
    assert server.session("secret") is None
    assert "words for secret" == phone.state("secret")["note"]


def test_a_parked_edit_is_kept_over_a_restart_and_sent_when_the_rules_allow(
    device: StartDevice, emulator: FirestoreEmulator, project: str, server: Server
) -> None:
    """After the rules were mended, the next edit of the session takes the parked one with it."""
    emulator.load_rules(project, rules_that_refuse("secret"))
    phone = device("phone")
    phone.open("secret")
    phone.update("secret", note="kept")
    until(lambda: "rules refuse" in phone.ask("status")["reason"])
    phone.ask("close", timeout_s=0.1)
    emulator.load_rules(project, RULES.read_text(encoding="utf-8"))
    phone.connect_again()
    assert "kept" == phone.open("secret")["note"]
    phone.update("secret", furthest=0.2)
    until(lambda: {"note": "kept", "furthest": 0.2} == server.state("secret"), timeout_s=60.0)
    until(lambda: "live" == phone.ask("status")["link"])


def test_a_user_who_may_not_even_look_is_told(
    device: StartDevice, emulator: FirestoreEmulator, project: str
) -> None:
    """Rules that allow nothing: denied, with a sentence; the app goes on with what is on the disk."""
    emulator.load_rules(project, NOBODY)
    phone = device("phone")
    phone.open("book")
    phone.update("book", note="only here")
    assert phone.until_link("denied")["reason"]
    assert "only here" == phone.state("book")["note"]
