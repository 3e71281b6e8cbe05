"""Commits and reads: the port's writes → requests, responses → events. Pure; any thread."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from google.protobuf.message import DecodeError

from dalsegno._core.messages import ANY, Committed, FieldPath, ReadDone, Snapshot, Write
from dalsegno._core.types import Value
from dalsegno._remote import protos
from dalsegno._remote.resource_path import ResourceNames, field_path
from dalsegno._remote.serializer import decode_fields, encode_into, micros, set_micros
from dalsegno._remote.undecodable import salvaged_read


def commit_request(names: ResourceNames, writes: Sequence[Write]) -> Any:
    """One atomic commit.

    Raises:
        ValueError: Firestore could not store a value; the text names the field and says why.
    """
    request = protos.CommitRequest(database=names.database)
    for write in writes:
        _add_write(request.writes.add(), names, write)
    return request


def _add_write(message: Any, names: ResourceNames, write: Write) -> None:
    if write.deletes:
        message.delete = names.name(write.path)
    else:
        _add_update(message, names, write)
    if write.base is None:
        message.current_document.exists = False
    elif write.base != ANY:
        set_micros(message.current_document.update_time, write.base)


def _add_update(message: Any, names: ResourceNames, write: Write) -> None:
    message.update.name = names.name(write.path)
    message.update_mask.SetInParent()  # without a mask all other fields of the document would be deleted
    for path, value in write.fields.items():
        message.update_mask.field_paths.append(field_path(path))
        _set_field(message.update.fields, path, value)
    for path, amount in write.increments.items():
        message.update_transforms.add(field_path=field_path(path)).increment.integer_value = amount
    for path in write.server_times:
        transform = message.update_transforms.add(field_path=field_path(path))
        transform.set_to_server_value = protos.REQUEST_TIME


def _set_field(fields: Any, path: FieldPath, value: Value) -> None:
    for segment in path[:-1]:
        fields = fields[segment].map_value.fields
    try:
        encode_into(fields[path[-1]], value)
    except ValueError as error:
        raise ValueError(f"the field {'.'.join(path)} cannot be stored: {error}") from None


def committed(ticket: int, response: Any) -> Committed:
    """What a `CommitResponse` says of our commit."""
    results = response.write_results
    update_time = results[0].update_time if results else response.commit_time
    return Committed(ticket, micros(update_time), micros(response.commit_time))


def read_request(names: ResourceNames, name: str) -> Any:
    """Reads one document, and when."""
    return protos.BatchGetDocumentsRequest(database=names.database, documents=[name])


def snapshot(names: ResourceNames, document: Any) -> Snapshot | None:
    """A plain protobuf `Document`, decoded; None if it is none of this user's.

    One whose content makes no sense is a snapshot all the same, marked `garbled`: it must not take the
    other documents on the stream with it.
    """
    path = names.path(document.name)
    if path is None:
        return None
    update_time = micros(document.update_time)
    try:
        return Snapshot(path, decode_fields(document), update_time)
    except ValueError:
        return Snapshot(path, {}, update_time, garbled=True)


def read_done(ticket: int, names: ResourceNames, raw: bytes) -> ReadDone:
    """What the bytes of a `BatchGetDocumentsResponse` say of the one document asked for.

    Raises:
        DecodeError: nothing, not even that the document is damaged.
    """
    try:
        response = protos.parse(protos.BatchGetDocumentsResponse, raw)
    except DecodeError:
        return salvaged_read(raw, ticket, names)
    found = snapshot(names, response.found) if response.HasField("found") else None
    return ReadDone(ticket, found, micros(response.read_time))
