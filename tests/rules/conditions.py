"""Finds the conditions in a text of security rules, and breaks them one at a time. Pure.

A condition is a smallest part of what stands after `if`, `return` or `let x =`: split at `&&`, `||` and
`? :`, inside brackets too. A broken one is always true, always false, or the opposite. And each `getAfter`
becomes a `get`, which forgets what else is in the commit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

OPERATORS = ("&&", "||", "?", ":")
VALUE = re.compile(
    r"(request\.)?resource\.data|string\(.*\)|/databases/.*|getAfter\(.*\)\.data|\[.*\]", re.DOTALL
)
"""What functions return, and `let` names, that is no condition."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """The rules with the condition in `line` replaced; `title` says how.

    `kind`: of documents, "sessions", …; `loosens`: what was refused is more likely to go through.
    """

    line: int
    kind: str
    title: str
    text: str
    loosens: bool = False


def mutants(rules: str) -> Iterator[Mutant]:
    for start, end in conditions(rules):
        condition = rules[start:end]
        for broken in ("true", "false", f"!({condition})"):
            text = rules[:start] + broken + rules[end:]
            shown = " ".join(condition.split())
            title = f"{shown} → {broken if len(broken) < 6 else 'its opposite'}"
            yield Mutant(_line(rules, start), _kind(rules, start), title, text, broken == "true")
    for found in re.finditer(r"getAfter(?=\()", _bare(rules)):
        text = rules[: found.start()] + "get" + rules[found.end() :]
        at = found.start()
        yield Mutant(_line(rules, at), _kind(rules, at), "getAfter → get", text)


def _line(rules: str, at: int) -> int:
    return rules.count("\n", 0, at) + 1


def _kind(rules: str, at: int) -> str:
    """The collection of the nearest `match` above."""
    matches: list[str] = re.findall(r"match /(\w+)/", rules[:at])
    return matches[-1] if matches else ""


def _bare(rules: str) -> str:
    """The rules with blanks instead of comments."""
    return re.sub(r"//[^\n]*", lambda comment: " " * len(comment[0]), rules)


def conditions(rules: str) -> list[tuple[int, int]]:
    """Where each condition starts and ends."""
    bare = _bare(rules)
    found: list[tuple[int, int]] = []
    for statement in re.finditer(r"\b(?:if|return|let\s+\w+\s*=)(?!\w)([^;]*);", bare):
        found += _parts(bare, *statement.span(1))
    return [span for span in found if not VALUE.fullmatch(rules[slice(*span)])]


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
