"""What the engine relies on in Firestore, on the official emulator, as a signed-in user under the rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from dalsegno._auth.unsigned import UnsignedTokens
from dalsegno._core.messages import (
    CommitFailed,
    Committed,
    DocumentChange,
    DocumentGone,
    FieldPath,
    ReadDone,
    StreamEnded,
    Target,
    TargetChange,
    Write,
)
from dalsegno._core.types import DeviceId, Micros, ProjectId, UserId, Value
from dalsegno.testing._firestore_emulator import FirestoreEmulator
from tests.support.remotes import Listening
from tests.support.users import delete_as_owner

DEVICE = DeviceId("00000000000000aa")
MOBY = ("sessions", "moby")


@pytest.fixture
def client(emulator: FirestoreEmulator, project: str) -> Iterator[Listening]:
    """On a device that may write."""
    with Listening(emulator.host, project, "alice") as client:
        yield client.register(DEVICE)


def stamp(ms: int) -> str:
    return f"{ms:015d}-00000-{DEVICE}"


def created(place: Value, session: str = "moby") -> Write:
    """The first write of a session, as the rules want it."""
    fields: Mapping[FieldPath, Value] = {
        ("schema",): "reading/1",
        ("state",): {"place": place},
        ("stamps",): {"place": stamp(1)},
        ("basis",): {"place": 0},
        ("holder",): None,
        ("hlc",): 1,
        ("device",): DEVICE,
    }
    return Write(("sessions", session), fields, None, {("rev",): 1}, [("at",)])


def updated(place: Value, base: Micros | None, ms: int = 2, session: str = "moby") -> Write:
    """A later write: one field, its stamp, and nothing else."""
    fields: Mapping[FieldPath, Value] = {
        ("state", "place"): place,
        ("stamps", "place"): stamp(ms),
        ("basis", "place"): 1,
        ("hlc",): ms,
        ("device",): DEVICE,
    }
    return Write(("sessions", session), fields, base, {("rev",): 1}, [("at",)])


def on_moby() -> Target:
    return Target(1, "moby", MOBY)


def test_a_session_is_created_with_its_revision_and_the_servers_time(client: Listening) -> None:
    """`base=None` creates; the increment makes rev 1, the transform sets `at`, and all reads back."""
    done = client.commit(created({"href": "c1.xhtml", "n": [1, 2.5, None, True, b"x", "é"]}))
    assert isinstance(done, Committed)

    read = client.read(*MOBY)
    fields = read.snapshot.fields
    assert {"place": {"href": "c1.xhtml", "n": [1, 2.5, None, True, b"x", "é"]}} == fields["state"]
    assert (1, done.update_time) == (fields["rev"], read.snapshot.update_time)
    assert fields["at"].tzinfo is not None
    assert done.commit_time <= read.read_time


def test_what_exists_is_not_created_again(client: Listening) -> None:
    """`base=None` fails on a document that is there; rules come first, so it may be told as denied."""
    client.commit(created(1))
    failed = client.commit(created(2))
    assert failed.fault.code in ("PERMISSION_DENIED", "ALREADY_EXISTS", "FAILED_PRECONDITION")
    assert {"place": 1} == client.read(*MOBY).snapshot.fields["state"]


def test_compare_and_set_takes_the_exact_update_time(client: Listening) -> None:
    """A commit on the newest update_time succeeds, on one microsecond less it fails."""
    first = client.commit(created(1))
    second = client.commit(updated(2, first.update_time))
    assert isinstance(second, Committed)
    stale = client.commit(updated(3, Micros(second.update_time - 1)))
    assert "FAILED_PRECONDITION" == stale.fault.code

    fields = client.read(*MOBY).snapshot.fields
    assert ({"place": 2}, 2) == (fields["state"], fields["rev"])


def test_a_stale_base_changes_nothing(client: Listening) -> None:
    """The second of two writers on one base is refused, and the first one's edit stands."""
    base = client.commit(created(1)).update_time
    assert isinstance(client.commit(updated("first", base)), Committed)
    assert isinstance(client.commit(updated("second", base, 3)), CommitFailed)
    assert {"place": "first"} == client.read(*MOBY).snapshot.fields["state"]


def test_the_mask_leaves_other_fields_alone(client: Listening) -> None:
    """Only the paths of the write change, whatever characters their names have."""
    base = client.commit(created({"a": 1})).update_time
    odd = "strange.näme `\\ "
    fields: dict[FieldPath, Value] = {("state", odd): 5, ("stamps", odd): stamp(2), ("basis", odd): 1}
    write = Write(MOBY, {**fields, ("hlc",): 2, ("device",): DEVICE}, base, {("rev",): 1}, [("at",)])
    assert isinstance(client.commit(write), Committed)
    assert {"place": {"a": 1}, odd: 5} == client.read(*MOBY).snapshot.fields["state"]


def test_rules_refuse_with_permission_denied(
    client: Listening, emulator: FirestoreEmulator, project: str
) -> None:
    """A write that breaks the rules, and another user's document, are refused by that name."""
    assert "PERMISSION_DENIED" == client.commit(Write(MOBY, {("x",): 1}, None)).fault.code
    mallory = UnsignedTokens(ProjectId(project), UserId("mallory"))
    with Listening(emulator.host, project, "alice", tokens=mallory) as thief:
        assert "PERMISSION_DENIED" == thief.read(*MOBY).fault.code
        assert "PERMISSION_DENIED" == thief.commit(created(1)).fault.code
        thief.listen(1, on_moby())
        cause = thief.next(TargetChange, kind="REMOVE").cause
        assert cause is not None
        assert "PERMISSION_DENIED" == cause.code


