"""The client: connecting, opening, status, flush and close, and what bad input it refuses."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

import dalsegno as ds
from dalsegno._client.client import Client
from dalsegno._core.types import DeviceId
from dalsegno.testing._simulated_firestore import SimulatedFirestore
from tests.support.client_tests import Book, StoppableTime
from tests.support.waiting import until

DEAD = "127.0.0.1:9"
"""Nobody listens there."""


def connect(home: Path, **more: Any) -> Client:
    options: dict[str, Any] = {"user": ds.Unsigned("alice"), "home": home, "emulator": DEAD, **more}
    return ds.connect(options.pop("project", "demo-books"), **options)


# --- connecting ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("project", ["", "demo", "Demo-books", "demo_books", "demo/books", "-demo-books", 7])
def test_a_bad_project_is_refused(tmp_path: Path, project: Any) -> None:
    """The error repeats the id and says what one looks like."""
    with pytest.raises(ds.UsageError, match=r"is no project id: 5 to 63 lower-case"):
        connect(tmp_path, project=project)
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize("emulator", [None, "firestore.googleapis.com:443", "192.168.1.5:8080"])
def test_an_unsigned_user_is_refused_away_from_an_emulator(
    tmp_path: Path, emulator: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A user whom nobody checked goes to an emulator on this machine only."""
    monkeypatch.delenv("FIRESTORE_EMULATOR_HOST", raising=False)
    with pytest.raises(ds.UsageError, match="Unsigned users work with an emulator on this machine only"):
        connect(tmp_path, emulator=emulator)


@pytest.mark.parametrize("name", ["", "a/b", "../up", "con", "x" * 41])
def test_bad_names_for_local_data_are_refused(tmp_path: Path, name: str) -> None:
    """An app or profile that would make a bad folder is refused before anything is made."""
    with pytest.raises(ds.UsageError, match="is no good app name"):
        connect(tmp_path, app=name)
    with pytest.raises(ds.UsageError, match="is no good profile name"):
        connect(tmp_path, profile=name)
    assert [] == list(tmp_path.iterdir())


def test_the_emulator_may_come_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """FIRESTORE_EMULATOR_HOST is where a client goes that names no emulator."""
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", DEAD)
    with connect(tmp_path, emulator=None) as client:
        assert ds.Saved.EVERYWHERE == client.status.saved


def test_one_client_at_a_time_works_on_a_profile(tmp_path: Path) -> None:
    """A second one is refused with what to do, whoever holds the first; another profile is free."""
    with connect(tmp_path, profile="phone"):
        with pytest.raises(ds.ProfileInUse, match="profile"):
            connect(tmp_path, profile="phone")
        connect(tmp_path, profile="laptop").close(0.0)
    connect(tmp_path, profile="phone").close(0.0)


def test_a_device_keeps_its_id_and_may_change_its_name(tmp_path: Path) -> None:
    """The id is random and stays; the name is what `connect` says this time."""
    with connect(tmp_path, device="Pixel 8") as first:
        pass
    with connect(tmp_path, device="Pixel 9") as second:
        assert (first.device.id, "Pixel 9") == (second.device.id, second.device.name)
    assert "Pixel 8" == first.device.name


def test_a_name_that_the_rules_would_refuse_is_cut(tmp_path: Path) -> None:
    """They count an emoji as two, and what is no Unicode cannot be sent: with such a name the device would
    not be registered, and all of its edits be refused."""
    for name, shown in (
        ("\N{VIOLIN}" * 51, "\N{VIOLIN}" * 50),
        ("a\ud800b", "ab"),
        ("\ud800", "this device"),
    ):
        with connect(tmp_path, device=name) as client:
            assert shown == client.device.name


@pytest.mark.parametrize(
    ("argument", "wrong"),
    [
        ("user", "alice"),
        ("user", None),
        ("user", ds.Unsigned),
        ("user", ds.Device(DeviceId("0" * 16), "no user")),
        ("device", 3),
        ("kind", None),
        ("kind", b"phone"),
        ("emulator", 8080),
        ("home", 3),
        ("deliver", "main thread"),
    ],
)
def test_an_argument_of_the_wrong_kind_is_refused_by_name(tmp_path: Path, argument: str, wrong: Any) -> None:
    """Before anything is opened; the error says what it takes, and never repeats what it was given."""
    with pytest.raises(ds.UsageError, match=rf"^{argument}= takes .*") as caught:
        given = {"user": ds.Unsigned("alice"), "home": tmp_path, "emulator": DEAD, argument: wrong}
        ds.connect("demo-books", **given)
    assert "alice" not in str(caught.value)
    assert [] == list(tmp_path.iterdir())


