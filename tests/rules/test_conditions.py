"""The mutations of the rules: every condition is found, each is broken alone."""

from __future__ import annotations

from tests.rules.conditions import conditions, mutants

SAMPLE = """
// if a && b;
function data() { return request.resource.data; }
allow get: if isOwner() && (a == '&&' || b in ['x', 'y']);
function f(x) {
  let keys = ['a'];
  return x.has(a && b)
      && (x == null ? y : !z);
}
"""


def test_conditions_are_the_smallest_parts() -> None:
    """Conditions are split at operators, inside brackets too, but not in comments, strings or arguments."""
    found = [SAMPLE[start:end] for start, end in conditions(SAMPLE)]
    assert found == ["isOwner()", "a == '&&'", "b in ['x', 'y']", "x.has(a && b)", "x == null", "y", "!z"]


def test_a_mutant_differs_in_one_condition() -> None:
    """Each condition becomes true, false and its opposite; everything else stays."""
    broken = [mutant.text.splitlines()[3] for mutant in mutants(SAMPLE) if mutant.line == 4]
    assert broken[:3] == [
        "allow get: if true && (a == '&&' || b in ['x', 'y']);",
        "allow get: if false && (a == '&&' || b in ['x', 'y']);",
        "allow get: if !(isOwner()) && (a == '&&' || b in ['x', 'y']);",
    ]
    assert len(broken) == 9
