"""Futures for the app: answered by the worker, which runs none of the app's callbacks.

Any thread. Invariant: whoever waits for the result has it as soon as there is one, on whatever thread;
callbacks run on the telling thread, for which nobody waits.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from typing import Any

from dalsegno._threads.delivery import Telling


class Answer(Future[None]):
    """What the app holds. It may cancel it: the request goes on, and its answer interests nobody."""

    def __init__(self, telling: Telling) -> None:
        super().__init__()
        self._telling = telling

    def add_done_callback(self, fn: Callable[[Future[None]], Any]) -> None:
        """Calls `fn` with this future once it is done."""
        super().add_done_callback(lambda done: self._telling.put(lambda: fn(done)))


def answer(request: Future[None], telling: Telling) -> Future[None]:
    """The app's side of a request."""
    told = Answer(telling)

    def pass_on(done: Future[None]) -> None:
        with suppress(InvalidStateError):  # the app has cancelled it
            error = done.exception()
            told.set_result(None) if error is None else told.set_exception(error)

    request.add_done_callback(pass_on)
    return told
