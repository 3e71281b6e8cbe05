"""Sessions and places, as an app meets them: known, offered, taken, and the way back."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

import dalsegno as ds
import dalsegno.asyncio
from dalsegno.testing import SimulatedFirestore, VirtualClock
from tests.support.recipe import Reading, program


class Book(ds.State, schema="book/1"):
    """What is edited here."""

    page: int = ds.latest(0)
    furthest: float = ds.highest(0.0)
    size: float = ds.on_this_device(18.0)


class Newer(ds.State, schema="book/1"):
    """A page that is called by its name."""

    page: str = ds.latest("")


class Marked(ds.State, schema="marked/1"):
    """A field that is called like the argument."""

    mark: str = ds.latest("")


class Stage:
    """A phone and a laptop at one simulated Firestore, on its clock."""

    def __init__(self, home: Path) -> None:
        self.clock = VirtualClock()
        self.cloud = SimulatedFirestore(self.clock)
        self.home = home
        self.phone, self.laptop = self.cloud.client(home, "phone"), self.cloud.client(home, "laptop")

    def knows(self) -> tuple[ds.Session[Book], ds.Session[Book]]:
        """A book that both have open, and know to be on page 1."""
        here, there = self.phone.open("moby", Book), self.laptop.open("moby", Book)
        assert here.wait_known(10.0) and there.wait_known(10.0)
        here.update(page=1)
        self.clock.run(5_000)
        return here, there

    def parts(self, here: ds.Session[Book], there: ds.Session[Book], **here_too: float) -> None:
        """The laptop is in a tunnel: the phone turns to page 2, and the laptop, later and unknowing, to 3."""
        self.laptop.pause()
        here.update(page=2, **here_too)
        self.clock.run(1_000)
        there.update(page=3)
        self.laptop.resume()
        self.clock.run(10_000)

    def close(self) -> None:
        self.phone.close()
        self.laptop.close()


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


# --- known --------------------------------------------------------------------------------------------


def test_a_session_is_known_once_the_server_has_said_so(stage: Stage) -> None:
    """Not before; and that is told, though nothing changed."""
    book = stage.phone.open("moby", Book)
    told: list[ds.Change[Book]] = []
    book.on_change(told.append)
    assert not book.known
    assert book.wait_known(10.0)
    assert book.known
    stage.clock.run(100)
    (change,) = told
    assert (True, frozenset(), ds.Advice.KEEP, None) == (
        change.became_known,
        change.fields,
        change.advice,
        change.why,
    )
    stage.close()


def test_waiting_ends_where_the_server_cannot_be_reached(stage: Stage) -> None:
    """After the time given, on the clock of the test."""
    stage.cloud.reachable = False
    book = stage.phone.open("moby", Book)
    begun_ms = stage.clock.now_ms
    assert not book.wait_known(1.5)
    assert 1_500 == pytest.approx(stage.clock.now_ms - begun_ms)
    stage.close()


def test_a_session_that_was_open_before_is_known_offline(stage: Stage) -> None:
    """The disk tells."""
    here, _ = stage.knows()
    here.close()
    stage.cloud.reachable = False
    assert stage.phone.open("moby", Book).known
    stage.close()


def test_a_closed_session_tells_nobody_whether_it_is_known(stage: Stage) -> None:
    """As everything else of it."""
    book = stage.phone.open("moby", Book)
    book.close()
    with pytest.raises(ds.Closed):
        _ = book.known
    stage.close()


def test_known_on_a_loop(stage: Stage, tmp_path: Path) -> None:
    """`dalsegno.asyncio` waits without holding up the loop."""
    cloud = SimulatedFirestore()

    async def main() -> bool:
        client = dalsegno.asyncio.Client(cloud.client(tmp_path, "tablet"), asyncio.get_running_loop())
        async with client, client.open("moby", Book) as book:
            return await book.wait_known(30.0)

    assert asyncio.run(main())
    stage.close()


# --- offers -------------------------------------------------------------------------------------------


def parted(stage: Stage) -> tuple[ds.Session[Book], ds.Session[Book], ds.Change[Book]]:
    """The phone is offered what the laptop shows."""
    here, there = stage.knows()
    told: list[ds.Change[Book]] = []
    here.on_change(told.append, fields="page")
    stage.parts(here, there, furthest=0.2)
    change = told[-1]
    assert ds.Advice.OFFER is change.advice
    return here, there, change


def test_an_offer_says_of_which_field_what_whose_when_and_why(stage: Stage) -> None:
    """The state has the laptop's page; the screen, if it does as it is advised, stays on its own."""
    here, _, change = parted(stage)
    assert (3, 3, 2) == (change.state.page, change.offered.page, change.previous.page)
    assert (ds.Advice.OFFER, ds.Advice.KEEP) == (change.advice_for("page"), change.advice_for("furthest"))
    why = change.why
    assert why is not None and why.device is not None
    assert ("page", ds.Rule.UNSEEN, "laptop") == (why.field, why.rule, why.device.name)
    assert 0 < stage.phone.now_ms() - why.at_ms < 12_000
    assert here.state == change.state
    stage.close()


