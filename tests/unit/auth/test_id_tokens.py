"""The tokens of a signed-in user: one refresh for all, before the end, never in a loop."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from dalsegno._auth.id_tokens import LOCKED_S, MARGIN_S, REFUSED_S, RETRY_S, IdTokens
from dalsegno._auth.keyring_vault import locked
from dalsegno._auth.stored_sign_in import SignInStore, StoredSignIn
from dalsegno._core.types import UserId
from dalsegno._errors import Denied, KeyringLocked, Offline, Refusal, SignInRefused
from tests.support.sign_in_service import MemoryVault, SignInService

HOUR_S = 3600.0
UNREACHABLE = Offline("the sign-in service cannot be reached")


class Scene:
    """An anonymous user, signed in an hour's token ago; `tokens` has not fetched any yet."""

    def __init__(self, folder: Path, lifetime_s: float = HOUR_S) -> None:
        self.service = SignInService(lifetime_s=lifetime_s)
        self.vault = MemoryVault()
        self.path = folder / "user.json"
        self.grant = self.service.toolkit().sign_up()
        self.keeper = SignInStore(self.path, self.vault)
        self.keeper.save(StoredSignIn(self.grant.uid, "", True, self.grant.refresh_token))
        self.tokens = IdTokens(self.service.toolkit(), self.keeper, self.grant.uid)

    @property
    def refreshes(self) -> int:
        return self.service.asked["token"]

    def wait_s(self, seconds: float) -> None:
        self.service.clock.now_s += seconds


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def refused(scene: Scene) -> SignInRefused:
    with pytest.raises(SignInRefused) as raised:
        scene.tokens.token()
    return raised.value


def test_a_token_serves_until_five_minutes_before_its_end(scene: Scene) -> None:
    """One fetch an hour: the same token until it nears its end, then another."""
    assert None is scene.tokens.peek()
    first = scene.tokens.token()
    assert first == scene.tokens.peek() == scene.tokens.token()
    scene.wait_s(HOUR_S - MARGIN_S - 1)
    assert first == scene.tokens.peek()
    scene.wait_s(2)
    assert None is scene.tokens.peek()
    assert first != scene.tokens.token()
    assert 2 == scene.refreshes


def test_a_short_lived_token_serves_four_fifths_of_its_life(tmp_path: Path) -> None:
    """The margin does not eat a token that lives for 5 s."""
    scene = Scene(tmp_path, lifetime_s=5)
    first = scene.tokens.token()
    scene.wait_s(3.9)
    assert first == scene.tokens.peek()
    scene.wait_s(0.2)
    assert None is scene.tokens.peek()


def test_twenty_waiting_calls_cost_one_refresh(scene: Scene) -> None:
    """Whoever asks while a refresh is under way gets its token."""
    scene.service.gate = threading.Event()
    got: list[str] = []
    threads = [threading.Thread(target=lambda: got.append(scene.tokens.token())) for _ in range(20)]
    for thread in threads:
        thread.start()
    assert scene.service.waiting.acquire(timeout=30)
    scene.service.gate.set()
    for thread in threads:
        thread.join(30)
    assert (20, 1, 1) == (len(got), len(set(got)), scene.refreshes)


def test_peek_never_waits_for_a_refresh(scene: Scene) -> None:
    """The engine's thread looks, and goes on: a refresh that hangs holds nobody up."""
    scene.service.gate = threading.Event()
    thread = threading.Thread(target=scene.tokens.token)
    thread.start()
    assert scene.service.waiting.acquire(timeout=30)
    assert None is scene.tokens.peek()
    scene.service.gate.set()
    thread.join(30)


