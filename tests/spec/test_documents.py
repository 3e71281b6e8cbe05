"""Documents that make no sense, of newer apps, of other apps, deleted ones, and old ones come back."""

from __future__ import annotations

from typing import Any

import pytest

from dalsegno._core.policies import HIGHEST, LATEST, Schema
from dalsegno._core.types import Link, Saved
from dalsegno._sync.view_change import ViewChange
from tests.support.scenario import BOOK, Scenario, ScenarioDevice

PATH = ("sessions", BOOK)
OLDER = Schema("reading", 1, {"place": LATEST})
NEWER = Schema("reading", 2, {"place": LATEST, "furthest": HIGHEST, "mood": LATEST})


def reading(story: Scenario) -> ScenarioDevice:
    phone = story.device("phone").opens().edits(place=1)
    story.settles()
    return phone


def with_a_backup_before_the_last_edit(story: Scenario) -> tuple[ScenarioDevice, dict[str, Any]]:
    """A phone at place 2, and the document's fields of when it was at place 1."""
    phone = reading(story)
    backup = story.server.get(PATH)
    assert backup is not None and backup.fields is not None
    phone.edits(place=2)
    story.settles()
    return phone, dict(backup.fields)


@pytest.mark.parametrize(
    "nonsense",
    [{"schema": 7}, {"schema": "Reading"}, {"rev": "two"}, {"rev": -1}, {"state": [1, 2]}, {"state": None}],
    ids=str,
)
def test_a_garbled_document_is_told_and_never_written_over(nonsense: dict[str, Any]) -> None:
    """The app keeps what it knew; an edit is kept on disk; the document stays as somebody left it."""
    story = Scenario()
    phone = reading(story)
    story.server_puts(**nonsense)
    story.settles()
    phone.sees(place=1).edits(place=2).is_linked(Link.LIVE, "makes no sense")
    story.time_passes(minutes=5)
    phone.sees(place=2).has_on_disk(place=2).has_sent(1)
    found = story.server.get(PATH)
    assert found is not None and found.fields is not None
    assert nonsense == {name: found.fields[name] for name in nonsense}


def test_a_mended_document_is_taken_again() -> None:
    """Once the document makes sense, what waited is sent."""
    story = Scenario()
    phone = reading(story)
    story.server_puts(rev="two")
    story.settles()
    phone.edits(place=2)
    story.server_puts(rev=7)
    story.settles()
    phone.is_saved(Saved.EVERYWHERE).is_linked(Link.LIVE)
    story.server_has(place=2, rev=8)


def test_a_garbled_document_is_still_garbled_after_a_restart() -> None:
    """No resume token vouches for a document that was never understood."""
    story = Scenario()
    phone = reading(story)
    story.server_puts(rev="two")
    story.settles()
    phone.pauses().restarts()
    story.settles()
    phone.is_linked(Link.LIVE, "makes no sense").sees(place=1)


def test_a_garbled_document_harms_only_its_session() -> None:
    """The others are heard and sent."""
    story = Scenario()
    phone = reading(story).opens("song")
    story.server_puts(rev="two")
    story.settles()
    phone.edits("song", place=4)
    story.settles()
    story.server_has("song", place=4)


def test_one_field_of_nonsense_does_not_hide_the_others() -> None:
    """A stamp that is none makes its field the oldest there is; the next edit puts it right."""
    story = Scenario()
    phone = reading(story)
    before = story.server.get(PATH)
    assert before is not None and before.fields is not None
    story.server_puts(state={"place": 1, "furthest": 0.5}, stamps={"place": "soon"}, basis={"place": "x"})
    story.settles()
    phone.sees(place=1, furthest=0.5)


def test_fields_of_a_newer_app_are_kept() -> None:
    """An older app shows what it knows, edits it, and erases nothing; the schema stays as it is."""
    story = Scenario()
    tablet = story.device("tablet").opens(schema=NEWER).edits(place=1, mood="calm")
    story.settles()
    phone = story.device("phone").opens(schema=OLDER)
    story.settles()
    phone.sees(place=1, mood="calm").edits(place=2)
    story.settles()
    document = story.document()
    assert document is not None
    assert "reading/2" == document.schema
    story.server_has(place=2, mood="calm")
    tablet.sees(place=2, mood="calm")


def test_a_session_of_another_kind_is_left_alone() -> None:
    """`listening/1` opened as `reading/1`: told, nothing sent, nothing changed on the server."""
    story = Scenario()
    story.device("speaker").opens(schema=Schema("listening", 1, {"place": LATEST})).edits(place="track 2")
    story.settles()
    phone = story.device("phone").opens().edits(place=1)
    story.settles()
    phone.has_sent(0).is_linked(Link.LIVE, "listening/1").has_on_disk(place=1)
    story.server_has(place="track 2")


