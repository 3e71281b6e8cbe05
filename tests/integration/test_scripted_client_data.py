"""Whole clients against a server that does what Firestore's emulator never does: what becomes of the data.

Resume tokens, RESET, existence filters, nonsense on the wire, answers that are lost.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import dalsegno as ds
from dalsegno._core.messages import RpcError
from dalsegno._remote import firestore, protos
from dalsegno._sync.listen_stream import ANSWER_MS
from dalsegno._threads.worker import MOST_WAITING
from tests.support.clients import Device
from tests.support.living_server import LivingServer, Lost, written
from tests.support.scripted_server import ListenCall
from tests.support.waiting import until

MOBY = ("sessions", "moby")
POISON = b"\x1a\x04\x0a\x02\xff\xff"  # a DocumentChange whose document cannot be read, nor its name


@pytest.fixture
def server() -> Iterator[LivingServer]:
    with LivingServer() as server:
        yield server


@pytest.fixture
def device(server: LivingServer, tmp_path: Path) -> Iterator[Device]:
    with Device(server.host, tmp_path / "here", time=server.time) as device:
        yield device


def asked(call: ListenCall, session: str = "moby") -> bytes | None:
    """The resume token with which a call asks for the session; None if it does not ask for it."""
    for target in call.targets:
        if any(name.endswith(f"/{session}") for name in target.documents.documents):
            return bytes(target.resume_token)
    return None


# --- resume tokens ------------------------------------------------------------------------------------


@pytest.mark.parametrize("honours", [True, False], ids=["honoured", "refused"])
def test_a_resume_token_is_sent_again_after_a_restart(
    server: LivingServer, tmp_path: Path, honours: bool
) -> None:
    """A restarted app asks only for what it missed; a server that has forgotten the token tells all again,
    and both ways lead to the same."""
    server.put(MOBY, written(page=3, text="whale"))
    with Device(server.host, tmp_path, time=server.time) as device:
        book = device.open()
        until(lambda: book.state.page == 3, what="the document")
        until(lambda: device.left_ms("silence"), what="a live stream")
    first = len(server.listens)
    server.put(MOBY, written(rev=2, page=9, text="whale"))
    server.honours_tokens = honours
    with Device(server.host, tmp_path, time=server.time) as device:
        book = device.open()
        assert book.state.page in (3, 9)
        until(lambda: book.state.page == 9, what="what was missed")
        device.until_link(ds.Link.LIVE)
    tokens = [token for call in server.listens[first:] if (token := asked(call)) is not None]
    assert b"" not in tokens[:1], "it asked for everything again"


@pytest.mark.parametrize("honours", [True, False], ids=["honoured", "refused"])
def test_nothing_changed_while_away_is_no_deletion(
    server: LivingServer, tmp_path: Path, honours: bool
) -> None:
    """The server says nothing of a document that its token vouches for: it is still there."""
    server.put(MOBY, written(page=3, text="whale"))
    server.honours_tokens = honours
    with Device(server.host, tmp_path, time=server.time) as device:
        book = device.open()
        until(lambda: book.state.page == 3, what="the document")
    with Device(server.host, tmp_path, time=server.time) as device:
        book = device.open()
        device.until_fresh("moby")
        assert not device.held("moby").replica.missing
        book.update(page=4)
        until(lambda: server.value("moby", "page") == 4, what="the edit")
    assert ["state.page"] == [path for path in _paths(server) if path.startswith("state.")]


def _paths(server: LivingServer) -> list[str]:
    """The field mask of the newest commit to a session."""
    commits = [c.writes[0] for c in server.commits if "/sessions/" in c.writes[0].update.name]
    return list(commits[-1].update_mask.field_paths)


def test_a_document_deleted_while_away_is_noticed(server: LivingServer, device: Device) -> None:
    """A filter that counts none for a session's document is heeded: the next edit writes it whole."""
    server.put(MOBY, written(page=3, text="whale"))
    book = device.open()
    until(lambda: book.state.page == 3, what="the document")
    call, target = server.target_of(MOBY)
    del server.documents[MOBY]
    call.existence_filter(target, 0).heartbeat()
    server.put(("sessions", "other"), written())
    until(lambda: device.held("moby").replica.missing, what="the deletion")
    book.update(page=4)
    until(lambda: server.value("moby", "page") == 4, what="the edit")
    assert "whale" == server.value("moby", "text")


