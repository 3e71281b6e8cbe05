"""`dalsegno.asyncio` on a real loop: changes, waits and the end, and whoever is cancelled meanwhile."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

import dalsegno as ds
import dalsegno.asyncio
from dalsegno._persistence.lock import ProfileLock
from dalsegno.testing._simulated_firestore import SimulatedFirestore
from tests.support.client_tests import Book

DEAD = "127.0.0.1:9"
"""Nobody listens there."""
PATIENCE_S = 30.0


def client_of(cloud: SimulatedFirestore, home: Path, name: str = "phone") -> dalsegno.asyncio.Client:
    """A client of a local server, on the running loop."""
    loop = asyncio.get_running_loop()
    return dalsegno.asyncio.Client(cloud.client(home, name, deliver=loop.call_soon_threadsafe), loop)


def connect(home: Path, **more: Any) -> Any:
    return dalsegno.asyncio.connect(
        "demo-books", **{"user": ds.Unsigned("alice"), "home": home, "emulator": DEAD, **more}
    )


async def known(*sessions: dalsegno.asyncio.Session[Any]) -> None:
    """The server has told how they stand: what is told from now on is what happens to them."""
    for session in sessions:
        assert await asyncio.to_thread(session.sync.wait_known, PATIENCE_S)


def run(main: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(2 * PATIENCE_S):
            await main()

    asyncio.run(bounded(), debug=True)


def profile_is_free(home: Path) -> bool:
    (lock,) = home.rglob("lock")
    try:
        ProfileLock(lock.parent).release()
    except ds.ProfileInUse:
        return False
    return True


def test_changes_come_by_async_for_and_callbacks_on_the_loop(
    cloud: SimulatedFirestore, tmp_path: Path
) -> None:
    """What another device does arrives in both ways; the loop's thread is the one that is called."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        async with client_of(cloud, tmp_path, "phone") as phone, client_of(cloud, tmp_path, "desk") as desk:
            ours, theirs = phone.open("moby", Book), desk.open("moby", Book)
            await known(ours, theirs)
            threads, both = list[int](), asyncio.Event()

            def called(_: object) -> None:
                threads.append(threading.get_ident())
                if len(threads) == 2:
                    loop.call_soon_threadsafe(both.set)

            theirs.on_change(called)
            changes = theirs.changes()
            ours.update(note="from the phone")
            change = await anext(changes)
            assert ("from the phone", ds.Origin.REMOTE) == (change.state.note, change.origin)
            assert await ours.wait_saved(PATIENCE_S)
            assert ds.Saved.EVERYWHERE == ours.saved == phone.status.saved
            theirs.update(note="answer")
            async for change in changes:
                if change.state.note == "answer":
                    break
            assert "answer" == theirs.state.note
            await both.wait()  # they come in their own time, on the loop
            assert {threading.get_ident()} == set(threads)

    run(main)


def test_changes_end_with_the_timeout_and_with_the_session(cloud: SimulatedFirestore, tmp_path: Path) -> None:
    """All that happened since the call; then silence ends the loop, or the session's close does."""

    async def main() -> None:
        async with client_of(cloud, tmp_path) as phone:
            book = phone.open("moby", Book)
            await known(book)
            changes = book.changes(timeout_s=0.05)
            for note in "abc":
                book.update(note=note)
            assert ["a", "b", "c"] == [change.state.note async for change in changes]
            reader = asyncio.ensure_future(anext(book.changes(), None))
            await asyncio.sleep(0)
            await book.close()
            assert await reader is None
            with pytest.raises(ds.Closed):
                book.changes()

    run(main)


def test_a_cancelled_reader_loses_no_change(cloud: SimulatedFirestore, tmp_path: Path) -> None:
    """Each wait is cut off and begun again: every change comes once, in order."""

    async def main() -> None:
        async with client_of(cloud, tmp_path) as phone:
            book = phone.open("moby", Book)
            await known(book)
            changes, got = book.changes(), []
            for number in range(10):
                waiting = asyncio.ensure_future(anext(changes))
                await asyncio.sleep(0)
                if number % 2:
                    book.update(note=str(number))  # it may have arrived when the axe falls
                if not waiting.cancel():  # it had one already
                    got.append((await waiting).state.note)
                    continue
                with pytest.raises(asyncio.CancelledError):
                    await waiting
            while len(got) < 5:
                got.append((await anext(changes)).state.note)
            assert ["1", "3", "5", "7", "9"] == got

    run(main)


