"""What the server refuses of a session: one field is held up, is named, and can be let go of."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from dalsegno._core.policies import LATEST, Schema
from dalsegno._core.types import Link, Micros, Origin, Saved
from dalsegno.testing._simulated_rules import Fields, refusal
from tests.support.scenario import BOOK, HELD, Scenario, ScenarioDevice

NAMES = [f"f{number:02}" for number in range(16)]
WIDE = Schema("reading", 1, dict.fromkeys(NAMES, LATEST))


class Refusing:
    """Rules that would not have some fields as they are written; `refused` may be changed at any time."""

    def __init__(self, story: Scenario, **refused: Any) -> None:
        self.refused = refused
        story.server.rules = self.say

    def say(self, path: tuple[str, ...], before: Fields | None, after: Fields, now: Micros) -> str:
        if path[0] == "sessions":
            for name, value in self.refused.items():
                if after["state"].get(name) == value:
                    return f"not this {name}"
        return refusal(path, before, after, now)


def offline(story: Scenario, schema: Schema = WIDE) -> ScenarioDevice:
    """A phone that will send all it owes in one commit."""
    phone = story.device("phone").opens(schema=schema)
    story.settles()
    return phone.link_drops()


def ones(names: Iterable[str]) -> dict[str, Any]:
    return dict.fromkeys(names, 1)


def test_a_refused_field_holds_up_itself_alone(caplog: pytest.LogCaptureFixture) -> None:
    """Of sixteen edited fields one is refused: the others arrive, the client stays LIVE, the field is named,
    and the server's words are in the log. The search is short, and over."""
    story = Scenario()
    Refusing(story, f11=1)
    phone = offline(story).edits(**ones(NAMES)).link_returns()
    story.time_passes(minutes=2)
    story.server_has(**ones(name for name in NAMES if name != "f11"))
    phone.has_problems(f11="PERMISSION_DENIED").has_on_disk(f11=1).sees(f11=1)
    phone.is_linked(Link.LIVE, "'f11'").is_saved(Saved.HERE)
    assert len(phone.session_commits()) <= 10
    assert "f11: PERMISSION_DENIED not this f11" in caplog.text
    calls = phone.line.calls
    story.time_passes(minutes=30)
    assert calls == phone.line.calls


def test_every_refused_field_is_found() -> None:
    """Also all of them: less than twice as many commits as fields, none of them together with another."""
    story = Scenario()
    Refusing(story, **ones(NAMES[:5]))
    phone = offline(story).edits(**ones(NAMES[:5])).link_returns()
    story.time_passes(minutes=10)
    phone.has_problems(**dict.fromkeys(NAMES[:5], "PERMISSION_DENIED"))
    assert len(phone.session_commits()) <= 10
    story.server_has_nothing()


def test_what_is_refused_together_and_not_alone_goes_one_by_one() -> None:
    """Three fields that fill the document: what fits is sent, the rest is held up."""
    story = Scenario()

    def full(path: tuple[str, ...], before: Fields | None, after: Fields, now: Micros) -> str:
        too_many = path[0] == "sessions" and len(after["state"]) > 2
        return "too large" if too_many else refusal(path, before, after, now)

    story.server.rules = full
    phone = offline(story).edits(f00=1, f01=1, f02=1).link_returns()
    story.time_passes(minutes=2)
    document = story.document()
    assert document is not None
    assert 2 == len(document.entries)
    [left] = {"f00", "f01", "f02"} - document.entries.keys()
    phone.has_problems(**{left: "PERMISSION_DENIED"}).edits(f03=1)
    story.time_passes(minutes=2)
    phone.is_linked(Link.LIVE)


def test_the_others_go_out_after_a_restart_too() -> None:
    """Who is to blame is on disk: nothing waits for another search, and since when is not forgotten."""
    story = Scenario()
    rules = Refusing(story, place=1)
    phone = story.device("phone").opens().edits(place=1)
    story.time_passes(minutes=1)
    assert phone.engine is not None
    [known] = phone.engine.uploader.problems(BOOK)  # type: ignore[arg-type]
    phone.crashes().starts(network=False).opens().has_problems(place="PERMISSION_DENIED")
    phone.edits(furthest=0.5)
    phone.attach()
    story.time_passes(minutes=1)
    story.server_has(furthest=0.5)
    assert [known] == phone.engine.uploader.problems(BOOK)  # type: ignore[arg-type]
    rules.refused = {}
    phone.restarts()
    story.settles()
    phone.has_problems().is_saved(Saved.EVERYWHERE).is_linked(Link.LIVE, "")
    story.server_has(place=1)


def test_a_better_edit_of_the_field_is_sent() -> None:
    """The next value is taken: the problem is over."""
    story = Scenario()
    Refusing(story, place=1)
    phone = story.device("phone").opens().edits(place=1)
    story.settles()
    phone.has_problems(place="PERMISSION_DENIED").edits(place=2)
    story.settles()
    phone.has_problems().is_saved(Saved.EVERYWHERE)
    story.server_has(place=2)