def test_a_filter_that_counts_more_makes_it_listen_anew_without_a_token(
    server: LivingServer, device: Device
) -> None:
    """The server counts a document that we have not: the target is asked for again, from nothing, and the
    other targets stay as they are."""
    book = device.open()
    device.until_fresh("moby")
    call, target = server.target_of(MOBY)
    server.documents[MOBY] = server.doc(MOBY, written(page=5))  # written, and never told
    call.existence_filter(target, 1)
    until(lambda: book.state.page == 5, what="what was missed")
    assert 1 == len(server.listens)
    assert 1 == len(call.removals)
    assert b"" == call.targets[-1].resume_token


def test_a_document_that_came_back_is_asked_for_without_the_old_token(
    server: LivingServer, device: Device
) -> None:
    """It was deleted, and is there again, and we were not told: the token of its first life is forgotten."""
    server.put(MOBY, written(page=3))
    book = device.open()
    until(lambda: book.state.page == 3, what="the document")
    call, target = server.target_of(MOBY)
    call.delete(MOBY, target).heartbeat()
    until(lambda: device.held("moby").replica.missing, what="the deletion")
    server.documents[MOBY] = server.doc(MOBY, written(rev=2, page=5))
    call.existence_filter(target, 1)
    until(lambda: book.state.page == 5, what="what was missed")
    assert b"" == call.targets[-1].resume_token


def test_a_filter_that_counts_the_same_changes_nothing(server: LivingServer, device: Device) -> None:
    """The count agrees: nothing is asked again."""
    server.put(MOBY, written(page=3))
    book = device.open()
    device.until_fresh("moby")
    call, target = server.target_of(MOBY)
    before = len(call.targets)
    call.existence_filter(target, 1).heartbeat()
    server.put(MOBY, written(rev=2, page=4))
    until(lambda: book.state.page == 4, what="the next change")
    assert before == len(call.targets)


def test_reset_voids_what_was_sent_and_not_what_is_known(server: LivingServer, device: Device) -> None:
    """RESET in mid-stream: nothing that the app sees goes back, unsent edits stay, and news arrive."""
    server.put(MOBY, written(page=3, text="whale"))
    book = device.open()
    device.until_fresh("moby")
    call, target = server.target_of(MOBY)
    seen: list[int] = []
    book.on_change(lambda change: seen.append(change.state.page))
    changed = server.doc(MOBY, written(rev=2, page=8, text="whale"))
    server.documents[MOBY] = changed
    call.reset(target).document(changed, target).current(target).heartbeat()
    until(lambda: book.state.page == 8, what="the news")
    book.update(text="ship")
    until(lambda: server.value("moby", "text") == "ship", what="the edit")
    assert [8] == sorted(set(seen))


# --- nonsense -----------------------------------------------------------------------------------------


def test_a_reset_is_no_deletion(server: LivingServer, device: Device) -> None:
    """Between RESET and CURRENT the server has said nothing: a heartbeat in between proves nothing."""
    server.put(MOBY, written(page=3))
    device.open()
    other = device.open("other")
    device.until_fresh("moby", "other")
    call, target = server.target_of(MOBY)
    call.reset(target).heartbeat()
    server.put(("sessions", "other"), written(page=1))
    until(lambda: other.state.page == 1, what="what was said after it")
    assert not device.held("moby").replica.missing


