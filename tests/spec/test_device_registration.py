"""The user's devices: each is registered before it sends an edit, and again when the server has lost that."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count

import pytest

from dalsegno._core.messages import Write
from dalsegno._core.types import Link, Saved
from dalsegno.testing._memory_persistence import MemoryStore
from tests.spec.pairs import card, pair, sign_in
from tests.support.scenario import HELD, LOST, UNANSWERED, Scenario, refused


def test_a_copied_disk_is_no_duel() -> None:
    """Two installations of one id, each under a sign-in of its own, find the other's card where theirs should
    be: each corrects it as seldom as devices beat, not in answer to the other."""
    story = Scenario()
    phone = story.device("phone").opens()
    story.settles()
    copy = story.device("copy", starts=False)
    copy.id, copy.store = phone.id, MemoryStore(phone.id)
    copy.starts().opens()
    story.time_passes(minutes=8)
    assert len(phone.beats()) <= 1 + 8
    assert len(copy.beats()) <= 1 + 8
    phone.edits(place=1)
    copy.edits(furthest=0.5)
    story.settles().server_has(place=1, furthest=0.5)


def test_nothing_is_sent_before_the_device_is_registered() -> None:
    """The first commit of an installation is its card and its registration; then come the edits."""
    story = Scenario()
    phone = story.device("phone").opens().edits(place=1)
    story.settles()
    assert [["devices", "signins"], ["sessions"]] == phone.commit_kinds()
    phone.is_saved(Saved.EVERYWHERE)


def test_edits_wait_for_the_answer_to_the_registration() -> None:
    """However long that takes: without it they would be refused."""
    story = Scenario()
    phone = story.device("phone").next_commits(HELD).opens().edits(place=1)
    story.time_passes(seconds=9)
    assert [["devices", "signins"]] == phone.commit_kinds()
    phone.server_acks()
    story.settles()
    assert [["devices", "signins"], ["sessions"]] == phone.commit_kinds()


def test_a_registered_device_sends_its_edits_at_once() -> None:
    """What the server has confirmed once is remembered on disk: no round trip before the first edit."""
    story = Scenario()
    phone = story.device("phone").opens()
    story.time_passes(hours=1)
    phone.restarts()
    phone.next_commits(LOST)  # the card's
    phone.edits(place=1)
    story.time_passes(seconds=1)
    story.server_has(place=1)


def test_a_lost_registration_is_made_good() -> None:
    """The edits wait for it, and go out."""
    story = Scenario()
    phone = story.device("phone").next_commits(LOST, UNANSWERED).opens().edits(place=1)
    story.time_passes(seconds=40)
    phone.is_saved(Saved.EVERYWHERE)
    story.server_has(place=1, rev=1)


def test_a_server_that_has_lost_the_registration_gets_it_again() -> None:
    """The edit is refused, the reason is looked up, and the edit is sent again: nothing is parked."""
    story = Scenario()
    phone = story.device("phone").opens().edits(place=1)
    story.settles()
    story.server.put((("signins", phone.line.sign_in), None))
    phone.edits(place=2)
    story.settles()
    phone.is_saved(Saved.EVERYWHERE).is_linked(Link.LIVE)
    story.server_has(place=2)


def test_a_sign_of_life_finds_out_that_the_registration_was_lost() -> None:
    """A backup was restored: the next beat is refused, and the device is registered again, with no edit."""
    story, phone, laptop = pair()
    story.server.put((("signins", phone.line.sign_in), None))
    story.time_passes(minutes=5)
    assert {phone.id: True} == sign_in(story, phone.line.sign_in)["devices"]
    laptop.sees_devices(phone="online")
    phone.edits(place=2)
    story.settles()
    phone.is_saved(Saved.EVERYWHERE)


def test_beats_that_the_rules_refuse_are_no_loop() -> None:
    """It is registered, and yet nobody may say that they are there: no more is said until there is a new
    connection, and edits go out."""
    story, phone, _ = pair()
    story.server.rules = lambda path, *_: "" if path[0] == "sessions" else "no"
    story.time_passes(minutes=5)
    calls = phone.line.calls
    story.time_passes(hours=1)
    assert calls == phone.line.calls
    phone.edits(place=2)
    story.settles()
    phone.is_saved(Saved.EVERYWHERE)


def test_a_card_that_was_pruned_comes_back() -> None:
    """Its device is there, so its card is, with its name."""
    story, phone, laptop = pair()
    story.server.put((("devices", phone.id), None))
    story.settles()
    laptop.sees_devices(phone="online")


def test_a_token_of_another_sign_in_is_registered_too() -> None:
    """Tokens can change their sign-in without a word: the refused edit finds out, and goes out."""
    story = Scenario()
    phone = story.device("phone").opens().edits(place=1)
    story.settles()
    phone.token_changes_sign_in("1699999999").edits(place=2)
    story.settles()
    phone.is_saved(Saved.EVERYWHERE).is_linked(Link.LIVE)
    assert "1699999999" == card(story, phone)["sign_in"]


def test_a_token_that_changes_its_sign_in_under_way_is_no_refusal() -> None:
    """The card names the sign-in that was, the token another one: of that the rules have not spoken."""
    story = Scenario()
    phone = story.device("phone").next_commits(*[refused("INTERNAL")] * 3, refused("PERMISSION_DENIED"))
    phone.opens().edits(place=1)
    remote = phone.line.remote
    assert remote is not None
    commit, calls = remote.commit, count(1)

    def renewed(ticket: int, writes: Sequence[Write]) -> None:
        if next(calls) == 4:
            phone.token_changes_sign_in("1699999999")
        commit(ticket, writes)

    remote.commit = renewed  # type: ignore[method-assign]
    story.time_passes(minutes=5)
    phone.is_saved(Saved.EVERYWHERE).is_linked(Link.LIVE)
    assert "1699999999" == card(story, phone)["sign_in"]


def test_rules_that_refuse_the_registration_decide_on_the_edits() -> None:
    """They know no devices (rules of an older version): the edits go out as before, and nothing loops."""
    story = Scenario()
    story.server.rules = lambda path, *_: "" if path[0] == "sessions" else "no such document"
    story.server.knows_sign_ins = False
    phone = story.device("phone").opens().edits(place=1)
    story.settles()
    phone.is_saved(Saved.EVERYWHERE)
    calls = phone.line.calls
    story.time_passes(hours=1)
    assert calls == phone.line.calls


def test_rules_that_refuse_everything_are_told() -> None:
    """Not a loop, and not for ever silent."""
    story = Scenario()
    story.server.rules = lambda *_: "no"
    phone = story.device("phone").opens().edits(place=1)
    story.settles()
    phone.is_linked(Link.DENIED, "security rules").is_saved(Saved.HERE)
    assert not phone.status.signed_out
    calls = phone.line.calls
    story.time_passes(hours=1)
    assert calls == phone.line.calls


@pytest.mark.parametrize("rules_know_sign_ins", [True, False])
@pytest.mark.parametrize("code", ["PERMISSION_DENIED", "FAILED_PRECONDITION"])
def test_edits_do_not_wait_for_a_list_that_is_not_shown(code: str, rules_know_sign_ins: bool) -> None:
    """A project's own rules, or an index that it lacks: nobody tells of the devices, and the edits go out."""
    story = Scenario()
    story.server.hidden["devices",] = code
    if not rules_know_sign_ins:
        story.server.rules = lambda path, *_: "" if path[0] == "sessions" else "no such document"
        story.server.knows_sign_ins = False
    phone = story.device("phone").opens().edits(place=1)
    story.settles().server_has(place=1, rev=1)
    story.time_passes(hours=1)
    assert len(phone.line.commits) <= 3
