"""Whole clients against a scripted server that resumes, resets and counts documents."""

from __future__ import annotations

from pathlib import Path

import pytest

import dalsegno as ds
from tests.support.clients import Device
from tests.support.living_server import MOBY, LivingServer, written
from tests.support.scripted_server import ListenCall
from tests.support.waiting import until


def asked(call: ListenCall, session: str = "moby") -> bytes | None:
    """The resume token with which a call asks for the session; None if it does not ask for it."""
    for target in call.targets:
        if any(name.endswith(f"/{session}") for name in target.documents.documents):
            return bytes(target.resume_token)
    return None


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
