"""What the witness of the simulation lets pass: where policies differ, after a loss, and elsewhere."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dalsegno._core.document import Entry
from tests.support.simulation.failure import Failure
from tests.support.simulation.progress import Progress
from tests.support.simulation.versions import FieldPolicies
from tests.support.stores import stamp

DEVICES = 2
ALIKE, MIXED = ("new", "new"), ("new", "latest")
"""`furthest` is `highest`; or to one version of the app it is, and to the other it is `latest`."""


def progress(versions: tuple[str, str] = MIXED) -> Progress:
    return Progress(FieldPolicies(versions), DEVICES)


def entry(value: float, ms: int) -> Entry:
    return Entry(value, stamp(ms))


def commit(it: Progress, **news: Entry) -> None:
    it.commits("book", news)


def refused(call: Callable[[], object]) -> str:
    with pytest.raises(Failure) as raised:
        call()
    return str(raised.value)


def test_an_edit_that_never_reached_the_server_is_not_lost_with_its_document() -> None:
    """Where the document is gone, what was in it may be; an edit that was not may not."""
    it, edit = progress(), entry(0.5, 10)
    it.lost("book")
    assert not it.supersedes("book", "furthest", None, edit)
    commit(it, furthest=edit)
    assert it.supersedes("book", "furthest", None, edit)


def test_an_edit_gives_way_only_to_what_is_newer_or_higher() -> None:
    """To one of its policies; that the server had it once is no excuse."""
    it, edit = progress(), entry(0.5, 10)
    commit(it, furthest=edit)
    assert it.supersedes("book", "furthest", entry(0.1, 11), edit)
    assert it.supersedes("book", "furthest", entry(0.9, 9), edit)
    assert not it.supersedes("book", "furthest", entry(0.1, 9), edit)


def test_an_edit_gives_way_to_what_took_the_place_of_what_took_its_place() -> None:
    """Higher took its place, newer took that one's: it is neither to the edit. Not without those commits."""
    it, edit, higher, newer = progress(), entry(0.3, 10), entry(0.5, 5), entry(0.1, 6)
    assert not it.supersedes("book", "furthest", newer, edit)
    it.overwrites("book", "furthest", edit, higher)
    assert not it.supersedes("book", "furthest", entry(0.1, 4), edit)
    it.overwrites("book", "furthest", higher, newer)
    assert it.supersedes("book", "furthest", newer, edit)


def test_after_a_loss_too_it_gives_way_to_what_took_the_place_of_what_took_its_place() -> None:
    """A device let it go for what is newer, and that gave way to an older one that is higher. Not if no
    device let it go: whoever has it gives it back."""
    it, edit, newer, older = progress(ALIKE), entry(0.5, 10), entry(0.3, 11), entry(0.4, 5)
    commit(it, furthest=edit)
    it.lost("book")
    it.overwrites("book", "furthest", newer, older)
    assert not it.supersedes("book", "furthest", older, edit)
    assert "went back" in refused(lambda: it.steps("device 1", "book", "furthest", edit, older))
    it.steps("device 0", "book", "furthest", edit, newer)
    assert it.supersedes("book", "furthest", older, edit)
    assert not it.supersedes("book", "furthest", entry(0.2, 6), edit)


def test_nobody_goes_back_where_the_policies_differ() -> None:
    """Lower by an older edit is a step forward to no policy; lower by a newer one is, to `latest`."""
    it = progress()
    it.overwrites("book", "furthest", entry(0.5, 10), entry(0.1, 11))
    back = refused(lambda: it.overwrites("book", "furthest", entry(0.5, 10), entry(0.1, 9)))
    assert "went back" in back


def test_a_contested_field_is_no_cause_for_the_others() -> None:
    """What was in a document already comes again with nobody's edit of another field."""
    it, place = progress(), entry(1, 10)
    commit(it, place=place)
    assert "without a cause" in refused(lambda: commit(it, place=place, furthest=entry(0.5, 11)))
    commit(it, place=entry(2, 12), furthest=entry(0.5, 11))


@pytest.mark.parametrize("versions", [ALIKE, MIXED], ids=["alike", "mixed"])
def test_a_war_is_one_after_a_loss_too(versions: tuple[str, str]) -> None:
    """Each device gives an edit back once, and once more after each loss; not for ever."""
    it, edit = progress(versions), entry(0.5, 10)
    it.lost("book")
    for _ in range(1 + DEVICES + 1):
        commit(it, furthest=edit)
    assert "a war" in refused(lambda: commit(it, furthest=edit))
