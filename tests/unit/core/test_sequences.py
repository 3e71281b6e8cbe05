"""`ordered` and `text`: what becomes of edits on two devices, with the values that are right."""

from __future__ import annotations

from typing import Any

import pytest

from dalsegno._core.clock import stamp
from dalsegno._core.document import NO_STAMP, Entry
from dalsegno._core.limits import size_of
from dalsegno._core.policies import LATEST, ORDERED, TEXT
from dalsegno._core.sequences import Sequenced
from dalsegno._core.types import DeviceId, Stamp
from dalsegno._core.wishes import Revised

HERE, THERE = DeviceId(f"{1:016x}"), DeviceId(f"{2:016x}")


def at(ms: int, device: DeviceId = HERE) -> Stamp:
    return stamp(ms, 0, device)


def both(policy: Sequenced, before: Any, here: Any, there: Any) -> Any:
    """What becomes of two edits of one sequence, the second a moment later."""
    base = policy.write(None, before, at(1), 0)
    ours, theirs = policy.write(base, here, at(2), 0), policy.write(base, there, at(3, THERE), 0)
    joined = policy.join(ours, theirs)
    assert joined == policy.join(theirs, ours)
    return joined.value


@pytest.mark.parametrize(
    ("here", "there", "merged"),
    [
        ("abcx", "abcy", "abcxy"),
        ("xabc", "yabc", "xyabc"),
        ("axybc", "az1bc", "az1xybc"),
        ("ac", "abxc", "axc"),
        ("bc", "abcx", "bcx"),
        ("", "abcx", "x"),
        ("cab", "abcx", "cabx"),
        ("cab", "acb", "acb"),
        ("bca", "abc", "bca"),
        ("cab", "ab", "cab"),
        ("abcab", "abcab", "abcabab"),
        ("aXbc", "abXc", "aXbXc"),
    ],
)
def test_two_edits_of_a_list_are_both_kept(here: str, there: str, merged: str) -> None:
    """Insertions, removals and moves; items that are equal are still two."""
    assert list(merged) == both(ORDERED, list("abc"), list(here), list(there))


@pytest.mark.parametrize(
    ("here", "there", "merged"),
    [
        ("one!\ntwo\nthree", "one\ntwo\nthree?", "one!\ntwo\nthree?"),
        ("one\ntwo!\nthree", "one\ntwo?\nthree", "one\ntwo?\nthree"),
        ("one\ntwo\nthree\n", "one\ntwo\nthree\n", "one\ntwo\nthree\n\n"),
        ("one\n\ntwo\nthree", "one\ntwo\n\nthree", "one\n\ntwo\n\nthree"),
        ("one\nthree", "one\ntwo!\nthree", "one\ntwo!\nthree"),
        ("one\nthree", "one\ntwo\nthree, four", "one\nthree, four"),
        ("one\r\ntwo\nthree", "one\ntwo\nthree €", "one\r\ntwo\nthree €"),
        ("", "one\ntwo\nthree\nfour", "four"),
    ],
)
def test_two_edits_of_a_text_are_both_kept_line_by_line(here: str, there: str, merged: str) -> None:
    """Of one line the newer edit; a line that was changed while another device deleted it stays."""
    assert merged == both(TEXT, "one\ntwo\nthree", here, there)


@pytest.mark.parametrize("text", ["", "\n", "\n\n", "a", "a\n", "\na", "a\r\nb\r\n", "€\u2028😀\n\x00", " "])
def test_a_text_stays_as_it_was_written(text: str) -> None:
    """Line ends of any kind, empty lines, an empty text; also once more, upon the first and upon another."""
    for before in (None, "", "x\ny", text):
        base = TEXT.write(None, before, at(1), 0) if before is not None else None
        assert text == TEXT.write(base, text, at(2), 0).value


def test_an_edit_means_what_was_changed_in_what_the_app_saw() -> None:
    """What other devices did since then is none of it, though it is not in what the app gives."""
    base = ORDERED.write(None, ["a", "b"], at(1), 0)
    newer = ORDERED.write(base, ["a", "new", "b"], at(2, THERE), 0)
    edited = ORDERED.write(newer, Revised(["b"], ["a", "b"], ORDERED.names(base), (1,)), at(3), 0)
    assert ["new", "b"] == edited.value
    text = TEXT.write(TEXT.write(None, "a\nb", at(1), 0), "a\nnew\nb", at(2, THERE), 0)
    assert "a\nnew\nb!" == TEXT.write(text, Revised("a\nb!", "a\nb"), at(3), 0).value
    assert "new\nb" == TEXT.write(text, Revised("b", "a\nb"), at(3), 0).value


