"""Whole clients against a scripted server that sends nonsense, or more than can be taken in."""

from __future__ import annotations

from typing import Any

import pytest

from dalsegno._remote import protos
from dalsegno._sync.listen_stream import ANSWER_MS
from dalsegno._threads.worker import MOST_WAITING
from tests.support.clients import Device
from tests.support.living_server import MOBY, LivingServer, written
from tests.support.waiting import until

POISON = b"\x1a\x04\x0a\x02\xff\xff"  # a DocumentChange whose document cannot be read, nor its name


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


@pytest.mark.no_cover  # the same lines, thousands of times
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