@pytest.mark.parametrize("raw", [b"\xff\xff\xff", POISON, b"\x00", b"\x0a" * 5000, b"<html>"])
def test_nonsense_on_the_wire_costs_a_stream_at_most(
    server: LivingServer, device: Device, raw: bytes
) -> None:
    """Bytes that are no message: the stream is opened anew, edits go on, and nothing spins."""
    book = device.open()
    device.until_fresh("moby")
    server.listens[0].raw(raw)
    book.update(page=1)
    until(lambda: server.skipping(1000) and server.value("moby", "page") == 1, what="the edit")
    assert len(server.listens) <= 3 + server.time.skipped_ms / ANSWER_MS  # each may have been given up


def test_a_torn_message_is_told_again_on_the_next_stream(server: LivingServer, device: Device) -> None:
    """Of a large change only the first half arrives, as the official emulator does it now and then: the
    stream is opened anew, and brings the whole."""
    server.put(MOBY, written(text="before"))
    book = device.open()
    device.until_fresh("moby")
    call, target = server.target_of(MOBY)
    large = server.doc(MOBY, written(rev=2, text="words " * 50_000))
    server.documents[MOBY] = large  # nobody is told but by what is torn
    response = protos.ListenResponse()
    large.write_into(response.document_change.document, server.names)
    response.document_change.target_ids.append(target)
    whole = response.SerializeToString()
    call.raw(whole[: len(whole) // 2])
    until(lambda: server.skipping(1000) and book.state.text == "words " * 50_000, what="the whole of it")
    assert len(server.listens) <= 3 + server.time.skipped_ms / ANSWER_MS


@pytest.mark.parametrize(
    "poison",
    [
        {},
        {"schema": 5},
        {"schema": "note/1", "rev": "many", "state": {}},
        {"schema": "note/1", "rev": 1, "state": [1, 2]},
        {"schema": "note/1", "rev": -(2**63), "state": {"page": 1}},
    ],
)
def test_a_poisoned_document_harms_only_itself(
    server: LivingServer, device: Device, poison: dict[str, Any]
) -> None:
    """A document that makes no sense is told of and never written over; the other sessions go on; and once
    somebody mends it, the edit that waited arrives."""
    server.put(MOBY, poison)
    book, other = device.open("moby"), device.open("other")
    until(lambda: "makes no sense" in device.client.status.reason, what="the reason")
    book.update(page=2)
    other.update(page=5)
    until(lambda: server.value("other", "page") == 5, what="the other session")
    assert poison == server.fields("moby")
    server.put(MOBY, written(text="mended"))
    until(lambda: server.skipping(1000) and server.value("moby", "page") == 2, what="the edit that waited")
    assert ("mended", 2) == (book.state.text, book.state.page)


def test_fields_of_the_wrong_type_keep_their_last_good_value(server: LivingServer, device: Device) -> None:
    """A field whose value is of another type than the app's is not shown, and not destroyed either."""
    server.put(MOBY, written(page="seven", text="whale"))
    book = device.open()
    until(lambda: book.state.text == "whale", what="the good field")
    assert 0 == book.state.page
    book.update(text="ship")
    until(lambda: server.value("moby", "text") == "ship", what="the edit")
    assert "seven" == server.value("moby", "page")


def test_a_flood_is_held_back(server: LivingServer, device: Device) -> None:
    """A server that says more than can be taken in waits for us, and our memory does not: no more than a
    bounded number of messages stand in line, and all are heeded."""
    book = device.open()
    device.until_fresh("moby")
    with device.held_up():
        for rev in range(1, 2001):
            server.put(MOBY, written(rev=rev, page=rev, text="x" * 5000))
        until(lambda: device.backlog() > MOST_WAITING // 2, what="a backlog")
        device.backlog_settles()
        assert device.backlog() <= MOST_WAITING + 10
    until(lambda: book.state.page == 2000, timeout_s=120, what="the last change")


# --- commits ------------------------------------------------------------------------------------------

LOSSES = ["UNAVAILABLE", "DEADLINE_EXCEEDED", "CANCELLED", "UNKNOWN", "INTERNAL"]


@pytest.mark.parametrize("applied", [True, False], ids=["applied", "not applied"])
@pytest.mark.parametrize("code", LOSSES)
def test_an_edit_whose_answer_is_lost_is_applied_once(
    server: LivingServer, device: Device, code: str, applied: bool
) -> None:
    """Whether the server had applied the lost commit or not: in the end it stands there once, and is told
    as saved."""
    book = device.open()
    device.until_fresh("moby")
    server.on_commit_of("moby", Lost(applied, RpcError(code)))
    book.update(page=1)
    until(lambda: server.skipping(500) and book.saved is ds.Saved.EVERYWHERE, what="the confirmation")
    assert (1, 1) == (server.value("moby", "page"), server.fields("moby")["rev"])


@pytest.mark.parametrize("applied", [True, False], ids=["applied", "not applied"])
def test_an_edit_that_is_never_answered_is_applied_once(
    server: LivingServer, device: Device, applied: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer never comes at all: the deadline ends the wait, the document is looked at, and the edit
    stands there once."""
    assert firestore.DEADLINE_S <= 10
    monkeypatch.setattr(firestore, "DEADLINE_S", 0.5)
    book = device.open()
    device.until_fresh("moby")
    server.on_commit_of("moby", Lost(applied))
    book.update(page=1)
    until(lambda: server.skipping(500) and book.saved is ds.Saved.EVERYWHERE, what="the confirmation")
    assert (1, 1) == (server.value("moby", "page"), server.fields("moby")["rev"])


def test_many_lost_answers_in_a_row_apply_each_edit_once(server: LivingServer, device: Device) -> None:
    """Ten edits, every second answer lost after it was applied, every third before: ten commits stand."""
    book = device.open()
    device.until_fresh("moby")
    for page in range(1, 11):
        losses = [Lost(True, RpcError("UNAVAILABLE"))] * (page % 2 == 0)
        losses += [Lost(False, RpcError("UNKNOWN"))] * (page % 3 == 0)
        server.on_commit_of("moby", *losses)
        book.update(page=page)
        until(lambda: server.skipping(500) and book.saved is ds.Saved.EVERYWHERE, what=f"edit {page}")
        assert page == server.fields("moby")["rev"]


def test_two_devices_whose_answers_are_lost_agree(
    server: LivingServer, device: Device, tmp_path: Path
) -> None:
    """Both devices write one session while answers are lost: they end at the same state, and the server's
    rev counts each edit once."""
    with Device(server.host, tmp_path / "there", time=server.time, name="Laptop") as there:
        here_book, there_book = device.open(), there.open()
        device.until_fresh("moby")
        there.until_fresh("moby")
        for page in range(1, 6):
            server.on_commit_of("moby", Lost(True, RpcError("UNAVAILABLE")), Lost(False, RpcError("ABORTED")))
            here_book.update(page=page)
            there_book.update(text=f"line {page}")
            until(
                lambda: (
                    server.skipping(500)
                    and here_book.saved is there_book.saved is ds.Saved.EVERYWHERE
                    and here_book.state == there_book.state
                ),
                what=f"agreement on edit {page}",
            )
        assert (5, "line 5") == (here_book.state.page, here_book.state.text)
        assert 10 == server.fields("moby")["rev"]


@pytest.mark.parametrize("code", ["FAILED_PRECONDITION", "PERMISSION_DENIED"])
def test_a_refused_commit_goes_again_at_once_when_the_stream_has_told_why(
    server: LivingServer, device: Device, code: str
) -> None:
    """Another device was quicker, and the stream said so before the refusal came: no read, no wait. Reading
    first, a device on a slow link would be overtaken for as long as the other one edits."""
    server.put(MOBY, written(page=1))
    book = device.open()
    device.until_fresh("moby")

    def another_is_quicker() -> None:
        server.put(MOBY, written(rev=2, page=1, text="quicker"))
        until(lambda: book.state.text == "quicker", what="the other edit on the stream")

    server.on_commit_of("moby", Lost(False, RpcError(code), another_is_quicker))
    book.update(furthest=0.5)
    until(lambda: book.saved is ds.Saved.EVERYWHERE, what="the confirmation")
    assert (0.5, "quicker", 3) == (
        server.value("moby", "furthest"),
        server.value("moby", "text"),
        server.fields("moby")["rev"],
    )
    assert MOBY not in server.reads


def test_a_refused_commit_goes_again_when_the_stream_is_quicker_than_the_read(
    server: LivingServer, device: Device
) -> None:
    """The refusal comes first, and the read after it takes long: the stream tells, and that will do."""
    server.put(MOBY, written(page=1))
    book = device.open()
    device.until_fresh("moby")
    server.on_commit_of("moby", RpcError("FAILED_PRECONDITION"))
    server.mute.add(MOBY)
    book.update(furthest=0.5)
    until(lambda: MOBY in server.reads, what="the read")
    server.put(MOBY, written(rev=2, page=1, text="quicker"))
    until(lambda: book.saved is ds.Saved.EVERYWHERE, timeout_s=30.0, what="the confirmation")
    assert (0.5, "quicker") == (server.value("moby", "furthest"), server.value("moby", "text"))


@pytest.mark.parametrize("code", ["FAILED_PRECONDITION", "ABORTED", "UNAVAILABLE", "UNAUTHENTICATED"])
def test_a_server_that_never_takes_an_edit_is_not_hammered(
    server: LivingServer, device: Device, code: str
) -> None:
    """A commit that is refused again and again, for no good reason: ten minutes bring fewer than 40 tries."""
    book = device.open()
    device.until_fresh("moby")
    server.on_commit_of("moby", *[RpcError(code)] * 500)
    start_ms = server.time.steady_ms()
    book.update(page=1)
    while server.time.steady_ms() < start_ms + 600_000:
        device.skip_to("commit:moby")
    tries = [request for request in server.commits if "sessions" in request.writes[0].update.name]
    assert 5 < len(tries) < 40
    assert 1 == book.state.page


def test_quota_for_writes_waits_longest(server: LivingServer, device: Device) -> None:
    """RESOURCE_EXHAUSTED for a commit: the next try comes after the longest wait, whatever else is edited."""
    book = device.open()
    device.until_fresh("moby")
    device.stop_time()
    server.on_commit_of("moby", RpcError("RESOURCE_EXHAUSTED"))
    book.update(page=1)
    until(lambda: (device.left_ms("commit:moby") or 0) > 50_000, what="the longest wait")
    book.update(page=2)
    until(lambda: (device.left_ms("commit:moby") or 0) > 50_000, what="still the longest wait")
    device.skip_to("commit:moby")
    until(lambda: server.value("moby", "page") == 2, what="the edits")
    assert 1 == server.fields("moby")["rev"]


def test_a_denied_edit_is_parked_and_blocks_nobody(server: LivingServer, tmp_path: Path) -> None:
    """An edit that the rules refuse is told and kept on disk, others pass it by, and it is tried again on
    the next start."""
    denied = RpcError("PERMISSION_DENIED", "evaluation error")
    with Device(server.host, tmp_path, time=server.time) as device:
        moby, other = device.open("moby"), device.open("other")
        device.until_fresh("moby", "other")
        server.on_commit_of("moby", denied, denied, denied)
        moby.update(page=1)
        until(lambda: "rules refuse" in device.client.status.reason, what="the refusal")
        assert ds.Link.LIVE is device.client.status.link
        assert ["page"] == [problem.field for problem in moby.problems]
        other.update(page=2)
        until(lambda: server.value("other", "page") == 2, what="the other session")
        assert None is server.value("moby", "page")
    server.on_commit_of("moby")
    with Device(server.host, tmp_path, time=server.time) as device:
        device.open("moby")
        until(lambda: server.skipping(500) and server.value("moby", "page") == 1, what="the parked edit")
        device.until_link(ds.Link.LIVE)
