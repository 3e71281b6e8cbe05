"""The client's side of pairing: what is typed, what is sent where, and what the user is told."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from dalsegno._auth.credentials import CustomToken
from dalsegno._auth.identity_toolkit import Mistrusted
from dalsegno._auth.pairing import PairingCode, redeem, request_code
from dalsegno._errors import Denied, Offline, Refusal, SignInRefused, UsageError

SERVICE = "https://pair.example.com"


class Alice:
    def id_token(self) -> str:
        return "alice's token"


@dataclass
class Service:
    """Gives one answer, and keeps what it was sent."""

    status: int = 200
    answer: object = field(
        default_factory=lambda: {"code": "K7QM4XTR", "lives_s": 120.0, "custom_token": "minted"}
    )
    sent: list[tuple[str, object]] = field(default_factory=list)

    def __call__(self, url: str, body: bytes, content_type: str) -> tuple[int, bytes]:
        self.sent.append((url, json.loads(body)))
        return self.status, self.answer if isinstance(self.answer, bytes) else json.dumps(
            self.answer
        ).encode()


def test_a_code_is_shown_in_two_groups() -> None:
    """The signed-in device proves itself by its ID token, and gets a code to show until its end."""
    service = Service()
    before = datetime.now(UTC)
    code = request_code(SERVICE + "/", Alice(), service)
    assert [(f"{SERVICE}/v1/codes", {"id_token": "alice's token"})] == service.sent
    assert ("K7QM-4XTR", "DALSEGNO:K7QM4XTR") == (code.text, code.payload)
    assert before <= code.expires_at - timedelta(seconds=120) <= datetime.now(UTC)


@pytest.mark.parametrize(
    "typed", ["K7QM4XTR", "k7qm-4xtr", " K7QM 4XTR\n", "DALSEGNO:K7QM4XTR", "dalsegno:k7qm4xtr", "K7QM–4XTR"]
)
def test_a_code_may_be_typed_as_one_likes(typed: str) -> None:
    """Small letters, blanks and dashes do no harm, and the QR code's text will do, too."""
    service = Service()
    assert CustomToken(api_key="key", token="minted") == redeem(SERVICE, typed, api_key="key", send=service)
    assert [(f"{SERVICE}/v1/redeem", {"code": "K7QM4XTR"})] == service.sent


def test_characters_that_look_alike_are_one() -> None:
    """O is zero, I and L are one: no code has these letters."""
    service = Service()
    redeem(SERVICE, "oil0-i1lo", api_key="key", send=service)
    assert [(f"{SERVICE}/v1/redeem", {"code": "01101110"})] == service.sent


@pytest.mark.parametrize("typed", ["", "K7QM", "K7QM4XTRR", "K7QM4XT!", "K7QM4XTU", "/../../.", "К7QM4XTR"])
def test_what_cannot_be_a_code_is_not_sent(typed: str) -> None:
    """A slip of the finger is told at once, and costs no try."""
    service = Service()
    with pytest.raises(SignInRefused, match="eight letters and digits") as refused:
        redeem(SERVICE, typed, api_key="key", send=service)
    assert (Refusal.WRONG_CODE, []) == (refused.value.reason, service.sent)


@pytest.mark.parametrize(
    ("word", "reason", "told"),
    [
        ("wrong_code", Refusal.WRONG_CODE, "compare it with the other device"),
        ("used_code", Refusal.USED_CODE, "used already"),
        ("late_code", Refusal.LATE_CODE, "time is over"),
        ("too_many_tries", Refusal.TOO_MANY_TRIES, "wait a while"),
        ("revoked", Refusal.SIGN_IN_AGAIN, "the device that shows this code was signed out"),
        ("signed_out", Refusal.SIGN_IN_AGAIN, "sign in again"),
    ],
)
def test_each_refusal_is_told_apart(word: str, reason: Refusal, told: str) -> None:
    """The app can tell a wrong, a used and a late code apart, and the user is told what to do."""
    with pytest.raises(SignInRefused, match=told) as refused:
        redeem(SERVICE, "K7QM4XTR", api_key="key", send=Service(400, {"error": word}))
    assert reason is refused.value.reason


def test_a_device_that_was_signed_out_is_told_so() -> None:
    """Who asks for a code is told of this device, and not of the one that shows a code."""
    with pytest.raises(SignInRefused, match="this device was signed out, or its account") as refused:
        request_code(SERVICE, Alice(), Service(403, {"error": "revoked"}))
    assert Refusal.SIGN_IN_AGAIN is refused.value.reason


