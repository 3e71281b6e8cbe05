"""Whole clients whose tokens end while they work: real gRPC, a scripted server that looks at the expiry, and
a clock that is the test's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import dalsegno as ds
from dalsegno._auth.account import Account
from dalsegno._auth.id_tokens import MARGIN_SHARE, REFUSED_S
from dalsegno._auth.keyring_vault import locked
from dalsegno._auth.stored_sign_in import SignInStore
from dalsegno._core.messages import ResourcePath as DocumentPath
from dalsegno._core.types import Millis
from dalsegno._errors import Offline
from tests.support.clients import Device, SkippingTime
from tests.support.living_server import LivingServer
from tests.support.scripted_listen import CODES, ListenCall
from tests.support.sign_in_service import PROJECT, MemoryVault, SignInService
from tests.support.users import unsigned_token
from tests.support.waiting import until

UID = "alice"
LIFETIME_S = 5.0
SERVED_S = 4.0  # four fifths of it: then there is another
MINUTE_S = 60.0
"""Shorter than the silence after which a stream is suspected: it is the token that ends it."""
EDITS, SESSIONS, STEP_MS = 1_000, 25, 100.0
PATIENCE_S = 60.0


class FrozenTime(SkippingTime):
    """Goes on only when the test says so: a slow machine ends no token."""

    def steady_ms(self) -> float:
        return self.skipped_ms

    def wall_ms(self) -> Millis:
        return Millis(1_800_000_000_000 + int(self.skipped_ms))


class ExpiringServer(LivingServer):
    """Ends streams and refuses calls whose token is over, as Google's does; the emulator never looks."""

    def __init__(self, lifetime_s: float) -> None:
        super().__init__(PROJECT, UID)
        if lifetime_s == LIFETIME_S:
            self.time = FrozenTime()
        self.service = SignInService(lambda: self.time.steady_ms() / 1000, lifetime_s)
        self.refused: list[str] = []
        """The tokens that came too late."""
        self.resumed: list[tuple[int, DocumentPath, bytes]] = []
        """(number of the Listen call, document, resume token) of each target that was asked for."""
        self.time.wake.append(self.end_the_expired)

    def is_over(self, token: str) -> bool:
        return self.service.expiry_s[token] <= self.service.steady_s()

    def end_the_expired(self) -> None:
        for call in self.listens:
            if not call.closed.is_set() and self.is_over(call.token):
                self.refused.append(call.token)
                call.end("UNAUTHENTICATED", "the token has expired")

    def expire(self, token: str) -> None:
        """The token is over before its time."""
        self.service.expiry_s[token] = 0.0
        self.end_the_expired()

    def _met(self, context: Any) -> Mapping[str, str]:
        metadata = super()._met(context)
        if self.is_over(self.tokens[-1]):
            self.refused.append(self.tokens[-1])
            context.abort(CODES["UNAUTHENTICATED"], "the token has expired")
        return metadata

    def _answer(self, call: ListenCall, target: int, path: DocumentPath, token: bytes) -> None:
        self.resumed.append((call.number, path, token))
        super()._answer(call, target, path, token)


class Scene:
    """One device of a user who signed in a moment ago."""

    def __init__(self, server: ExpiringServer, home: Path, time: SkippingTime | None = None) -> None:
        self.server, self.service, self.time = server, server.service, server.time
        self.vault = MemoryVault()
        keeper = SignInStore(home / "user.json", self.vault)
        self.account = Account(PROJECT, self.service.toolkit(), keeper, emulated=True)
        self.user = self.account.sign_in_with_token(unsigned_token(UID))
        tokens = self.user.tokens(PROJECT, server.host)
        self.device = Device(server.host, home / "data", user=UID, time=time or self.time, tokens=tokens)
        self.user.attach(self.device.client)

    @property
    def refreshes(self) -> int:
        return self.service.asked["token"]

    def links(self) -> set[ds.Link]:
        """All that the app was told of the link since the stream first lived."""
        told = [status.link for status in self.device.statuses]
        return set(told[told.index(ds.Link.LIVE) :])

    def skip_s(self, seconds: float) -> None:
        self.time.skip(seconds * 1000)


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[ExpiringServer]:
    with ExpiringServer(getattr(request, "param", MINUTE_S)) as server:
        yield server


@pytest.fixture
def scene(server: ExpiringServer, tmp_path: Path) -> Iterator[Scene]:
    scene = Scene(server, tmp_path)
    with scene.device:
        yield scene


