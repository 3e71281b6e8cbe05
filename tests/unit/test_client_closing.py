"""The client: pause, flush and close, and how its threads and its process end."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import psutil
import pytest

import dalsegno as ds
from dalsegno._client.client import Client
from dalsegno.testing._simulated_firestore import SimulatedFirestore
from tests.support.client_tests import DEAD, Book, StoppableTime, connect
from tests.support.waiting import until


def test_pause_sends_what_is_owed_and_hangs_up(phone: Client, cloud: SimulatedFirestore) -> None:
    """Two edits within a second are both at the server when `pause` returns; resumed, it is live again."""
    book = phone.open("moby", Book)
    until(lambda: phone.status.link is ds.Link.LIVE)
    book.update(note="first")
    book.update(note="second")
    phone.pause(30.0)
    assert {"note": "second"} == (cloud.session("moby") or {})["state"]
    until(lambda: phone.status.link is ds.Link.OFFLINE)
    cloud_knows = dict(cloud.session("moby") or {})
    book.update(note="in the background")
    assert cloud_knows == cloud.session("moby")
    phone.resume()
    assert phone.flush(30.0)
    assert {"note": "in the background"} == (cloud.session("moby") or {})["state"]


def test_flush_is_true_when_nothing_is_owed(phone: Client, cloud: SimulatedFirestore) -> None:
    """Nothing to send, nobody to wait for: also without a server."""
    cloud.reachable = False
    phone.open("moby", Book)
    assert phone.flush(0.0)


def test_flush_sends_now_what_would_have_been_collected(cloud: SimulatedFirestore, tmp_path: Path) -> None:
    """Within the second in which edits are collected, `flush` brings the newest to the server."""
    stoppable = StoppableTime()
    with cloud.client(tmp_path, "phone", time=stoppable) as client:
        book = client.open("moby", Book)
        book.update(note="first")
        assert client.flush(30.0)
        stoppable.stop()  # the second never ends
        client._runtime.worker.call(lambda: client._engine.uploader.hurry(0.0))
        for number in range(5):
            book.update(note=str(number))
        assert client.flush(30.0)
        assert {"note": "4"} == (cloud.session("moby") or {})["state"]


def test_flush_and_close_give_up_in_time(cloud: SimulatedFirestore, tmp_path: Path) -> None:
    """Without a server both say no after the time they were given, and the edit is there next time."""
    client = cloud.client(tmp_path, "phone", reachable=False)
    client.open("moby", Book).update(note="kept")
    assert not client.flush(0.05)  # whoever waits for ever, waits here
    assert not client.close(0.05)
    cloud.reachable = True
    with cloud.client(tmp_path, "phone") as again:
        assert again.flush(30.0)
    assert {"note": "kept"} == (cloud.session("moby") or {})["state"]


def test_close_ends_all_threads(cloud: SimulatedFirestore, tmp_path: Path) -> None:
    """After `close` no thread of ours is left, callbacks' and disk's neither."""
    before = _threads()
    client = cloud.client(tmp_path, "phone")
    book = client.open("moby", Book)
    told: list[object] = []
    book.on_change(told.append)
    book.update(note="x")
    until(lambda: told and client.status.link is ds.Link.LIVE)
    assert client.close(30.0)
    until(lambda: not _threads() - before, what="the threads to end")


def test_close_ends_all_threads_of_a_real_network_stack(
    project: str, emulator_host: str, tmp_path: Path
) -> None:
    """The same with grpc, connected: its own threads end as well."""
    before = _threads()
    client = connect(tmp_path, project=project, emulator=emulator_host)
    client.open("moby", Book).update(note="x")
    assert client.flush(30.0)
    port = int(emulator_host.rpartition(":")[2])
    connected = len(_connections(port))
    assert client.close(30.0)
    until(lambda: not _threads() - before, what="the threads to end")
    until(lambda: len(_connections(port)) < connected, what="the connection to be closed")


def _connections(port: int) -> list[Any]:
    found = psutil.Process().net_connections("tcp")
    return [c for c in found if c.raddr and c.raddr.port == port and c.status == psutil.CONN_ESTABLISHED]


def _threads() -> set[threading.Thread]:
    """Ours and grpc's; those of earlier tests, which may be about to end, are among them."""
    mine = ("dalsegno", "(_run)")
    return {t for t in threading.enumerate() if any(word in t.name for word in mine)}


def test_a_client_closed_before_it_dialled_never_dials(tmp_path: Path) -> None:
    """Opened and closed at once: no network stack is begun behind the app's back."""
    client = connect(tmp_path)
    client.close(0.0)
    until(lambda: not [t for t in threading.enumerate() if t.name.startswith("dalsegno-dial")])
    assert client._runtime._remote is None


def test_a_closed_client_says_so(phone: Client) -> None:
    """Every call is refused with what to do; closing again is harmless; the last status stays."""
    book = phone.open("moby", Book)
    phone.close(30.0)
    assert phone.close(30.0)
    uses = (
        lambda: phone.open("moby", Book),
        phone.recent,
        phone.flush,
        phone.now_ms,
        lambda: book.update(note="x"),
    )
    for use in uses:
        with pytest.raises(ds.Closed, match="closed"):
            use()
    book.close()
    assert ds.Saved.EVERYWHERE == phone.status.saved


def test_close_from_inside_a_callback_works(cloud: SimulatedFirestore, tmp_path: Path) -> None:
    """An app may close its client in answer to a change."""
    client = cloud.client(tmp_path, "phone")
    book = client.open("moby", Book)
    closed = threading.Event()
    book.on_change(lambda _: (client.close(30.0), closed.set()))
    book.update(note="x")
    assert closed.wait(30)


def test_two_threads_may_close(cloud: SimulatedFirestore, tmp_path: Path) -> None:
    """A sign-out waits for what is owed while the window closes: neither fails, and the profile is free."""
    client = cloud.client(tmp_path, "phone", reachable=False)
    client.open("moby", Book).update(note="kept")
    done: list[bool] = []
    patient = threading.Thread(target=lambda: done.append(client.close(1.0)))
    patient.start()
    until(lambda: len(client._standing.waiters) or done)
    assert not client.close(0.0)
    cloud.client(tmp_path, "phone").close(0.0)
    patient.join(30)
    assert [False] == done


def test_leaving_the_with_block_closes(cloud: SimulatedFirestore, tmp_path: Path) -> None:
    """`with connect(…)` flushes and closes."""
    with cloud.client(tmp_path, "phone") as client:
        client.open("moby", Book).update(note="x")
        until(lambda: client.status.link is ds.Link.LIVE)
    assert {"note": "x"} == (cloud.session("moby") or {})["state"]
    with pytest.raises(ds.Closed):
        client.recent()


@pytest.mark.parametrize("when", ["at once", "while grpc is being imported"])
def test_a_process_may_end_without_closing(tmp_path: Path, when: str) -> None:
    """A script that just ends, ends well: no crash, no traceback, whatever our threads do just then."""
    wait = "" if when == "at once" else "\nwhile 'grpc' not in sys.modules: pass"
    code = f"""
import sys, dalsegno as ds
class Book(ds.State, schema="book/1"):
    note: str = ds.latest("")
client = ds.connect("demo-books", user=ds.Unsigned("alice"), home={str(tmp_path)!r}, emulator={DEAD!r})
client.open("moby", Book).update(note="kept"){wait}
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (0, "") == (done.returncode, done.stderr)
    with connect(tmp_path) as client:
        assert "kept" == client.open("moby", Book).state.note
        client.close(0.0)
