"""Whole clients against a server that does what Firestore's emulator never does: the life of the stream.

Real threads and real gRPC; the engine's clock is the test's, so that a minute of silence takes no time.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

import dalsegno as ds
from dalsegno._core.backoff import MOST_MS, Backoff
from dalsegno._core.messages import RpcError
from dalsegno._sync.listen_stream import ANSWER_MS, SILENCE_MS
from tests.support.clients import Device, Tokens
from tests.support.living_server import LivingServer, written
from tests.support.scripted_server import ListenCall
from tests.support.waiting import until

TRANSIENT = ["UNAVAILABLE", "INTERNAL", "UNKNOWN", "CANCELLED", "DEADLINE_EXCEEDED", "ABORTED", "OK"]


def mute(call: ListenCall) -> None:
    """Accepts, and never says a word."""


def ending(code: str, times: list[float], server: LivingServer) -> None:
    """All calls from now on end with this status; `times` gets when they came, on the device's clock."""

    def end(call: ListenCall) -> None:
        times.append(server.time.steady_ms())
        call.end(code)

    server.on_listen(end)


def links(device: Device) -> list[ds.Link]:
    """What the app was told of the link, without repetitions."""
    told = [status.link for status in device.statuses]
    return [link for i, link in enumerate(told) if i == 0 or link != told[i - 1]]


def test_an_edit_reaches_the_server_and_another_device(
    server: LivingServer, device: Device, tmp_path: Path
) -> None:
    """What one device edits, the other shows: the scripted server is a Firestore as far as we can tell."""
    device.open().update(page=7)
    with Device(server.host, tmp_path / "other", time=server.time) as other:
        theirs = other.open()
        until(lambda: theirs.state.page == 7, what="the page")
    assert 7 == server.value("moby", "page")
    assert ds.Link.LIVE is device.until_link(ds.Link.LIVE).link


# --- silence ------------------------------------------------------------------------------------------


def test_heartbeats_keep_a_stream_alive(server: LivingServer, device: Device) -> None:
    """A server that says something every 30 s is alive, though nothing changes for an hour."""
    device.open()
    device.until_link(ds.Link.LIVE)
    for _ in range(120):
        server.time.skip(30_000)
        server.listens[0].heartbeat()
        until(lambda: (device.left_ms("silence") or 0) > SILENCE_MS - 30_000, what="the heartbeat")
    assert 1 == len(server.listens)


def test_a_silent_stream_is_replaced_and_nobody_is_bothered(server: LivingServer, device: Device) -> None:
    """A stream that is silent for 75 s is dead: a new one is opened, and the app is not told of it."""
    device.open()
    device.until_link(ds.Link.LIVE)
    device.silence()
    until(lambda: len(server.listens) == 2, what="a new stream")
    assert server.listens[0].closed.wait(30)
    device.until_link(ds.Link.LIVE)
    assert ds.Link.OFFLINE not in links(device)


def test_a_dead_server_is_noticed_within_80_s(server: LivingServer, device: Device) -> None:
    """Once silence has lasted, a server that does not answer the new stream either is told as offline."""
    server.on_listen(server.serve, mute)
    device.open()
    device.until_link(ds.Link.LIVE)
    device.stop_time()
    device.silence()
    until(lambda: len(server.listens) == 2, what="a new stream")
    assert ds.Link.CONNECTING is device.until_link(ds.Link.CONNECTING).link
    server.time.skip(ANSWER_MS)
    assert "did not answer" in device.until_link(ds.Link.OFFLINE).reason
    assert SILENCE_MS <= 80_000


def test_a_server_that_accepts_and_never_answers_is_offline_within_10_s(
    server: LivingServer, device: Device
) -> None:
    """No answer for 10 s is told as offline, and tried again at once; the second try finds a server."""
    server.on_listen(mute, mute, server.serve)
    device.stop_time()
    device.open().update(page=1)
    until(lambda: len(server.listens) == 1, what="the first stream")
    server.time.skip(ANSWER_MS)
    until(lambda: len(server.listens) == 2, what="the second stream")
    assert ds.Link.OFFLINE is device.until_link(ds.Link.OFFLINE, ds.Link.LIVE).link
    assert server.listens[0].closed.wait(30)
    server.time.skip(ANSWER_MS)
    device.skip_to("listen")
    device.until_link(ds.Link.LIVE)
    until(lambda: server.value("moby", "page") == 1, what="the edit at the server")
    assert ANSWER_MS <= 10_000


# --- ends ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", TRANSIENT)
def test_a_stream_that_ends_is_opened_again(server: LivingServer, device: Device, code: str) -> None:
    """Whatever passing fault ends the stream, the next one carries on where it was."""
    book = device.open()
    device.until_link(ds.Link.LIVE)
    device.stop_time()
    server.listens[0].end(code)
    server.put(("sessions", "moby"), written(page=3))
    device.skip_to("listen")
    until(lambda: book.state.page == 3, what="what was missed")
    device.until_link(ds.Link.LIVE)
    assert 2 == len(server.listens)


