"""The life of the stream, as its table says: what is done, what is told, and when."""

from __future__ import annotations

import pytest

from dalsegno._core.messages import RpcError
from dalsegno._core.stream_life import OfflineCause, StreamState
from dalsegno._core.types import Link
from dalsegno._sync.listen_stream import ALIVE_MS, ANSWER_MS, NUDGE_MS, SILENCE_MS
from tests.support.stream_stage import BOOK, Stage


def test_idle_connects_when_there_are_targets_and_a_remote() -> None:
    """IDLE → CONNECTING."""
    stage = Stage(attached=False)
    stage.it.wanted()
    assert (StreamState.IDLE, Link.CONNECTING) == (stage.it.state, stage.it.link)
    stage.it.attach(stage.calls)  # type: ignore[arg-type]
    assert (StreamState.CONNECTING, Link.CONNECTING) == (stage.it.state, stage.it.link)
    assert ["listen 1"] == stage.made()


def test_connecting_is_live_with_the_first_message() -> None:
    """CONNECTING → LIVE; told once."""
    stage = Stage().live().live()
    assert (StreamState.LIVE, Link.LIVE) == (stage.it.state, stage.it.link)
    assert [StreamState.CONNECTING, StreamState.LIVE] == stage.states


def test_connecting_without_an_answer() -> None:
    """→ WAITING after 10 s: offline, new channel, and a new stream right away."""
    stage = Stage()
    stage.made()
    stage.virtual_clock.run(ANSWER_MS - 1)
    assert [] == stage.made()
    stage.virtual_clock.run(1)
    assert ["hang up", "new channel", "listen 3"] == stage.made()
    assert [StreamState.CONNECTING, StreamState.WAITING, StreamState.CONNECTING] == stage.states
    assert Link.OFFLINE is stage.it.link


def test_connecting_and_ended() -> None:
    """→ WAITING, and offline is told until a stream is answered."""
    stage = Stage()
    stage.it.handle_stream_failure(RpcError("UNAVAILABLE"))
    assert (StreamState.WAITING, Link.OFFLINE) == (stage.it.state, stage.it.link)
    stage.virtual_clock.run()
    assert (StreamState.CONNECTING, Link.OFFLINE) == (stage.it.state, stage.it.link)
    stage.live()
    assert Link.LIVE is stage.it.link


def test_live_and_ended_after_a_while() -> None:
    """→ WAITING; a stream that had lived is tried again at once."""
    stage = Stage().live()
    stage.virtual_clock.run(60_000)
    stage.made()
    stage.it.handle_stream_failure(RpcError("OK"))
    stage.virtual_clock.run()
    assert ["listen 3"] == stage.made()


def test_live_and_ended_at_once() -> None:
    """A stream that did not live is no success: the next try waits a second."""
    stage = Stage().live()
    stage.made()
    stage.it.handle_stream_failure(RpcError("OK"))
    stage.virtual_clock.run(999)
    assert [] == stage.made()
    stage.virtual_clock.run(1)
    assert ["listen 3"] == stage.made()


def test_live_and_silent() -> None:
    """→ CONNECTING after 75 s on a new channel; offline is told only if no answer comes."""
    stage = Stage().live()
    stage.virtual_clock.run(SILENCE_MS - 1)
    stage.live()
    stage.made()
    stage.virtual_clock.run(SILENCE_MS)
    assert ["new channel", "listen 2"] == stage.made()
    assert (StreamState.CONNECTING, Link.CONNECTING) == (stage.it.state, stage.it.link)


def test_live_and_suspected() -> None:
    """→ CONNECTING; a suspicion against a stream that is not live changes nothing."""
    stage = Stage()
    stage.it.suspect()
    assert ["listen 1"] == stage.made()
    stage.live()
    stage.virtual_clock.run(ALIVE_MS)
    stage.it.suspect()
    assert ["new channel", "listen 2"] == stage.made()


@pytest.mark.parametrize("sign", ["handle_listen_message", "alive"])
def test_live_and_suspected_though_others_are_answered(sign: str) -> None:
    """A call got no answer, and the stream or another call did: nothing is torn down for it."""
    stage = Stage().live()
    stage.virtual_clock.run(ALIVE_MS)
    getattr(stage.it, sign)()
    stage.made()
    stage.virtual_clock.run(ALIVE_MS - 1)
    stage.it.suspect()
    assert ([], StreamState.LIVE) == (stage.made(), stage.it.state)


