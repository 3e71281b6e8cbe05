"""A process that edits until it is killed: `python -m tests.soak.diary PROJECT HOST HOME FIRST SEED`.

Each edit has a field of its own, in sessions of `FIELDS` fields. After each `update` that returned, its
number is on standard output, unbuffered: whatever was printed must be at the server in the end. With SEED
"flush" it edits nothing, sends what is owed, and prints "saved" once the server has confirmed everything.
"""

from __future__ import annotations

import os
import random
import sys
import time
import types
from pathlib import Path
from typing import Any

import dalsegno as ds

FIELDS = 40


def _body(namespace: dict[str, Any]) -> None:
    names = [f"n{number}" for number in range(FIELDS)]
    namespace["__annotations__"] = {"newest": int, **dict.fromkeys(names, int)}
    namespace.update(newest=ds.latest(0), **{name: ds.latest(0) for name in names})


Diary: Any = types.new_class("Diary", (ds.State,), {"schema": "diary/1"}, _body)


def place_of(number: int) -> tuple[str, str]:
    """Session and field of an edit."""
    return f"page-{number // FIELDS}", f"n{number % FIELDS}"


def main(project: str, host: str, home: str, first: str, seed: str) -> None:
    client = ds.connect(project, user=ds.Unsigned("alice"), app="diary", home=Path(home), emulator=host)
    if seed == "flush":
        while not client.flush(1.0):
            pass
        say("saved")
        client.close()
        return
    chance = random.Random(int(seed))
    number = int(first)
    session_id, _ = place_of(number)
    session = client.open(session_id, Diary)
    while True:
        wanted, field = place_of(number)
        if wanted != session.id:
            session.close()
            session = client.open(wanted, Diary)
        session.update(**{field: number + 1, "newest": number + 1})
        say(str(number))
        number += 1
        if chance.random() < 0.7:  # bursts and pauses
            time.sleep(chance.uniform(0.0, 0.06))


def say(line: str) -> None:
    os.write(1, f"{line}\n".encode())


if __name__ == "__main__":
    main(*sys.argv[1:])
