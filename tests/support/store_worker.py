"""Writes batches to stores, each in a process of its own, which is killed as soon as the write returned.

Run as `python -m tests.support.store_worker`. It reads `(folder, user, batch)`, pickled, from standard input,
again and again, and answers with what the write raised, or None. Each process is forked off this one, which
has imported all it needs and holds no store.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
from typing import BinaryIO

from dalsegno._core.ports import Batch
from dalsegno._persistence.sqlite import SqliteStore


def main() -> None:
    while True:
        try:
            folder, user, batch = pickle.load(sys.stdin.buffer)
        except EOFError:  # whoever asked is gone
            return
        pickle.dump(_write_and_die(folder, user, batch), sys.stdout.buffer)
        sys.stdout.buffer.flush()


def _write_and_die(folder: str, user: str, batch: Batch) -> Exception | None:
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        with os.fdopen(write, "wb", closefd=False) as answer:
            pickle.dump(_write(folder, user, batch), answer)
        while True:  # until the SIGKILL, with the store open
            signal.pause()
    os.close(write)
    with os.fdopen(read, "rb") as answers:
        try:
            return _outcome(answers)
        finally:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


def _write(folder: str, user: str, batch: Batch) -> Exception | None:
    _OPEN.append(SqliteStore.open(folder, user))
    try:
        _OPEN[-1].write(batch)
    except Exception as error:  # noqa: BLE001 - handed to the process that asked
        return error
    return None


_OPEN: list[SqliteStore] = []
"""The store of a process that is to be killed: not closed, whatever the interpreter collects."""


def _outcome(answers: BinaryIO) -> Exception | None:
    outcome: Exception | None = pickle.load(answers)
    return outcome


if __name__ == "__main__":
    main()
