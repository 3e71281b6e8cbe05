"""What an app must not write: mypy --strict and pyright refuse each line that is marked, and no other.

It is read, and never run.
"""

from __future__ import annotations

import dalsegno as ds


class Reading(ds.State, schema="reading/1"):
    place: ds.Locator | None = ds.latest(default=None)
    furthest: float = ds.highest(0.0)
    n: int = ds.latest(default=0)


class Other(ds.State, schema="other/1"):
    n: int = ds.latest(0)


class Wrong(ds.State, schema="wrong/1"):
    title: str = ds.latest(0)  # refused: the default is of another type
    note: str = ds.highest("")  # refused: highest is for numbers
    place: ds.Locator = ds.highest(ds.Locator("a"))  # refused: highest is for numbers
    theme: str = ds.lastest("light")  # refused: no such policy
    text_size: float = ds.on_this_device(default=None)  # refused: the default is of another type
    best: str = ds.lowest("")  # refused: lowest is for numbers
    plays: str = ds.counter("")  # refused: a counter is a number
    queue: list[str] = ds.ordered(str)  # refused: a sequence that does not change is Ordered
    tracks: ds.Ordered[int] = ds.ordered(str)  # refused: items of another type
    body: int = ds.text()  # refused: a text is a str


def edits(client: ds.Client) -> None:
    session = client.open("x", Reading)
    session.update(Reading(nn=1))  # refused: no such field
    session.update(Reading(n="x"))  # refused: another type
    session.update(Reading(place="a.xhtml"))  # refused: another type
    session.update(Reading(furthest=ds.restart("0")))  # refused: restart is for numbers
    session.update(Reading(n=ds.add("1")))  # refused: only numbers are added
    session.update(Reading(1))  # refused: fields are named
    session.update(Other(n=1))  # refused: the State of another session
    session.update({"n": 1})  # refused: no State
    session.update(Reading(n=1), furthest=0.4)  # refused: one way at a time
    session.update(Reading(n=1), Reading(n=2))  # refused: one State at a time


def reading(client: ds.Client) -> None:
    session = client.open("x", Reading)
    session.state.n = 1  # refused: a state does not change
    session.state.nn  # refused: no such field # noqa: B018
    session.state = Reading()  # refused: update() changes it
    number: str = session.state.n  # refused: another type
    session.on_change(lambda: None)  # refused: a callback takes a change
    session.on_change(print, fields=1)  # refused: names of fields
    other: ds.Session[Other] = session  # refused: another class
    print(number, other)


def opening() -> None:
    client = ds.connect("demo-books", user="alice")  # refused: a text is no user
    client.open("x", dict)  # refused: no State class
    client.open(7, Reading)  # refused: an id is a text
    client.recent("all")  # refused: a number