@pytest.mark.no_cover  # the same lines, thousands of times
@pytest.mark.parametrize("server", [LIFETIME_S], indirect=True)
def test_a_thousand_edits_outlive_tokens_of_five_seconds(scene: Scene, server: ExpiringServer) -> None:
    """A token ends every 5 s, 1,000 edits: none is lost, the listener has no gap, one refresh per token."""
    begun_s = server.service.steady_s()
    sessions = [scene.device.open(f"book-{i}") for i in range(SESSIONS)]
    heard = scene.device.open("of-another-device")
    scene.device.skip_to("dial")
    scene.device.until_link(ds.Link.LIVE)
    for edit in range(1, EDITS + 1):
        book = edit % SESSIONS
        sessions[book].update(page=edit)
        until(partial(lambda b, e: server.value(f"book-{b}", "page") == e, book, edit), what=f"edit {edit}")
        if edit % 10 == 0:
            other_device_edits(server, edit)
            until(partial(lambda e: heard.state.page == e, edit), what=f"the other device's edit {edit}")
        scene.time.skip(STEP_MS)

    assert scene.device.client.flush(PATIENCE_S)
    newest = {i: edit for edit in range(1, EDITS + 1) for i in [edit % SESSIONS]}
    assert newest == {i: server.value(f"book-{i}", "page") for i in range(SESSIONS)}
    assert {ds.Link.LIVE} == scene.links()
    assert [] == server.refused
    elapsed_s = server.service.steady_s() - begun_s
    assert 99 < elapsed_s < 102
    expected = int(elapsed_s / (SERVED_S + STEP_MS / 1000))
    assert expected <= scene.refreshes <= int(elapsed_s / SERVED_S)
    assert scene.refreshes == len(server.listens) - 1
    late = [
        (n, path) for n, path, token in server.resumed if n > 2 and path[-1].startswith("book") and not token
    ]
    assert [] == late, "these sessions were listened to anew, without their resume token"


def other_device_edits(server: ExpiringServer, page: int) -> None:
    stamp = f"{server.time.wall_ms():015d}-00000-{'f' * 16}"
    server.put(
        ("sessions", "of-another-device"),
        {
            "schema": "note/1",
            "state": {"page": page},
            "stamps": {"page": stamp},
            "basis": {"page": 0},
            "holder": None,
            "rev": page,
            "hlc": int(server.time.wall_ms()),
            "device": "f" * 16,
        },
    )


def test_a_stream_is_reopened_before_its_token_is_over(scene: Scene, server: ExpiringServer) -> None:
    """Before the token's end another stream takes over, with another token and the resume token;
    the app is told nothing."""
    scene.device.open()
    scene.device.until_link(ds.Link.LIVE)
    first = server.listens[0].token
    scene.skip_s(1)
    scene.device.skip_to("renew")
    until(lambda: len(server.listens) == 2, what="the second stream")
    assert server.listens[0].closed.wait(PATIENCE_S)
    until(lambda: scene.device.left_ms("silence") is not None, what="an answer to the second stream")
    assert first != server.listens[1].token
    assert ([], 1, {ds.Link.LIVE}) == (server.refused, scene.refreshes, scene.links())


def test_a_token_that_expires_in_mid_stream_is_replaced_without_a_word_of_denial(
    scene: Scene, server: ExpiringServer
) -> None:
    """A server that ends the stream for its token gets another token, once, whatever else failed with it."""
    books = [scene.device.open(f"book-{i}") for i in range(5)]
    scene.device.until_link(ds.Link.LIVE)
    server.expire(server.listens[0].token)
    for book in books:
        book.update(page=7)
    assert scene.device.client.flush(PATIENCE_S)
    assert [7] * 5 == [server.value(f"book-{i}", "page") for i in range(5)]
    assert 1 == scene.refreshes
    assert ds.Link.DENIED not in scene.links()


