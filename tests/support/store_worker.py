"""Writes one batch to a store and waits to be killed.

Run as `python -m tests.support.store_worker <folder> <user>`, with the batch, pickled, on standard input.
"""

from __future__ import annotations

import pickle
import sys

from dalsegno._persistence.sqlite import SqliteStore


def main() -> None:
    folder, user = sys.argv[1:]
    batch = pickle.load(sys.stdin.buffer)
    store = SqliteStore.open(folder, user)
    try:
        store.write(batch)
        outcome: Exception | None = None
    except Exception as error:  # noqa: BLE001 - handed to the process that asked
        outcome = error
    pickle.dump(outcome, sys.stdout.buffer)
    sys.stdout.buffer.flush()
    sys.stdin.buffer.read()  # until the SIGKILL


if __name__ == "__main__":
    main()
