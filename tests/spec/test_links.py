"""Links that fail in every way: noticed in time, told in a word, tried again at a pace that harms nobody."""

from __future__ import annotations

import itertools

import pytest

from dalsegno._core.messages import RpcError, TargetChange
from dalsegno._core.stream_life import StreamState
from dalsegno._core.types import Link, Saved
from dalsegno._sync.stream_effects import FORGIVE_MS
from tests.support.scenario import BOOK, LOST, UNANSWERED, Scenario, ScenarioDevice
from tests.support.simulation.network import Way


def reading(story: Scenario) -> ScenarioDevice:
    phone = story.device("phone").opens()
    story.settles()
    return phone.is_linked(Link.LIVE)


def gaps_s(phone: ScenarioDevice) -> list[float]:
    """The seconds between tries to listen."""
    times = [time for time, _ in phone.line.listens]
    return [(b - a) / 1000 for a, b in itertools.pairwise(times)]


def test_connecting_before_the_first_answer() -> None:
    """Not offline, not live: nobody has answered yet, and no try has failed."""
    phone = Scenario().device("phone").opens()
    phone.is_linked(Link.CONNECTING)


def test_a_cut_is_told_at_once_and_tried_again_at_once() -> None:
    """The first retry does not wait; when it fails too, offline is told with the reason."""
    story = Scenario()
    phone = reading(story)
    story.time_passes(minutes=1)
    phone.link_drops()
    story.time_passes(ms=500)
    phone.is_linked(Link.OFFLINE, "the connection is gone")
    assert 2 <= len(phone.line.listens) <= 3


def test_the_waits_grow_to_a_minute() -> None:
    """An hour in a tunnel with the app untouched: some seventy tries, as the table says."""
    story = Scenario()
    phone = reading(story).link_drops()
    story.time_passes(hours=1)
    gaps = gaps_s(phone)
    assert 60 <= len(gaps) <= 80
    assert all(59 <= gap <= 61 for gap in gaps[-10:])


def test_back_in_the_light_everything_is_sent() -> None:
    """Edits of the tunnel are saved here, then everywhere, within the longest wait."""
    story = Scenario()
    phone = reading(story).link_drops()
    story.time_passes(minutes=10)
    phone.edits(place=3).is_saved(Saved.HERE).link_returns()
    story.time_passes(minutes=1, seconds=31)
    phone.is_saved(Saved.EVERYWHERE).is_linked(Link.LIVE)
    story.server_has(place=3)


def test_an_edit_does_not_wait_out_a_long_backoff() -> None:
    """Somebody uses the app: the next try comes within a second."""
    story = Scenario()
    phone = reading(story).link_drops()
    story.time_passes(minutes=10)
    phone.link_returns().edits(place=3)
    story.time_passes(seconds=2)
    phone.is_saved(Saved.EVERYWHERE)


def test_turning_pages_offline_does_not_hammer_the_network() -> None:
    """One try a second at the most, however fast the pages turn."""
    story = Scenario()
    phone = reading(story).link_drops()
    story.time_passes(minutes=1)
    before = len(phone.line.listens)
    for page in range(600):
        phone.edits(place=page)
        story.time_passes(ms=100)
    assert len(phone.line.listens) - before <= 61


def test_a_server_that_accepts_and_never_answers() -> None:
    """After 10 s without an answer: offline is told, the channel is thrown away, and it is tried again."""
    story = Scenario()
    phone = story.device("phone").next_listens(LOST).opens()
    story.time_passes(seconds=9)
    phone.is_linked(Link.CONNECTING)
    story.time_passes(seconds=2)
    assert Link.OFFLINE in {s.link for s in phone.statuses}
    assert 2 == phone.line.channels
    phone.is_linked(Link.LIVE)


def test_a_silent_stream_is_noticed_within_80_s() -> None:
    """The line is dead and nobody says so: the watchdog does."""
    story = Scenario()
    phone = reading(story).link_drops(Way.SILENT)
    story.time_passes(seconds=1)
    phone.link_returns()
    story.server_says(place=4)
    story.time_passes(seconds=79)
    phone.sees(place=4).is_linked(Link.LIVE)


