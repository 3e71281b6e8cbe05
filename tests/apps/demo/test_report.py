"""The demo's report is honest."""

from __future__ import annotations

import io

from apps.demo.report import Report


def test_one_comparison_that_did_not_hold_is_enough() -> None:
    """The whole demo has held only if every line has."""
    report = Report(io.StringIO())
    report.add("phone", "turns a page", "“a”", True, 12)
    assert report.held
    report.add("laptop", "follows", "“b”", False)
    assert not report.held


def test_a_demo_that_compared_nothing_has_not_held() -> None:
    """No lines is no success."""
    assert not Report(io.StringIO()).held


def test_a_line_says_who_did_what_what_was_compared_how_long_and_the_verdict() -> None:
    """All of it stands in one line."""
    sink = io.StringIO()
    Report(sink).add("phone", "turns a page", "“You have been here before.”", True, 51.6)
    assert ["phone", "turns a page", "“You have been here before.”", "52 ms", "held"] == [
        part for part in map(str.strip, sink.getvalue().strip().split("  ")) if part
    ]


def test_what_did_not_hold_is_told_in_full() -> None:
    """A long explanation is cut in the table, and stands below it."""
    sink, why = io.StringIO(), "the laptop showed " + "something else " * 20
    Report(sink).add("laptop", "follows", why, False)
    assert "NOT HELD" in sink.getvalue()
    assert why.split() == " ".join(sink.getvalue().splitlines()[1:]).split()


def test_the_median_counts_only_what_went_from_a_finger_to_another_screen() -> None:
    """Starting an app takes longer, and is another thing."""
    sink = io.StringIO()
    report = Report(sink)
    report.add("phone", "opens", "", True, 2000)
    for ms in (30, 50, 40):
        report.add("phone", "turns a page", "", True, ms, live=True)
    report.end()
    assert "40 ms (median of 3)" in sink.getvalue()