@pytest.mark.parametrize("wrong_s", [-86_400, 86_400])
def test_a_clock_that_is_a_day_off_changes_nothing(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, wrong_s: int
) -> None:
    """Expiry goes by the steady clock: a wrong date, or one that is set right meanwhile, neither ends a token
    early nor keeps it too long."""
    first = scene.tokens.token()
    right = time.time
    monkeypatch.setattr(time, "time", lambda: right() + wrong_s)
    assert first == scene.tokens.token()
    scene.wait_s(HOUR_S - MARGIN_S + 1)
    assert first != scene.tokens.token()
    assert 2 == scene.refreshes


def test_a_dropped_token_is_replaced_once(scene: Scene) -> None:
    """The server would not have it: the next call fetches another; dropping it twice changes nothing."""
    first = scene.tokens.token()
    scene.tokens.drop(first)
    second = scene.tokens.token()
    scene.tokens.drop(first)
    assert first != second == scene.tokens.token()
    assert 2 == scene.refreshes


@pytest.mark.parametrize(
    ("group", "reason"),
    [
        ("revoked", Refusal.SIGN_IN_AGAIN),
        ("disabled", Refusal.DISABLED),
        ("deleted", Refusal.DELETED),
    ],
)
def test_a_refused_user_is_asked_for_once_in_ten_minutes(scene: Scene, group: str, reason: Refusal) -> None:
    """Revoked or disabled is Denied, with the reason; a thousand calls make one request, not a loop."""
    getattr(scene.service, group).add(scene.grant.uid)
    assert {reason} == {refused(scene).reason for _ in range(1000)}
    assert 1 == scene.refreshes
    scene.wait_s(REFUSED_S + 1)
    getattr(scene.service, group).clear()
    assert scene.tokens.token()
    assert 2 == scene.refreshes


def test_signing_in_again_ends_a_refusal(scene: Scene) -> None:
    """A user who signs in again need not wait."""
    scene.service.revoked.add(scene.grant.uid)
    refused(scene)
    again = scene.service.toolkit().sign_up()
    scene.tokens.take(again)
    assert again.id_token == scene.tokens.token()


def test_without_network_a_living_token_goes_on_serving(scene: Scene) -> None:
    """In its last minutes the old token serves on if no new one can be had, without a loop."""
    first = scene.tokens.token()
    scene.service.fault = UNREACHABLE
    scene.wait_s(HOUR_S - MARGIN_S + 1)
    assert first == scene.tokens.token() == scene.tokens.peek()
    assert 2 == scene.refreshes
    scene.wait_s(RETRY_S + 1)
    assert None is scene.tokens.peek()
    assert first == scene.tokens.token()
    scene.wait_s(MARGIN_S)
    with pytest.raises(Offline, match="cannot be reached"):
        scene.tokens.token()
    scene.service.fault = None
    assert first != scene.tokens.token()


def test_a_stream_is_renewed_when_there_will_be_a_newer_token(scene: Scene) -> None:
    """`lasts_s` is the time until `peek` wants another token; for a token that is not ours it is now."""
    token = scene.tokens.token()
    assert HOUR_S - MARGIN_S == scene.tokens.lasts_s(token)
    scene.wait_s(scene.tokens.lasts_s(token))
    assert None is scene.tokens.peek()
    assert MARGIN_S / 2 == scene.tokens.lasts_s(token)
    assert 0 == scene.tokens.lasts_s("another")


def test_a_locked_keyring_is_told_and_tried_again_a_minute_later(scene: Scene) -> None:
    """Each try may show the user a window: there is one a minute, and unlocking is enough to go on."""
    scene.vault.fault = locked()
    for _ in range(10):
        with pytest.raises(KeyringLocked):
            scene.tokens.token()
    tries = scene.vault.reads
    scene.vault.fault = None
    scene.wait_s(LOCKED_S + 1)
    assert scene.tokens.token()
    assert 0 < tries <= 2


def test_a_keyring_locked_later_does_not_matter(scene: Scene) -> None:
    """The keyring is asked once per start: a screen lock does not end the sign-in."""
    first = scene.tokens.token()
    scene.vault.fault = locked()
    scene.wait_s(HOUR_S)
    assert first != scene.tokens.token()