def test_a_book_opened_on_a_silent_stream_is_heard_within_20_s() -> None:
    """The stream died unnoticed; that a new target gets no answer shows it long before the watchdog does."""
    story = Scenario()
    phone = reading(story).link_drops(Way.SILENT)
    story.time_passes(seconds=1)
    phone.link_returns()
    story.server_says("another", place=4)
    phone.opens("another")
    story.time_passes(seconds=21)
    phone.sees("another", place=4).is_linked(Link.LIVE)
    assert 2 == len(phone.line.listens)


def test_a_refused_book_is_tried_again_and_heard_within_20_s() -> None:
    """The rules let it be read again, and the stream has died meanwhile: the try tells."""
    story = Scenario()
    phone = reading(story)
    story.server.hidden["sessions", "another"] = "PERMISSION_DENIED"
    phone.opens("another")
    story.settles()
    phone.is_linked(Link.DENIED)
    story.time_passes(seconds=45)
    phone.link_drops(Way.SILENT)
    story.time_passes(seconds=1)
    phone.link_returns()
    del story.server.hidden["sessions", "another"]
    story.server_says("another", place=4)
    story.time_passes(seconds=FORGIVE_MS / 1000 - 46 + 21)
    phone.sees("another", place=4).is_linked(Link.LIVE)


def test_a_book_that_is_answered_leaves_the_stream_alone() -> None:
    """A heartbeat is due every 30 s only: after the first look 20 s of silence mean nothing."""
    story = Scenario()
    phone = reading(story).opens("another")
    story.time_passes(hours=1)
    assert 1 == len(phone.line.listens)


def test_one_lost_answer_among_others_tears_nothing_down() -> None:
    """A commit gets no answer while another session's edits do: the channel lives, and so does the stream."""
    story = Scenario()
    phone = reading(story)
    phone.opens("another")
    story.settles()
    phone.next_commits(UNANSWERED).edits(place=1)
    for page in range(15):
        phone.edits("another", place=page)
        story.time_passes(seconds=1)
    phone.is_saved(Saved.EVERYWHERE)
    story.server_has(place=1)
    assert (1, 1) == (phone.line.channels, len(phone.line.listens))


def test_a_link_that_dies_just_after_it_was_heard_is_noticed_by_the_next_call() -> None:
    """The first call in vain proves nothing, for the stream had spoken; the look after it does."""
    story = Scenario()
    phone = reading(story)
    phone.next_commits(LOST).next_reads(UNANSWERED).edits(place=1)
    story.time_passes(seconds=6)
    story.server_says("another", place=1)
    phone.opens("another")
    story.time_passes(seconds=16)
    assert 2 == phone.line.channels
    story.settles()
    phone.is_saved(Saved.EVERYWHERE)


def test_heartbeats_keep_a_quiet_stream() -> None:
    """A server that says something every 30 s is alive: nothing is opened anew in a day."""
    story = Scenario()
    phone = reading(story)
    story.time_passes(hours=24)
    assert 1 == len(phone.line.listens)


def test_an_edit_on_a_dead_link_is_noticed_within_10_s() -> None:
    """The commit gets no answer: the whole channel is suspected, and built anew."""
    story = Scenario()
    phone = reading(story).link_drops(Way.SILENT)
    story.time_passes(seconds=1)
    phone.edits(place=1)
    story.time_passes(seconds=5)
    phone.link_returns()
    story.time_passes(seconds=6)
    phone.is_linked(Link.LIVE).is_saved(Saved.EVERYWHERE)
    story.server_has(place=1, rev=1)
    story.server_says(furthest=0.4)
    story.time_passes(ms=100)
    phone.sees(furthest=0.4)


def test_a_stalled_line_loses_nothing() -> None:
    """Packets wait and come late, after we gave up: each edit is applied once."""
    story = Scenario()
    phone = reading(story).link_drops(Way.STALLED).edits(place=1)
    story.time_passes(seconds=40)
    phone.edits(place=2).link_returns()
    story.time_passes(minutes=3)
    phone.is_saved(Saved.EVERYWHERE).sees(place=2)
    story.server_has(place=2)


