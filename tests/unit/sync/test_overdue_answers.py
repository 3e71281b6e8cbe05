"""A live stream that owes a target an answer: how long it may be silent."""

from __future__ import annotations

from dalsegno._sync.listen_stream import OVERDUE_MS, SILENCE_MS
from tests.support.stream_stage import Stage


def overdue_after(stage: Stage) -> float:
    """How long a live stream may be silent while a target waits, in ms."""
    asked_ms, listens = stage.virtual_clock.now_ms, stage.it.stream
    stage.it.wanted()
    while stage.it.stream == listens:
        stage.virtual_clock.run(1_000)
    return stage.virtual_clock.now_ms - asked_ms


def test_live_and_a_target_without_an_answer() -> None:
    """→ CONNECTING after 20 s of silence, on a new channel; in vain: the next has twice as long, up to 75 s.

    Once all is answered soon it is 20 s again.
    """
    stage = Stage().live()
    stage.made()
    stage.unanswered = True
    waits = []
    for _ in range(4):
        waits.append(overdue_after(stage))
        stage.live()
    assert [OVERDUE_MS, OVERDUE_MS * 2, SILENCE_MS, SILENCE_MS] == waits
    assert ["new channel", "listen 2"] == stage.made()[:2]
    stage.unanswered = False
    stage.it.wanted()
    stage.virtual_clock.run(SILENCE_MS - 1)
    stage.unanswered = True
    stage.live()
    assert OVERDUE_MS == overdue_after(stage)


def test_live_and_answers_that_take_long() -> None:
    """What took a minute once may take a minute again: the next stream is not suspected sooner."""
    stage = Stage().live()
    stage.unanswered = True
    overdue_after(stage)
    overdue_after(stage.live())
    stage.live().it.wanted()
    stage.virtual_clock.run(60_000)
    stage.live()
    stage.unanswered = False
    stage.it.wanted()
    stage.it.network_changed()
    stage.live()
    stage.unanswered = True
    assert SILENCE_MS == overdue_after(stage)


def test_live_and_nothing_is_owed_any_more() -> None:
    """The wait for one answer does not count against the next."""
    stage = Stage().live()
    stage.made()
    for _ in range(3):
        stage.unanswered = True
        stage.it.wanted()
        stage.virtual_clock.run(OVERDUE_MS - 1)
        stage.unanswered = False
        stage.it.wanted()
    assert [] == stage.made()


def test_live_and_messages_come_while_a_target_waits() -> None:
    """Whatever is heard counts the silence anew; a further target that waits, too, does not."""
    stage = Stage().live()
    stage.made()
    stage.unanswered = True
    for _ in range(5):
        stage.live().it.wanted()
        stage.virtual_clock.run(OVERDUE_MS - 1)
        stage.it.wanted()
    assert [] == stage.made()
    stage.virtual_clock.run(1)
    assert ["new channel", "listen 2"] == stage.made()
