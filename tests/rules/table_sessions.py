"""Forbidden requests on sessions: their keys, their contents, how they may go on, who may hold them."""

from __future__ import annotations

from tests.rules.forbidden import Change, Forbidden, all_of, below, counts, dated, erases, lacks, sets
from tests.rules.requests import Put
from tests.rules.samples import (
    HOUR_MS,
    PHONE,
    first,
    later,
    next_,
    now_ms,
    stamp,
)

STAMP, BASIS = ("stamps", "place"), ("basis", "place")
MAPS = ("state", "stamps", "basis")
BEGUN = (first,)


def fields(count: int) -> Change:
    """So many fields more, each complete."""

    def change(put: Put) -> None:
        for number in range(count):
            put.fields["state", f"f{number}"] = number
            put.fields["stamps", f"f{number}"] = stamp()
            put.fields["basis", f"f{number}"] = 0

    return change


def landed(count: int) -> Change:
    """So many devices more have edited it."""

    def change(put: Put) -> None:
        for number in range(count):
            put.fields["landed", f"{number:016x}"] = stamp()

    return change


FIRST = [
    *(
        Forbidden(f"a session without {name}", first, lacks((name,)))
        for name in ("schema", "holder", "rev", "hlc", "device", "at")
    ),
    Forbidden("a session without state", first, erases("state")),
    Forbidden("a session without stamps", first, erases("stamps")),
    Forbidden("a session without basis", first, erases("basis")),
    Forbidden("a session with a key that nobody knows", first, sets(("note",), 1)),
    Forbidden("a session whose id is too long", first, below(lambda path: path + "x" * 200)),
    Forbidden("a schema without a version", first, sets(("schema",), "reading")),
    Forbidden("a schema of version 0", first, sets(("schema",), "reading/0")),
    Forbidden("a schema with a capital", first, sets(("schema",), "Reading/1")),
    Forbidden("a schema with too long a name", first, sets(("schema",), "r" * 65 + "/1")),
    Forbidden("a schema with too long a version", first, sets(("schema",), "reading/1234567")),
    Forbidden("a schema that is a number", first, sets(("schema",), 1)),
    Forbidden("a first rev of 2", first, counts(2)),
    Forbidden("a first rev of 0", first, counts(0)),
    Forbidden("a first rev that is a fraction's kind", first, counts(1.0)),
    Forbidden("more fields than 64", first, fields(63)),
]

CONTENT = [
    Forbidden("a field without a stamp", first, lacks(STAMP)),
    Forbidden("a field without a basis", first, lacks(BASIS)),
    Forbidden("a stamp without a field", first, sets(("stamps", "other"), stamp)),
    Forbidden("a basis without a field", first, sets(("basis", "other"), 0)),
    Forbidden("a book without a field", first, sets(("merge", "other"), {"round": 1})),
    Forbidden("a book that is no map", first, sets(("merge",), 1)),
    Forbidden("a stamp that is a number", first, sets(STAMP, 1)),
    Forbidden("a stamp that is too short", first, sets(STAMP, "1-2-3")),
    Forbidden("a stamp with more behind it", first, sets(STAMP, lambda: stamp() + "0")),
    Forbidden("a stamp of a device with a name", first, sets(STAMP, lambda: stamp()[:-5] + "phone")),
    Forbidden("a stamp in capitals", first, sets(STAMP, lambda: stamp().upper())),
    Forbidden("two stamps in one", first, sets(STAMP, lambda: f"{stamp()} {stamp()}")),
    Forbidden("an empty stamp", first, sets(STAMP, "")),
    Forbidden("an hlc two minutes ahead", first, sets(("hlc",), lambda: now_ms() + 120_000)),
    Forbidden("an hlc with a fraction", first, sets(("hlc",), lambda: float(now_ms()))),
    Forbidden("an hlc below zero", first, sets(("hlc",), -1)),
    Forbidden("an hlc that is a text", first, sets(("hlc",), "1")),
    Forbidden("a device with a name", first, sets(("device",), "phone")),
    Forbidden("a device that is too long", first, sets(("device",), PHONE + "0")),
    Forbidden("a device that is a number", first, sets(("device",), 1)),
    Forbidden("the client's own time", first, dated("at", lambda: later(0))),
    Forbidden("a time that is a number", first, dated("at", now_ms)),
]

LANDED = [
    Forbidden("landed stamps that are a list", first, all_of(erases("landed"), sets(("landed",), [1]))),
    Forbidden("a landed stamp of a device with a name", first, sets(("landed", "phone"), stamp)),
    Forbidden("a landed stamp that is a number", first, sets(("landed", PHONE), 1)),
    Forbidden("a landed stamp that is too short", first, sets(("landed", PHONE), "1-2-3")),
    Forbidden("two landed stamps in one", first, sets(("landed", PHONE), lambda: f"{stamp()} {stamp()}")),
    Forbidden("stamps of more devices than 32", first, landed(32)),
]

NEXT = [
    Forbidden("another schema", next_, sets(("schema",), "listening/1"), BEGUN),
    Forbidden("a newer schema", next_, sets(("schema",), "reading/2"), BEGUN),
    Forbidden("the same rev again", next_, lacks(("rev",)), BEGUN),
    Forbidden("a rev that leaps", next_, counts(2), BEGUN),
    Forbidden("a rev that goes back", next_, counts(-1), BEGUN),
    Forbidden("a rev that becomes a fraction's kind", next_, counts(1.0), BEGUN),
    Forbidden(
        "an hlc that goes back",
        next_,
        sets(("hlc",), lambda: now_ms() - HOUR_MS),
        BEGUN,
    ),
    Forbidden(
        "an hlc that leaps ahead",
        next_,
        sets(("hlc",), lambda: now_ms() + 120_000),
        BEGUN,
    ),
    Forbidden("a field erased", next_, all_of(*(erases(name, "furthest") for name in MAPS)), BEGUN),
    Forbidden("all state erased", next_, erases("state"), BEGUN),
    Forbidden("a field more than has a stamp", next_, sets(("state", "volume"), 1), BEGUN),
    Forbidden("a key more", next_, sets(("note",), 1), BEGUN),
    Forbidden("a key less", next_, erases("holder"), BEGUN),
    Forbidden("the old time", next_, lacks(("at",)), BEGUN),
    Forbidden("more fields than 64 in the end", next_, fields(63), BEGUN),
]

SESSIONS = [*FIRST, *CONTENT, *LANDED, *NEXT]
