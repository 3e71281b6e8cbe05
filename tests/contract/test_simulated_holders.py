"""Who may hold a session's line: the simulated rules against the official emulator's."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from dalsegno._core.messages import Write
from tests.contract.turns import US, code, known, write
from tests.support.remotes import Client

THEM = "00000000000000bb"


def lease(number: int, device: str = US) -> str:
    return f"{1_700_000_000_000 + number:015d}-00000-{device}"


def holder(epoch: int, **parts: Any) -> dict[str, Any]:
    return {"device": US, "epoch": epoch, "until": 5, "lease": lease(epoch), **parts}


def ask(**parts: Any) -> dict[str, Any]:
    return {"to": THEM, "stamp": lease(1), "lease": lease(1), "until": 5, **parts}


def held(made: Write, found: Any) -> Write:
    return replace(made, fields={**made.fields, ("holder",): found})


def next_(client: Client, found: Any) -> str:
    """The answer to a commit upon the newest document that says so of the holder."""
    return code(client.commit(held(write(known(client), 9, place=2), found)))


YEAR_MS = 366 * 86_400_000

CASES = [
    (holder(2), "OK"),
    (holder(1), "OK"),
    (holder(1, until=0), "OK"),
    (holder(1, ask=ask()), "OK"),
    (holder(3), "PERMISSION_DENIED"),
    (holder(2, lease=lease(0)), "PERMISSION_DENIED"),
    (holder(2, lease=lease(1)), "PERMISSION_DENIED"),
    (holder(1, lease=lease(2)), "PERMISSION_DENIED"),
    (holder(2, device=THEM), "PERMISSION_DENIED"),
    (holder(1, device=THEM), "PERMISSION_DENIED"),
    (holder(2, until=YEAR_MS * 100), "PERMISSION_DENIED"),
    (holder(2, until="noon"), "PERMISSION_DENIED"),
    (holder(2, lease=f"{YEAR_MS * 100:015d}-00000-{US}"), "PERMISSION_DENIED"),
    (holder(2, lease="noon"), "PERMISSION_DENIED"),
    (holder(2, volume=1), "PERMISSION_DENIED"),
    (holder(1, ask=ask(lease=lease(2))), "PERMISSION_DENIED"),
    (holder(1, ask=ask(to="kitchen")), "PERMISSION_DENIED"),
    (holder(1, ask=ask(until=YEAR_MS * 100)), "PERMISSION_DENIED"),
    (holder(1, ask="kitchen"), "PERMISSION_DENIED"),
    ({"device": US, "epoch": 2, "until": 5}, "PERMISSION_DENIED"),
    (None, "PERMISSION_DENIED"),
]


def test_how_a_holder_may_go_on(client: Client) -> None:
    """A later lease counts one more, and is the writer's own; a step of the same one changes little."""
    wrong = []
    for number, (found, answer) in enumerate(CASES):
        session = f"music-{number}"
        assert "OK" == code(client.commit(held(write(None, 5, session, place=1), holder(1))))
        told = code(client.commit(held(write(known(client, session), 9, session, place=2), found)))
        wrong += [(found, told)] if told != answer else []
    assert not wrong


def test_a_first_holder_begins_at_one(client: Client) -> None:
    """Whether it comes with the first commit or later."""
    assert "PERMISSION_DENIED" == code(client.commit(held(write(None, 5, place=1), holder(2))))
    assert "OK" == code(client.commit(write(None, 5, place=1)))
    assert "PERMISSION_DENIED" == next_(client, holder(2))
    assert "OK" == next_(client, holder(1))


def test_a_lease_may_be_as_far_ahead_as_a_stamp(client: Client) -> None:
    """Nearly a minute by the server's time, and not more."""
    now_ms = int(time.time() * 1000)
    assert "OK" == code(client.commit(write(None, 5, place=1)))
    far = f"{now_ms + 3_600_000:015d}-00000-{US}"
    assert "PERMISSION_DENIED" == next_(client, holder(1, lease=far))