@pytest.mark.parametrize(
    "code", ["OK", "CANCELLED", "UNKNOWN", "INTERNAL", "UNAVAILABLE", "ABORTED", "RESOURCE_EXHAUSTED"]
)
def test_whatever_ends_the_stream_it_comes_back(code: str) -> None:
    """A clean end too; nothing that was said meanwhile is missed."""
    story = Scenario()
    phone = reading(story)
    phone.stream.end(RpcError(code))
    story.time_passes(ms=10)
    story.server_says(place=4)
    story.time_passes(minutes=2)
    phone.is_linked(Link.LIVE).sees(place=4)


@pytest.mark.parametrize("code", ["OK", "UNAVAILABLE", "INTERNAL"])
def test_a_server_that_ends_every_stream_at_once_is_not_hammered(code: str) -> None:
    """It answers, then ends the stream, for ever: the waits grow."""
    story = Scenario()
    phone = story.device("phone").opens()
    for _ in range(3_000):
        story.time_passes(ms=100)
        if phone.line.remote is not None and phone.line.remote.stream and phone.line.remote.stream.side:
            phone.line.remote.stream.side.end(RpcError(code))
    assert 5 <= len(phone.line.listens) <= 400


def test_a_late_message_of_a_stream_that_was_given_up_changes_nothing() -> None:
    """Twice 10 s without an answer, hung up; then the old stream's first message arrives after all: stale."""
    story = Scenario()
    phone = story.device("phone").next_listens(LOST, LOST).opens()
    engine = phone.engine
    assert engine is not None
    given_up = engine.listen_stream.stream + 1
    story.time_passes(seconds=20, ms=20)
    assert StreamState.WAITING is engine.listen_stream.state
    phone.run(lambda: engine.handle_event(TargetChange(given_up, "ADD", (1,))))
    assert StreamState.WAITING is engine.listen_stream.state
    story.settles()
    phone.is_linked(Link.LIVE)


def test_a_filter_that_counts_otherwise_makes_us_listen_anew() -> None:
    """Something was missed: the same stream, a new target, no token; what was missed is seen."""
    story = Scenario()
    phone = reading(story).edits(place=1)
    story.settles()
    served = phone.stream.targets[phone.target()]
    old = phone.target()
    story.server.streams.remove(phone.stream)
    story.server_says(place=2)  # the stream does not hear of it
    story.server.streams.append(phone.stream)
    phone.sees(place=1)
    phone.stream.count(old, 2)
    story.settles()
    phone.sees(place=2)
    assert old != phone.target()
    assert served.target.key == phone.stream.targets[phone.target()].target.key
    assert 1 == len(phone.line.listens)


def test_while_a_target_is_listened_to_anew_nothing_is_sent() -> None:
    """Our picture is doubtful: the commit waits until the document was heard."""
    story = Scenario()
    phone = reading(story)
    phone.line.message_ms = lambda: 1_000.0
    phone.stream.count(phone.target(), 1)
    story.time_passes(ms=1_100)
    phone.edits(place=1)
    story.time_passes(ms=100)
    phone.has_sent(0)
    story.time_passes(seconds=10)
    phone.has_sent(1).is_saved(Saved.EVERYWHERE)


def test_a_reset_takes_nothing_from_the_screen() -> None:
    """The server takes back what it sent, and sends it again: no flicker, nothing told."""
    story = Scenario()
    phone = reading(story).edits(place=1)
    story.settles()
    phone.takes_told()
    phone.stream.reset(phone.target())
    story.settles()
    phone.was_told_nothing().sees(place=1)


def test_resume_tokens_are_used_and_survive_the_process() -> None:
    """After a pause and a restart the listener comes back with its token, and nothing is sent again."""
    story = Scenario()
    phone = reading(story).edits(place=1)
    story.settles()
    phone.pauses().restarts()
    story.settles()
    _, targets = phone.line.listens[-1]
    assert [True] == [bool(t.resume_token) for t in targets if t.path == ("sessions", BOOK)]
    phone.sees(place=1).edits(place=2)
    story.settles()
    story.server_has(place=2)


def test_refused_tokens_do_no_harm() -> None:
    """The server answers RESET and everything: all is as before."""
    story = Scenario()
    phone = reading(story).edits(place=1)
    story.settles()
    phone.line.honours_tokens = lambda: False
    story.server_says(furthest=0.3)
    phone.pauses()
    story.server_says(place=2)
    phone.resumes()
    story.settles()
    phone.sees(place=2, furthest=0.3)