@pytest.mark.parametrize(
    ("status", "answer", "error"),
    [
        (503, {"error": "busy"}, Offline),
        (500, {"error": "failed"}, Denied),
        (400, {"error": ["K7QM4XTR"]}, Denied),
        (200, b"<html>welcome to the hotel", Offline),
        (200, [], Offline),
        (200, {}, Offline),
        (200, {"code": "K7QM", "lives_s": 120, "custom_token": 5}, Offline),
        (200, {"code": "K7QM4XTR", "lives_s": "x", "custom_token": ""}, Offline),
        (200, b"[" * 100_000, Offline),
    ],
)
def test_nonsense_is_no_sign_in(status: int, answer: object, error: type[Exception]) -> None:
    """Whatever answers in the helper's place, the user gets a sentence, and nothing that it wrote."""
    for call in (
        lambda: request_code(SERVICE, Alice(), Service(status, answer)),
        lambda: redeem(SERVICE, "K7QM4XTR", api_key="key", send=Service(status, answer)),
    ):
        with pytest.raises(error) as raised:
            call()
        assert "K7QM" not in str(raised.value)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "pair.example.com",
        "ftp://pair.example.com",
        "https://",
        "https://u@h/",
        "https://h:x/",
        "https://h/?q",
        None,
    ],
)
def test_an_address_must_be_one(url: str) -> None:
    """What is no address of a service is an error of the calling program."""
    with pytest.raises(UsageError, match="is no address of a pairing service"):
        redeem(url, "K7QM4XTR", api_key="key", send=Service())


def test_tokens_travel_protected() -> None:
    """Without TLS nothing is sent but to this machine itself."""
    service = Service()
    with pytest.raises(UsageError, match="in the clear"):
        request_code("http://pair.example.com", Alice(), service)
    request_code("http://[::1]:8765", Alice(), service)
    assert ["http://[::1]:8765/v1/codes"] == [url for url, _ in service.sent]


def test_a_helper_that_is_not_there_is_offline() -> None:
    """With nothing at that address the user is told so; nothing is spent."""
    with pytest.raises(Offline, match="the pairing service cannot be reached"):
        redeem("http://127.0.0.1:9", "K7QM4XTR", api_key="key")


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_proxy_without_its_helper_is_told_from_a_log_in_page(status: int) -> None:
    """Where the proxy in front of the helper says that nobody is behind it, the network's own log-in page is
    not to blame; where the proxy counts tries itself, that is what is said."""
    with pytest.raises(Offline, match="the pairing service does not run at the moment"):
        redeem(SERVICE, "K7QM4XTR", api_key="x", send=lambda *_: (status, b"<html>"))
    with pytest.raises(SignInRefused, match="too many tries"):
        redeem(SERVICE, "K7QM4XTR", api_key="x", send=lambda *_: (429, b"<html>"))


def test_a_mistrusted_helper_is_told_from_a_dead_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """A certificate that is not valid here, and a proxy of this machine that may be dead, are named."""

    def mistrusted(*_: object) -> tuple[int, bytes]:
        raise Mistrusted("of the sign-in service")

    def dead(*_: object) -> tuple[int, bytes]:
        raise Offline("the sign-in service cannot be reached")

    with pytest.raises(Offline, match="the pairing service's certificate is not valid here"):
        redeem(SERVICE, "K7QM4XTR", api_key="x", send=mistrusted)
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    with pytest.raises(Offline, match="and the proxy that this machine is set to use"):
        redeem(SERVICE, "K7QM4XTR", api_key="x", send=dead)


def test_the_qr_code_holds_the_code() -> None:
    """The QR code is a square of modules with its three finders, small enough for a watch."""
    rows = PairingCode("K7QM-4XTR", "DALSEGNO:K7QM4XTR", datetime.now(UTC)).qr()
    finder = ["#######", "#.....#", "#.###.#", "#.###.#", "#.###.#", "#.....#", "#######"]
    assert {21} == {len(rows), *map(len, rows)}
    for row, column in ((0, 0), (0, 14), (14, 0)):
        part = rows[row : row + 7]
        assert finder == [
            "".join("#" if dark else "." for dark in line[column : column + 7]) for line in part
        ]


def test_a_code_is_not_shown_by_accident() -> None:
    """A pairing code that ends in a log by its repr shows no code."""
    code = PairingCode("K7QM-4XTR", "DALSEGNO:K7QM4XTR", datetime.now(UTC))
    assert "K7QM" not in repr(code)
