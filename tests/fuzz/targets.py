"""Everything that parses what others send, each as a function of bytes that must return.

A target lets pass what its parser documents (a decode error, a ValueError, a BookError), and nothing else;
what was understood must hold what the parser promises. `seeds`: where the fuzzer begins.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from google.protobuf.message import DecodeError

import dalsegno as ds
from dalsegno._core import adoption, clock, document_serializer, replica
from dalsegno._core import state as states
from dalsegno._core.document import NO_STAMP, Document
from dalsegno._core.locate import locate
from dalsegno._core.messages import DocumentChange, Snapshot, Target, TargetChange
from dalsegno._core.types import DeviceId, DeviceInfo, Micros, ProjectId, SessionId, Stamp, UserId, Value
from dalsegno._core.watch_change_aggregator import ListenMessage, WatchChangeAggregator
from dalsegno._remote.commit import read_done
from dalsegno._remote.grpc_status import sanitized
from dalsegno._remote.listen_call import parsed
from dalsegno._remote.protos import Document as DocumentMessage
from dalsegno._remote.resource_path import ResourceNames
from dalsegno._remote.serializer import encode_fields
from dalsegno._sync.devices import lease
from dalsegno._sync.devices.cards import card_of, sign_in_of
from tests.fuzz import files
from tests.fuzz.source import Source

NAMES = ResourceNames(ProjectId("demo-fuzz"), UserId("alice"))
MOBY = SessionId("moby")
HERE = DeviceId("00000000000000aa")
CHAPTERS = {
    "one": "It was a bright cold day. The clocks were striking thirteen. “Yes,” she said. " * 20,
    "two": "A second chapter begins here. “Yes,” she said. The lamp was lit. " * 30,
    "three": "",
}


class Everything(ds.State, schema="reading/1"):
    """A field of each kind that an app can declare."""

    place: ds.Locator | None = ds.latest(None)
    head: ds.Playhead | None = ds.latest(None)
    furthest: float = ds.highest(0.0)
    count: int = ds.latest(0)
    text: str = ds.latest("")
    title: str | None = ds.latest(None)
    state: dict[str, float] = ds.latest({})
    fragments: tuple[int, ...] = ds.latest(())
    type: bytes = ds.latest(b"")


# --- the wire -----------------------------------------------------------------------------------------


def listen_response(data: bytes) -> None:
    """Bytes on the stream: an event that the protocol takes, or a decode error."""
    with suppress(DecodeError):
        event = parsed(data, 1, NAMES)
        if event is None:
            return
        watch = WatchChangeAggregator()
        watch.add(Target(1, "moby", ("sessions", "moby")))
        watch.add(Target(2, "devices", ("devices",), "seen", 100))
        if isinstance(event, ListenMessage):
            watch.handle(event)
        watch.handle(TargetChange(1, "CURRENT", (1, 2)))
        watch.handle(TargetChange(1, "NO_CHANGE", (), Micros(2**50)))
        if isinstance(event, DocumentChange):
            _understood(event.snapshot)


def read_response(data: bytes) -> None:
    """Bytes in answer to a read."""
    with suppress(DecodeError):
        done = read_done(1, NAMES, data)
        if done.snapshot is not None:
            _understood(done.snapshot)


def session_document(data: bytes) -> None:
    """Any document that a Firestore can hold, as a session: twice, for what the second does to the first."""
    source = Source(data)
    known = replica.Replica(MOBY, Everything.__schema__)
    for number in range(2):
        snapshot = Snapshot(("sessions", MOBY), _session(source), Micros(1_700_000_000_000_000 + number))
        known = _understood(snapshot, known)


def _session(source: Source) -> dict[str, Value]:
    names = [source.text() for _ in range(source.number(6))]

    def each(make: Callable[[], Value]) -> Callable[[], Value]:
        return lambda: {name: make() for name in names}

    return source.shaped(
        {
            "schema": lambda: source.choice(("reading/1", "reading/2", "listening/1", "reading/1")),
            "state": each(source.value),
            "stamps": each(lambda: source.text() if source.number(4) == 0 else _stamp(source)),
            "basis": each(lambda: source.number(9)),
            "merge": each(source.mapping),
            "rev": lambda: source.number(256),
            "hlc": source.integer,
            "device": lambda: "00000000000000bb",
            "holder": lambda: None,
            "at": source.value,
        }
    )


def _stamp(source: Source) -> str:
    return clock.stamp(1_700_000_000_000 + source.number(256), source.number(3), DeviceId("00000000000000bb"))


def _understood(snapshot: Snapshot, known: replica.Replica | None = None) -> replica.Replica:
    """Everything that is done with a document once it has been read."""
    known = known or replica.Replica(MOBY, Everything.__schema__)
    document = document_serializer.decode(snapshot)
    if not isinstance(document, Document):
        assert document.reason
        return known
    origin = replica.origin_of(1, 1_700_000_000_000, True, NO_STAMP)
    after = adoption.adopt(known, document, origin).replica
    again = adoption.adopt(after, document, origin)
    assert not replica.changed_fields(after, again.replica), "the same document twice is a change"
    shown = states.decode(Everything, {n: e.value for n, e in after.view.items()})
    assert isinstance(shown.furthest, float)
    hybrid = clock.HybridClock(HERE)
    for entry in document.entries.values():
        hybrid.observe(entry.stamp)
    made = hybrid.tick(1_700_000_000_000, final=True)
    assert all(made > entry.stamp for entry in document.entries.values())
    edited, rows, _ = replica.edit(after, {"count": 7}, made, origin)
    if rows:
        write = document_serializer.write_of(MOBY, edited.label, document, edited.unsent(), HERE)
        with suppress(ValueError):  # told as a refused edit: a map's key that no Firestore takes, say
            encode_fields(DocumentMessage().fields, {path[-1]: value for path, value in write.fields.items()})
    return after


def device_card(data: bytes) -> None:
    """Any documents as cards of devices and as a sign-in: always a list to show and a time to wait for."""
    source = Source(data)
    cards = [card_of(_card(source, number)) for number in range(3)]
    now_ms = float(source.integer())
    here = DeviceInfo(HERE, "here", "phone", "linux", "reader", True, True, 0, False)
    listed = lease.listed(here, cards, now_ms)
    assert [HERE, *sorted(card.id for card in cards)] == [listed[0].id, *sorted(i.id for i in listed[1:])]
    assert all(info.name for info in listed)
    assert now_ms <= lease.due_ms(cards[0], cards[1:], now_ms, arrived=False) < float("inf")
    change_ms = lease.next_change_ms(cards, now_ms)
    assert change_ms is None or now_ms < change_ms
    found = sign_in_of(Snapshot(("signins", "1700000000"), source.mapping(), Micros(1)))
    assert all(isinstance(device, str) for device in (*found.devices, found.by))


def _card(source: Source, number: int) -> Snapshot:
    fields = source.shaped(
        {
            **dict.fromkeys(("name", "kind", "platform", "app", "sign_in"), source.text),
            "seen": source.value,
            "until": source.integer,
            "revoked": lambda: source.choice((None, {"by": HERE, "at": source.value()})),
            "expire_at": source.value,
        }
    )
    return Snapshot(("devices", f"{number:016x}"), fields, Micros(1_700_000_000_000_000 + number))


# --- small values -------------------------------------------------------------------------------------


def stamp(data: bytes) -> None:
    """Any text as a stamp; what is one sorts below the stamps made after it."""
    text = data.decode("utf-8", "replace")
    if not clock.is_stamp(text):
        return
    seen = Stamp(text)
    assert seen == clock.stamp(clock.millis_of(seen), int(seen[16:21]), clock.device_of(seen))
    if seen < Stamp("999999999999999-99999"):
        assert clock.is_stamp(newer := clock.after(seen, 0.0, HERE))
        assert newer > seen


class _Pages:
    hrefs: Sequence[str] = tuple(CHAPTERS)

    def text(self, href: str) -> str:
        return CHAPTERS[href]

    def content_hash(self, href: str) -> str:
        return hashlib.sha256(CHAPTERS[href].encode()).hexdigest()[:16]


def locator(data: bytes) -> None:
    """Any value as a locator: refused with a ValueError, or small, kept through a round trip, and found
    within the publication."""
    value = _json(data) if data[:1] in (b"{", b"[") else _locator(Source(data))
    with suppress(ValueError):
        found = ds.Locator.from_value(value)
        again = ds.Locator.from_value(found.to_value())
        assert repr(found) == repr(again)
        assert found.time_s is None or found.time_s >= 0
        place = locate(found, _Pages())
        assert place is None or 0 <= place.offset <= len(CHAPTERS[place.href])


def _locator(source: Source) -> Value:
    def fraction() -> float:
        return source.number(256) / 255

    return source.shaped(
        {
            "href": lambda: source.choice(("one", "two", "three", "four", "")),
            "type": source.text,
            "title": source.text,
            "locations": lambda: source.shaped(
                {
                    "progression": fraction,
                    "totalProgression": fraction,
                    "position": source.integer,
                    "fragments": lambda: [source.text() for _ in range(source.number(10))],
                    "charOffset": source.integer,
                    "contentHash": lambda: _Pages().content_hash("one"),
                }
            ),
            "text": lambda: source.shaped(
                {key: lambda: _quoted(source) for key in ("before", "highlight", "after")}
            ),
        }
    )


def _quoted(source: Source) -> str:
    text = CHAPTERS[source.choice(("one", "two"))]
    start = source.number(256) * 4
    return text[start : start + source.number(256)] if source.number(4) else source.text()


def playhead(data: bytes) -> None:
    """Any value as a playhead: refused with a ValueError, or it never moves backwards nor past the end."""
    source = Source(data)
    value = (
        _json(data)
        if data[:1] == b"{"
        else source.shaped({"position": source.value, "rate": source.value, "at": source.integer})
    )
    with suppress(ValueError):
        head = ds.Playhead.from_value(value)
        assert head == ds.Playhead.from_value(head.to_value())
        for now_ms in (0, head.at, head.at + 1000, 2**60):
            assert head.position <= head.position_at(now_ms)
            assert 0 <= head.position_at(now_ms, 1000.0) <= 1000.0


def fault_text(data: bytes) -> None:
    """Whatever a server writes into a fault: one short line, without tokens and addresses."""
    text = sanitized(data.decode("utf-8", "replace"))
    assert len(text) <= 200
    assert "\n" not in text
    assert text == sanitized(text + " Bearer abcdefgh.abcdefgh.abcdefgh")[: len(text)] or "<" in text


def _json(data: bytes) -> Value:
    try:
        return json.loads(data)  # type: ignore[no-any-return]
    except (ValueError, RecursionError):
        return None


# --- all of them --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Fuzzed:
    """One target: `modules` are those whose branches guide the fuzzer."""

    run: Callable[[bytes], None]
    max_bytes: int = 4096
    modules: tuple[str, ...] = ("dalsegno",)


_BOOKS = ("apps.reader", "zipfile", "html.parser", "_markupbase")
TARGETS: Mapping[str, Fuzzed] = {
    "listen-response": Fuzzed(listen_response),
    "read-response": Fuzzed(read_response),
    "session-document": Fuzzed(session_document, 2048),
    "device-card": Fuzzed(device_card, 1024),
    "stamp": Fuzzed(stamp, 64),
    "locator": Fuzzed(locator, 2048),
    "playhead": Fuzzed(playhead, 256),
    "fault-text": Fuzzed(fault_text, 2048),
    "epub-file": Fuzzed(files.epub_file, 16384, _BOOKS),
    "epub-parts": Fuzzed(files.epub_parts, 16384, _BOOKS),
    "epub-chapter": Fuzzed(files.epub_chapter, 8192, _BOOKS),
    "picture": Fuzzed(files.picture, 256, ("apps.reader",)),
    "tags": Fuzzed(files.tags, 16384, ("apps.player", "tinytag")),
}