def test_whoever_edits_on_does_not_drum() -> None:
    """A refused field that is edited every second is tried less and less often, and holds up no other."""
    story = Scenario()
    story.server.rules = lambda path, before, after, now: (
        "no" if path[0] == "sessions" and "place" in after["state"] else refusal(path, before, after, now)
    )
    phone = story.device("phone").opens()
    for page in range(120):
        phone.edits(place=page)
        story.time_passes(seconds=1)
    assert len(phone.session_commits()) <= 15
    phone.edits(furthest=0.5)
    story.time_passes(seconds=3)
    story.server_has(furthest=0.5)


def test_why_the_client_is_offline_is_told_first() -> None:
    """A refused field is the lesser news."""
    story = Scenario()
    Refusing(story, place=1)
    phone = story.device("phone").opens().edits(place=1)
    story.settles()
    phone.link_drops()
    story.time_passes(minutes=1)
    phone.is_linked(Link.OFFLINE, "cannot be reached").has_problems(place="PERMISSION_DENIED")


def test_another_devices_edit_ends_the_problem() -> None:
    """What is superseded is owed no more."""
    story = Scenario()
    rules = Refusing(story, place=1)
    phone = story.device("phone").opens().edits(place=1)
    story.settles()
    rules.refused = {}
    story.server_says(place=2)
    story.settles()
    phone.has_problems().sees(place=2).is_saved(Saved.EVERYWHERE)


def test_letting_go_of_a_refused_edit() -> None:
    """The field is as the server has it again, which is told as a change; nothing is owed."""
    story = Scenario()
    Refusing(story, place=2)
    phone = story.device("phone").opens().edits(place=1)
    story.settles()
    phone.edits(place=2, furthest=0.5)
    story.time_passes(minutes=1)
    phone.has_problems(place="PERMISSION_DENIED").takes_told()
    phone.discards("place").was_told("place", origin=Origin.HERE)
    phone.sees(place=1, furthest=0.5).has_problems().is_saved(Saved.EVERYWHERE).is_linked(Link.LIVE)
    phone.restarts().sees(place=1).has_problems()
    story.settles()
    story.server_has(place=1, furthest=0.5)


def test_letting_go_while_it_is_being_refused() -> None:
    """The refusal comes after: of nothing that is there any more."""
    story = Scenario()
    Refusing(story, place=2)
    phone = story.device("phone").opens().edits(place=1)
    story.settles()
    phone.next_commits(HELD).edits(place=2)
    story.time_passes(seconds=2)
    phone.discards("place").sees(place=1)
    phone.server_acks()
    story.time_passes(minutes=1)
    phone.has_problems().has_sent(2).is_saved(Saved.EVERYWHERE).is_linked(Link.LIVE)


def test_letting_go_of_what_arrives_all_the_same() -> None:
    """It was on its way, and the server took it: that is what the server has, and it is told."""
    story = Scenario()
    phone = story.device("phone").opens().edits(place=1)
    story.settles()
    phone.next_commits(HELD).edits(place=2)
    story.time_passes(seconds=2)
    phone.discards("place").sees(place=1).takes_told()
    phone.server_acks()
    story.settles()
    phone.sees(place=2).was_told("place").is_saved(Saved.EVERYWHERE)


def test_letting_go_of_everything_unsent() -> None:
    """Without a name it is all of the session; what the server never had is gone, as if it were new."""
    story = Scenario()
    phone = story.device("phone").opens().link_drops().edits(place=1, furthest=0.5)
    phone.discards().sees_nothing().has_on_disk()
    phone.link_returns()
    story.time_passes(minutes=1)
    phone.has_sent(0).is_saved(Saved.EVERYWHERE)


def test_letting_go_of_what_is_saved_changes_nothing() -> None:
    """Only unsent edits can be let go of."""
    story = Scenario()
    phone = story.device("phone").opens().edits(place=1)
    story.settles()
    phone.takes_told()
    phone.discards("place").sees(place=1).was_told_nothing()


def test_a_document_of_another_kind_is_a_problem_of_the_whole_session() -> None:
    """It names no field, and says since when."""
    story = Scenario()
    story.device("speaker").opens(schema=Schema("listening", 1, {"place": LATEST})).edits(place=1)
    story.settles()
    phone = story.device("phone").opens()
    story.settles()
    phone.has_problems(**{"": "FOREIGN"})


def test_a_document_without_sense_is_a_problem_until_it_is_mended() -> None:
    """Named, and over when it is."""
    story = Scenario()
    phone = story.device("phone").opens().edits(place=1)
    story.settles()
    story.server_puts(rev="two").settles()
    phone.has_problems(**{"": "MALFORMED"})
    story.server_puts(rev=7).settles()
    phone.has_problems()
