"""What an app writes: mypy --strict and pyright in strict mode take this page as it stands. A test runs it.

Each function is one example; its `client` is connected.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Literal, NewType, assert_type

import dalsegno as ds


class Mood(enum.Enum):
    CALM = "calm"
    WILD = "wild"


@dataclass(frozen=True)
class Style:
    """An app's own dataclass: a map in the document."""

    size: float = 18.0
    fonts: tuple[str, ...] = ()


class Span:
    """A class of an app's own, with its own way into a document."""

    def __init__(self, start: int, end: int) -> None:
        self.start, self.end = start, end

    def to_value(self) -> list[int]:
        return [self.start, self.end]

    @classmethod
    def from_value(cls, value: Any) -> Span:
        start, end = value
        return cls(start, end)


BookId = NewType("BookId", str)
Percent = Annotated[float, "from 0 to 100"]


class Reading(ds.State, schema="reading/1"):
    """Each type that a field may have; the default stands behind `default=`, or alone."""

    unit: ClassVar[str] = "pages"

    place: ds.Locator | None = ds.latest(default=None)
    furthest: float = ds.highest(default=0.0)
    chapters: int = ds.highest(0)
    text_size: float = ds.on_this_device(18.0)
    book: BookId = ds.latest(BookId(""))
    percent: Percent = ds.latest(0.0)
    theme: Literal["light", "dark"] = ds.latest("light")
    mood: str | Mood = ds.latest("")
    style: Style = ds.latest(Style())
    tags: list[str] = ds.latest([])
    notes: dict[str, str] = ds.latest({})
    window: tuple[int, int] = ds.latest((800, 600))
    span: Span | None = ds.latest(None)
    opened: datetime | None = ds.latest(None)


class Listening(ds.State, schema="listening/1"):
    """Fields that several devices write at once."""

    playhead: ds.Playhead = ds.latest(default=ds.Playhead())
    queue: ds.Ordered[str] = ds.ordered(str)
    styles: ds.Ordered[Style] = ds.ordered(Style)
    plays: int = ds.counter()
    credit: float = ds.counter(default=0.5)
    best: float = ds.lowest(default=60.0)
    body: str = ds.text()
    title: str = ds.text(default="Untitled")


class Both(Reading, Listening, schema="both/1"):
    """The fields of two classes, and one more."""

    cover: bytes | None = ds.latest(None)


def types_of_a_session(client: ds.Client) -> None:
    """A session knows its class, and so do its state and its changes."""
    with client.open("x", Reading) as session:
        assert_type(session, ds.Session[Reading])
        assert_type(session.state, Reading)
        assert_type(session.state.place, ds.Locator | None)
        assert_type(session.state.furthest, float)
        assert_type(session.state.theme, Literal["light", "dark"])
        assert_type(session.state.tags, list[str])
        assert_type(session.saved, ds.Saved)
        assert_type(session.update(furthest=0.1), Reading)
        assert_type(session.update(Reading(furthest=0.2)), Reading)
        assert_type(session.changes(timeout_s=0.0), Iterator[ds.Change[Reading]])


def edits(client: ds.Client) -> None:
    """By keyword, or as a State that names just the fields it is made with, whose types are checked."""
    session = client.open("x", Reading)
    session.update(furthest=0.4, place=ds.Locator("a.xhtml"), tags=["a"])
    session.update(Reading(furthest=0.5))
    session.update(Reading(furthest=ds.restart(0.0), theme="dark", mood=Mood.CALM))
    session.update(Reading(style=Style(20.0), span=Span(1, 2), book=BookId("b"), opened=datetime.now(UTC)))
    session.update(Reading(tags=[*session.state.tags, "b"], notes={**session.state.notes, "a": "b"}))
    client.open("y", Both).update(Both(cover=b"", playhead=ds.Playhead.paused_from(0, 0), chapters=2))


def joining(client: ds.Client) -> None:
    """Fields of which every device's edits are kept: what is given says what was done."""
    session = client.open("z", Listening)
    queue = session.state.queue
    assert_type(queue, ds.Ordered[str])
    assert_type(queue[:1], ds.Ordered[str])
    assert_type(queue.append("c1"), ds.Ordered[str])
    assert_type(list(queue), list[str])
    assert_type(session.state.plays, int)
    assert_type(session.state.body, str)
    assert_type(session.state.styles, ds.Ordered[Style])
    session.update(queue=queue.insert(0, "c1"), plays=ds.add(1), body=session.state.body + "\n")
    session.update(Listening(queue=session.state.queue.append("c2"), plays=ds.add(-1), credit=ds.add(0.5)))
    session.update(Listening(best=ds.restart(61.0), queue=ds.Ordered(["a"]), body="x"))
    session.update(styles=[Style(20.0)])


def telling(client: ds.Client) -> None:
    """Callbacks for all changes, or for those of some fields."""
    session = client.open("x", Reading)

    def follow(change: ds.Change[Reading]) -> None:
        assert_type(change.state, Reading)
        assert_type(change.fields, frozenset[str])
        assert_type(change.device, ds.Device | None)
        assert_type(change.advice, ds.Advice)

    for stop in (
        session.on_change(follow),
        session.on_change(follow, fields="place"),
        session.on_change(follow, fields=("place", "furthest")),
        session.on_change(lambda change: print(change.state.furthest)),
        session.on_change(lambda change: change.fields),
        client.on_status(lambda status: print(status.link)),
    ):
        stop()


def others(client: ds.Client) -> None:
    """What else a client says."""
    assert_type(client.recent(), list[ds.Recent])
    for found in client.recent(3):
        assert_type(found.id, str)
        print(found.state.get("furthest"))
    assert_type(client.status, ds.Status)
    assert_type(client.status.link, ds.Link)
    assert_type(client.now_ms(), int)
    assert_type(client.device, ds.Device)
    assert_type(client.flush(timeout_s=0.0), bool)


EXAMPLES = (types_of_a_session, edits, telling, others)