def test_live_and_the_token_nears_its_end() -> None:
    """→ CONNECTING in silence: LIVE is told all the while."""
    stage = Stage().live()
    stage.it.handle_stream_age(5_000)
    stage.made()
    stage.virtual_clock.run(5_000)
    assert ["listen 2"] == stage.made()
    assert (StreamState.RENEWING, Link.LIVE) == (stage.it.state, stage.it.link)
    stage.virtual_clock.run(ANSWER_MS)
    assert Link.OFFLINE is stage.it.link


def test_waiting_until_the_backoff_is_over() -> None:
    """→ CONNECTING."""
    stage = Stage().waiting()
    stage.virtual_clock.run(60_000)
    assert stage.made()[0].startswith("listen")


def test_waiting_and_somebody_uses_the_app() -> None:
    """No longer than a second after the last try."""
    stage = Stage().waiting()
    stage.it.nudge()
    stage.virtual_clock.run(NUDGE_MS)
    assert 1 == len([c for c in stage.made() if c.startswith("listen")])


@pytest.mark.parametrize("code", ["PERMISSION_DENIED", "RESOURCE_EXHAUSTED"])
def test_waiting_for_a_reason_that_no_user_removes(code: str) -> None:
    """Denied or out of quota: activity changes nothing."""
    stage = Stage()
    stage.it.handle_stream_failure(RpcError(code))
    stage.made()
    for _ in range(20):
        stage.it.nudge()
        stage.virtual_clock.run(1_000)
    assert [] == stage.made()
    assert (Link.DENIED if code == "PERMISSION_DENIED" else Link.OFFLINE) is stage.it.link


def test_unauthenticated_drops_the_token_and_is_told_the_second_time() -> None:
    """Once is an expired token; twice is a user who may not."""
    stage = Stage()
    stage.it.handle_stream_failure(RpcError("UNAUTHENTICATED"))
    assert ("drop token" in stage.made(), stage.it.link) == (True, Link.OFFLINE)
    stage.virtual_clock.run()
    stage.it.handle_stream_failure(RpcError("UNAUTHENTICATED"))
    assert Link.DENIED is stage.it.link


@pytest.mark.parametrize("prepare", ["live", "waiting"])
def test_any_state_and_another_network(prepare: str) -> None:
    """→ CONNECTING on a new channel, now."""
    stage = getattr(Stage(), prepare)()
    stage.made()
    stage.it.network_changed()
    assert "new channel" == stage.made()[0]
    assert StreamState.CONNECTING is stage.it.state


@pytest.mark.parametrize("prepare", ["live", "waiting"])
def test_any_state_and_no_targets(prepare: str) -> None:
    """→ IDLE; nothing is tried any more until there are some."""
    stage = getattr(Stage(), prepare)()
    stage.made()
    stage.targets.clear()
    stage.it.wanted()
    stage.virtual_clock.run(3_600_000)
    assert (StreamState.IDLE, ["hang up"]) == (stage.it.state, stage.made())
    stage.targets.append(BOOK)
    stage.it.wanted()
    assert StreamState.CONNECTING is stage.it.state


def test_paused_and_resumed() -> None:
    """Nothing is tried in between, whatever happens; the old stream's messages are stale."""
    stage = Stage().live()
    number = stage.it.stream
    stage.it.go_offline(OfflineCause.PAUSED)
    stage.made()
    for poke in (stage.it.wanted, stage.it.nudge, stage.it.network_changed, stage.it.suspect):
        poke()
    stage.virtual_clock.run(3_600_000)
    assert ([], Link.OFFLINE) == (stage.made(), stage.it.link)
    assert number != stage.it.stream
    stage.it.come_online(OfflineCause.PAUSED)
    assert StreamState.CONNECTING is stage.it.state


def test_each_cause_to_be_offline_is_lifted_by_itself() -> None:
    """Paused, and signed out meanwhile: only when both are over is anything tried."""
    stage = Stage().live()
    stage.it.go_offline(OfflineCause.PAUSED)
    stage.it.go_offline(OfflineCause.SIGNED_OUT)
    stage.made()
    stage.it.come_online(OfflineCause.PAUSED)
    stage.virtual_clock.run(3_600_000)
    assert ([], Link.OFFLINE) == (stage.made(), stage.it.link)
    stage.it.come_online(OfflineCause.SIGNED_OUT)
    assert ["new channel", "listen 3"] == stage.made()


def test_what_is_not_in_the_table_is_an_error() -> None:
    """Nobody can have been heard where no stream is."""
    stage = Stage(attached=False)
    with pytest.raises(KeyError):
        stage.it.handle_listen_message()
