"""From a write on one device to the callback on another: Dal Segno against the stock client.

Each side has two processes, two devices that follow each other on 20 documents: both listen, one writes. A
round is one page turn on each side, in random order, one after the other has been heard; the documents take
turns, so that none is written more than once a second on any side (Dal Segno would collect faster edits;
people turn pages more slowly). The time runs from before the call that writes to the first line of the
callback; the writing process reports to the bench when all that is over, so that nobody's report stands in
anybody's way. What is in Dal Segno's time and not in the other's: the edit, and what is heard of it, are
stamped, merged and written to disk.

For information: the same fields by firebase-js-sdk in Node, where npm has fetched it (`javascript.py`); and
with another pair of stock processes, the same commit by a device that does not listen itself (it would not
hear of the other's writes), and a plain `set` of one field where no rules are.

Machines are noisy: it is all done `RUNS` times, each with new processes, and each figure is the median.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable
from functools import partial

from benchmarks import javascript
from benchmarks.figures import Results, percentile, spread
from benchmarks.ours import place
from benchmarks.scene import SESSIONS, Scene, session_ids
from tests.support.child import Child

RUNS = 3
WARM_UP = 2 * SESSIONS
ROUND_S = 1.05 / SESSIONS
REST_S = 0.03

Write = Callable[[int, int], list[int]]


def measure(scene: Scene, samples: int, runs: int = RUNS) -> Results:
    """`samples` page turns on each side, in each run."""
    found = [_run(scene, str(number), samples) for number in range(runs)]
    ratios = [results["remote_callback_ratio_p50"] for results in found]
    return {
        **{key: statistics.median(results[key] for results in found) for key in found[0]},
        "remote_callback_runs": runs,
        "remote_callback_ratio_p50_least": min(ratios),
        "remote_callback_ratio_p50_most": max(ratios),
    }


def _run(scene: Scene, run: str, samples: int) -> Results:
    with (
        javascript.pair() as js_pair,
        Child("benchmarks.ours") as writer,
        Child("benchmarks.ours") as hearer,
        Child("benchmarks.stock") as stock_writer,
        Child("benchmarks.stock") as stock_hearer,
        Child("benchmarks.stock") as aside_writer,
        Child("benchmarks.stock") as aside_hearer,
    ):
        sides = {
            "remote_callback": (_ours(scene, run, writer, hearer), hearer),
            "stock_callback": (_stock(scene, run, stock_writer, stock_hearer, both=True), stock_hearer),
            "one_way_callback": (_stock(scene, run, aside_writer, aside_hearer, both=False), aside_hearer),
            "plain_callback": (_plain(run, aside_writer, aside_hearer), aside_hearer),
        }
        if js_pair is None:
            scene.progress("without firebase-js-sdk: npm has not fetched it (make bench does)")
        else:
            sides["js_callback"] = (_javascript(scene, run, *js_pair), js_pair[1])
        return _summary(_rounds(scene, sides, samples))


def _ours(scene: Scene, run: str, writer: Child, hearer: Child) -> Write:
    names = session_ids(f"ours-{run}")
    for child, name in ((writer, f"phone-{run}"), (hearer, f"laptop-{run}")):
        child.ask("start", project=scene.project, host=scene.emulator.host, home=str(scene.home), name=name)
        child.ask("open", sessions=names)
    for number, name in enumerate(names, 1):
        writer.ask("update", session=name, serial=number)
    writer.ask("live")
    for number in range(1, len(names) + 1):
        hearer.event(partial(lambda n, e: e["heard"] == n, number))
    return lambda turn, serial: _turn(writer, "update", session=names[turn % len(names)], serial=serial)


def _stock(scene: Scene, run: str, writer: Child, hearer: Child, *, both: bool) -> Write:
    """`both`: the writer listens too."""
    names = session_ids(f"{'stock' if both else 'one-way'}-{run}")
    for child in (writer, hearer):
        child.ask("start", project=scene.project, open_project=scene.open_project, host=scene.emulator.host)
    writer.ask("create", sessions=names)
    for child in (writer, hearer) if both else (hearer,):
        child.ask("listen", sessions=names)
        _await_firsts(child, len(names))
    return lambda turn, serial: _turn(writer, "update", session=names[turn % len(names)], serial=serial)


def _javascript(scene: Scene, run: str, writer: Child, hearer: Child) -> Write:
    names = session_ids(f"js-{run}")
    for child in (writer, hearer):
        child.ask("start", project=scene.project, host=scene.emulator.host)
    writer.ask("create", sessions=names, place=place(1).to_value())
    for child in (writer, hearer):
        child.ask("listen", sessions=names)
        _await_firsts(child, len(names))

    def write(turn: int, serial: int) -> list[int]:
        here = place(serial).to_value()
        return _turn(writer, "update", session=names[turn % len(names)], serial=serial, place=here)

    return write


def _plain(run: str, writer: Child, hearer: Child) -> Write:
    names = session_ids(f"plain-{run}")
    for name in names:
        writer.ask("set_plain", name=name, serial=0)
    heard = hearer.ask("firsts")
    hearer.ask("listen_plain", names=names)
    _await_firsts(hearer, heard + len(names))
    return lambda turn, serial: _turn(writer, "set_plain", name=names[turn % len(names)], serial=serial)


def _turn(writer: Child, do: str, **what: object) -> list[int]:
    took: list[int] = writer.ask(do, rest_s=REST_S, **what)
    return took


def _await_firsts(hearer: Child, count: int) -> None:
    while hearer.ask("firsts") < count:
        time.sleep(0.05)


def _rounds(scene: Scene, sides: dict[str, tuple[Write, Child]], samples: int) -> dict[str, list[float]]:
    took: dict[str, list[float]] = {name: [] for name in sides}
    chance = random.Random(1)
    for turn in range(WARM_UP + samples):
        start = time.monotonic()
        for name in chance.sample(list(sides), len(sides)):
            write, hearer = sides[name]
            milliseconds = _once(write, hearer, turn)
            if turn >= WARM_UP:
                took[name].append(milliseconds)
        if turn % 50 == 0:
            scene.progress(f"write → callback: {turn} of {WARM_UP + samples} rounds")
        time.sleep(max(0.0, start + ROUND_S - time.monotonic()))
    return took


def _once(write: Write, hearer: Child, turn: int) -> float:
    serial = 1000 + turn
    hearer.events.clear()
    before_ns, _ = write(turn, serial)
    heard_ns: int = hearer.event(lambda event: event["heard"] == serial)["at_ns"]
    return (heard_ns - before_ns) / 1e6


def _summary(took: dict[str, list[float]]) -> Results:
    results: Results = {"remote_callback_samples": len(took["remote_callback"])}
    for name, samples in took.items():
        results |= spread(name, samples, 50, 95, 99)
    for percent in (50, 95, 99):
        ours = percentile(took["remote_callback"], percent)
        results[f"remote_callback_ratio_p{percent}"] = ours / percentile(took["stock_callback"], percent)
        results[f"one_way_ratio_p{percent}"] = ours / percentile(took["one_way_callback"], percent)
        if "js_callback" in took:
            results[f"js_callback_ratio_p{percent}"] = ours / percentile(took["js_callback"], percent)
    return results
