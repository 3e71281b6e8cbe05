"""What waits for the network, off the app's thread. Knows no Kivy.

`work(job, done, failed)` returns at once; `job` runs on a thread of its own, then one of the others runs
where `deliver` puts it. Invariant: nothing of an unexpected error but its kind is logged, since it may quote
what was typed.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any, TypeAlias

from dalsegno import DalSegnoError

log = logging.getLogger("dalsegno.apps")

Job: TypeAlias = Callable[[], Any]
Done: TypeAlias = Callable[[Any], None]
Failed: TypeAlias = Callable[[Exception], None]
Work: TypeAlias = Callable[[Job, Done, Failed], None]


def threads(deliver: Callable[[Callable[[], None]], None]) -> Work:
    """The `Work` of a running app."""

    def work(job: Job, done: Done, failed: Failed) -> None:
        threading.Thread(target=run, args=(job, done, failed), name="account", daemon=True).start()

    def run(job: Job, done: Done, failed: Failed) -> None:
        try:
            result = job()
        except Exception as caught:  # noqa: BLE001 - whatever it is, the form must come free again
            error = caught
            if not isinstance(error, DalSegnoError):
                log.error("Unexpected, of an account: %s", type(error).__name__)
            deliver(lambda: failed(error))
        else:
            deliver(lambda: done(result))

    return work
