"""Whole clients against a scripted server that loses the answers to their commits, or refuses them."""

from __future__ import annotations

from pathlib import Path

import pytest

import dalsegno as ds
from dalsegno._core.messages import RpcError
from dalsegno._remote import firestore
from tests.support.clients import Device
from tests.support.living_server import MOBY, LivingServer, Lost, written
from tests.support.waiting import until

LOSSES = ["UNAVAILABLE", "DEADLINE_EXCEEDED", "CANCELLED", "UNKNOWN", "INTERNAL"]


@pytest.mark.parametrize("applied", [True, False], ids=["applied", "not applied"])
@pytest.mark.parametrize("code", LOSSES)
def test_an_edit_whose_answer_is_lost_is_applied_once(
    server: LivingServer, device: Device, code: str, applied: bool
) -> None:
    """Whether the server had applied the lost commit or not: in the end it stands there once, and is told
    as saved."""
    book = device.open()
    device.until_fresh("moby")
    server.on_commit_of("moby", Lost(applied, RpcError(code)))
    book.update(page=1)
    until(lambda: server.skipping(500) and book.saved is ds.Saved.EVERYWHERE, what="the confirmation")
    assert (1, 1) == (server.value("moby", "page"), server.fields("moby")["rev"])


@pytest.mark.parametrize("applied", [True, False], ids=["applied", "not applied"])
def test_an_edit_that_is_never_answered_is_applied_once(
    server: LivingServer, device: Device, applied: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer never comes at all: the deadline ends the wait, the document is looked at, and the edit
    stands there once."""
    assert firestore.DEADLINE_S <= 10
    monkeypatch.setattr(firestore, "DEADLINE_S", 0.5)
    book = device.open()
    device.until_fresh("moby")
    server.on_commit_of("moby", Lost(applied))
    book.update(page=1)
    until(lambda: server.skipping(500) and book.saved is ds.Saved.EVERYWHERE, what="the confirmation")
    assert (1, 1) == (server.value("moby", "page"), server.fields("moby")["rev"])


def test_many_lost_answers_in_a_row_apply_each_edit_once(server: LivingServer, device: Device) -> None:
    """Ten edits, every second answer lost after it was applied, every third before: ten commits stand."""
    book = device.open()
    device.until_fresh("moby")
    for page in range(1, 11):
        losses = [Lost(True, RpcError("UNAVAILABLE"))] * (page % 2 == 0)
        losses += [Lost(False, RpcError("UNKNOWN"))] * (page % 3 == 0)
        server.on_commit_of("moby", *losses)
        book.update(page=page)
        until(lambda: server.skipping(500) and book.saved is ds.Saved.EVERYWHERE, what=f"edit {page}")
        assert page == server.fields("moby")["rev"]


def test_two_devices_whose_answers_are_lost_agree(
    server: LivingServer, device: Device, tmp_path: Path
) -> None:
    """Both devices write one session while answers are lost: they end at the same state, and the server's
    rev counts each edit once."""
    with Device(server.host, tmp_path / "there", time=server.time, name="Laptop") as there:
        here_book, there_book = device.open(), there.open()
        device.until_fresh("moby")
        there.until_fresh("moby")
        for page in range(1, 6):
            server.on_commit_of("moby", Lost(True, RpcError("UNAVAILABLE")), Lost(False, RpcError("ABORTED")))
            here_book.update(page=page)
            there_book.update(text=f"line {page}")
            until(
                lambda: (
                    server.skipping(500)
                    and here_book.saved is there_book.saved is ds.Saved.EVERYWHERE
                    and here_book.state == there_book.state
                ),
                what=f"agreement on edit {page}",
            )
        assert (5, "line 5") == (here_book.state.page, here_book.state.text)
        assert 10 == server.fields("moby")["rev"]


@pytest.mark.parametrize("code", ["FAILED_PRECONDITION", "PERMISSION_DENIED"])
def test_a_refused_commit_goes_again_at_once_when_the_stream_has_told_why(
    server: LivingServer, device: Device, code: str
) -> None:
    """Another device was quicker, and the stream said so before the refusal came: no read, no wait. Reading
    first, a device on a slow link would be overtaken for as long as the other one edits."""
    server.put(MOBY, written(page=1))
    book = device.open()
    device.until_fresh("moby")

    def another_is_quicker() -> None:
        server.put(MOBY, written(rev=2, page=1, text="quicker"))
        until(lambda: book.state.text == "quicker", what="the other edit on the stream")

    server.on_commit_of("moby", Lost(False, RpcError(code), another_is_quicker))
    book.update(furthest=0.5)
    until(lambda: book.saved is ds.Saved.EVERYWHERE, what="the confirmation")
    assert (0.5, "quicker", 3) == (
        server.value("moby", "furthest"),
        server.value("moby", "text"),
        server.fields("moby")["rev"],
    )
    assert MOBY not in server.reads


def test_a_refused_commit_goes_again_when_the_stream_is_quicker_than_the_read(
    server: LivingServer, device: Device
) -> None:
    """The refusal comes first, and the read after it takes long: the stream tells, and that will do."""
    server.put(MOBY, written(page=1))
    book = device.open()
    device.until_fresh("moby")
    server.on_commit_of("moby", RpcError("FAILED_PRECONDITION"))
    server.mute.add(MOBY)
    book.update(furthest=0.5)
    until(lambda: MOBY in server.reads, what="the read")
    server.put(MOBY, written(rev=2, page=1, text="quicker"))
    until(lambda: book.saved is ds.Saved.EVERYWHERE, timeout_s=30.0, what="the confirmation")
    assert (0.5, "quicker") == (server.value("moby", "furthest"), server.value("moby", "text"))


@pytest.mark.no_cover  # the same lines, thousands of times
@pytest.mark.parametrize("code", ["FAILED_PRECONDITION", "ABORTED", "UNAVAILABLE", "UNAUTHENTICATED"])
def test_a_server_that_never_takes_an_edit_is_not_hammered(
    server: LivingServer, device: Device, code: str
) -> None:
    """A commit that is refused again and again, for no good reason: ten minutes bring fewer than 40 tries."""
    book = device.open()
    device.until_fresh("moby")
    server.on_commit_of("moby", *[RpcError(code)] * 500)
    start_ms = server.time.steady_ms()
    book.update(page=1)
    while server.time.steady_ms() < start_ms + 600_000:
        device.skip_to("commit:moby")
    tries = [request for request in server.commits if "sessions" in request.writes[0].update.name]
    assert 5 < len(tries) < 40
    assert 1 == book.state.page


def test_quota_for_writes_waits_longest(server: LivingServer, device: Device) -> None:
    """RESOURCE_EXHAUSTED for a commit: the next try comes after the longest wait, whatever else is edited."""
    book = device.open()
    device.until_fresh("moby")
    device.stop_time()
    server.on_commit_of("moby", RpcError("RESOURCE_EXHAUSTED"))
    book.update(page=1)
    until(lambda: (device.left_ms("commit:moby") or 0) > 50_000, what="the longest wait")
    book.update(page=2)
    until(lambda: (device.left_ms("commit:moby") or 0) > 50_000, what="still the longest wait")
    device.skip_to("commit:moby")
    until(lambda: server.value("moby", "page") == 2, what="the edits")
    assert 1 == server.fields("moby")["rev"]


def test_a_denied_edit_is_parked_and_blocks_nobody(server: LivingServer, tmp_path: Path) -> None:
    """An edit that the rules refuse is told and kept on disk, others pass it by, and it is tried again on
    the next start."""
    denied = RpcError("PERMISSION_DENIED", "evaluation error")
    with Device(server.host, tmp_path, time=server.time) as device:
        moby, other = device.open("moby"), device.open("other")
        device.until_fresh("moby", "other")
        server.on_commit_of("moby", denied, denied, denied)
        moby.update(page=1)
        until(lambda: "rules refuse" in device.client.status.reason, what="the refusal")
        assert ds.Link.LIVE is device.client.status.link
        assert ["page"] == [problem.field for problem in moby.problems]
        other.update(page=2)
        until(lambda: server.value("other", "page") == 2, what="the other session")
        assert None is server.value("moby", "page")
    server.on_commit_of("moby")
    with Device(server.host, tmp_path, time=server.time) as device:
        device.open("moby")
        until(lambda: server.skipping(500) and server.value("moby", "page") == 1, what="the parked edit")
        device.until_link(ds.Link.LIVE)