def test_a_document_that_is_not_there_reads_as_none(client: Listening) -> None:
    """Reading what does not exist is an answer with a time, not a fault."""
    read = client.read("sessions", "nowhere")
    assert isinstance(read, ReadDone)
    assert None is read.snapshot
    assert read.read_time > 0


def test_a_listener_hears_of_what_another_device_writes(
    client: Listening, emulator: FirestoreEmulator, project: str
) -> None:
    """ADD, gone, CURRENT, a snapshot with a read time; then each change with its update_time."""
    client.listen(7, on_moby())
    client.next(TargetChange, kind="ADD", targets=(1,))
    client.next(TargetChange, kind="CURRENT", targets=(1,))
    assert 0 < (client.next(TargetChange, kind="NO_CHANGE", targets=()).read_time or 0)

    with Listening(emulator.host, project, "alice", tokens=client.tokens) as other:
        done = other.commit(created("here"))
    change = client.next(DocumentChange)
    assert (7, MOBY, {"place": "here"}, done.update_time, (1,)) == (
        change.stream,
        change.snapshot.path,
        change.snapshot.fields["state"],
        change.snapshot.update_time,
        change.targets,
    )


def test_a_missing_document_is_told_as_gone(client: Listening) -> None:
    """A target on a document that does not exist says so, before it is CURRENT."""
    client.listen(7, on_moby())
    assert (MOBY, (1,)) == ((gone := client.next(DocumentGone)).path, gone.removed)
    client.next(TargetChange, kind="CURRENT")


def test_a_deleted_document_is_told_as_gone(
    client: Listening, emulator: FirestoreEmulator, project: str
) -> None:
    """An administrator's delete reaches the listener."""
    client.commit(created(1))
    client.listen(7, on_moby())
    client.next(TargetChange, kind="CURRENT")
    delete_as_owner(emulator.host, project, "users/alice/sessions/moby")
    assert MOBY == client.next(DocumentGone).path


def test_the_newest_sessions_are_listened_to_as_a_query(client: Listening) -> None:
    """A query target holds the newest documents; a change in it comes as RESET and all of them again."""
    for name in ("one", "two", "three"):
        client.commit(created(name, name))
    client.listen(7, Target(2, "recent", ("sessions",), order_by="at", newest=2))
    assert ["three", "two"] == until_current(client)

    client.commit(created("four", "four"))
    client.next(TargetChange, kind="RESET", targets=(2,))
    assert ["four", "three"] == until_current(client)


def until_current(client: Listening) -> list[str]:
    """The sessions that are told before the next CURRENT."""
    names = []
    while True:
        event: object = client.next(object)  # type: ignore[type-var]
        if isinstance(event, TargetChange) and event.kind == "CURRENT":
            break
        if isinstance(event, DocumentChange):
            names.append(event.snapshot.path[1])
    return names


def test_targets_are_added_and_removed_on_the_open_stream(client: Listening) -> None:
    """A target added later is answered on the same stream; a removed one says so, and is silent."""
    client.commit(created(1))
    client.listen(7, on_moby())
    client.next(TargetChange, kind="CURRENT")
    client.remote.add_target(Target(5, "other", ("sessions", "other")))
    client.next(TargetChange, kind="CURRENT", targets=(5,))
    client.remote.remove_target(1)
    client.next(TargetChange, kind="REMOVE", targets=(1,), cause=None)

    base = client.read(*MOBY).snapshot.update_time
    client.commit(updated(2, base))
    client.commit(created("x", "other"))
    assert ("sessions", "other") == client.next(DocumentChange).snapshot.path


def test_a_denied_target_leaves_the_others_alone(
    client: Listening, emulator: FirestoreEmulator, project: str
) -> None:
    """A path that the rules refuse is removed with its cause; the good targets go on, before and after it."""
    denied = Target(2, "denied", ("secrets", "mine"))
    client.listen(7, on_moby(), denied, Target(3, "other", ("sessions", "other")))
    refused = client.next(TargetChange, kind="REMOVE", targets=(2,))
    assert refused.cause is not None
    assert "PERMISSION_DENIED" == refused.cause.code

    with Listening(emulator.host, project, "alice", tokens=client.tokens) as other:
        other.commit(created(1, "moby"))
        other.commit(created(1, "other"))
    heard = {client.next(DocumentChange).targets for _ in range(2)}
    assert {(1,), (3,)} == heard


def test_a_resume_token_is_taken(client: Listening) -> None:
    """A listener may come back with the token that it was given (the emulator then sends RESET and all)."""
    client.commit(created(1))
    client.listen(7, on_moby())
    token = client.next(TargetChange, kind="CURRENT").resume_token
    assert token
    client.listen(8, Target(1, "moby", MOBY, resume_token=token))
    assert 1 == client.next(DocumentChange, stream=8).snapshot.fields["rev"]
    client.next(TargetChange, stream=8, kind="CURRENT")


def test_after_hanging_up_the_stream_is_over(client: Listening) -> None:
    """The end comes with the stream's number, nothing comes after it, and commits still work."""
    client.listen(7, on_moby())
    client.next(TargetChange, kind="CURRENT")
    client.remote.hang_up()
    assert "CANCELLED" == client.next(StreamEnded, stream=7).fault.code
    assert isinstance(client.commit(created(1)), Committed)
    assert [] == client.rest()
