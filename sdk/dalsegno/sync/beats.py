"""What a device does for itself on a new stream: it asks the time, and keeps its card.

Runs on the worker thread. The card is what the user's other devices show as a name ("from Pixel 8"); it is
written when it is new or a day old, never as a heartbeat. The time is asked by a read of that card, whose
round trip is shorter than the opening of a stream: two devices must agree where a moving playhead stands.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from dalsegno.core.ports import (
    ANY,
    CommitFailed,
    Committed,
    FieldPath,
    ReadDone,
    ReadFailed,
    Remote,
    Time,
    Write,
)
from dalsegno.sync.ledger import Ledger
from dalsegno.sync.receiver import Receiver
from dalsegno.types import DeviceId, Value

FRESH = timedelta(days=1)
"""A card younger than this is not written again: one write a day and device, at the most."""

KEPT = timedelta(days=180)
"""When a card of a device that was never seen again may be deleted (a TTL policy does it)."""


@dataclass(frozen=True, slots=True)
class DeviceCard:
    """What a device says of itself. `kind`: phone, tablet, laptop, …"""

    name: str
    kind: str
    platform: str
    app: str


EXACT_MS = 5.0
"""Two devices that are each so exact show a moving playhead within 10 ms of each other."""

MOST_QUESTIONS = 5
"""Each is billed as a read; a link that is too slow for `EXACT_MS` is asked so often and no more."""

CARD, PROBE = -1, -2
BEATS = frozenset({CARD, PROBE})
"""The tickets of our own calls; the uploader's are positive."""


class Beats:
    """Writes the card once the devices are known, if it differs; asks the time on each new stream."""

    def __init__(self, card: DeviceCard, ledger: Ledger, receiver: Receiver, time: Time) -> None:
        self._card, self._ledger, self._receiver, self._time = card, ledger, receiver, time
        self._remote: Remote | None = None
        self._written = self._failed = False
        self._asked_ms: float | None = None
        self._questions = 0

    def attach(self, remote: Remote) -> None:
        self._remote = remote

    def probe(self) -> None:
        """Asks the server's time, on a new stream; again if the answer leaves too much open."""
        self._written, self._failed = self._written and not self._failed, False
        self._questions = MOST_QUESTIONS
        self._ask()

    def _ask(self) -> None:
        """One question at a time, so that no answer is taken for another's."""
        exact = self._ledger.server.error_ms <= EXACT_MS
        if self._remote is None or self._asked_ms is not None or not self._questions or exact:
            return
        self._questions -= 1
        self._asked_ms = self._time.steady_ms()
        self._remote.read(PROBE, ("devices", self._ledger.device))

    def take(self, event: Committed | CommitFailed | ReadDone | ReadFailed) -> None:
        """What came of it. A failure costs precision, or a name until the next stream: no retry now."""
        if isinstance(event, CommitFailed):
            self._failed = True
        if not isinstance(event, (ReadDone, ReadFailed)):
            return
        asked_ms, self._asked_ms = self._asked_ms, None
        if isinstance(event, ReadDone) and asked_ms is not None:
            self._ledger.heard(event.read_time, asked_ms)
            self._ask()

    def beat(self) -> None:
        """Writes the card if that is due; harmless otherwise."""
        if self._written or self._remote is None or not self._receiver.devices_known:
            return
        self._written = True
        now = datetime.fromtimestamp(self._ledger.now_ms() / 1000, UTC)
        if not self._is_fresh(self._receiver.devices.get(self._ledger.device), now):
            self._remote.commit(CARD, [card_write(self._ledger.device, self._card, now)])

    def _is_fresh(self, known: Mapping[str, Value] | None, now: datetime) -> bool:
        if known is None:
            return False
        card = self._card
        same = all(known.get(k) == getattr(card, k) for k in ("name", "kind", "platform", "app"))
        seen = known.get("seen")
        return same and isinstance(seen, datetime) and now - seen < FRESH


def card_write(device: DeviceId, card: DeviceCard, now: datetime) -> Write:
    """The one write of a device's card: `users/{uid}/devices/{device}`."""
    fields: dict[FieldPath, Value] = {
        ("name",): card.name,
        ("kind",): card.kind,
        ("platform",): card.platform,
        ("app",): card.app,
        ("expire_at",): now + KEPT,
    }
    return Write(("devices", device), fields, ANY, server_times=(("seen",),))
