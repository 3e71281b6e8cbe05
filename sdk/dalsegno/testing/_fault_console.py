"""`dalsegno faults`: the fault proxy by hand, with commands on stdin, or by a timetable.

Both forms take the same commands. Runs on the caller's thread. Invariant: a command that makes no sense
changes nothing and is answered with what would.
"""

from __future__ import annotations

import queue
import sys
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import cast

from dalsegno._errors import UsageError
from dalsegno.testing._fault_connection import Direction
from dalsegno.testing._fault_proxy import FaultProxy

HELP = """\
  cut                   end all connections, refuse new ones
  reset                 end all connections, take new ones
  refuse                refuse new connections, keep the old ones
  delay MS [JITTER]     let everything arrive later
  throttle BYTES        at most so many bytes a second (throttle off: no limit)
  stall [up|down]       hold bytes back, in one direction or both
  half-open             accept everything, pass nothing on
  restore               a faultless link again
  status                what is wrong now, and what has been carried
  quit                  end the proxy"""


def run(upstream: str, listen: str, timetable: Sequence[str]) -> int:
    """Runs the proxy until `quit` or Ctrl-C. `timetable`: "SECONDS COMMAND" each, counted from the start."""
    steps = sorted((_step(line) for line in timetable), key=lambda step: step[0])
    with FaultProxy(upstream, listen) as link:
        print(f"export FIRESTORE_EMULATOR_HOST={link.host}", flush=True)
        _say(f"carrying {link.host} → {upstream}; type help for the commands")
        lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=_read, args=(sys.stdin, lines.put), daemon=True).start()
        started_s = time.monotonic()
        while True:
            wait_s = None if not steps else max(0.0, steps[0][0] - (time.monotonic() - started_s))
            try:
                command = lines.get(timeout=wait_s)
            except queue.Empty:
                command = steps.pop(0)[1]
                _say(f"> {command}")
            if command == "quit":
                return 0
            _say(_answer(link, command))


def _read(source: Iterable[str], put: Callable[[str], None]) -> None:
    """Commands as they are typed; the end of the input ends nothing, for it may be no terminal."""
    for line in source:
        if line.strip():
            put(line.strip())


def _answer(link: FaultProxy, command: str) -> str:
    try:
        return do(link, command)
    except UsageError as error:
        return str(error)


def do(link: FaultProxy, command: str) -> str:
    """Does one command; returns what to say. Raises UsageError if it makes no sense."""
    name, *words = command.split()
    match name, words:
        case (("cut" | "reset" | "refuse" | "restore"), []):
            getattr(link, name)()
        case "half-open", []:
            link.half_open()
        case "delay", [_] | [_, _]:
            link.delay(*(_number(word) for word in words))
        case "throttle", ["off"]:
            link.throttle(None)
        case "throttle", [word]:
            link.throttle(_number(word))
        case "stall", [] | [_]:
            link.stall(*cast("list[Direction]", words))
        case "status", []:
            pass
        case "help", []:
            return HELP
        case _:
            raise UsageError(f"{command!r} is no command:\n{HELP}")
    return status(link)


def status(link: FaultProxy) -> str:
    """One line on what is wrong and what was carried."""
    faults = link.faults
    late = f"{faults.delay_ms:g} to {faults.delay_ms + faults.jitter_ms:g} ms late"
    wrong = {
        "new connections refused": faults.refusing,
        late: faults.delayed,
        f"{faults.bytes_per_s:g} bytes/s" if faults.bytes_per_s else "": faults.bytes_per_s is not None,
        f"stalled {' and '.join(sorted(faults.stalled))}": faults.stalled,
        "half open": faults.swallowing,
    }
    told = ", ".join(words for words, holds in wrong.items() if holds) or "faultless"
    carried = f"{link.carried('up')} bytes up, {link.carried('down')} down"
    return f"{told}; {link.connections} connections, {carried}"


def _step(line: str) -> tuple[float, str]:
    seconds, _, command = line.strip().partition(" ")
    if not command.strip():
        raise UsageError(f"{line!r} is no step of a timetable: it must be like '5 cut'")
    at_s = _number(seconds.removesuffix("s"))
    if not 0 <= at_s <= threading.TIMEOUT_MAX:
        raise UsageError(f"{line!r} is no step of a timetable: its time is 0 seconds or more")
    return at_s, command.strip()


def _number(word: str) -> float:
    try:
        return float(word)
    except ValueError:
        raise UsageError(f"{word!r} is no number") from None


def _say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)
