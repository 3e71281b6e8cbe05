"""What the fuzzer found once is tried with every test run, and Hypothesis looks on from there.

`make fuzz` runs the fuzzer itself.
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.seeds import seeds
from tests.fuzz.targets import TARGETS

NAMES = list(TARGETS)
SEEDS = {name: seeds(name) for name in NAMES}
SLOW = {"epub-file", "epub-parts", "tags"}  # they write a file for each input


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.timeout(60)
def test_everything_that_was_ever_found_is_read_or_refused(name: str) -> None:
    """Each input that took a new way through a parser, or broke it once: no error, no hang."""
    for each in SEEDS[name]:
        TARGETS[name].run(each)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=40)
@given(data=st.data())
def test_damage_is_read_or_refused(name: str, data: st.DataObject) -> None:
    """An input with some bytes changed, cut out or put in anywhere: no error, no hang."""
    sound = data.draw(st.sampled_from(SEEDS[name]))
    at = data.draw(st.integers(0, len(sound)))
    cut = data.draw(st.integers(0, 8))
    TARGETS[name].run(sound[:at] + data.draw(st.binary(max_size=8)) + sound[at + cut :])


@pytest.mark.parametrize("name", [name for name in NAMES if name not in SLOW])
@settings(max_examples=100)
@given(noise=st.binary(max_size=300))
def test_noise_is_read_or_refused(name: str, noise: bytes) -> None:
    """Any bytes at all: no error, no hang."""
    TARGETS[name].run(noise)