@pytest.mark.parametrize("code", [*TRANSIENT, "UNAUTHENTICATED", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED"])
def test_nothing_spins(server: LivingServer, device: Device, code: str) -> None:
    """A server that ends each stream at once is asked as often as the backoff table says, not more."""
    times: list[float] = []
    ending(code, times, server)
    device.stop_time()
    device.open()
    table = Backoff(lambda: 0.5)
    if code in ("PERMISSION_DENIED", "RESOURCE_EXHAUSTED"):
        table.to_most()
    waits = []
    for tries in range(2, 14):
        device.skip_to("listen")
        until(partial(lambda tries: len(times) >= tries, tries), what=f"try {tries}")
        waits.append(table.next_ms())
    sooner = [wait - (b - a) for wait, a, b in zip(waits, times, times[1:], strict=False) if b - a < wait - 1]
    assert [] == sooner, f"tried sooner than the table says, by these milliseconds: {sooner}"
    assert MOST_MS == table.next_ms()


def test_quota_waits_longest(server: LivingServer, device: Device) -> None:
    """A server out of quota is left alone for the longest wait, even while the user edits."""
    times: list[float] = []
    ending("RESOURCE_EXHAUSTED", times, server)
    device.stop_time()
    book = device.open()
    until(lambda: device.left_ms("listen") is not None, what="the wait")
    book.update(page=1)
    assert MOST_MS == pytest.approx(device.left_ms("listen"))
    assert "quota" in device.client.status.reason


def test_go_away_is_survived(server: LivingServer, device: Device) -> None:
    """After a GOAWAY an edit is either taken on the old connection still, or the link is told as down though
    its stream goes on; a server that comes back gets every edit."""
    book = device.open()
    device.until_link(ds.Link.LIVE)
    server.go_away()
    book.update(page=1)

    def taken() -> bool:
        return _hastened(server) and server.value("moby", "page") == 1

    until(lambda: taken() or device.client.status.link is not ds.Link.LIVE, what="the edit, or its trouble")
    server.stop()
    server.start()
    until(taken, what="the edit at the server")
    device.until_link(ds.Link.LIVE)


def _hastened(server: LivingServer) -> bool:
    server.time.skip(100)
    return True


# --- tokens of the user -------------------------------------------------------------------------------


def test_a_refused_token_is_replaced_once_and_all_is_well(server: LivingServer, tmp_path: Path) -> None:
    """UNAUTHENTICATED: the token is dropped, the next call bears a new one, and the app hears of nothing."""
    server.on_listen(lambda call: call.end("UNAUTHENTICATED"), server.serve)
    with Device(server.host, tmp_path, time=server.time, tokens=Tokens()) as device:
        device.open()
        device.until_link(ds.Link.LIVE)
        assert ["token-1", "token-2"] == [call.token for call in server.listens]
        assert ds.Link.DENIED not in links(device)


def test_tokens_that_are_never_accepted_are_told_and_not_hammered(
    server: LivingServer, tmp_path: Path
) -> None:
    """UNAUTHENTICATED for ever: denied, with the reason; ten minutes bring fewer than 30 tries, each with a
    new token; and once the server relents, all is well."""
    times: list[float] = []
    ending("UNAUTHENTICATED", times, server)
    with Device(server.host, tmp_path, time=server.time, tokens=Tokens()) as device:
        device.open().update(page=1)
        while not times or server.time.steady_ms() - times[0] < 600_000:
            seen = len(times)
            device.skip_to("listen")
            until(partial(lambda seen: len(times) > seen, seen), what="another try")
        assert "sign-in" in device.until_link(ds.Link.DENIED).reason
        assert len(times) < 30
        assert len(times) == len({call.token for call in server.listens})
        server.script(server.serve)
        device.skip_to("listen")
        device.until_link(ds.Link.LIVE)
        until(lambda: server.value("moby", "page") == 1, what="the edit at the server")


# --- refusals of one target ---------------------------------------------------------------------------


def test_one_denied_session_does_not_stop_the_others(server: LivingServer, device: Device) -> None:
    """REMOVE with PERMISSION_DENIED for one session: told, with the reason; the others go on; it is tried
    again after a minute."""
    device.open("other")
    device.until_link(ds.Link.LIVE)
    server.refuse(("sessions", "moby"), RpcError("PERMISSION_DENIED", "false for 'get' @ L9"))
    moby = device.open("moby")
    assert "rules refuse" in device.until_link(ds.Link.DENIED).reason
    others = device.open("other")
    server.put(("sessions", "other"), written(page=5))
    until(lambda: others.state.page == 5, what="the other session")
    server.refuse(("sessions", "moby"), None)
    server.put(("sessions", "moby"), written(page=6))
    device.skip_to("refused")
    until(lambda: moby.state.page == 6, what="the session that was refused")
    device.until_link(ds.Link.LIVE)
