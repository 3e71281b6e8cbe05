"""The mutations of the rules: every condition is found, each is broken alone, so is each look-up."""

from __future__ import annotations

from tests.rules.conditions import conditions, mutants

SAMPLE = """
// if a && b;
function data() { return request.resource.data; }
allow get: if isOwner() && (a == '&&' || b in ['x', 'y']);
function own() { return /databases/$(db)/documents/users/$(u); }
function f(x) {
  let keys = ['a'];
  let found = getAfter(own()).data; // getAfter(x)
  let known = exists(own()) && !('a' in get(own()).data);
  return x.has(a && b)
      && (x == null ? y : !z);
}
"""


def test_conditions_are_the_smallest_parts() -> None:
    """They are split at operators, in `let` and brackets too, but not in comments, strings or arguments."""
    found = [SAMPLE[start:end] for start, end in conditions(SAMPLE)]
    assert found == [
        "isOwner()",
        "a == '&&'",
        "b in ['x', 'y']",
        "exists(own())",
        "!('a' in get(own()).data)",
        "x.has(a && b)",
        "x == null",
        "y",
        "!z",
    ]


def test_a_mutant_differs_in_one_condition() -> None:
    """Each condition becomes true, false and its opposite; everything else stays."""
    broken = [mutant.text.splitlines()[3] for mutant in mutants(SAMPLE) if mutant.line == 4]
    assert broken[:3] == [
        "allow get: if true && (a == '&&' || b in ['x', 'y']);",
        "allow get: if false && (a == '&&' || b in ['x', 'y']);",
        "allow get: if !(isOwner()) && (a == '&&' || b in ['x', 'y']);",
    ]
    assert len(broken) == 9


def test_what_is_looked_up_is_looked_up_too_early() -> None:
    """Each `getAfter` becomes a `get`, but those in comments."""
    broken = [mutant.text.splitlines()[7] for mutant in mutants(SAMPLE) if mutant.line == 8]
    assert broken == ["  let found = get(own()).data; // getAfter(x)"]