def test_a_deleted_document_is_written_whole_with_the_next_edit() -> None:
    """Somebody deleted it: what is known here stays on the screen, and comes back once it is used again."""
    story = Scenario()
    phone = reading(story).edits(furthest=0.5)
    story.settles()
    story.server_deletes()
    story.settles()
    phone.sees(place=1, furthest=0.5).has_sent(2)
    story.server_has_nothing()
    phone.edits(place=2)
    story.settles()
    story.server_has(place=2, furthest=0.5, rev=1)
    phone.is_saved(Saved.EVERYWHERE)


def test_a_document_that_was_deleted_while_we_were_away() -> None:
    """The existence filter says so after the resume token; the next edit creates it again."""
    story = Scenario()
    phone = reading(story).pauses()
    story.server_deletes()
    phone.resumes()
    story.settles()
    phone.edits(place=2)
    story.settles()
    story.server_has(place=2, rev=1)
    phone.is_saved(Saved.EVERYWHERE)


def test_two_devices_create_the_document_at_once() -> None:
    """Both believed that there is none: one creates it, the other merges into it."""
    story = Scenario()
    phone, laptop = story.device("phone").opens(), story.device("laptop").opens()
    story.settles()
    phone.edits(place=1)
    laptop.edits(furthest=0.5)
    story.settles()
    story.server_has(place=1, furthest=0.5, rev=2)


def test_a_server_that_lost_an_edit_gets_it_back() -> None:
    """The document was rewritten from a backup: what we had confirmed is newer by its stamp, and returns."""
    story = Scenario()
    phone, backup = with_a_backup_before_the_last_edit(story)
    story.server.put((PATH, backup))
    story.settles()
    phone.sees(place=2).is_saved(Saved.EVERYWHERE)
    story.server_has(place=2)


def test_a_server_that_lost_an_edit_of_a_closed_session_gets_it_back() -> None:
    """Nobody has the book open, but the list of recent sessions shows what the server has: it is too old."""
    story = Scenario()
    phone, backup = with_a_backup_before_the_last_edit(story)
    phone.restarts(opens=None)
    assert phone.engine is not None
    phone.run(phone.engine.want_recent)
    story.settles()
    story.server.put((PATH, backup))
    story.settles()
    story.server_has(place=2)
    phone.is_saved(Saved.EVERYWHERE)
    assert {} == phone.engine.local_store.open_sessions


def test_a_restored_backup_with_its_old_update_time() -> None:
    """The whole database was put back: the document is older than what we know, and yet it is true."""
    story = Scenario()
    phone = reading(story)
    backup = story.server.get(PATH)
    assert backup is not None
    phone.edits(place=2)
    story.settles()
    story.server.roll_back(PATH, backup)
    story.time_passes(minutes=1)
    phone.sees(place=2)
    phone.edits(furthest=0.4)
    story.time_passes(minutes=5)
    story.server_has(place=2, furthest=0.4)
    phone.is_saved(Saved.EVERYWHERE)


def test_a_value_that_somebody_set_by_hand_stands() -> None:
    """One stamp, another value: the administrator's word is taken, and not fought."""
    story = Scenario()
    phone = reading(story)
    story.server_puts(state={"place": 0})
    story.settles()
    phone.sees(place=0)
    story.time_passes(minutes=5)
    story.server_has(place=0)
    phone.has_sent(1)


def test_an_app_that_cannot_read_a_value_harms_only_itself(caplog: pytest.LogCaptureFixture) -> None:
    """The app's own type raises on what arrived in one session; the other session is heard all the same."""
    story = Scenario()
    phone = reading(story).opens("song")
    story.settles()

    def fail(change: ViewChange) -> None:
        if change.session == BOOK:
            raise AttributeError("no such thing")

    phone.changed_hook = fail
    phone.link_drops()
    story.server_says("book", place=2).server_says("song", place=3)
    phone.link_returns()
    story.time_passes(minutes=1)
    phone.sees("song", place=3).sees("book", place=2).is_linked(Link.LIVE).edits("song", place=4)
    story.settles()
    story.server_has("song", place=4)
    assert "cannot be shown" in caplog.text


def test_an_older_app_does_not_fight_over_a_field_that_it_does_not_know() -> None:
    """A `highest` field goes up by an edit that was made earlier: an app without it leaves it alone."""
    story = Scenario()
    old = story.device("old phone").opens(schema=OLDER)
    story.settles()
    story.server_says(furthest=0.4)
    story.settles()
    story.server_says(furthest=0.9, ago_s=30)
    story.time_passes(minutes=1)
    story.server_has(furthest=0.9)
    old.has_sent(0).sees(furthest=0.9)
