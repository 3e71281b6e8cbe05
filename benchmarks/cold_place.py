"""From the start of a process to the place in a book, from disk, with the network down."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

from benchmarks.figures import Results
from benchmarks.scene import Scene
from tests.support.child import Child

_DEAD = "127.0.0.1:9"  # "discard": nobody listens there
_PROJECT = "demo-cold-place"

_CODE = """
import sys, time
import dalsegno as ds

class Reading(ds.State, schema="reading/1"):
    place: ds.Locator | None = ds.latest(None)
    furthest: float = ds.highest(0.0)
    text_size: float = ds.on_this_device(18.0)

client = ds.connect(
    sys.argv[1], user=ds.Unsigned("alice"), device="cold", profile="cold", app="bench",
    home=sys.argv[2], emulator=sys.argv[3],
)
place = client.open("ours-0", Reading).state.place
print(time.monotonic_ns(), place.locations.position, flush=True)
client.close(0.0)
"""


def measure(scene: Scene, starts: int) -> Results:
    """The median of `starts` processes, each on the store that a session on 20 books left behind."""
    with Child("benchmarks.ours") as device:
        device.ask("start", project=_PROJECT, host=_DEAD, home=str(scene.home), name="cold")
        device.ask("open", sessions=[f"ours-{number}" for number in range(20)])
        for number in range(20):
            device.ask("update", session=f"ours-{number}", serial=77)
        device.ask("close")
    ours_ms = [_once_ms(scene) for _ in range(starts + 1)][1:]
    python_ms = [_python_ms() for _ in range(starts)]
    return {"cold_place_ms": statistics.median(ours_ms), "cold_python_ms": statistics.median(python_ms)}


def _once_ms(scene: Scene) -> float:
    command = [sys.executable, "-c", _CODE, _PROJECT, str(scene.home), _DEAD]
    before_ns = time.monotonic_ns()
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    at_ns, position = (int(word) for word in done.stdout.split())
    assert position == 77, f"the place from disk is {position}"
    return (at_ns - before_ns) / 1e6


def _python_ms() -> float:
    code = "import time; print(time.monotonic_ns())"
    before_ns = time.monotonic_ns()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return (int(done.stdout) - before_ns) / 1e6