def test_a_reader_that_is_let_go_is_forgotten(cloud: SimulatedFirestore, tmp_path: Path) -> None:
    """Whoever leaves an `async for` leaves nothing behind that changes pile up for."""

    async def main() -> None:
        async with client_of(cloud, tmp_path) as phone:
            book = phone.open("moby", Book)
            for number in range(3):
                changes = book.changes()
                book.update(note=str(number))
                async for _ in changes:
                    break
                del changes
            gc.collect()
            assert 0 == len(book.sync._subscribers)

    run(main)


def test_waits_give_up_in_time_and_can_be_cancelled(cloud: SimulatedFirestore, tmp_path: Path) -> None:
    """Without a server `flush` and `wait_saved` say no; cancelled, they leave nobody waiting."""

    async def main() -> None:
        cloud.reachable = False
        phone = client_of(cloud, tmp_path)
        book = phone.open("moby", Book)
        book.update(note="kept")
        assert (False, False) == (await phone.flush(0.01), await book.wait_saved(0.01))
        for wait in (phone.flush(PATIENCE_S), book.wait_saved(PATIENCE_S)):
            waiting = asyncio.ensure_future(wait)
            await asyncio.sleep(0)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
        assert 0 == len(phone.sync._standing.waiters)
        assert not await phone.close(0.01)
        for refused in (phone.flush, phone.recent):
            with pytest.raises(ds.Closed):
                await refused()  # type: ignore[misc]

    run(main)


def test_connect_can_be_entered_or_awaited(tmp_path: Path) -> None:
    """Both give a client; leaving the block closes it, also by an error."""

    async def main() -> None:
        with pytest.raises(ZeroDivisionError):
            async with connect(tmp_path) as client:
                client.open("moby", Book).update(note="kept")
                assert not profile_is_free(tmp_path)
                raise ZeroDivisionError
        assert profile_is_free(tmp_path)
        client = await connect(tmp_path)
        async with client.open("moby", Book) as book:
            assert "kept" == book.state.note
        await client.close(0.0)
        assert profile_is_free(tmp_path)

    run(main)


class SlowSignIn:
    """A first sign-in that takes until it is let go."""

    def __init__(self) -> None:
        self.begun, self.go_on = threading.Event(), threading.Event()
        self.thread = 0

    def signed_in(self, *_: object) -> ds.Unsigned:
        self.thread = threading.get_ident()
        self.begun.set()
        assert self.go_on.wait(PATIENCE_S)
        return ds.Unsigned("alice")


def test_a_first_sign_in_does_not_hold_up_the_loop(tmp_path: Path) -> None:
    """The loop turns while somebody signs in."""

    async def main() -> None:
        sign_in = SlowSignIn()
        connecting = asyncio.ensure_future(connect(tmp_path, user=sign_in)._connect())
        assert await asyncio.to_thread(sign_in.begun.wait, PATIENCE_S)
        assert threading.get_ident() != sign_in.thread
        sign_in.go_on.set()
        await (await connecting).close(0.0)

    run(main)


def test_a_cancelled_connect_leaves_no_client_behind(tmp_path: Path) -> None:
    """The sign-in goes through after all; the profile is free all the same."""
    sign_in = SlowSignIn()

    async def main() -> None:
        connecting = asyncio.ensure_future(connect(tmp_path, user=sign_in)._connect())
        assert await asyncio.to_thread(sign_in.begun.wait, PATIENCE_S)
        connecting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await connecting
        sign_in.go_on.set()

    run(main)  # at its end, `asyncio.run` has waited for the thread
    assert profile_is_free(tmp_path)


def test_a_cancelled_close_is_done_to_the_end(cloud: SimulatedFirestore, tmp_path: Path) -> None:
    """Whoever waits may be cancelled; the client is closed."""

    async def main() -> None:
        phone = client_of(cloud, tmp_path)
        closing = asyncio.ensure_future(phone.close(0.0))
        await asyncio.sleep(0)
        closing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await closing

    run(main)
    assert profile_is_free(tmp_path)


def test_a_coroutine_is_no_callback(cloud: SimulatedFirestore, tmp_path: Path) -> None:
    """It would never be awaited: the error says what to do instead."""

    async def never(_: object) -> None: ...

    async def main() -> None:
        async with client_of(cloud, tmp_path) as phone:
            book = phone.open("moby", Book)
            for subscribe in (book.on_change, phone.on_status, phone.on_devices):
                with pytest.raises(ds.UsageError, match="async for"):
                    subscribe(never)  # type: ignore[arg-type]

    run(main)
