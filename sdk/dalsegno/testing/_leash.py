"""A leash: runs a command, and ends its whole process tree when whoever holds the other end lets go.

Run as a program of its own (`python -I -S leash.py SCRATCH COMMAND …`), standard library only. Its stdin
is a pipe whose other end the owner holds: the kernel closes it however the owner ends, kill -9 included,
and that is the signal to end the command, its children, and those of them that moved into process groups
of their own (the Firebase CLI detaches Java; gcloud leaves it behind when ended alone). Then SCRATCH, the
command's working directory, is removed. One thread; on Windows, which cannot wait for a pipe and a process at
once, three. Invariant: no process of the command outlives the leash (on Windows: none whose parents live).
"""

from __future__ import annotations

import ctypes
import os
import select
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

GRACE_S = 0.5  # between SIGTERM and SIGKILL: an emulator keeps nothing that would have to be saved
GONE_S = 5.0  # after SIGKILL: a busy machine takes a while to take back Java's memory
STEP_S = 0.02
PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h


def main(arguments: list[str], platform: str = sys.platform) -> int:
    """Runs the command until it ends by itself or stdin closes; returns the command's exit code."""
    scratch, command = arguments[0], arguments[1:]
    run = _run_on_windows if platform == "win32" else _run
    try:
        code = run(scratch, command)
    except OSError as error:
        print(f"{command[0]}: {error.strerror}", file=sys.stderr)
        return 127
    shutil.rmtree(scratch, ignore_errors=True)
    return code


def _run(scratch: str, command: list[str]) -> int:
    _adopt_orphans()
    wakeup = _wakeup_on(signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, cwd=scratch, start_new_session=True)
    with suppress(KeyboardInterrupt):
        _wait(child, wakeup)
    _end(child)
    return child.returncode


def _run_on_windows(scratch: str, command: list[str]) -> int:
    """There are neither process groups nor SIGCHLD, and `select` knows no pipes."""
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, cwd=scratch)
    over = threading.Event()

    def after(wait: Callable[[], object]) -> None:
        with suppress(OSError):
            wait()
        over.set()

    for wait in (child.wait, _await_end_of_input):
        threading.Thread(target=after, args=(wait,), daemon=True).start()
    over.wait()
    if child.poll() is None:  # with all below it, while the chain of parents stands
        end = ["taskkill", "/PID", str(child.pid), "/T", "/F"]
        subprocess.run(end, stdout=subprocess.DEVNULL, check=False)
    return child.wait()


def _await_end_of_input() -> None:
    """Not by Python's own buffer: a thread that waits within it cannot be left behind at the end."""
    while os.read(sys.stdin.fileno(), 4096):
        pass


def _wait(child: subprocess.Popen[bytes], wakeup: int) -> None:
    """Until stdin closes, the command ends, or a signal tells us to end."""
    while child.poll() is None:
        ready, _, _ = select.select([sys.stdin.fileno(), wakeup], [], [])
        # SIGCHLD alone is no end: it also comes when the command is stopped, and when an orphan of its ends.
        if ready != [wakeup] or set(os.read(wakeup, 4096)) != {signal.SIGCHLD}:
            return


def _adopt_orphans() -> None:
    """On Linux, a process whose parent died becomes our child, so that `_descendants` still finds it."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _wakeup_on(*signals: signal.Signals) -> int:
    """A file descriptor that becomes readable when one of the signals arrives."""
    readable, writable = os.pipe()
    os.set_blocking(writable, False)
    signal.set_wakeup_fd(writable)
    for number in signals:
        signal.signal(number, lambda *_: None)
    return readable


def _end(child: subprocess.Popen[bytes]) -> None:
    tree = _descendants(os.getpid())  # before the first signal: elsewhere than on Linux, orphans get lost
    _signal(child.pid, tree, signal.SIGTERM)
    _await_end(child, tree, GRACE_S)
    tree |= _descendants(os.getpid())  # who was started meanwhile
    _signal(child.pid, tree, signal.SIGKILL)
    child.wait()
    _await_end(child, tree, GONE_S)


def _await_end(child: subprocess.Popen[bytes], tree: Iterable[int], timeout_s: float) -> None:
    deadline = time.monotonic() + timeout_s
    while _alive(child, tree) and time.monotonic() < deadline:
        time.sleep(STEP_S)


def _signal(group: int, pids: Iterable[int], number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):  # macOS answers EPERM for a group of zombies
        os.killpg(group, number)
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def _alive(child: subprocess.Popen[bytes], pids: Iterable[int]) -> bool:
    child.poll()
    return any(_exists(pid) for pid in pids)


def _exists(pid: int) -> bool:
    with suppress(ChildProcessError):  # not our child, or reaped before
        os.waitpid(pid, os.WNOHANG)  # a zombie exists until its parent has asked for it
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _descendants(root: int) -> set[int]:
    """All processes below `root`, as far as their chain of parents still stands."""
    children: dict[int, list[int]] = {}
    for pid, parent in _parents():
        children.setdefault(parent, []).append(pid)
    found: set[int] = set()
    waiting = [root]
    while waiting:
        below = children.get(waiting.pop(), [])
        found.update(below)
        waiting.extend(below)
    return found


def _parents() -> list[tuple[int, int]]:
    """(pid, parent's pid) of every process. macOS has no /proc, slim images have no ps."""
    if Path("/proc/self/stat").exists():
        return [pair for entry in Path("/proc").glob("[0-9]*/stat") if (pair := _stat_pair(entry))]
    listing = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=False)
    return [(int(pid), int(parent)) for pid, parent in (line.split() for line in listing.stdout.splitlines())]


def _stat_pair(entry: Path) -> tuple[int, int] | None:
    try:
        stat = entry.read_text(errors="replace")
    except OSError:  # it ended while we looked
        return None
    return int(entry.parent.name), int(stat.rpartition(")")[2].split()[1])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
