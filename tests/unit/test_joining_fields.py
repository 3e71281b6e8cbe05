"""Fields that several devices write at once, as an app has them: declared, read, edited, refused."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import dalsegno as ds
from dalsegno._errors import UsageError
from dalsegno.testing import SimulatedFirestore, VirtualClock


@dataclass(frozen=True)
class Track:
    title: str
    stars: int = 0


class Shared(ds.State, schema="shared/1"):
    queue: ds.Ordered[str] = ds.ordered(str)
    tracks: ds.Ordered[Track] = ds.ordered(Track)
    plays: int = ds.counter()
    credit: float = ds.counter(10.0)
    body: str = ds.text()
    title: str = ds.text("Untitled")
    furthest: int = ds.highest(5)
    best: float = ds.lowest(60.0)


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def cloud(clock: VirtualClock) -> SimulatedFirestore:
    return SimulatedFirestore(clock)


@pytest.fixture
def pair(cloud: SimulatedFirestore, tmp_path: Path) -> Iterator[tuple[Any, Any]]:
    """Two devices with the session open; they hear of each other when the clock runs."""
    with cloud.client(tmp_path, "phone") as phone, cloud.client(tmp_path, "laptop") as laptop:
        yield phone.open("s", Shared), laptop.open("s", Shared)


def test_a_state_has_its_defaults(pair: tuple[Any, Any]) -> None:
    """An empty queue and text, and where counting begins."""
    state = pair[0].state
    assert ([], [], 0, 10.0) == (state.queue, state.tracks, state.plays, state.credit)
    assert ("", "Untitled", 5, 60.0) == (state.body, state.title, state.furthest, state.best)
    assert str is type(state.body)
    assert Shared() == Shared()


def test_steps_on_two_devices_are_all_kept(pair: tuple[Any, Any], clock: VirtualClock) -> None:
    """Whatever the other does at the same time: append, insert, move, remove, replace, add."""
    phone, laptop = pair
    phone.update(queue=["a", "b", "c"], plays=ds.add(2), body="one\ntwo", tracks=[Track("x"), Track("y")])
    clock.run(10_000)
    phone.update(queue=phone.state.queue.insert(0, "p").pop())
    laptop.update(queue=laptop.state.queue.move(0, 1).append("l"))
    phone.update(tracks=phone.state.tracks.replace(0, Track("x", 5)), credit=ds.add(0.5), body="ONE\ntwo")
    laptop.update(
        tracks=laptop.state.tracks[::-1], plays=ds.add(-3), credit=ds.add(-1.5), body="one\ntwo\nthree"
    )
    clock.run(30_000)
    for session in pair:
        state = session.state
        assert ["p", "b", "a", "l"] == state.queue, "the laptop has moved a, and not b"
        assert [Track("y"), Track("x", 5)] == state.tracks
        assert (-1, 9.0, "ONE\ntwo\nthree") == (state.plays, state.credit, state.body)


def test_a_document_holds_plain_values(
    pair: tuple[Any, Any], clock: VirtualClock, cloud: SimulatedFirestore
) -> None:
    """Any Firebase client reads the queue as a list, the text as a string, the counter as a number."""
    pair[0].update(queue=["a", "b"], plays=ds.add(2), body="one\ntwo", tracks=[Track("x", 1)])
    clock.run(10_000)
    document: Any = cloud.session("s")
    assert {
        "queue": ["a", "b"],
        "plays": 2,
        "body": "one\ntwo",
        "tracks": [{"title": "x", "stars": 1}],
    } == document["state"]
    assert {"queue", "plays", "body", "tracks"} == set(document["merge"])


def test_nonsense_in_the_document_ends_nothing(
    pair: tuple[Any, Any], clock: VirtualClock, cloud: SimulatedFirestore
) -> None:
    """What an administrator wrote there: what can be read is shown, and edits go on upon it."""
    phone, _ = pair
    phone.update(queue=["a", "b"], plays=ds.add(2), body="one\ntwo")
    clock.run(10_000)
    document: Any = cloud.session("s")
    merge = {"queue": {"items": ["x"], "seen": 3}, "plays": {"tallies": ["x"], "start": 0}, "body": "?"}
    state = {**document["state"], "queue": ["b", 7, "c"], "plays": 5, "body": "three"}
    cloud.put("s", {**document, "state": state, "merge": merge})
    clock.run(10_000)
    assert (["b", "c"], 5, "three") == (phone.state.queue, phone.state.plays, phone.state.body)
    phone.update(queue=phone.state.queue.append("d"), plays=ds.add(1), body="three\nfour")
    clock.run(10_000)
    assert (["b", "c", "d"], 6, "three\nfour") == (phone.state.queue, phone.state.plays, phone.state.body)
    again: Any = cloud.session("s")
    assert ["b", 7, "c", "d"] == again["state"]["queue"], "what this app does not understand stays"


def test_an_old_value_means_only_the_step(pair: tuple[Any, Any], clock: VirtualClock) -> None:
    """The app holds a queue that it read a while ago; what came since then stays."""
    phone, laptop = pair
    phone.update(queue=["a", "b"])
    clock.run(10_000)
    old = phone.state.queue
    laptop.update(queue=laptop.state.queue.remove("a").append("c"))
    clock.run(10_000)
    phone.update(queue=old.append("d"))
    assert ["b", "c", "d"] == phone.state.queue
    phone.update(queue=old.remove("b"))
    assert ["c", "d"] == phone.state.queue
    phone.update(queue=old.remove("a").remove("b"))
    assert ["c", "d"] == phone.state.queue


def test_a_text_box_that_has_not_been_told_yet_deletes_nothing(
    pair: tuple[Any, Any], clock: VirtualClock
) -> None:
    """It shows what was read last; a line that arrived since then is not in it, and stays, key after key."""
    phone, laptop = pair
    phone.update(body="one\ntwo")
    clock.run(10_000)
    box = phone.state.body
    laptop.update(body="zero\n" + laptop.state.body)
    clock.run(10_000)
    for key in "!\nab":
        box += key
        phone.update(body=box)
    box = phone.state.body
    assert "zero\none\ntwo!\nab" == box
    phone.update(body=box.replace("zero\n", ""))
    clock.run(10_000)
    assert "one\ntwo!\nab" == laptop.state.body == phone.state.body


def test_a_list_is_compared_with_what_was_read_last(pair: tuple[Any, Any], clock: VirtualClock) -> None:
    """As a text is."""
    phone, laptop = pair
    phone.update(queue=["a", "b"])
    clock.run(10_000)
    shown = list(phone.state.queue)
    laptop.update(queue=laptop.state.queue.append("c"))
    clock.run(10_000)
    phone.update(queue=[*reversed(shown)])
    assert {"a", "b", "c"} == set(phone.state.queue)
    assert ["b", "a"] == [item for item in phone.state.queue if item != "c"]


def test_an_item_that_was_put_there_anew_is_another_one(pair: tuple[Any, Any], clock: VirtualClock) -> None:
    """The list looks as before; an edit here means the item that is there now."""
    phone, laptop = pair
    phone.update(queue=["a", "b"])
    clock.run(10_000)
    told: list[Any] = []
    phone.on_change(told.append)
    laptop.update(queue=laptop.state.queue.remove("a"))
    laptop.update(queue=laptop.state.queue.insert(0, "a"))
    clock.run(10_000)
    assert ["a", "b"] == phone.state.queue
    assert [] == [change for change in told if change.state.queue != ["b"]]
    phone.update(queue=phone.state.queue.remove("a"))
    assert ["b"] == phone.state.queue


def test_a_state_that_the_app_makes_says_the_same(pair: tuple[Any, Any]) -> None:
    """`update(Shared(…))`, which type checkers understand."""
    phone, _ = pair
    phone.update(Shared(queue=phone.state.queue.append("a"), plays=ds.add(1), body="x", best=50.0))
    phone.update(Shared(queue=phone.state.queue.append("b"), plays=ds.add(1)))
    assert (["a", "b"], 2, "x", 50.0) == tuple(
        getattr(phone.state, name) for name in ("queue", "plays", "body", "best")
    )
    assert 11.0 == Shared(credit=ds.add(1.0)).credit


def test_nothing_shows_beyond_its_default(pair: tuple[Any, Any]) -> None:
    """A `highest` field never below it, a `lowest` one never above; a new round within."""
    phone, _ = pair
    phone.update(furthest=3, best=70.0)
    assert (5, 60.0) == (phone.state.furthest, phone.state.best)
    phone.update(furthest=9, best=30.0)
    phone.update(furthest=7, best=40.0)
    assert (9, 30.0) == (phone.state.furthest, phone.state.best)
    phone.update(furthest=ds.restart(6), best=ds.restart(50.0))
    assert (6, 50.0) == (phone.state.furthest, phone.state.best)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"plays": 5}, r"plays is a counter, which cannot be set: .* update\(plays=add\(1\)\)"),
        ({"plays": ds.add(0.5)}, r"plays takes int .*, not float"),
        ({"plays": ds.add("1")}, r"plays takes int .*, not str"),  # type: ignore[type-var]
        ({"body": ds.add(1)}, "body is no `counter` field"),
        ({"plays": ds.restart(1)}, "plays is no `highest` field"),
        ({"queue": "abc"}, "queue takes Ordered of str, not str"),
        ({"queue": ["a", 1]}, "queue takes Ordered of str, not list"),
        (
            {"queue": [f"{n}" for n in range(501)]},
            "queue would have 501 items, and an ordered field holds 500",
        ),
        ({"queue": ["x" * 300_000]}, "queue is larger than 256 KiB"),
        ({"body": "x\n" * 500_000}, "body is larger than 256 KiB"),
        ({"body": "\ud800"}, "body takes str"),
    ],
)
def test_what_a_field_does_not_take_is_refused(pair: tuple[Any, Any], fields: Any, message: str) -> None:
    """With its name, and what to do; nothing is changed."""
    phone, _ = pair
    before = phone.state
    with pytest.raises(UsageError, match=message):
        phone.update(**fields)
    assert before is phone.state
    assert phone.saved is ds.Saved.EVERYWHERE


def test_the_bookkeeping_counts_too(pair: tuple[Any, Any]) -> None:
    """What would not fit into the document with it is refused here, and not by the server."""
    phone, _ = pair
    items = [Track("x" * 450, n) for n in range(500)]
    phone.update(tracks=items)
    with pytest.raises(UsageError, match="tracks would be larger than 256 KiB with its bookkeeping"):
        for n in range(0, 500, 2):
            items[n] = Track("x" * 480, n)
        phone.update(tracks=items)


def test_a_long_text_can_always_be_edited(pair: tuple[Any, Any], clock: VirtualClock) -> None:
    """A thousand lines that were each written by themselves, again and again: the bookkeeping has a bound."""
    phone, laptop = pair
    lines = ["x" * 100] * 2000
    phone.update(body="\n".join(lines))
    for n in range(4):
        lines[n::2] = [f"{n} " + "y" * 80] * len(lines[n::2])
        phone.update(body="\n".join(lines))
    phone.update(body="\n".join(f"    {line}" for line in lines))
    clock.run(60_000)
    assert [f"    {line}" for line in lines] == laptop.state.body.split("\n")
    assert phone.saved is ds.Saved.EVERYWHERE


def test_what_others_made_too_long_is_shown_and_can_be_made_shorter(
    pair: tuple[Any, Any], clock: VirtualClock, cloud: SimulatedFirestore
) -> None:
    """Two devices add at the same time: nothing is thrown away, and an edit here may not add to it."""
    phone, laptop = pair
    phone.update(queue=[f"{n}" for n in range(499)])
    clock.run(10_000)
    phone.update(queue=phone.state.queue.append("p"))
    laptop.update(queue=laptop.state.queue.append("l"))
    clock.run(30_000)
    assert 501 == len(phone.state.queue) == len(laptop.state.queue)
    with pytest.raises(UsageError, match="would have 502 items"):
        phone.update(queue=phone.state.queue.append("q"))
    phone.update(queue=phone.state.queue[10:])
    assert 491 == len(phone.state.queue)


def test_ordered_is_a_sequence_that_does_not_change() -> None:
    """Each step gives a new one; it equals lists and tuples, and can be hashed, sliced and pickled."""
    queue = ds.Ordered(["a", "b", "c"])
    assert ["a", "b", "c", "d", "e"] == queue.extend(["d", "e"])
    assert ["x", "a", "b", "c"] == queue.insert(0, "x")
    assert ["b", "c", "a"] == queue.move(0, 2) == queue.move(-3, -1)
    assert ["a", "c"] == queue.remove("b") == queue.pop(1)
    assert ["a", "b"] == queue.pop()
    assert ["a", "B", "c"] == queue.replace(1, "B")
    assert ["c", "b", "a"] == queue[::-1] == list(reversed(queue))
    assert ("a", "b", "c") == queue == ds.Ordered("abc") == pickle.loads(pickle.dumps(queue))
    assert (3, "b", 1, True) == (len(queue), queue[1], queue.index("b"), "c" in queue)
    assert {queue} == {ds.Ordered("abc")}
    assert "Ordered(['a', 'b', 'c'])" == repr(queue)
    assert queue != "abc"
    with pytest.raises(ValueError):
        queue.remove("x")
    with pytest.raises(IndexError):
        queue.pop(3)
    with pytest.raises(IndexError):
        queue.move(3, 0)
    with pytest.raises(IndexError):
        queue.replace(3, "x")


def _declared(hint: Any, declared: Any) -> type:
    return type("Bad", (ds.State,), {"__annotations__": {"field": hint}, "field": declared}, schema="bad/1")


@pytest.mark.parametrize(
    ("hint", "declared", "message"),
    [
        (list[str], ds.ordered(str), r"declared with ordered\(str\), and so its type is Ordered\[str\]"),
        (ds.Ordered[int], ds.ordered(str), r"its type is Ordered\[str\]"),
        (ds.Ordered[str], ds.latest([]), r"is Ordered\[…\], and so it is declared with ordered\(…\)"),
        (ds.Ordered[list[str]], ds.ordered(list[str]), "no lists of lists"),
        (ds.Ordered[complex], ds.ordered(complex), "a field cannot be"),
        (str, ds.counter(0), "is `counter`, and so it is an int or a float"),
        (str, ds.lowest(0), "is `lowest`, and so it is an int or a float"),
        (int, ds.text(), "is `text`, and so it is a str"),
        (str | None, ds.text(), "is `text`, and so it is a str"),
        (int, ds.counter(0.5), "takes int"),
    ],
)
def test_a_policy_that_does_not_fit_the_type_is_refused(hint: Any, declared: Any, message: str) -> None:
    """Where the class is declared, with what fits."""
    with pytest.raises(UsageError, match=rf"(Bad\.)?field:? .*{message}|{message}"):
        _declared(hint, declared)


def test_sessions_that_are_read_whole_show_plain_values(pair: tuple[Any, Any], clock: VirtualClock) -> None:
    """As `recent` does."""
    phone, _ = pair
    phone.update(queue=["a"], plays=ds.add(1), body="x")
    clock.run(10_000)
    [found] = phone._client.recent(5)
    assert (["a"], 1, "x") == (found.state["queue"], found.state["plays"], found.state["body"])
    assert isinstance(found.state["queue"], list)
