"""A client or a session that the app lets go of without closing it, and what they say of themselves."""

from __future__ import annotations

import gc
import threading
import warnings
import weakref
from collections.abc import Callable
from pathlib import Path

import pytest

import dalsegno as ds
from dalsegno._client.runtime import await_abandoned
from dalsegno.testing._simulated_firestore import SimulatedFirestore
from tests.support.client_tests import Book
from tests.support.waiting import until

DEAD = "127.0.0.1:9"
"""Nobody listens there."""


def connect(home: Path) -> ds.Client:
    return ds.connect("demo-books", user=ds.Unsigned("alice"), home=home, emulator=DEAD)


def test_a_dropped_client_warns_and_frees_its_profile(tmp_path: Path) -> None:
    """The next `connect` works at once, and knows what was edited."""
    with pytest.warns(ResourceWarning, match="^<Client .*> was dropped without close"):
        connect(tmp_path).open("moby", Book).update(note="kept")
        gc.collect()
    with connect(tmp_path) as again:
        assert "kept" == again.open("moby", Book).state.note
        again.close(0.0)


def test_a_dropped_client_is_noticed_at_once(tmp_path: Path) -> None:
    """Nothing of it runs in a circle: the next `connect` need not wait for the collector of such circles."""
    gc.disable()
    try:
        for note in ("one", "two"):
            with pytest.warns(ResourceWarning, match="was dropped without close"):
                client = connect(tmp_path)
                client.open("moby", Book).update(note=note)
                del client
    finally:
        gc.enable()
    with connect(tmp_path) as again:
        assert "two" == again.open("moby", Book).state.note
        again.close(0.0)


def test_callbacks_keep_no_client_alive(cloud: SimulatedFirestore, tmp_path: Path) -> None:
    """They know the client and the session, as an app's do; still both are noticed when the app is gone."""

    class App:
        """What an app looks like: everything knows everything."""

        def __init__(self) -> None:
            self.client = cloud.client(tmp_path, "phone", deliver=self.deliver)
            self.book = self.client.open("moby", Book)
            self.book.on_change(lambda change: self.show(change.state))
            self.client.on_status(lambda _: self.show(self.book.state))
            self.client.on_devices(lambda _: self.show(self.book.state))
            self.shown = threading.Event()

        def deliver(self, task: Callable[[], None]) -> None:
            task()

        def show(self, state: Book) -> None:
            self.shown.set()

    before = set(threading.enumerate())
    app = App()
    app.book.update(note="x")
    assert app.shown.wait(30)
    assert app.client.flush(30.0)
    threads = {t for t in set(threading.enumerate()) - before if t.name.startswith("dalsegno")}
    assert threads
    gone = weakref.ref(app)
    del app

    def is_gone() -> bool:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            gc.collect()
        return gone() is None and not threads & set(threading.enumerate())

    until(is_gone, what="the threads of the dropped client to end")
    await_abandoned()
    cloud.client(tmp_path, "phone").close(0.0)


def test_a_session_keeps_its_client_alive(cloud: SimulatedFirestore, tmp_path: Path) -> None:
    """An app that holds only the session works on."""
    book = cloud.client(tmp_path, "phone").open("moby", Book)
    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        gc.collect()
        book.update(note="x")
        assert book.wait_saved(30.0)
    book._client.close(0.0)  # type: ignore[attr-defined]


def test_a_dropped_session_warns(cloud: SimulatedFirestore, tmp_path: Path) -> None:
    """Nobody holds it and nobody is told of it: an app that opens thousands hears of its mistake."""
    warns = pytest.warns(ResourceWarning, match="^<Session book/1 .*> was dropped without close")
    with cloud.client(tmp_path, "phone") as client, warns:
        client.open("moby", Book)
        gc.collect()


def test_a_session_with_a_callback_need_not_be_held(cloud: SimulatedFirestore, tmp_path: Path) -> None:
    """It is told on, without a warning, until it is unsubscribed; what is edited through another is told."""
    with cloud.client(tmp_path, "phone") as client, warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        told: list[str] = []
        client.open("moby", Book).on_change(lambda change: told.append(change.state.note), fields="note")
        gc.collect()
        with client.open("moby", Book) as other:
            other.update(note="x")
            until(lambda: told)
        assert ["x"] == told


def test_what_is_closed_is_dropped_without_a_word(cloud: SimulatedFirestore, tmp_path: Path) -> None:
    """Whoever closes the client has closed its sessions, too."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        client = cloud.client(tmp_path, "phone")
        book = client.open("moby", Book)
        other = client.open("emma", Book)
        other.close()
        client.close(0.0)
        del client, book, other
        gc.collect()


def test_reprs_say_how_it_stands_and_nothing_of_the_user(cloud: SimulatedFirestore, tmp_path: Path) -> None:
    """They end up in logs: kind, link, and where the edits are; no id, no name, no value."""
    cloud.reachable = False
    client = cloud.client(tmp_path, "alices-phone")
    book = client.open("secret title", Book)
    book.update(note="secret words")
    until(lambda: client.status.reason)
    link = client.status.link.value
    assert (f"<Client {link}, saved here>", f"<Session book/1 {link}, saved here>") == (
        repr(client),
        repr(book),
    )
    cloud.reachable = True
    client.network_changed()
    assert book.wait_saved(30.0)
    assert client.flush(30.0)
    assert ("<Client live, saved everywhere>", "<Session book/1 live, saved everywhere>") == (
        repr(client),
        repr(book),
    )
    client.close(30.0)
    assert ("<Client closed>", "<Session book/1 closed>") == (repr(client), repr(book))


def test_a_client_that_cannot_be_made_leaves_the_profile_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever fails within: the error is the caller's, and the next attempt is not refused."""

    def fails(*_: object) -> None:
        raise RuntimeError("no engine")

    with monkeypatch.context() as broken:
        broken.setattr("dalsegno._client.runtime.SyncEngine", fails)
        with pytest.raises(RuntimeError, match="no engine"):
            connect(tmp_path)
    connect(tmp_path).close(0.0)
