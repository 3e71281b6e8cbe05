"""What the port's writes, targets and documents look like on the wire."""

from __future__ import annotations

import pytest

from dalsegno._core.messages import ANY, FieldPath, Snapshot, Target, Write
from dalsegno._core.types import Micros, ProjectId, UserId
from dalsegno._remote import protos
from dalsegno._remote.commit import commit_request, committed, snapshot
from dalsegno._remote.listen_call import add_target_request, event_of
from dalsegno._remote.resource_path import ResourceNames, field_path
from dalsegno._remote.serializer import MAX_DEPTH, set_micros

NAMES = ResourceNames(ProjectId("demo-unit"), UserId("alice"))
MOBY = ("sessions", "moby")


def test_a_path_becomes_a_name_and_back() -> None:
    """Names are below the user's own document; whatever is not, is nobody's path."""
    name = "projects/demo-unit/databases/(default)/documents/users/alice/sessions/moby"
    assert name == NAMES.name(MOBY)
    assert MOBY == NAMES.path(name)
    assert "projects/demo-unit/databases/(default)/documents/users/alice" == NAMES.parent(("sessions",))
    assert None is NAMES.path(name.replace("alice", "alicia"))
    assert None is NAMES.path("nonsense")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (("state", "place"), "state.place"),
        (("state", "text size"), "state.`text size`"),
        (("a.b",), "`a.b`"),
        (("tick`s", "back\\slash"), "`tick\\`s`.`back\\\\slash`"),
        (("1st",), "`1st`"),
        (("line\n",), "`line\n`"),
        (("näme",), "`näme`"),
        (("_x9",), "_x9"),
    ],
)
def test_field_paths_are_quoted_where_they_must(path: FieldPath, expected: str) -> None:
    """A segment that is no plain word stands in backticks, so that no name is taken for a path."""
    assert expected == field_path(path)


def test_the_mask_names_exactly_the_fields() -> None:
    """Values nest, the mask names them, and increments and server times are transforms of the same write."""
    write = Write(MOBY, {("state", "a"): 1, ("state", "b"): 2}, None, {("rev",): 1}, [("at",)])
    (message,) = commit_request(NAMES, [write]).writes
    assert ["state.a", "state.b"] == list(message.update_mask.field_paths)
    assert {"a", "b"} == set(message.update.fields["state"].map_value.fields)
    assert ["rev", "at"] == [transform.field_path for transform in message.update_transforms]
    assert 1 == message.update_transforms[0].increment.integer_value
    assert protos.REQUEST_TIME == message.update_transforms[1].set_to_server_value


def test_a_write_without_fields_has_an_empty_mask() -> None:
    """With no mask at all, Firestore would delete every field of the document."""
    (message,) = commit_request(NAMES, [Write(MOBY, {}, ANY, {("rev",): 1})]).writes
    assert message.HasField("update_mask")


def test_the_base_is_the_precondition() -> None:
    """None = must not exist, a time = must be of that time exactly, ANY = no condition."""
    bases = (None, Micros(1_700_000_000_123_457), ANY)
    absent, exact, free = commit_request(NAMES, [Write(MOBY, {("a",): 1}, base) for base in bases]).writes
    assert (True, False) == (absent.current_document.HasField("exists"), absent.current_document.exists)
    time = exact.current_document.update_time
    assert (1_700_000_000, 123_457_000) == (time.seconds, time.nanos)
    assert not free.HasField("current_document")


def test_an_answer_tells_the_time_of_the_first_write() -> None:
    """A write that changed nothing keeps the old update_time, so the two times differ."""
    response = protos.CommitResponse()
    set_micros(response.commit_time, Micros(9))
    set_micros(response.write_results.add().update_time, Micros(5))
    response.write_results.add()
    assert (3, 5, 9) == ((done := committed(3, response)).ticket, done.update_time, done.commit_time)


def test_a_document_target_and_a_query_target() -> None:
    """`newest` makes a query of a collection; a resume token goes along only if there is one."""
    document = add_target_request(NAMES, Target(1, "k", MOBY)).add_target
    assert ([NAMES.name(MOBY)], b"") == (list(document.documents.documents), document.resume_token)
    query = add_target_request(NAMES, Target(2, "k", ("sessions",), "at", 20, b"t")).add_target
    assert (NAMES.root, b"t") == (query.query.parent, query.resume_token)
    assert 20 == query.query.structured_query.limit.value


def test_a_document_of_nonsense_is_marked_garbled() -> None:
    """It keeps its name and time, and costs the stream nothing."""
    document = protos.Document(name=NAMES.name(MOBY))
    set_micros(document.update_time, Micros(5))
    inner = document.fields["a"]
    for _ in range(MAX_DEPTH + 1):
        inner = inner.map_value.fields["a"]
    assert Snapshot(MOBY, {}, Micros(5), garbled=True) == snapshot(NAMES, document)


def test_messages_that_concern_nobody_are_no_events() -> None:
    """An empty message, a target change of a kind not yet invented, another user's document: nothing."""
    future = protos.ListenResponse()
    future.target_change.target_change_type = 99
    foreign = protos.ListenResponse()
    foreign.document_change.document.name = "projects/p/databases/(default)/documents/users/bob/sessions/x"
    gone = protos.ListenResponse()
    gone.document_delete.document = "nonsense"
    assert [None] * 4 == [event_of(m, 1, NAMES) for m in (protos.ListenResponse(), future, foreign, gone)]