# --- opening ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["", "a/b", ".", "..", "__secret__", "__\n__", "x" * 201, "📖" * 101, "\ud800", None, 7]
)
def test_a_bad_session_id_is_refused(phone: Client, name: Any) -> None:
    """Ids that Firestore would not take are refused at once, with what an id may be."""
    with pytest.raises(ds.UsageError, match=r"is no session id: 1 to 200 .* without '/'"):
        phone.open(name, Book)


@pytest.mark.parametrize("cls", [ds.State, dict, Book(), "Book"])
def test_what_is_no_state_class_is_refused(phone: Client, cls: Any) -> None:
    """The error shows how a State class is written."""
    with pytest.raises(ds.UsageError, match="is no State class: class Reading"):
        phone.open("moby", cls)


def test_one_session_has_one_class(phone: Client) -> None:
    """While a session is open, it cannot be opened as something else."""

    class Film(ds.State, schema="film/1"):
        minute: int = ds.latest(0)

    with phone.open("moby", Book), pytest.raises(ds.UsageError, match="open already, with another State"):
        phone.open("moby", Film)
    assert 0 == phone.open("moby", Film).state.minute


@pytest.mark.parametrize("name", ["käse", "日本語", "with space", "a.b", "x" * 200, "a`b\\c"])
def test_unusual_session_ids_work(phone: Client, cloud: SimulatedFirestore, name: str) -> None:
    """Whatever Firestore takes for an id is good."""
    phone.open(name, Book).update(note="x")
    assert phone.flush(30.0)
    assert {"note": "x"} == (cloud.session(name) or {})["state"]


# --- misuse of State ----------------------------------------------------------------------------------


def test_a_state_without_a_schema_is_refused() -> None:
    """The message shows what a schema looks like."""
    with pytest.raises(ds.UsageError, match='such as schema="reading/1"'):

        class Nameless(ds.State):
            pass


@pytest.mark.parametrize("schema", ["reading", "Reading/1", "reading/0", "reading/x", "a b/1"])
def test_a_bad_schema_is_refused(schema: str) -> None:
    """A schema is a lower-case name and a version from 1."""
    with pytest.raises(ds.UsageError, match="a schema is a name and a version"):
        type("Bad", (ds.State,), {}, schema=schema)


def test_a_field_without_a_policy_is_refused() -> None:
    """The message names the field and the policies."""
    with pytest.raises(ds.UsageError, match=r"Bad.page has no policy: write page: … = latest"):

        class Bad(ds.State, schema="bad/1"):
            page: int = 3


def test_a_type_that_no_document_holds_is_refused() -> None:
    """The message names the field, its type, and what can be held."""
    with pytest.raises(ds.UsageError, match=r"Bad.pages: a field cannot be set\[int\]; use bool, int"):

        class Bad(ds.State, schema="bad/1"):
            pages: set[int] = ds.latest(set())


def test_a_default_of_another_type_is_refused() -> None:
    """A default must be a value that the field takes."""
    with pytest.raises(ds.UsageError, match="page takes int"):

        class Bad(ds.State, schema="bad/1"):
            page: int = ds.latest("one")  # type: ignore[assignment]


def test_a_state_takes_no_unknown_fields() -> None:
    """A state made by hand is checked like an update."""
    with pytest.raises(ds.UsageError, match="Book has no field page"):
        Book(page=3)  # type: ignore[call-arg]


# --- status -------------------------------------------------------------------------------------------


def test_status_follows_the_link_and_the_outbox(phone: Client, cloud: SimulatedFirestore) -> None:
    """Live and saved; offline with a reason and saved here; live and saved again: each is told."""
    told: list[ds.Status] = []
    phone.on_status(told.append)
    book = phone.open("moby", Book)
    until(lambda: phone.status == ds.Status(ds.Link.LIVE, "", ds.Saved.EVERYWHERE))
    cloud.reachable = False
    until(lambda: phone.status.link is ds.Link.OFFLINE)
    book.update(note="x")
    until(lambda: told and told[-1].saved is ds.Saved.HERE and told[-1].link is ds.Link.OFFLINE)
    assert "no route to host" in told[-1].reason
    cloud.reachable = True
    phone.network_changed()
    until(lambda: told[-1] == ds.Status(ds.Link.LIVE, "", ds.Saved.EVERYWHERE))
    assert told[-1] == phone.status


