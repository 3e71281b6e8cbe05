"""What `update()` costs the thread that calls it: stamped, merged, on disk, on its way.

Three times: 50 page turns a second in one book, which is more than a finger can do; as many by turns in 20
books, each of which sends a commit a second; and these while another device turns 40 pages a second in 20
other sessions that are open here, so that the engine's one thread is busy with what it hears.
"""

from __future__ import annotations

from benchmarks.figures import Results, spread
from benchmarks.scene import SESSIONS, Scene, session_ids
from tests.support.child import Child

PAUSE_S = 0.02
LOAD_PER_S = 40


def measure(scene: Scene, samples: int) -> Results:
    """`samples` page turns in each of the three conditions."""
    names = session_ids("cost")
    with Child("benchmarks.ours") as device:
        device.ask(
            "start", project=scene.project, host=scene.emulator.host, home=str(scene.home), name="cost"
        )
        device.ask("open", sessions=names)
        device.ask("live")
        device.ask("updates", count=2 * SESSIONS, pause_s=PAUSE_S, first=1)
        device.ask("live")
        scene.progress(f"update(): {samples} page turns in one book, then in {SESSIONS}")
        one = device.ask("updates", count=samples, pause_s=PAUSE_S, first=1000, sessions=1)
        device.ask("live")
        many = device.ask("updates", count=samples, pause_s=PAUSE_S, first=50_000)
        device.ask("live")
        with Child("benchmarks.stock") as other:
            scene.progress(f"update(): {samples} page turns while another device writes")
            loaded, heard = _under_load(scene, device, other, names, samples)
    return {
        **spread("update", [ns / 1e6 for ns in one], 50, 95, 99),
        **spread("update_many", [ns / 1e6 for ns in many], 50, 95, 99),
        **spread("update_loaded", [ns / 1e6 for ns in loaded], 50, 95, 99),
        "update_load_per_s": heard,
    }


def _under_load(
    scene: Scene, device: Child, other: Child, names: list[str], samples: int
) -> tuple[list[int], float]:
    """The other device writes to sessions that this one has open, but does not write to itself."""
    theirs = session_ids("load")
    other.ask("start", project=scene.project, open_project=scene.open_project, host=scene.emulator.host)
    other.ask("create", sessions=theirs)
    device.ask("open_to_hear", sessions=theirs)
    seconds = samples * (PAUSE_S + 0.005)
    load = other.begin("load", sessions=theirs, seconds=seconds, per_s=LOAD_PER_S)
    before = len(device.events)
    took = device.ask("updates", count=samples, pause_s=PAUSE_S, first=100_000)
    other.answer(load, seconds + 30)
    return took, (len(device.events) - before) / seconds
