"""A document that is created while somebody begins to listen to it: the official emulator never tells of it.

It says "gone" as of one moment and "that is all" as of a later one. A read closes the gap between the two.
"""

from __future__ import annotations

import pathlib
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from dalsegno._core.messages import ResourcePath, RpcError
from tests.integration.conftest import StartDevice as StartProcess
from tests.support.clients import Device
from tests.support.device_process import DeviceProcess
from tests.support.living_server import LivingServer, written
from tests.support.scripted_listen import PATIENCE_S, ListenCall
from tests.support.waiting import until

MOBY = ("sessions", "moby")
SESSIONS = [f"session-{number}" for number in range(20)]


class Missing(LivingServer):
    """Says of `moby`, to whoever begins to listen to it, that it is gone, as of a moment ago."""

    def __init__(self) -> None:
        super().__init__()
        self.reads_of_moby = 0
        self.at_one_moment = False
        """Both are said as of one moment, as Google's servers do it."""
        self.may_answer = threading.Event()
        """Reads of `moby` wait for it."""
        self.may_answer.set()
        self.fault: RpcError | None = None
        """The answer to each read of `moby`."""

    def say_gone(self, call: ListenCall, target: int) -> None:
        call.delete(MOBY, target)
        now = self._last if self.at_one_moment else self.tick()
        call.target_change("CURRENT", target, token=b"now", read_time=now)
        call.heartbeat(token=b"now", read_time=now)

    def commits_of_moby(self) -> int:
        return sum(c.writes[0].update.name == self.names.name(MOBY) for c in self.commits)

    def _answer(self, call: ListenCall, target: int, path: ResourcePath, token: bytes) -> None:
        if path == MOBY:
            self.say_gone(call.add(target), target)
        else:
            super()._answer(call, target, path, token)

    def _read(self, request: Any, context: Any) -> Iterator[Any]:
        if self._name(request.documents[0]) == MOBY:
            self.reads_of_moby += 1
            self.may_answer.wait(PATIENCE_S)
            if self.fault is not None:
                self._answered(self.fault, request, context, lambda _: None)
        yield from super()._read(request, context)


@pytest.fixture
def server() -> Iterator[Missing]:
    with Missing() as server:
        yield server


@pytest.fixture
def phone(server: Missing, tmp_path: pathlib.Path) -> Iterator[Device]:
    with Device(server.host, tmp_path / "here", time=server.time) as phone:
        yield phone


def test_a_creation_that_the_stream_never_tells_of_is_read(server: Missing, phone: Device) -> None:
    """Gone as of one moment, complete as of a later one: one read brings the document, and only one."""
    server.documents[MOBY] = server.doc(MOBY, written(page=3))
    book = phone.open()
    phone.until_fresh("moby")
    assert 3 == book.state.page
    assert 1 == server.reads_of_moby


def test_a_document_that_is_gone_costs_one_read_for_each_stream(server: Missing, phone: Device) -> None:
    """Nobody has begun it: that is believed after one read, after a reset too; the next stream asks again."""
    phone.open()
    phone.until_fresh("moby")
    call, target = server.target_of(MOBY)
    server.say_gone(call.reset(target), target)
    server.put(("sessions", "later"), written(page=1))
    later = phone.open("later")
    until(lambda: later.state.page == 1, what="what was said after it")
    assert 1 == server.reads_of_moby
    call.end("UNAVAILABLE")
    until(lambda: 2 == server.reads_of_moby, what="the read of the second stream")


def test_gone_as_of_the_moment_that_is_vouched_for_costs_no_read(server: Missing, phone: Device) -> None:
    """A server that looks at both at one moment is believed at once."""
    server.at_one_moment = True
    phone.open()
    phone.until_fresh("moby")
    assert 0 == server.reads_of_moby


def test_nothing_is_sent_before_the_gap_is_closed(server: Missing, phone: Device) -> None:
    """An edit made meanwhile waits for the read, and is made upon what it told: no commit in vain."""
    server.documents[MOBY] = server.doc(MOBY, written(text="theirs"))
    server.may_answer.clear()
    book, other = phone.open(), phone.open("other")
    until(lambda: 1 == server.reads_of_moby, what="the read")
    book.update(page=9)
    other.update(page=1)
    until(lambda: 1 == server.value("other", "page"), what="an edit of another session")
    assert 0 == server.commits_of_moby()
    server.may_answer.set()
    until(lambda: 9 == server.value("moby", "page"), what="the edit")
    assert 1 == server.commits_of_moby()
    assert "theirs" == book.state.text


def test_a_read_that_fails_leaves_the_first_answer(server: Missing, phone: Device) -> None:
    """Without an answer the document counts as gone, and edits go out: a commit tells soon enough."""
    server.fault = RpcError("INTERNAL")
    book = phone.open()
    book.update(page=9)
    until(lambda: 9 == server.value("moby", "page"), what="the edit")


def test_what_the_stream_tells_before_the_read_is_taken(server: Missing, phone: Device) -> None:
    """The document comes on the stream while the read is under way: it is shown, and edits go on."""
    server.may_answer.clear()
    book = phone.open()
    until(lambda: 1 == server.reads_of_moby, what="the read")
    server.put(MOBY, written(page=4))
    phone.until_fresh("moby")
    assert 4 == book.state.page
    server.may_answer.set()


def test_two_devices_that_begin_the_same_sessions_at_once_agree(device: StartProcess) -> None:
    """Twenty sessions are begun on one device while another opens them: it hears of each of them.

    The official emulator misses one or two of twenty.
    """
    writer, hearer = device("writer"), device("hearer")
    for each in (writer, hearer):
        each.open("first")
        each.until_link("live")
    begun = threading.Thread(target=lambda: [_begin(writer, session) for session in SESSIONS])
    begun.start()
    for session in SESSIONS:
        hearer.open(session)
    begun.join()
    for session in SESSIONS:
        hearer.until_state(session, note=session)


def _begin(writer: DeviceProcess, session: str) -> None:
    writer.open(session)
    writer.update(session, note=session)
