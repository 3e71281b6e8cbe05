"""Values out of bytes: the fuzzer varies bytes, and its targets want documents, texts and times.

Pure, and the same on every machine. Invariant: every sequence of bytes, however short, makes some value.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from dalsegno._core.types import Value

T = TypeVar("T")

MAX_DEPTH = 30
"""Deeper than Firestore allows."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
WORDS = (
    *("schema", "state", "stamps", "basis", "merge", "holder", "rev", "hlc", "device", "at"),
    *("href", "type", "title", "locations", "text", "before", "highlight", "after", "progression"),
    *("totalProgression", "position", "fragments", "charOffset", "contentHash", "rate", "round", "place"),
    *("reading/1", "reading/2", "listening/1", "001700000000000-00000-00000000000000bb", "t=1.5", "one"),
    *("999999999999999-99999-ffffffffffffffff", "furthest", "head", "count", "é\u0301", "\U0001f3b5", ""),
)


class Source:
    """Reads bytes as choices; where they end, everything is 0."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    @property
    def left(self) -> int:
        return max(0, len(self._data) - self._at)

    def bytes(self, count: int) -> bytes:
        taken = self._data[self._at : self._at + count]
        self._at += count
        return taken.ljust(count, b"\0")

    def number(self, below: int) -> int:
        """0 ≤ number < below ≤ 256."""
        return self.bytes(1)[0] % below

    def choice(self, options: Sequence[T]) -> T:
        return options[self.number(len(options))]

    def integer(self) -> int:
        """Mostly small, or anything that 64 bits hold, or at a limit."""
        match self.number(4):
            case 0:
                return self.number(256) - 3
            case 1:
                return int(struct.unpack(">q", self.bytes(8))[0])
            case 2:
                return 1_700_000_000_000 + self.number(256) * 1000
            case _:
                return self.choice((0, 1, -1, 2**31, 2**53, 2**63 - 1, -(2**63), 10**15))

    def text(self) -> str:
        if self.number(3):
            return self.choice(WORDS)
        return self.bytes(self.number(64)).decode("utf-8", "replace")

    def value(self, depth: int = MAX_DEPTH) -> Value:
        """Anything that the codec gives."""
        match self.number(11 if depth > 0 and self.left else 8):
            case 0:
                return None
            case 1:
                return bool(self.number(2))
            case 2 | 3:
                return self.integer()
            case 4:
                return float(struct.unpack(">d", self.bytes(8))[0])
            case 5:
                return self.number(256) / 255
            case 6:
                return self.text()
            case 7:
                return _EPOCH + timedelta(seconds=self.integer() % 2**37)
            case 8:
                return [self.value(depth - 1) for _ in range(self.number(5))]
            case 9:
                return self.bytes(self.number(16))
            case _:
                return self.mapping(depth)

    def mapping(self, depth: int = MAX_DEPTH) -> dict[str, Value]:
        return {self.text(): self.value(depth - 1) for _ in range(self.number(8))}

    def shaped(self, shape: dict[str, Any]) -> dict[str, Value]:
        """A map like `shape` (key → a maker), in which here and there a value is none of that kind."""
        made: dict[str, Value] = {}
        for name, make in shape.items():
            kind = self.number(16)
            if kind == 0:
                made[name] = self.value()
            elif kind != 1:
                made[name] = make()
        if self.number(8) == 7:
            made |= self.mapping()
        return made
