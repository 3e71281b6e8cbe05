"""Whether the screen goes along with a change: the table, over all that can be."""

from __future__ import annotations

from dataclasses import fields
from itertools import product
from pathlib import Path

from dalsegno._core.advice import TABLE, Case, advise, as_markdown
from dalsegno._core.types import Advice, Rule

PAGE = Path(__file__).resolve().parents[3] / "docs" / "continuity.md"
FLAGS = [one.name for one in fields(Case)]
ALL = [Case(**dict(zip(FLAGS, given, strict=True))) for given in product((False, True), repeat=len(FLAGS))]
CARE = {Advice.KEEP: 0, Advice.FOLLOW: 1, Advice.OFFER: 2}


def test_every_case_has_one_answer_and_every_rule_decides_some() -> None:
    """1,024 cases, twelve rules, none of them in vain."""
    assert 1024 == len(ALL)
    assert set(Rule) == {advise(case)[1] for case in ALL}
    assert [rule for rule, *_ in TABLE] == list(Rule)


def test_an_edit_made_here_and_what_is_shown_already_ask_nothing_of_the_screen() -> None:
    """KEEP, whatever else is the case; and nothing else is ever kept."""
    for case in ALL:
        assert (case.own or not case.new) == (advise(case)[0] is Advice.KEEP)


def test_what_joins_is_followed() -> None:
    """Nothing was lost, so nobody is asked."""
    assert {Advice.FOLLOW} == {advise(c)[0] for c in ALL if c.joins and c.new and not c.own}


def test_nobody_is_pulled_away_by_an_edit_that_had_not_seen_what_is_shown() -> None:
    """It is offered, with or without any other reason for care; but the line of what is played is obeyed."""
    unseen = [c for c in ALL if c.new and not (c.own or c.joins or c.held or c.seen or c.wrote)]
    assert {Advice.OFFER} == {advise(case)[0] for case in unseen}


def test_the_line_is_obeyed_but_where_another_place_was_played_here() -> None:
    """Who plays is decided elsewhere; whatever the screen had not seen."""
    for case in ALL:
        if case.held and case.new and not case.own and not case.joins:
            offered = case.fell or case.lost
            assert advise(case)[0] is (Advice.OFFER if offered else Advice.FOLLOW)


def test_one_person_with_two_devices_is_followed() -> None:
    """Whoever had seen what is shown, or wrote it, and nothing speaks against it."""
    plain = [c for c in ALL if c.new and not any((c.own, c.joins, c.fell, c.lost, c.detached, c.offered))]
    assert {Advice.FOLLOW} == {advise(case)[0] for case in plain if case.seen or case.wrote}


def test_more_reason_for_care_never_gives_less() -> None:
    """Monotone: blind, lost, detached or an open offer, and not having seen, never turn an offer into a
    follow."""
    for case in ALL:
        for name in ("fell", "lost", "detached", "offered"):
            if not getattr(case, name):
                more = Case(**{**{f: getattr(case, f) for f in FLAGS}, name: True})
                assert CARE[advise(more)[0]] >= CARE[advise(case)[0]]
        for name in ("seen", "wrote"):
            if getattr(case, name):
                less = Case(**{**{f: getattr(case, f) for f in FLAGS}, name: False})
                assert CARE[advise(less)[0]] >= CARE[advise(case)[0]]


def test_the_page_shows_the_table_that_is_executed() -> None:
    """docs/continuity.md is for whoever writes another client."""
    assert as_markdown() in PAGE.read_text("utf-8")
