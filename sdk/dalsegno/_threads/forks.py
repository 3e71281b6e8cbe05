"""A process that was forked off one with a client: it has the client's memory, and none of its threads.

Any thread. Whatever the child did with what it inherited would be done to the parent: SQLite would take the
parent's database for its own and remove the log, grpc would speak on the parent's connections. So every call
is refused there, and nothing that is kept here is ever taken down in a child.
"""

from __future__ import annotations

import gc
import os
import weakref
from typing import Any

from dalsegno._errors import UsageError

_kept: weakref.WeakSet[Any] = weakref.WeakSet()


def check_not_forked(pid: int) -> None:
    """Raises UsageError in another process than the one of `pid`, which made what is used here."""
    if os.getpid() != pid:
        raise UsageError(
            "this client was opened by another process, of which this one is a fork, and belongs to it: call "
            "connect in the child, after the fork, with another profile"
        )


def keep_in_children(thing: Any) -> None:
    """From now on a forked child keeps `thing` until it ends, and never runs what would take it down."""
    _kept.add(thing)


def _load() -> None:
    """Before the fork: an import in the child could begin to collect what it inherited."""
    if _kept:
        import ctypes  # noqa: F401


def _keep_all() -> None:
    if not _kept:
        return
    # What is garbage by now stays: taking down what belongs to grpc, whose threads are not here, is a crash.
    gc.freeze()
    import ctypes

    for thing in list(_kept):
        # One reference too many: the interpreter's own end, which empties every module, frees it neither.
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(thing))


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_load, after_in_child=_keep_all)
