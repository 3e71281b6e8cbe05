"""The pairing desk: what a code is worth, for how long, and for whom no longer."""

from __future__ import annotations

import threading
from collections import Counter

import pytest

from dalsegno._core.types import UserId
from dalsegno._errors import DalSegnoError, Denied, Offline
from dalsegno.admin import _pairing_desk
from dalsegno.admin._accounts import Proof, Revoked, SignedOut
from dalsegno.admin._pairing_desk import Desk, LateCode, TooManyTries, UsedCode, WrongCode
from tests.unit.admin.pairing_fakes import ELSEWHERE, HOME, Clock, Firebase, Register


def test_a_code_signs_in_the_user_who_asked_for_it(desk: Desk) -> None:
    """Of two codes, each brings its own user's token."""
    alices, bobs = desk.give_code("alice", HOME), desk.give_code("bob", HOME)
    assert ("token of bob", "token of alice") == (desk.redeem(bobs, HOME), desk.redeem(alices, HOME))


def test_a_code_has_forty_bits(desk: Desk) -> None:
    """A code has eight characters of thirty-two."""
    code = desk.give_code("alice", HOME)
    assert 8 == len(code) == _pairing_desk.LENGTH
    assert 32 == len(set(_pairing_desk.ALPHABET))
    assert set(code) <= set(_pairing_desk.ALPHABET)


def test_a_code_works_once(desk: Desk) -> None:
    """The second use of a code is refused as used."""
    code = desk.give_code("alice", HOME)
    desk.redeem(code, HOME)
    with pytest.raises(UsedCode):
        desk.redeem(code, ELSEWHERE)


