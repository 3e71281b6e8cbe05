"""Dead links in real time: how soon an edit on one is noticed (10 s at most), and a silent one (80 s).

python -m tests.soak.dead_links
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import dalsegno as ds
from dalsegno.testing import FaultProxy
from dalsegno.testing._firestore_emulator import FirestoreEmulator
from tests.support.clients import Device
from tests.support.emulator import RULES
from tests.support.waiting import until

EDIT_S, SILENCE_S = 10.0, 80.0
MACHINE_S = 0.5
"""What a busy machine may add."""


def noticed_s(host: str, *, edits: bool) -> float:
    """Seconds from the last byte that the link carries until the app is told that it is not live."""
    with (
        FaultProxy(host) as link,
        tempfile.TemporaryDirectory() as home,
        Device(link.host, Path(home), project="demo-dead") as device,
    ):
        book = device.open()
        device.until_fresh("moby")
        book.update(page=1)
        assert device.client.flush(10.0)
        until(
            lambda: not device.client._engine.uploader.in_flight(), what="the answers that are on their way"
        )
        until(lambda: device.client.status.link is ds.Link.LIVE, what="a live link")
        link.half_open()
        start_s = time.monotonic()
        if edits:
            book.update(page=2)
        until(lambda: device.client.status.link is not ds.Link.LIVE, timeout_s=120, what="the dead link")
        return time.monotonic() - start_s


def main() -> int:
    with FirestoreEmulator.start(rules=RULES) as emulator:
        edit_s = noticed_s(emulator.host, edits=True)
        print(f"an edit on a dead link is noticed after {edit_s:.1f} s", flush=True)
        silence_s = noticed_s(emulator.host, edits=False)
        print(f"a silent link is noticed after {silence_s:.1f} s", flush=True)
    return 0 if edit_s <= EDIT_S + MACHINE_S and silence_s <= SILENCE_S else 1


if __name__ == "__main__":
    sys.exit(main())