def test_an_offer_is_taken_without_an_edit_where_it_is_the_state_already(stage: Stage) -> None:
    """The place that it leaves is a mark, and the next page of the laptop's is followed."""
    here, there, change = parted(stage)
    commits = stage.phone.counters.commits
    change.take()
    stage.clock.run(5_000)
    assert [2] == [mark.values["page"] for mark in here.marks]
    assert stage.phone.counters.commits - commits <= 1  # the mark, which the laptop has kept already
    told: list[ds.Change[Book]] = []
    here.on_change(told.append)
    there.update(page=4)
    stage.clock.run(5_000)
    assert [ds.Advice.FOLLOW] == [c.advice for c in told]
    stage.close()


def test_an_offer_of_what_lost_is_taken_by_an_edit(stage: Stage) -> None:
    """The laptop's own page stands; it goes to the phone's, and so do all."""
    here, there = stage.knows()
    told: list[ds.Change[Book]] = []
    there.on_change(told.append, fields="page")
    stage.parts(here, there)
    offer = next(c for c in told if c.advice is ds.Advice.OFFER)
    assert (3, 2, ds.Rule.LOST) == (offer.state.page, offer.offered.page, offer.why and offer.why.rule)
    offer.take()
    stage.clock.run(5_000)
    assert 2 == there.state.page == here.state.page
    stage.close()


def test_taking_where_nothing_is_offered_does_nothing(stage: Stage) -> None:
    """An app need not ask first; and a session that is gone takes nothing."""
    here, there = stage.knows()
    told: list[ds.Change[Book]] = []
    there.on_change(told.append, fields="page")
    here.update(page=2)
    stage.clock.run(5_000)
    commits = stage.laptop.counters.commits
    told[-1].take()
    stage.clock.run(5_000)
    assert commits == stage.laptop.counters.commits
    stage.close()


def test_an_offer_that_no_callback_was_there_for_waits_for_the_next_one(stage: Stage) -> None:
    """On disk: it is told to whoever asks, in another run of the app, too."""
    here, there = stage.knows()
    stage.parts(here, there)
    stage.phone.close()
    stage.phone = stage.cloud.client(stage.home, "phone")
    told: list[ds.Change[Book]] = []
    stage.phone.open("moby", Book).on_change(told.append, fields="page")
    stage.clock.run(5_000)
    assert [(ds.Advice.OFFER, 2, 3)] == [(c.advice, c.previous.page, c.state.page) for c in told]
    stage.close()


def test_an_offer_of_what_lost_waits_too_and_can_be_taken(stage: Stage) -> None:
    """The laptop's app had no callback; its next run is told what the phone had, and goes there."""
    here, there = stage.knows()
    stage.parts(here, there)
    stage.laptop.close()
    stage.laptop = stage.cloud.client(stage.home, "laptop")
    told: list[ds.Change[Book]] = []
    again = stage.laptop.open("moby", Book)
    again.on_change(told.append, fields="page")
    stage.clock.run(5_000)
    (change,) = told
    assert (3, 2, ds.Rule.LOST) == (change.state.page, change.offered.page, change.why and change.why.rule)
    change.take()
    stage.clock.run(5_000)
    assert 2 == again.state.page == here.state.page
    stage.close()


# --- the way back -------------------------------------------------------------------------------------


