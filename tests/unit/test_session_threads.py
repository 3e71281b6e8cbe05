"""One session in the hands of several threads, and one that cannot be made."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

import dalsegno as ds
from dalsegno._client.client import Client
from dalsegno._core import state as states
from dalsegno._threads.worker import Worker
from tests.support.client_tests import Book
from tests.support.waiting import until


class Call(threading.Thread):
    """One call on a thread of its own."""

    def __init__(self, function: Callable[[], object]) -> None:
        super().__init__(daemon=True)
        self.error: Exception | None = None
        self._function = function
        self.start()

    def run(self) -> None:
        try:
            self._function()
        except Exception as error:  # noqa: BLE001 - the test says which it may be
            self.error = error


@contextmanager
def held(client: Client) -> Iterator[Callable[[int], object]]:
    """The engine is busy; gives what waits until so many calls stand in line."""
    go_on = threading.Event()
    worker = client._runtime.worker
    assert isinstance(worker, Worker)

    def hold() -> None:
        go_on.wait(60)

    worker.post(hold)
    until(lambda: worker._tasks.qsize() == 0, what="the engine to be busy")
    yield lambda count: until(lambda: worker._tasks.qsize() == count, what="the calls")
    go_on.set()


def test_two_threads_close_one_session(phone: Client) -> None:
    """Neither is told of anything: it is closed, once."""
    book = phone.open("moby", Book)
    with held(phone) as in_line:
        calls = [Call(book.close)]
        in_line(1)
        calls.append(Call(book.close))
        in_line(2)
    for call in calls:
        call.join(60)
    assert [None, None] == [call.error for call in calls]
    assert "" == phone.open("moby", Book).state.note


def test_an_edit_that_comes_after_the_close_is_refused(phone: Client) -> None:
    """It had begun before: still nothing is edited in a session that is closed by then."""
    book = phone.open("moby", Book)
    book.update(note="before")
    with held(phone) as in_line:
        closing = Call(book.close)
        in_line(1)
        edit = Call(lambda: book.update(note="after"))
        in_line(2)
    for call in (closing, edit):
        call.join(60)
    assert (None, ds.Closed) == (closing.error, type(edit.error))
    assert "before" == phone.open("moby", Book).state.note


def test_a_session_is_closed_while_its_client_is(phone: Client) -> None:
    """The client's end is the session's: whoever closes it at that moment is told nothing."""
    book = phone.open("moby", Book)
    with held(phone) as in_line:
        ends = Call(lambda: phone._runtime.call(phone._sessions.end))
        in_line(1)
        closing = Call(book.close)
        in_line(2)
    for call in (ends, closing):
        call.join(60)
    assert (None, None) == (ends.error, closing.error)


def test_a_session_that_cannot_be_made_is_not_held(phone: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """A State class that fails to read what is there: the engine does not think that somebody uses it."""

    def fails(*_: object) -> None:
        raise RuntimeError("an app's own type")

    with monkeypatch.context() as patch:
        patch.setattr(states, "decode", fails)
        for _ in range(2):
            with pytest.raises(RuntimeError, match="own type"):
                phone.open("moby", Book)
    assert {} == phone._engine.local_store.open_sessions
