"""The simulated Firestore against the official emulator, where a stream tells of changes: one suite for both.

Each test runs twice, as a signed-in user under the same rules, so that the two cannot drift; what the
simulation is relied on for is here. (Resume tokens, heartbeats and existence filters the emulator does not
show.)
"""

from __future__ import annotations

from dalsegno._core.messages import (
    DocumentChange,
    DocumentGone,
    RemoteEvent,
    SignInKnown,
    StreamEnded,
    Target,
    TargetChange,
)
from tests.contract.turns import (
    ON_BOOK,
    PATH,
    RECENT,
    Simulated,
    code,
    documents,
    is_look,
    known,
    told,
    write,
)
from tests.support.emulator import shared_emulator
from tests.support.remotes import Client
from tests.support.users import delete_as_owner


def test_what_a_stream_says_of_a_document_that_is_there(client: Client) -> None:
    """ADD, the document, CURRENT, then a consistent look."""
    client.commit(write(None, 5, place=1))
    client.listen(7, ON_BOOK)
    events = told(client, is_look)
    kinds = [e.kind if isinstance(e, TargetChange) else "document" for e in events if not _is_noise(e)]
    assert ["ADD", "document", "CURRENT", "NO_CHANGE"] == kinds
    assert [("book", 1)] == documents(events)
    assert {7} == {e.stream for e in events}  # type: ignore[union-attr]


def _is_noise(event: RemoteEvent) -> bool:
    """What only one of the two says: it means nothing to the engine."""
    empty = isinstance(event, TargetChange) and event.kind == "NO_CHANGE" and bool(event.targets)
    return empty or isinstance(event, SignInKnown)


def test_what_a_stream_says_of_a_document_that_is_not_there(client: Client) -> None:
    """CURRENT without a document, then a look; the document once it is created."""
    client.listen(7, ON_BOOK)
    events = told(client, is_look)
    assert [] == documents(events)
    assert any(isinstance(e, TargetChange) and e.kind == "CURRENT" for e in events)
    client.commit(write(None, 5, place=1))
    assert [("book", 1)] == documents(told(client, lambda e: isinstance(e, DocumentChange)))


def test_each_commit_is_told_with_its_update_time(client: Client) -> None:
    """The version on the stream is the version of the acknowledgement: our own echo is known by it."""
    client.listen(7, ON_BOOK)
    told(client, is_look)
    answer = client.commit(write(None, 5, place=1))
    change = told(client, lambda e: isinstance(e, DocumentChange))[-1]
    assert isinstance(change, DocumentChange)
    assert (answer.update_time, (1,)) == (change.snapshot.update_time, change.targets)
    assert isinstance(told(client, is_look)[-1], TargetChange)


def test_the_newest_of_a_collection(client: Client) -> None:
    """A limited list, newest first: the one that falls out is told as gone from that target."""
    for session in ("one", "two"):
        client.commit(write(None, 5, session, place=session))
    client.listen(7, RECENT)
    assert {("one", "one"), ("two", "two")} == set(documents(told(client, is_look)))
    client.commit(write(None, 6, "three", place="three"))
    events = told(client, lambda e: isinstance(e, TargetChange) and e.kind == "NO_CHANGE" and is_look(e))
    while not {"three"} <= {name for name, _ in documents(events)}:
        events += told(client, is_look)
    assert ("three", "three") in documents(events)


def test_targets_come_and_go_on_one_stream(client: Client) -> None:
    """Added while it is open; removed with a word, and silent after it."""
    client.commit(write(None, 5, place=1))
    client.listen(7, ON_BOOK)
    told(client, is_look)
    client.remote.add_target(Target(5, "song", ("sessions", "song")))
    told(client, lambda e: isinstance(e, TargetChange) and e.kind == "CURRENT" and 5 in e.targets)
    client.remote.remove_target(1)
    told(client, lambda e: isinstance(e, TargetChange) and e.kind == "REMOVE" and e.targets == (1,))
    client.commit(write(known(client), 6, place=2))
    client.commit(write(None, 5, "song", place=3))
    assert [("song", 3)] == documents(told(client, lambda e: isinstance(e, DocumentChange)))


def test_hanging_up_ends_the_stream_with_its_number(client: Client) -> None:
    """CANCELLED, once; commits go on."""
    client.listen(7, ON_BOOK)
    told(client, is_look)
    client.remote.hang_up()
    ended = told(client, lambda e: isinstance(e, StreamEnded))[-1]
    assert isinstance(ended, StreamEnded)
    assert (7, "CANCELLED") == (ended.stream, ended.fault.code)
    assert "OK" == code(client.commit(write(None, 5, place=1)))


def test_a_second_listen_ends_the_first(client: Client) -> None:
    """One stream at a time; what comes is told by its number."""
    client.listen(7, ON_BOOK)
    told(client, is_look)
    client.listen(8, ON_BOOK)
    events = told(client, lambda e: is_look(e) and e.stream == 8)
    assert [7] == [e.stream for e in events if isinstance(e, StreamEnded)]


def test_a_document_that_is_gone_is_told(client: Client) -> None:
    """No user may delete a session; when an administrator does, both tell it in the same way."""
    client.commit(write(None, 5, place=1))
    client.listen(7, ON_BOOK)
    told(client, is_look)
    _delete(client)
    gone = told(client, lambda e: isinstance(e, DocumentGone))[-1]
    assert isinstance(gone, DocumentGone)
    assert (PATH, (1,)) == (gone.path, gone.removed)
    assert client.read(*PATH).snapshot is None


def _delete(client: Client) -> None:
    if isinstance(client, Simulated):
        client.server.put((PATH, None))
        return
    project = client.remote._names.database.split("/")[1]
    delete_as_owner(shared_emulator().host, project, "users/alice/sessions/book")