def test_what_the_app_saw_and_another_removed_stays_removed() -> None:
    """Giving back a list that still has it is no wish to have it again; changing it is."""
    base = ORDERED.write(None, ["a", "b", "c"], at(1), 0)
    names, newer = ORDERED.names(base), ORDERED.write(base, ["a", "c"], at(2, THERE), 0)
    appended = Revised(["a", "b", "c", "d"], ["a", "b", "c"], names, (0, 1, 2, None))
    assert ["a", "c", "d"] == ORDERED.write(newer, appended, at(3), 0).value
    changed = Revised(["a", "B", "c"], ["a", "b", "c"], names, (0, 1, 2))
    assert ["a", "B", "c"] == ORDERED.write(newer, changed, at(3), 0).value


def test_an_old_replica_does_not_bring_back_what_was_removed() -> None:
    """Not after thousands of items have come and gone, either; and the removals take no room."""
    first = current = ORDERED.write(None, ["keep"], at(1), 0)
    old = [first]
    for n in range(1000):
        current = ORDERED.write(current, ["keep", f"item {n}"], at(2 + n), 0)
        old.append(current) if n % 100 == 0 else None
    current = ORDERED.write(current, ["keep"], at(5000), 0)
    for entry in [*old, Entry(list(first.value), first.stamp, 0, dict(first.extra))]:  # type: ignore[arg-type]
        assert ["keep"] == ORDERED.join(current, entry).value
    assert size_of(current.extra) < 250


def test_nothing_changed_is_no_edit() -> None:
    """The same list, the same text: the entry stays what it was, and no commit has a cause."""
    for policy, value in ((ORDERED, ["a", "b"]), (TEXT, "a\nb")):
        base = policy.write(None, value, at(1), 0)
        assert base is policy.write(base, value, at(2), 0)


def test_a_joined_entry_with_the_newest_stamp_is_not_the_edit_that_has_it() -> None:
    """Its stamp is that of one edit among many: whether another one is in it, the items tell."""
    base = ORDERED.write(None, ["a"], at(1), 0)
    theirs = ORDERED.write(base, ["a", "t"], at(9, THERE), 0)
    ours = ORDERED.join(ORDERED.write(base, ["a", "o"], at(2), 0), theirs)
    assert ours.stamp == theirs.stamp
    assert not ORDERED.contains(theirs, ours) and ORDERED.contains(ours, theirs)
    assert not ORDERED.contains(base, ORDERED.write(base, [], at(3), 0)), "a removal is news"


@pytest.mark.parametrize("extra", [{}, {"items": 7}])
def test_a_list_without_bookkeeping_is_taken_as_it_stands(extra: dict[str, Any]) -> None:
    """As another version of the app, or another client, has left it: two devices begin upon the
    same items."""
    before = Entry(["a", "b"], at(5), 0, extra)
    ours = ORDERED.write(before, ["b", "x"], at(6), 0)
    theirs = ORDERED.write(before, ["a", "b", "y"], at(7, THERE), 0)
    assert ["b", "x", "y"] == ORDERED.join(ours, theirs).value
    assert ["b", "x"] == ORDERED.join(ours, before).value
    newer = LATEST.write(before, ["a", "b", "c"], at(8, THERE), 0)
    assert ["a", "b", "c"] == ORDERED.join(before, newer).value


def _nonsense(extra: dict[str, Any]) -> list[dict[str, Any]]:
    line = extra["items"][0].split(" ")
    return [
        {**extra, "items": [" ".join([*line[:3], "7fffffffffffffff*400"])]},
        {**extra, "items": [" ".join([*line[:3], "0*0"])]},
        {**extra, "items": [" ".join([line[0], "/".join(["0.1"] * 100_000), *line[2:]])]},
        {**extra, "items": [" ".join(["0." + "f" * 100_000, *line[1:]])]},
        {**extra, "items": [" ".join([line[0], "9.0", *line[2:]])]},
        {**extra, "items": [" ".join([*line[:2], "0.0.99", *line[3:]])]},
        {**extra, "items": ["", "x y z", "=", "0.1 0.0 ="]},
        {**extra, "seen": ["0"]},
        {**extra, "devices": ["me"]},
        {**extra, "hidden": [{"version": extra["items"][0], "value": 1}]},
        {**extra, "hidden": [7, {}]},
    ]


@pytest.mark.parametrize("number", range(11))
def test_nonsense_in_the_bookkeeping_leaves_the_list(number: int) -> None:
    """Whatever stands there: the values are shown, edits go on, and no number in it makes anything grow."""
    made = ORDERED.write(None, ["a", "b", "c"], at(1), 0)
    bad = Entry(made.value, made.stamp, 0, _nonsense(dict(made.extra))[number])
    assert ["a", "b", "c"] == [item.value for item in ORDERED.items(bad).shown]
    assert ["a", "c", "x"] == ORDERED.write(bad, ["a", "c", "x"], at(2), 0).value
    assert ORDERED.join(bad, made) == ORDERED.join(made, bad)


@pytest.mark.parametrize("value", [None, 7, "abc", {"a": 1}])
def test_what_is_no_list_is_an_empty_one(value: Any) -> None:
    """And what is no text an empty text."""
    assert ["x"] == ORDERED.write(Entry(value, at(1)), ["x"], at(2), 0).value
    assert TEXT.write(Entry(7, at(1)), "x", at(2), 0).value == "x"


