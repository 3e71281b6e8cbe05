"""examples/article.py: a place in a text, between screens of different size and two editions."""

from __future__ import annotations

from itertools import pairwise

from tests.examples.conftest import Run
from tests.support.program import Program

ROWS = 10
FIRST, SECOND = "examples/editions/first.html", "examples/editions/second.html"


def page(lines: list[str]) -> list[str]:
    """The last one that is whole."""
    feet = [-1, *(number for number, line in enumerate(lines) if line.startswith("— "))]
    return lines[feet[-2] + 1 : feet[-1]] if len(feet) > 1 else []


def until_top(program: Program, words: str) -> list[str]:
    """Waits until these stand in the first line of the page; gives the page."""

    def found(lines: list[str]) -> list[str] | None:
        shown = page(lines)
        return shown if shown and words in shown[0] else None

    return program.until(found, f"{words!r} on top")


def test_another_screen_and_another_edition_open_at_the_same_sentence(run: Run) -> None:
    """The laptop reads on to a sentence; the phone, narrow and with the second edition, opens there. What the
    phone turns, the laptop follows, and it opens there again on a smaller window, from its own disk."""
    size = {"LINES": str(ROWS + 2)}
    laptop = run("article.py", FIRST, "--device", "laptop", "--columns", "80", **size)
    until_top(laptop, "Keeping One's Place")
    for top in ("and the book fell open", "country could not say", "exactly what the eye cannot forgive"):
        laptop.types()
        assert ROWS == len(until_top(laptop, top))
    phone = run("article.py", SECOND, "--device", "phone", "--columns", "34", **size)
    shown = until_top(phone, "exactly what the eye")
    assert all(len(line) <= 34 for line in shown)
    phone.types()
    until_top(phone, "she came with.")
    until_top(laptop, "by the people she came")
    laptop.types("q")
    assert (0, "") == (laptop.ends(), laptop.errors())
    again = run("article.py", FIRST, "--device", "laptop", "--columns", "50", **size)
    opened = again.until(lambda lines: page(lines) or None, "a page")
    assert "she" in opened[0]
    assert "she came with." in " ".join(opened[:2])


def test_a_page_back_is_the_page_before(run: Run) -> None:
    """And before the first page is no other."""
    laptop = run("article.py", SECOND, "--columns", "60", LINES="8")
    first = until_top(laptop, "Keeping One's Place")
    laptop.types()
    second = laptop.until(lambda lines: page(lines) if page(lines) != first else None, "the second page")
    laptop.types("p")
    assert first == until_top(laptop, "Keeping One's Place")
    laptop.types("p")
    laptop.types()
    laptop.until(lambda lines: page(lines) == second or None, "the second page again")
    starts = [line for line, after in pairwise(["— ", *laptop.lines]) if line.startswith("— ") and after]
    assert 4 == len(starts), "a key that changes nothing shows nothing"
