"""examples/film.py: a film that goes on in another room."""

from __future__ import annotations

import re

from tests.examples.conftest import Run


def seconds(line: str) -> int:
    """Where the film is, by such a line."""
    found = re.search(r"(?:plays .*|stands) at (\d+):(\d\d)", line)
    assert found, line
    return int(found[1]) * 60 + int(found[2])


def test_what_one_device_does_the_other_shows(run: Run) -> None:
    """The playhead moves on both without a word; a pause there holds it here, at the same place; and a film
    that is played there stops here."""
    television = run("film.py", "--device", "television")
    for command in ("play", "seek 90", "audio de", "subs en", "volume 0.4"):
        television.types(command)
    rest = "audio de, subs en, volume 0.4"
    television.until(lambda lines: [line for line in lines if line.endswith(rest)], "all of it")
    tablet = run("film.py", "--device", "tablet")
    (told, *_) = tablet.until(lambda lines: [line for line in lines if line.endswith(rest)], "all of it")
    assert ": plays on television at " in told
    assert 90 <= seconds(told)
    tablet.types("pause")
    (paused, *_) = tablet.until(
        lambda lines: [line for line in lines if line.startswith("stands at ") and line.endswith(rest)],
        "its own pause",
    )
    (heard, *_) = television.until(
        lambda lines: [line for line in lines if ": stands at " in line], "the other's pause"
    )
    assert heard.endswith(f": {paused}")
    assert seconds(told) <= seconds(heard)
    tablet.types("play")
    (taken, *_) = television.until(
        lambda lines: [line for line in lines if "tablet: plays on tablet" in line], "the take-over"
    )
    assert seconds(heard) <= seconds(taken)


def test_a_command_that_makes_no_sense_is_told(run: Run) -> None:
    """And the film goes on."""
    television = run("film.py")
    for command in ("seek there", "volume loud", "seek -1", "rewind", "quit"):
        television.types(command)
    assert (0, "") == (television.ends(), television.errors())
    kinds = [line.partition(":")[0] for line in television.lines]
    assert ["stands at 0", "seek", "volume", "seek", "stands at 0"] == kinds
