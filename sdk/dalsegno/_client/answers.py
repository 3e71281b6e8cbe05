"""Futures for the app: answered by the worker, which runs none of the app's callbacks.

Any thread. Invariant: whoever waits for the result has it as soon as there is one, on whatever thread;
callbacks run on the telling thread, for which nobody waits.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from typing import Any

from dalsegno._threads.delivery import Telling
from dalsegno._threads.scheduler import Scheduler
from dalsegno._threads.waiters import Task, nothing


class Answer(Future[None]):
    """What the app holds. It may cancel it: the request goes on, and its answer interests nobody."""

    def __init__(self, telling: Telling, scheduler: Scheduler) -> None:
        super().__init__()
        self._telling, self._scheduler = telling, scheduler

    def add_done_callback(self, fn: Callable[[Future[None]], Any]) -> None:
        """Calls `fn` with this future once it is done."""
        super().add_done_callback(lambda done: self._telling.put(lambda: fn(done)))

    def result(self, timeout: float | None = None) -> None:
        """Waits until it is answered. Raises what it failed with; TimeoutError after `timeout` seconds."""
        self._wait(timeout)
        return super().result(0)

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """What it failed with, once it is answered. Raises TimeoutError after `timeout` seconds."""
        self._wait(timeout)
        return super().exception(0)

    def _wait(self, timeout: float | None) -> None:
        if not self.done():
            self._scheduler.wait(self._wake_when_done, threading.TIMEOUT_MAX if timeout is None else timeout)

    def _wake_when_done(self, wake: Task) -> Task:
        super().add_done_callback(lambda _: wake())
        return nothing


def answer(request: Future[None], telling: Telling, scheduler: Scheduler) -> Future[None]:
    """The app's side of a request."""
    told = Answer(telling, scheduler)

    def pass_on(done: Future[None]) -> None:
        with suppress(InvalidStateError):  # the app has cancelled it
            error = done.exception()
            told.set_result(None) if error is None else told.set_exception(error)

    request.add_done_callback(pass_on)
    return told
