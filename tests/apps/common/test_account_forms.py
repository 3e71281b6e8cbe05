"""Signing in, as the presenters do it: what is said, where, and what is sent; the network is held in hand."""

from __future__ import annotations

import logging

import pytest

import dalsegno as ds
from apps.common.account.entering_code import CodePresenter
from apps.common.account.signing_in import LinkPresenter, SignInPresenter
from apps.common.account.work import threads
from dalsegno._errors import KeyringLocked, Refusal, SignInRefused, StorageFull
from tests.apps.common.fakes import FakeAccount, HeldWork
from tests.support.waiting import until

EMAIL, PASSWORD = "anna@example.com", "correct horse"


class Signing:
    """A sign-in screen without a screen."""

    def __init__(self, answer: object = "somebody") -> None:
        self.work, self.account = HeldWork(), FakeAccount(answer)
        self.signed_in: list[object] = []
        self.form = SignInPresenter(self.account, self.work, self.signed_in.append)


@pytest.mark.parametrize(
    ("error", "field", "said"),
    [
        (SignInRefused(Refusal.WRONG_PASSWORD, "no pair"), "password", "No pair."),
        (SignInRefused(Refusal.WEAK_PASSWORD, "too weak"), "password", "Too weak."),
        (SignInRefused(Refusal.UNKNOWN_USER, "no such account"), "email", "No such account."),
        (SignInRefused(Refusal.BAD_EMAIL, "no address"), "email", "No address."),
        (SignInRefused(Refusal.EMAIL_IN_USE, "taken"), "email", "Taken."),
        (SignInRefused(Refusal.DISABLED, "switched off"), "email", "Switched off."),
        (SignInRefused(Refusal.TOO_MANY_TRIES, "wait"), "form", "Wait."),
        (SignInRefused(Refusal.NOT_ENABLED, "not enabled"), "form", "Not enabled."),
        (ds.Offline("no network"), "form", "No network."),
        (KeyringLocked("unlock the keyring"), "form", "Unlock the keyring."),
        (StorageFull("the disk is full"), "form", "The disk is full."),
        (ds.UsageError("somebody else is signed in"), "form", "Somebody else is signed in."),
        (RuntimeError("with a secret in it"), "form", "Something went wrong here. Try again."),
    ],
)  # fmt: skip
def test_every_refusal_is_one_sentence_by_its_field(error: Exception, field: str, said: str) -> None:
    """Whatever goes wrong, there is one sentence at the field concerned, and the form is free again."""
    signing = Signing(error)
    signing.form.sign_in(EMAIL, PASSWORD)
    signing.work.arrive()
    assert {"busy": "", "errors": {field: said}, "notice": ""} == signing.form.seen()
    assert [] == signing.signed_in


def test_nothing_is_sent_twice() -> None:
    """While a sign-in is under way every button is dead, and it is shown that something goes on."""
    signing = Signing()
    signing.form.sign_in(EMAIL, PASSWORD)
    signing.form.sign_in(EMAIL, PASSWORD)
    signing.form.create_account(EMAIL, PASSWORD)
    signing.form.go_on_without()
    assert "Signing in…" == signing.form.busy
    assert 1 == len(signing.work.waiting)
    signing.work.arrive()
    assert (["somebody"], [("sign_in", EMAIL, PASSWORD)]) == (signing.signed_in, signing.account.asked)


def test_what_is_missing_is_said_without_asking_the_network() -> None:
    """Empty fields are named, each by itself."""
    signing = Signing()
    signing.form.sign_in("  ", "")
    assert {"email", "password"} == set(signing.form.errors)
    signing.form.send_reset_mail("")
    assert {"email": "Enter your e-mail address."} == signing.form.errors
    assert [] == signing.work.waiting


def test_a_reset_mail_tells_nobody_who_has_an_account() -> None:
    """After “Forgot password” the same sentence is shown, whoever has the address."""
    signing = Signing(None)
    signing.form.send_reset_mail(EMAIL)
    signing.work.arrive()
    assert signing.form.notice.startswith("If there is an account with this address")
    assert [] == signing.signed_in


def test_a_form_that_is_gone_does_nothing_more() -> None:
    """An answer that comes after the window was left signs nobody in."""
    signing = Signing()
    signing.form.sign_in(EMAIL, PASSWORD)
    signing.form.close()
    signing.work.arrive()
    assert [] == signing.signed_in


def test_linking_says_what_is_wrong_and_tells_when_it_is_done() -> None:
    """A weak password is said by the password; the next try succeeds."""
    work, account, linked = HeldWork(), FakeAccount(SignInRefused(Refusal.WEAK_PASSWORD, "too weak")), []
    form = LinkPresenter(account, work, lambda: linked.append(True))
    form.link(EMAIL, "123")
    work.arrive()
    assert {"password": "Too weak."} == form.errors
    account.answer = None
    form.link(EMAIL, PASSWORD)
    work.arrive()
    assert ([True], {}) == (linked, form.errors)


class Coding:
    """A code screen without a screen; `redeemed` is what the pairing service was asked for."""

    def __init__(self, account: FakeAccount, *answers: object) -> None:
        self.work, self.account, self.answers = HeldWork(), account, list(answers)
        self.redeemed: list[str] = []
        self.signed_in: list[object] = []
        self.form = CodePresenter(account, self._redeem, self.work, self.signed_in.append)

    def _redeem(self, typed: str) -> str:
        self.redeemed.append(typed)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return str(answer)

    def use(self, typed: str) -> None:
        self.form.use(typed)
        self.work.arrive()


@pytest.mark.parametrize("reason", [Refusal.WRONG_CODE, Refusal.USED_CODE, Refusal.LATE_CODE])
def test_a_code_that_is_no_good_is_said_by_the_code(reason: Refusal) -> None:
    """Wrong, used and late are said at the field; too many tries and no network about the whole."""
    coding = Coding(FakeAccount(), SignInRefused(reason, "not this one"), ds.Offline("no network"))
    coding.use("K7QM-4XTR")
    assert {"code": "Not this one."} == coding.form.errors
    coding.use("K7QM-4XTR")
    assert {"form": "No network."} == coding.form.errors


def test_a_redeemed_code_is_not_lost_with_the_network() -> None:
    """The code is used up, then the sign-in fails: the next press goes on with what the code gave."""
    account = FakeAccount(ds.Offline("no network"))
    coding = Coding(account, "a token")
    coding.use("K7QM-4XTR")
    account.answer = "somebody"
    coding.use("K7QM-4XTR")
    assert (["K7QM-4XTR"], ["somebody"]) == (coding.redeemed, coding.signed_in)


def test_no_code_is_wasted_when_somebody_is_signed_in_already() -> None:
    """Another window may have signed in meanwhile: that user is taken, and the code stays good."""
    account = FakeAccount()
    account.user = "whoever is here"
    coding = Coding(account)
    coding.use("K7QM-4XTR")
    assert ([], ["whoever is here"]) == (coding.redeemed, coding.signed_in)


def test_an_unexpected_error_is_logged_by_its_kind_alone(caplog: pytest.LogCaptureFixture) -> None:
    """An error may quote what was typed: the log has only what kind it was."""

    def job() -> None:
        raise RuntimeError(PASSWORD)

    failed: list[Exception] = []
    with caplog.at_level(logging.DEBUG):
        threads(lambda call: call())(job, lambda _: None, failed.append)
        until(lambda: bool(failed), timeout_s=20.0, what="the failure")
    assert "RuntimeError" in caplog.text
    assert PASSWORD not in caplog.text
