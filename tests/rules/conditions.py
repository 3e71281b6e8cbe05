"""Finds the conditions in a text of security rules, and breaks them one at a time. Pure.

A condition is a smallest part of what stands after `if` or `return`: split at `&&`, `||` and `? :`, inside
brackets too. A broken one is always true, always false, or the opposite.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

OPERATORS = ("&&", "||", "?", ":")
NO_CONDITION = re.compile(r"(request\.)?resource\.data")  # what the functions `written` and `before` return


@dataclass(frozen=True, slots=True)
class Mutant:
    """The rules with the condition in `line` replaced; `title` says how."""

    line: int
    title: str
    text: str


def mutants(rules: str) -> Iterator[Mutant]:
    for start, end in conditions(rules):
        condition = rules[start:end]
        for broken in ("true", "false", f"!({condition})"):
            text = rules[:start] + broken + rules[end:]
            shown = " ".join(condition.split())
            title = f"{shown} → {broken if len(broken) < 6 else 'its opposite'}"
            yield Mutant(rules.count("\n", 0, start) + 1, title, text)


def conditions(rules: str) -> list[tuple[int, int]]:
    """Where each condition starts and ends."""
    bare = re.sub(r"//[^\n]*", lambda comment: " " * len(comment[0]), rules)
    found: list[tuple[int, int]] = []
    for statement in re.finditer(r"\b(?:if|return)\b([^;]*);", bare):
        found += _parts(bare, *statement.span(1))
    return [span for span in found if not NO_CONDITION.fullmatch(rules[slice(*span)])]


def _parts(text: str, start: int, end: int) -> list[tuple[int, int]]:
    start, end = _trimmed(text, start, end)
    cuts = list(_operators(text, start, end))
    if not cuts:
        if text[start] == "(" and _closing(text, start) == end - 1:
            return _parts(text, start + 1, end - 1)
        return [(start, end)]
    starts = [start, *(at + length for at, length in cuts)]
    ends = [*(at for at, _ in cuts), end]
    return [part for span in zip(starts, ends, strict=True) for part in _parts(text, *span)]


def _operators(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Where the operators outside of brackets and strings stand, and how long they are."""
    at = start
    while at < end:
        if text[at] in "([{":
            at = _closing(text, at)
        elif text[at] == "'":
            at = text.index("'", at + 1)
        elif found := next((o for o in OPERATORS if text.startswith(o, at)), None):
            yield at, len(found)
            at += len(found) - 1
        at += 1


def _closing(text: str, opening: int) -> int:
    """Where the bracket that opens here closes."""
    depth, at = 0, opening
    while True:
        if text[at] == "'":
            at = text.index("'", at + 1)
        depth += (text[at] in "([{") - (text[at] in ")]}")
        if depth == 0:
            return at
        at += 1


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    while text[start].isspace():
        start += 1
    while text[end - 1].isspace():
        end -= 1
    return start, end