def test_a_refused_edit_is_told(phone: Client, cloud: SimulatedFirestore) -> None:
    """Rules that refuse an edit: a sentence, and no more than that; it stays here and on the screen."""
    cloud.refuse("not today")
    book = phone.open("moby", Book)
    book.update(note="x")
    status = until(lambda: s if (s := phone.status).link is ds.Link.LIVE and s.reason else None)
    assert "the security rules refuse this edit" in status.reason
    assert (ds.Saved.HERE, "x") == (status.saved, book.state.note)


def test_a_failing_status_callback_harms_only_itself(phone: Client, caplog: pytest.LogCaptureFixture) -> None:
    """The others are called; the log names the error."""
    told: list[ds.Status] = []

    def fails(status: ds.Status) -> None:
        raise RuntimeError("the app's own mistake")

    phone.on_status(fails)
    unsubscribe = phone.on_status(told.append)
    phone.open("moby", Book)
    until(lambda: told and told[-1].link is ds.Link.LIVE)
    assert "on_status callback failed with RuntimeError" in caplog.text
    unsubscribe()
    count = len(told)
    phone.open("moby", Book).update(note="x")
    assert phone.flush(30.0)
    phone._telling.put(lambda: told.append(phone.status))
    until(lambda: len(told) > count)
    assert count + 1 == len(told)


def test_now_ms_is_the_servers_time(phone: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """As soon as the server has been heard, its clock counts, give or take the round trip."""
    phone.open("moby", Book)
    until(lambda: phone.status.link is ds.Link.LIVE)
    before = time.time() * 1000
    now = phone.now_ms()
    after = time.time() * 1000
    assert isinstance(now, int)
    assert before - 1_000 <= now <= after + 1_000


# --- recent -------------------------------------------------------------------------------------------


def test_recent_lists_this_devices_sessions_newest_first(phone: Client, cloud: SimulatedFirestore) -> None:
    """At once and from disk, without what stays on this device; sessions without edits are not there."""
    cloud.reachable = False
    for name in ("emma", "moby"):
        phone.open(name, Book).update(note=f"in {name}", text_size=40.0)
    phone.open("unread", Book)
    found = phone.recent()
    assert ["moby", "emma"] == [r.id for r in found]
    assert [{"note": "in moby"}, {"note": "in emma"}] == [dict(r.state) for r in found]
    assert {("book/1", phone.device)} == {(r.schema, r.device) for r in found}
    assert ["moby"] == [r.id for r in phone.recent(limit=1)]


@pytest.mark.parametrize("limit", [-1, 2.0, "20", True, None])
def test_recent_takes_a_number_of_sessions(phone: Client, limit: Any) -> None:
    """Anything else is a mistake that would leave sessions out without a word."""
    with pytest.raises(ds.UsageError, match=r"recent\(limit\) takes how many sessions"):
        phone.recent(limit)
    assert [] == phone.recent(0)


def test_recent_finds_what_other_devices_read(
    phone: Client, cloud: SimulatedFirestore, tmp_path: Path
) -> None:
    """A session never opened here is listed, with the device's name, and opens at its place offline."""
    phone.open("moby", Book).update(note="on the phone", furthest=0.3)
    assert phone.flush(30.0)
    with cloud.client(tmp_path, "laptop") as laptop:
        laptop.recent()
        (found,) = until(lambda: r if (r := laptop.recent()) and r[0].device else None)
        assert ("moby", phone.device) == (found.id, found.device)
        cloud.reachable = False
        assert Book(note="on the phone", furthest=0.3) == laptop.open("moby", Book).state
        laptop.close(0.0)


# --- pause and resume ---------------------------------------------------------------------------------


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


# --- the end ------------------------------------------------------------------------------------------


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


def test_nothing_of_the_users_is_logged(
    phone: Client, cloud: SimulatedFirestore, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither ids nor values nor tokens stand in the log, refusals and nonsense included."""
    caplog.set_level(logging.DEBUG)
    cloud.put("private-title", {"schema": 7})
    phone.open("private-title", Book).update(note="private words")
    until(lambda: phone.status.reason)
    assert "private" not in caplog.text