@pytest.mark.parametrize(
    ("group", "says"),
    [
        ("revoked", "this sign-in has been ended"),
        ("disabled", "this account has been disabled"),
        ("deleted", "this account has been deleted"),
    ],
)
def test_a_refused_user_is_denied_and_asks_no_more_than_every_ten_minutes(
    scene: Scene, server: ExpiringServer, group: str, says: str
) -> None:
    """Revoked or disabled while at work: Denied with the reason at the next token, one request and no loop;
    edits go on being kept, and are sent once the user has signed in again."""
    book = scene.device.open()
    scene.device.until_link(ds.Link.LIVE)
    scene.device.stop_time()
    getattr(scene.service, group).add(UID)
    scene.skip_s(1)
    scene.device.skip_to("renew")
    assert says in scene.device.until_link(ds.Link.DENIED).reason
    book.update(page=8)
    for _ in range(int(REFUSED_S / 60) - 1):
        until(lambda: scene.device.left_ms("listen") is not None, what="the next try")
        scene.skip_s(60)
    until(lambda: scene.device.left_ms("listen") is not None, what="the last try")
    assert (1, 1) == (scene.refreshes, len(server.listens))
    assert (8, ds.Saved.HERE) == (book.state.page, scene.device.client.status.saved)

    getattr(scene.service, group).clear()
    scene.account.sign_in_with_token(unsigned_token(UID))
    scene.device.until_link(ds.Link.LIVE)
    assert scene.device.client.flush(PATIENCE_S)
    assert 8 == server.value("moby", "page")


def test_without_the_sign_in_service_the_stream_lives_as_long_as_its_token(
    scene: Scene, server: ExpiringServer
) -> None:
    """A service that is away in a token's last minutes is no reason to go offline before its end; then the
    reason is told, and the return of the service is enough."""
    scene.device.open()
    scene.device.until_link(ds.Link.LIVE)
    scene.device.stop_time()
    scene.service.fault = Offline("the sign-in service cannot be reached")
    scene.skip_s(1)
    scene.device.skip_to("renew")
    until(lambda: len(server.listens) == 2, what="a stream with the old token")
    until(lambda: scene.device.left_ms("silence") is not None, what="an answer to the second stream")
    assert {ds.Link.LIVE} == scene.links()
    scene.skip_s(MINUTE_S * MARGIN_SHARE + 1)
    assert "sign-in service" in scene.device.until_link(ds.Link.OFFLINE).reason
    # The first retry goes at once; only the wait for the second stands still with the clock.
    until(lambda: (scene.device.left_ms("listen") or 0) > 0, what="the wait for the second retry")
    scene.service.fault = None
    scene.device.skip_to("listen")
    scene.device.until_link(ds.Link.LIVE)


def test_a_locked_keyring_is_told_and_unlocking_is_enough(server: ExpiringServer, tmp_path: Path) -> None:
    """A start with a locked keyring: the place is there, the link says what to do, and then it goes on."""
    first = Scene(server, tmp_path)
    with first.device:
        first.device.open().update(page=7)
        assert first.device.client.flush(PATIENCE_S)
    first.vault.fault = locked()
    again = Account(
        PROJECT, server.service.toolkit(), SignInStore(tmp_path / "user.json", first.vault), emulated=True
    )
    assert again.user is not None
    tokens = again.user.tokens(PROJECT, server.host)
    with Device(server.host, tmp_path / "data", user=UID, time=server.time, tokens=tokens) as device:
        assert 7 == device.open().state.page
        assert "keyring is locked" in device.until_link(ds.Link.DENIED).reason
        first.vault.fault = None
        server.time.skip(61_000)
        device.client.network_changed()
        device.until_link(ds.Link.LIVE)


@pytest.mark.parametrize("off_s", [-86_400, 86_400])
def test_a_clock_a_day_off_signs_in_all_the_same(server: ExpiringServer, tmp_path: Path, off_s: int) -> None:
    """A device whose date is a day off, with tokens whose dates are another: signed in, live and saved."""

    class WrongTime(SkippingTime):
        def wall_ms(self) -> Millis:
            return Millis(super().wall_ms() + off_s * 1000)

    scene = Scene(server, tmp_path, WrongTime())
    with scene.device:
        scene.device.open().update(page=7)
        assert scene.device.client.flush(PATIENCE_S)
        assert ([], 0) == (server.refused, scene.refreshes)


def test_a_sign_out_ends_the_stream(scene: Scene, server: ExpiringServer) -> None:
    """After a sign-out no stream is open and no call goes out, though the token would still be good."""
    scene.device.open()
    scene.device.until_link(ds.Link.LIVE)
    scene.account.sign_out()
    assert server.listens[0].closed.wait(PATIENCE_S)
    calls = len(server.tokens)
    scene.skip_s(120)
    assert (calls, {}) == (len(server.tokens), scene.vault.secrets)