def test_a_new_refresh_token_is_kept(scene: Scene) -> None:
    """Firebase may hand out another refresh token: from then on that one counts, after a restart too."""
    scene.service.rotates = True
    scene.tokens.token()
    kept = scene.keeper.load()
    assert kept is not None and kept.refresh_token != scene.grant.refresh_token


def test_an_address_that_the_account_got_elsewhere_is_learnt_with_the_next_token(scene: Scene) -> None:
    """By a mail's link, or by a try whose answer was lost: who has an address is not shown as anonymous."""
    scene.service.toolkit().link(scene.grant.id_token, "ada@example.com", "correct horse")
    scene.tokens.token()
    kept = scene.keeper.load()
    assert kept is not None
    assert ("ada@example.com", False, scene.grant.refresh_token) == (
        kept.email,
        kept.anonymous,
        kept.refresh_token,
    )


def test_another_programs_newer_sign_in_is_taken(scene: Scene) -> None:
    """Refused, but another program has signed this user in again: its token serves."""
    scene.tokens.token()
    scene.tokens.drop(scene.tokens.token())
    broken = f"refresh-0~{scene.grant.uid}-gone"
    scene.service.revoked.add(f"{scene.grant.uid}-gone")
    scene.tokens._refresh_token = broken  # what this process remembers is no good any more
    assert scene.tokens.token()


def test_a_refresh_that_gives_another_user_is_refused(scene: Scene) -> None:
    """A file that was swapped under us must not show one user the other's sessions."""
    tokens = IdTokens(scene.service.toolkit(), scene.keeper, UserId("somebody-else"))
    with pytest.raises(Denied, match="nobody is signed in"):
        tokens.token()
    scene.keeper.save(StoredSignIn(UserId("somebody-else"), "", True, scene.grant.refresh_token))
    with pytest.raises(SignInRefused) as raised:
        IdTokens(scene.service.toolkit(), scene.keeper, UserId("somebody-else")).token()
    assert raised.value.reason is Refusal.OTHER_PROJECT


@pytest.mark.parametrize("fault", [None, SignInRefused(Refusal.SIGN_IN_AGAIN, "over")])
def test_a_refresh_of_the_last_sign_in_does_not_replace_a_new_one(
    scene: Scene, fault: SignInRefused | None
) -> None:
    """The user signs in again while the old sign-in's token is being renewed: from then on the new one's
    counts, whatever becomes of the old one's, for another device may have ended that."""
    scene.service.gate = threading.Event()
    while scene.service.waiting.acquire(blocking=False):
        pass
    got: list[str] = []
    thread = threading.Thread(target=lambda: got.append(scene.tokens.token()))
    thread.start()
    assert scene.service.waiting.acquire(timeout=30)
    scene.tokens.take(replace(scene.grant, id_token="new", refresh_token="newer"))
    scene.service.fault = fault
    scene.service.gate.set()
    thread.join(30)
    assert (["new"], "new") == (got, scene.tokens.peek())


def test_after_the_sign_out_there_is_no_token(scene: Scene) -> None:
    """A token that is at hand is not handed out either; nor one whose refresh was under way."""
    scene.tokens.token()
    scene.tokens.drop(scene.tokens.token())
    scene.service.gate = threading.Event()
    while scene.service.waiting.acquire(blocking=False):
        pass
    got: list[object] = []

    def ask() -> None:
        try:
            got.append(scene.tokens.token())
        except SignInRefused as error:
            got.append(error.reason)

    thread = threading.Thread(target=ask)
    thread.start()
    assert scene.service.waiting.acquire(timeout=30)
    scene.tokens.end()
    scene.keeper.clear()
    scene.service.gate.set()
    thread.join(30)
    assert [Refusal.NOBODY] == got
    assert None is scene.tokens.peek()
    assert Refusal.NOBODY is refused(scene).reason