def test_a_default_is_the_same_on_every_device() -> None:
    """Two devices that both begin upon it do not have it twice."""
    ours = TEXT.write(None, Revised("Title\nours", "Title", start="Title"), at(1), 0)
    theirs = TEXT.write(None, Revised("Title\ntheirs", "Title", start="Title"), at(2, THERE), 0)
    assert "Title\nours\ntheirs" == TEXT.join(ours, theirs).value


def test_five_hundred_items_are_the_most_that_an_edit_here_makes() -> None:
    """What two devices added at the same time is kept beyond that; it can be made shorter, and no longer."""
    items: list[Any] = [f"i{n}" for n in range(500)]
    full = ORDERED.write(None, items, at(1), 0)
    assert "" == ORDERED.fault(None, full)
    more = ORDERED.write(full, [*items, "x"], at(2), 0)
    assert "would have 501 items, and an ordered field holds 500" in ORDERED.fault(full, more)
    beyond = ORDERED.join(more, ORDERED.write(full, [*items, "y"], at(3, THERE), 0))
    assert [*items, "x", "y"] == beyond.value
    shorter = ORDERED.write(beyond, [*items[1:], "x", "y"], at(4), 0)
    assert "" == ORDERED.fault(beyond, shorter)
    changed = ORDERED.write(beyond, ["new", *items[1:], "x", "y"], at(4), 0)
    assert "" == ORDERED.fault(beyond, changed)


def test_between_the_newest_two_there_is_always_room() -> None:
    """Where positions would become too long all are made anew; the order stays, here and for who hears of
    it."""
    want, current = ["a", "z"], ORDERED.write(None, ["a", "z"], at(1), 0)
    other = current
    for n in range(300):
        want.insert(len(want) // 2, f"i{n}")
        current = ORDERED.write(current, list(want), at(2 + n), 0)
        assert want == current.value
    assert max(len(item.position) for item in ORDERED.items(current).shown) <= 8
    assert want == ORDERED.join(other, current).value
    gone = ORDERED.write(other, ["z"], at(900, THERE), 0)
    assert want[1:] == ORDERED.join(gone, current).value, "what another device removed stays removed"


@pytest.mark.parametrize("policy", [ORDERED, TEXT], ids=["ordered", "text"])
def test_what_another_value_stands_before_is_in_the_document_too(policy: Sequenced) -> None:
    """Two change one item, a third removes what it sees of it, and has not seen the other: that stays."""
    texts = policy is TEXT
    base = policy.write(None, "a" if texts else ["a"], at(1), 0)

    def changed(value: str, stamp: Stamp) -> Entry:
        given, seen = (value, "a") if texts else ([value], ["a"])
        return policy.write(base, Revised(given, seen, policy.names(base), (0,)), stamp, 0)

    older, newer = changed("older", at(2)), changed("newer", at(3, THERE))
    joined = policy.join(older, newer)
    assert ("newer" if texts else ["newer"]) == joined.value
    hidden: Any = joined.extra["hidden"]
    assert ["older"] == [version["value"] for version in hidden]
    again = Entry(joined.value, joined.stamp, 0, dict(joined.extra))
    assert policy.items(joined).versions == policy.items(again).versions
    removed = policy.write(newer, "" if texts else [], at(4, THERE), 0)
    for one in (policy.join(again, removed), policy.join(removed, older)):
        assert ("older" if texts else ["older"]) == one.value
    written = policy.write(again, "both" if texts else ["both"], at(5), 0)
    assert ("both" if texts else ["both"]) == policy.join(written, older).value


def test_names_are_never_given_twice() -> None:
    """An edit was discarded, and arrives all the same: its items are none that were made after it."""
    base = ORDERED.write(None, ["a"], at(1000), 0)
    discarded = ORDERED.write(base, ["a", *["d"] * 400], at(2000), 0)
    made = ORDERED.write(base, ["a", *["m"] * 400], at(2001), 0)
    later = ORDERED.write(base, ["a", "l"], at(5), 0)
    names = [set(ORDERED.names(entry)) for entry in (base, discarded, made, later)]
    assert names[0] == names[1] & names[2] == names[2] & names[3]
    assert ["a", *["m"] * 400] == ORDERED.join(made, discarded).value


def test_stamps_in_the_bookkeeping_are_those_of_the_edits() -> None:
    """The newest value of an item and its newest place may be of two devices."""
    base = ORDERED.write(None, ["a", "b", "c"], at(1), 0)
    moved = ORDERED.write(base, ["c", "a", "b"], at(2), 0)
    changed = ORDERED.write(
        base, Revised(["a", "b", "C"], ["a", "b", "c"], ORDERED.names(base), (0, 1, 2)), at(3, THERE), 0
    )
    assert ["C", "a", "b"] == ORDERED.join(moved, changed).value
    assert NO_STAMP < base.stamp
