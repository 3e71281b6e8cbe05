"""What is left of a message whose document cannot be parsed (text that is no Unicode, nesting without end).

Protobuf refuses such a message as a whole. Read again with messages that know no `fields`, it still says
which document it was, of what time and for which targets: so a poisoned document harms only itself, and not
the stream that it came on. Pure; any thread.
"""

from __future__ import annotations

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, timestamp_pb2
from google.protobuf.message import DecodeError

from dalsegno._core.messages import DocumentChange, ReadDone, ResourcePath, Snapshot
from dalsegno._remote.resource_path import ResourceNames
from dalsegno._remote.serializer import micros

_Field = descriptor_pb2.FieldDescriptorProto
_TIMESTAMP = ".google.protobuf.Timestamp"
_NUMBERS: dict[str, dict[str, tuple[int, str]]] = {  # name → (number, type), as in google/firestore/v1
    "Document": {"name": (1, "bytes"), "update_time": (4, _TIMESTAMP)},
    "DocumentChange": {
        "document": (1, ".salvage.Document"),
        "target_ids": (5, "int32s"),
        "removed_target_ids": (6, "int32s"),
    },
    "ListenResponse": {"document_change": (3, ".salvage.DocumentChange")},
    "BatchGetDocumentsResponse": {"found": (1, ".salvage.Document"), "read_time": (4, _TIMESTAMP)},
}


def _messages() -> dict[str, Any]:
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(timestamp_pb2.DESCRIPTOR.serialized_pb)
    file = descriptor_pb2.FileDescriptorProto(
        name="salvage.proto",
        package="salvage",
        syntax="proto3",
        dependency=[timestamp_pb2.DESCRIPTOR.name],
    )
    for name, fields in _NUMBERS.items():
        message = file.message_type.add(name=name)
        for field_name, (number, kind) in fields.items():
            _describe(message.field.add(name=field_name, number=number), kind)
    pool.Add(file)
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"salvage.{name}"))
        for name in _NUMBERS
    }


def _describe(field: Any, kind: str) -> None:
    field.label = _Field.LABEL_REPEATED if kind == "int32s" else _Field.LABEL_OPTIONAL
    if kind.startswith("."):
        field.type, field.type_name = _Field.TYPE_MESSAGE, kind
    else:
        field.type = _Field.TYPE_INT32 if kind == "int32s" else _Field.TYPE_BYTES


_MESSAGES = _messages()


def salvaged_change(raw: bytes, stream: int, names: ResourceNames) -> DocumentChange:
    """The `DocumentChange` in a `ListenResponse` that protobuf would not parse, without its fields.

    Raises:
        DecodeError: there is no such thing in it; the connection cannot be trusted.
    """
    change = _MESSAGES["ListenResponse"].FromString(raw).document_change
    document = _garbled(change.document, names)
    return DocumentChange(stream, document, tuple(change.target_ids), tuple(change.removed_target_ids))


def salvaged_read(raw: bytes, ticket: int, names: ResourceNames) -> ReadDone:
    """The same for a `BatchGetDocumentsResponse`; the same errors."""
    response = _MESSAGES["BatchGetDocumentsResponse"].FromString(raw)
    return ReadDone(ticket, _garbled(response.found, names), micros(response.read_time))


def _garbled(document: Any, names: ResourceNames) -> Snapshot:
    path: ResourcePath | None = names.path(document.name.decode(errors="replace"))
    if path is None:
        raise DecodeError("no document of this user's")
    return Snapshot(path, {}, micros(document.update_time), garbled=True)
