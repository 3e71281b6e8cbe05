"""A process that forks with a client open: the child is told so, and the parent never notices."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import dalsegno as ds

DEAD = "127.0.0.1:9"
"""Nobody listens there."""

SCRIPT = """
import gc, os, sys, time, warnings, weakref
import dalsegno as ds

warnings.simplefilter("ignore", DeprecationWarning)

class Book(ds.State, schema="book/1"):
    note: str = ds.latest("")

client = ds.connect("demo-books", user=ds.Unsigned("alice"), home=sys.argv[1], emulator=sys.argv[2])
book = client.open("moby", Book)
changes = book.changes()
book.update(note="before")
while "grpc" not in sys.modules or client._runtime._remote is None:
    time.sleep(0.01)

def child():
    calls = {
        "open": lambda: client.open("emma", Book),
        "update": lambda: book.update(note="child"),
        "saved": lambda: book.saved,
        "wait_saved": lambda: book.wait_saved(1.0),
        "on_change": lambda: book.on_change(print),
        "changes": lambda: book.changes(),
        "an iterator": lambda: (next(changes), next(changes)),
        "session.close": book.close,
        "recent": client.recent,
        "devices": client.devices,
        "on_devices": lambda: client.on_devices(print),
        "rename_device": lambda: client.rename_device(client.device.id, "x"),
        "sign_out_device": lambda: client.sign_out_device("0" * 16),
        "on_status": lambda: client.on_status(print),
        "now_ms": client.now_ms,
        "network_changed": client.network_changed,
        "pause": client.pause,
        "resume": client.resume,
        "flush": client.flush,
        "close": client.close,
    }
    for name, call in calls.items():
        try:
            call()
        except ds.UsageError as error:
            assert "a fork" in str(error), (name, error)
        else:
            raise AssertionError(f"{name} did not raise")
    assert book.state.note == "before"
    gc.collect()
    assert garbage() is not None, "what was garbage at the fork was taken down in the child"
    with client, book:
        pass  # to leave the blocks that it was forked in harms nothing

class Circle:
    pass

gc.disable()
circle = Circle()
circle.itself, garbage = circle, weakref.ref(circle)
del circle
pid = os.fork()
if pid == 0:
    child()
    print("child: refused", flush=True)
    del client, book, changes, child
    gc.collect()
    sys.exit(0)
assert "ctypes" in sys.modules  # what the child needs was loaded before it was there
_, status = os.waitpid(pid, 0)
print("child ended with", status, flush=True)
assert book.update(note="after").note == "after"
os.kill(os.getpid(), 9)  # so that only what is on disk counts
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_is_refused_and_harms_nothing(tmp_path: Path) -> None:
    """Every call raises there instead of waiting for a thread that does not exist; the child drops what it
    inherited and ends; the parent's profile stays its own, and what it edits then is on disk."""
    command = [sys.executable, "-X", "dev", "-c", SCRIPT, str(tmp_path), DEAD]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (["child: refused", "child ended with 0"], -9) == (
        done.stdout.splitlines(),
        done.returncode,
    ), done.stderr

    class Book(ds.State, schema="book/1"):
        note: str = ds.latest("")

    with ds.connect("demo-books", user=ds.Unsigned("alice"), home=tmp_path, emulator=DEAD) as client:
        assert "after" == client.open("moby", Book).state.note
        assert [] == client.notices
        client.close(0.0)