def test_a_jump_leaves_a_mark_that_the_other_device_sees(stage: Stage) -> None:
    """Newest first: what, whose, when, why."""
    here, there = stage.knows()
    news: list[int] = []
    there.on_marks(lambda: news.append(len(there.marks)))
    here.update(page=300, mark="link")
    here.update(Book(page=7), mark="search")
    stage.clock.run(5_000)
    marks = there.marks
    assert [("search", 300), ("link", 1)] == [(m.reason, m.values["page"]) for m in marks]
    assert ["phone", "phone"] == [m.device.name for m in marks if m.device is not None]
    assert all(abs(m.at_ms - stage.phone.now_ms()) < 10_000 for m in marks)
    assert 2 == news[-1]
    stage.close()


def test_going_back_swaps(stage: Stage) -> None:
    """And says whether there was anywhere to go."""
    here, there = stage.knows()
    assert not here.go_back()
    here.update(page=300, mark="link")
    assert here.go_back() and 1 == here.state.page
    assert here.go_back("page") and 300 == here.state.page
    stage.clock.run(5_000)
    assert 300 == there.state.page
    stage.close()


def test_nobody_goes_back_in_what_joins_or_stays_here(stage: Stage) -> None:
    """Said so, and nothing changed."""
    here, _ = stage.knows()
    with pytest.raises(ds.UsageError, match="furthest: no places are kept"):
        here.go_back("furthest")
    with pytest.raises(ds.UsageError, match="no field pages"):
        here.go_back("pages")
    stage.close()


@pytest.mark.parametrize("reason", ["A jump", "", "x" * 33, 7])
def test_a_reason_is_a_word(stage: Stage, reason: object) -> None:
    """Nothing was changed."""
    here, _ = stage.knows()
    with pytest.raises(ds.UsageError, match="is no reason"):
        here.update(page=9, mark=reason)
    assert 1 == here.state.page
    stage.close()


def test_a_field_that_is_called_mark_is_a_field(stage: Stage) -> None:
    """Whose State has one edits that."""
    book = stage.phone.open("moby", Marked)
    assert "x" == book.update(mark="x").mark
    assert [] == book.marks
    stage.close()


def test_the_recipe_for_places_runs_as_it_stands(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """docs/recipes.md: another device is followed, and offered once it did not know of our page."""
    shown: list[int] = []
    offered: list[tuple[int, ds.Why | None]] = []
    monkeypatch.setattr(ds, "connect", lambda *_, **__: stage.phone)
    names = {"user": ds.Unsigned("alice"), "Reading": Reading, "show": shown.append}
    exec(program("Places"), {**names, "offer": lambda page, why: offered.append((page, why))})
    stage.clock.run(5_000)
    there = stage.laptop.open("moby-dick", Reading)
    there.on_marks(lambda: None)
    stage.clock.run(5_000)
    assert (0, 300) == (there.state.page, there.marks[0].values["page"])
    there.update(page=7)
    stage.clock.run(5_000)
    stage.laptop.pause()
    book = stage.phone.open("moby-dick", Reading)
    book.update(page=8)
    stage.clock.run(5_000)
    there.update(page=9)
    stage.laptop.resume()
    stage.clock.run(10_000)
    assert [0, 7] == shown
    assert [(9, ds.Rule.UNSEEN)] == [(page, why and why.rule) for page, why in offered]
    stage.close()


def test_a_mark_that_makes_no_sense_here_is_neither_shown_nor_gone_to(stage: Stage) -> None:
    """Another version of the app kept it: there is an older one to go back to."""
    here, there = stage.knows()
    here.update(page=2, mark="link")
    stage.clock.run(1_000)
    there.close()
    newer = stage.laptop.open("moby", Newer)
    assert newer.wait_known(10.0)
    newer.update(page="the third", mark="link")
    newer.update(page="the fourth", mark="link")
    stage.clock.run(5_000)
    here.on_marks(lambda: None)
    stage.clock.run(5_000)
    assert [2, 1] == [mark.values["page"] for mark in here.marks]
    assert here.go_back()
    stage.clock.run(5_000)
    assert 2 == here.state.page == (stage.cloud.session("moby") or {})["state"]["page"]
    stage.close()
