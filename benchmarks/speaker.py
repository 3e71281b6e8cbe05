"""A device that plays one sound, in a process of its own; run by `benchmarks.handoff`.

The player's own engine on a silent device that keeps time (blocks of 40 ms, pulled on its own thread),
obeying the line as the recipe says: sound where `holder.here` and `holder.active`, and nowhere else.
"""

from __future__ import annotations

import sys
import threading
import time
from array import array
from collections.abc import Generator
from pathlib import Path
from typing import Any

import dalsegno as ds
from apps.player.audio.backend import Blocks, MiniaudioBackend
from apps.player.audio.engine import FADE_MS, Engine
from tests.support.child import serve, tell
from tests.support.waiting import until

LOUD = 1e-3


class Music(ds.State, schema="music/1"):
    track: str = ds.held("")
    playhead: ds.Playhead = ds.held(ds.Playhead())


class Tapped(MiniaudioBackend):
    """A silent device that notes which of its blocks could be heard."""

    def __init__(self) -> None:
        super().__init__(silent=True)
        self.heard: list[tuple[int, bool]] = []
        """When a block was pulled, nanoseconds, and whether there was a sound in it."""

    def start(self, blocks: Blocks) -> None:
        next(blocks)
        super().start(self._tap(blocks))

    def _tap(self, blocks: Blocks) -> Generator[array[float], int, None]:
        frames = yield array("f")
        while True:
            at_ns = time.monotonic_ns()
            block = blocks.send(frames)
            self.heard.append((at_ns, max(block, default=0.0) > LOUD))
            frames = yield block


class Speaker:
    """What the bench can ask of the process."""

    def __init__(self) -> None:
        self._client: ds.Client | None = None
        self._music: ds.Session[Music] | None = None
        self._file = Path()
        self._backend = Tapped()
        self._engine = Engine(self._backend)
        self._lock = threading.Lock()
        self._obeyed: tuple[bool, float, int] = (False, 0.0, 0)

    @property
    def music(self) -> ds.Session[Music]:
        assert self._music is not None
        return self._music

    @property
    def client(self) -> ds.Client:
        assert self._client is not None
        return self._client

    def start(self, project: str, host: str, home: str, name: str, file: str) -> str:
        self._file = Path(file)
        user = ds.Unsigned("alice")
        self._client = ds.connect(
            project, user=user, device=name, profile=name, app="bench", home=Path(home), emulator=host
        )
        self._music = self._client.open("handoff", Music)
        self._music.on_holder(self._obey)
        self._music.on_change(lambda _: self._obey(), fields=("track", "playhead"))
        self._music.on_transfer(self._asked)
        until(lambda: self.client.status.link is ds.Link.LIVE and self.music.known, timeout_s=30)
        return str(self._client.device.id)

    def _asked(self, transfer: ds.Transfer[Music]) -> None:
        place = ds.Playhead.playing_from(transfer.state.playhead.position, self.client.now_ms())
        tell(took=transfer.take(playhead=place))

    def _obey(self) -> None:
        with self._lock:
            holder, head = self.music.holder, self.music.state.playhead
            sounds = bool(holder and holder.here and holder.active)
            if (sounds, head.position, head.at) == self._obeyed:
                return
            self._obeyed = (sounds, head.position, head.at)
            if sounds:
                position_ms = head.position_at(self.client.now_ms())
                self._engine.load("sound", self._file, position_ms, playing=True, fade_ms=FADE_MS)
            else:
                self._engine.pause()

    def press(self) -> int:
        """Play, here, from where it was last heard; gives when, nanoseconds."""
        before = time.monotonic_ns()
        place = self.music.settled.playhead.position
        self.music.take_over(playhead=ds.Playhead.playing_from(place, self.client.now_ms()))
        return before

    def begin(self) -> None:
        """The first press: from the beginning."""
        self.music.take_over(track="sound", playhead=ds.Playhead.playing_from(0, self.client.now_ms()))

    def release(self) -> None:
        self.music.release()

    def transfer(self, device: str) -> str:
        """How it ended: `taken`, or why not."""
        try:
            self.music.transfer(device).result(20.0)
        except ds.NotTaken as error:
            return error.why
        return "taken"

    def heard(self) -> list[list[Any]]:
        """The blocks since the last time."""
        count = len(self._backend.heard)
        found, self._backend.heard[:count] = self._backend.heard[:count], []
        return [[at_ns, loud] for at_ns, loud in found]

    def place(self) -> dict[str, Any]:
        """Where the sound is, where the line says it is, and whether anything is audible."""
        state = self.music.settled
        off_ms = self._engine.position_ms - state.playhead.position
        holder = self.music.holder
        return {
            "position_ms": state.playhead.position,
            "off_ms": off_ms,
            "sounds": self._engine.playing,
            "holder": holder.device.id if holder else "",
            "active": bool(holder and holder.active),
        }

    def close(self) -> bool:
        self._engine.close()
        return self.client.close(5.0)


if __name__ == "__main__":
    serve(Speaker())
    sys.exit(0)