def test_of_many_at_once_one_is_signed_in(
    desk: Desk, firebase: Firebase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many devices enter one code while Firebase is still minting for one, that one gets a token."""
    code = desk.give_code("alice", HOME)
    refused, answers, mint = threading.Semaphore(0), [], firebase.mint

    def slowly(proof: Proof) -> str:
        for _ in range(7):
            assert refused.acquire(timeout=20.0), "another one is being minted for the same code"
        return mint(proof)

    def enter() -> None:
        try:
            answers.append(desk.redeem(code, HOME))
        except UsedCode:
            answers.append("used")
            refused.release()

    monkeypatch.setattr(firebase, "mint", slowly)
    threads = [threading.Thread(target=enter) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {"token of alice": 1, "used": 7} == Counter(answers)


def test_a_code_lives_two_minutes(desk: Desk, clock: Clock) -> None:
    """Just before its end a code is good, at its end it is late."""
    first, second = desk.give_code("alice", HOME), desk.give_code("bob", HOME)
    clock.s += _pairing_desk.LIFETIME_S - 0.001
    assert "token of alice" == desk.redeem(first, HOME)
    clock.s += 0.001
    with pytest.raises(LateCode):
        desk.redeem(second, HOME)


def test_a_late_code_is_wrong_after_a_while(desk: Desk, clock: Clock) -> None:
    """Old codes are forgotten: they become wrong like any other."""
    code = desk.give_code("alice", HOME)
    clock.s += _pairing_desk.LIFETIME_S + _pairing_desk.REMEMBERED_S
    with pytest.raises(WrongCode):
        desk.redeem(code, HOME)
    assert not desk._past


def test_a_new_code_makes_the_old_one_void(desk: Desk) -> None:
    """A user has one code at a time."""
    old, new = desk.give_code("alice", HOME), desk.give_code("alice", HOME)
    with pytest.raises(WrongCode):
        desk.redeem(old, HOME)
    assert "token of alice" == desk.redeem(new, HOME)


@pytest.mark.parametrize("nonsense", ["", "00000000", "0" * 4000, "\ud800", "é"])
def test_nonsense_is_a_wrong_code(desk: Desk, nonsense: str) -> None:
    """Whatever is entered, it is a wrong code."""
    desk.give_code("alice", HOME)
    with pytest.raises(WrongCode):
        desk.redeem(nonsense, HOME)


def test_a_failed_minting_spends_no_code(desk: Desk, firebase: Firebase) -> None:
    """If Firebase is out of reach when the code is entered, the code stays good."""
    code = desk.give_code("alice", HOME)
    firebase.failing = Offline("no")
    with pytest.raises(Offline):
        desk.redeem(code, HOME)
    firebase.failing = None
    assert "token of alice" == desk.redeem(code, HOME)


def test_a_user_who_was_revoked_meanwhile_is_refused(desk: Desk, firebase: Firebase) -> None:
    """Between code and device the user can be revoked: then no token is minted."""
    code = desk.give_code("alice", HOME)
    firebase.failing = Revoked("no")
    with pytest.raises(Revoked):
        desk.redeem(code, HOME)


def test_a_device_that_was_signed_out_gets_no_code(desk: Desk, register: Register) -> None:
    """Its user may have one, on other devices; and asking again and again counts like bad tokens do."""
    shown = desk.give_code("alice", HOME)
    register.failing = Revoked("by the laptop")
    for _ in range(10):
        with pytest.raises(Revoked):
            desk.give_code("alice", ELSEWHERE)
    with pytest.raises(TooManyTries):
        desk.give_code("alice", ELSEWHERE)
    register.failing = None
    assert "token of alice" == desk.redeem(shown, HOME)


def test_a_code_is_void_when_its_device_is_signed_out(desk: Desk, register: Register) -> None:
    """A code that a device got before it was signed out signs nobody in."""
    code = desk.give_code("alice", HOME)
    register.failing = Revoked("by the laptop")
    with pytest.raises(Revoked):
        desk.redeem(code, HOME)


def test_signed_out_while_the_token_is_minted_is_soon_enough(
    desk: Desk, firebase: Firebase, register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last look is after the minting: a token that is made already is not handed out."""
    code = desk.give_code("alice", HOME)

    def mint(proof: Proof) -> str:
        register.failing = Revoked("by the laptop")
        return "token"

    monkeypatch.setattr(firebase, "mint", mint)
    with pytest.raises(Revoked):
        desk.redeem(code, HOME)


@pytest.mark.parametrize("failure", [Offline("no"), Denied("old rules")])
def test_what_cannot_be_looked_up_has_not_passed(
    desk: Desk, register: Register, failure: DalSegnoError
) -> None:
    """Without an answer from Firestore there is neither code nor token; afterwards the code is good."""
    code = desk.give_code("alice", HOME)
    register.failing = failure
    with pytest.raises(type(failure)):
        desk.give_code("bob", HOME)
    with pytest.raises(type(failure)):
        desk.redeem(code, HOME)
    register.failing = None
    assert "token of alice" == desk.redeem(code, HOME)


def test_a_code_ends_with_the_id_token_of_who_asked(desk: Desk, register: Register) -> None:
    """When Firestore no longer takes the ID token of who asked, the code is late: a new one is needed."""
    code = desk.give_code("alice", HOME)
    register.failing = SignedOut("its hour is over")
    with pytest.raises(LateCode):
        desk.redeem(code, HOME)


def test_the_id_token_is_forgotten_with_the_code(desk: Desk, clock: Clock) -> None:
    """Once a code is used, or its time is over, the desk has no ID token of who asked for it."""
    used = desk.give_code("alice", HOME)
    entry = desk._live[UserId("alice")]
    assert entry.proof is not None
    desk.redeem(used, HOME)
    assert entry.proof is None
    desk.give_code("bob", HOME)
    entry = desk._live[UserId("bob")]
    clock.s += 120
    desk.give_code("carol", HOME)
    assert entry.proof is None


def test_no_code_is_kept(desk: Desk) -> None:
    """What the desk remembers does not hold the code, and the same code has another hash at another desk."""
    code = desk.give_code("alice", HOME)
    entry = desk._live[UserId("alice")]
    assert code.encode() not in entry.digest
    assert entry.digest != Desk(Firebase(), Register())._digest(code)
    assert "alice" not in repr(entry)
