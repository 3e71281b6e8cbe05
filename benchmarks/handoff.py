"""From a press of "play" on one device to silence on the other: two processes with the player's own sound.

Each round one device takes over from the other, by a press or by a transfer, in turns, some of them while the
music rests. The blocks that each sound device pulls are noted, so it is known when the one that gave way was
heard last, when the new one was heard first, for how long both sounded, and for how long none did. In some
transfers the device that is asked is killed first: the music then goes on where it was.
"""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

from benchmarks.figures import Results, percentile, spread
from benchmarks.scene import Scene
from tests.support.child import Child, ChildError
from tests.support.waiting import until

SECONDS_OF_SOUND = 1800
SETTLED_S = 0.35
"""How long after a take-over the sound of both is looked at: nine blocks."""
KILLED_EACH = 5
"""Of so many transfers one asks a device that is dead."""


def measure(scene: Scene, rounds: int) -> Results:
    """`rounds` take-overs and as many transfers."""
    scene.progress(f"{rounds} take-overs and {rounds} transfers, with sound")
    file = _sound(scene.home / "handoff.wav")
    stage = _Stage(scene, file)
    try:
        pressed = [stage.round(number, by_press=True) for number in range(rounds)]
        handed = [stage.round(number, by_press=False) for number in range(rounds)]
        killed = [stage.asks_the_dead() for _ in range(max(1, rounds // KILLED_EACH))]
    finally:
        stage.close()
    both = [*pressed, *handed]
    return {
        **spread("handoff", [one["silent_ms"] for one in pressed if not one["rests"]], 50, 95),
        **spread("handoff_first_sound", [one["first_ms"] for one in pressed], 50, 95),
        **spread("handoff_transfer", [one["first_ms"] for one in handed], 50, 95),
        "handoff_off_p95_ms": percentile([one["off_ms"] for one in both], 95),
        "handoff_both_most_ms": max(one["both_ms"] for one in both),
        "handoff_none_most_ms": max(one["none_ms"] for one in handed),
        "handoff_lost": float(sum(one["lost"] for one in both) + sum(killed)),
    }


def _sound(path: Path) -> Path:
    """A tone for half an hour."""
    import numpy as np
    import soundfile

    second = (0.2 * np.sin(np.arange(8_000) * (2 * np.pi * 440 / 8_000))).astype(np.float32)
    with soundfile.SoundFile(path, "w", 8_000, 1, "PCM_16", format="WAV") as file:
        for _ in range(SECONDS_OF_SOUND):
            file.write(second)
    return path


class _Stage:
    """Two devices; `self._playing` is the one that has the music."""

    def __init__(self, scene: Scene, file: Path) -> None:
        self._scene, self._file = scene, file
        self._ids: dict[int, str] = {}
        self._devices = [Child("benchmarks.speaker"), Child("benchmarks.speaker")]
        for number in (0, 1):
            self._start(number)
        self._playing = 0
        self._devices[0].ask("begin")
        self._settled(0)

    def _start(self, number: int) -> None:
        where = {"project": self._scene.project, "host": self._scene.emulator.host}
        self._ids[number] = self._devices[number].ask(
            "start", **where, home=str(self._scene.home), name=f"speaker-{number}", file=str(self._file)
        )

    def _settled(self, playing: int) -> None:
        """Both know who plays, and one sounds."""

        def so() -> bool:
            places = [device.ask("place") for device in self._devices]
            right = all(p["holder"] == self._ids[playing] and p["active"] for p in places)
            return right and [p["sounds"] for p in places] == [number == playing for number in (0, 1)]

        until(so, timeout_s=20, what=f"speaker-{playing} to play alone")

    def round(self, number: int, *, by_press: bool) -> dict[str, float]:
        """The music goes over; every fifth time it rests before."""
        old, new = self._playing, 1 - self._playing
        rests = number % 5 == 4 and by_press
        before = self._devices[old].ask("place")["position_ms"]
        if rests:
            self._devices[old].ask("release")
            time.sleep(0.2)
        for device in self._devices:
            device.ask("heard")
        pressed_ns = self._goes_over(old, new, by_press)
        time.sleep(SETTLED_S)
        gone, come = (self._loud(self._devices[n], pressed_ns) for n in (old, new))
        self._settled(new)
        place = self._devices[new].ask("place")
        self._playing = new
        last_ns, first_ns = max(gone, default=pressed_ns), min(come, default=pressed_ns)
        return {
            "rests": float(rests),
            "silent_ms": (last_ns - pressed_ns) / 1e6,
            "first_ms": (first_ns - pressed_ns) / 1e6,
            "both_ms": max(0.0, (last_ns - first_ns) / 1e6),
            "none_ms": 0.0 if rests else max(0.0, (first_ns - last_ns) / 1e6),
            "off_ms": abs(place["off_ms"]),
            "lost": float(place["position_ms"] < before or not come),
        }

    def _goes_over(self, old: int, new: int, by_press: bool) -> int:
        if by_press:
            pressed_ns: int = self._devices[new].ask("press")
            return pressed_ns
        pressed_ns = time.monotonic_ns()
        taken = self._devices[old].ask("transfer", device=self._ids[new])
        assert taken == "taken", taken
        return pressed_ns

    @staticmethod
    def _loud(device: Child, since_ns: int) -> list[int]:
        """When blocks with a sound in them were pulled; one is heard when it is pulled, and for 40 ms."""
        return [at_ns for at_ns, loud in device.ask("heard") if loud and at_ns >= since_ns]

    def asks_the_dead(self) -> bool:
        """The device that is asked is killed first; whether anything was lost."""
        old, new = self._playing, 1 - self._playing
        before = self._devices[old].ask("place")["position_ms"]
        self._devices[new].kill()
        why = self._devices[old].ask("transfer", device=self._ids[new])
        place = self._devices[old].ask("place")
        lost = why != "lapsed" or not place["sounds"] or place["position_ms"] < before
        with self._devices[new]:
            pass
        self._devices[new] = Child("benchmarks.speaker")
        self._start(new)
        self._settled(old)
        return lost

    def close(self) -> None:
        for device in self._devices:
            with contextlib.suppress(AssertionError, ChildError):
                device.ask("close")
            with device:
                pass
