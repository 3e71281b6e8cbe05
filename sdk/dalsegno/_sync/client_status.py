"""How the client stands, in a word and a sentence: what is known, put into words. Changes nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from dalsegno._core.stream_life import StreamState
from dalsegno._core.types import Link, Saved, Status
from dalsegno._sync.devices.component import Devices
from dalsegno._sync.listen_stream import ListenStream
from dalsegno._sync.local_store import LocalStore
from dalsegno._sync.open_session import OpenSession

WHY = {
    "UNAVAILABLE": "the server cannot be reached",
    "DEADLINE_EXCEEDED": "the server does not answer",
    "RESOURCE_EXHAUSTED": "the server is out of quota",
    "PERMISSION_DENIED": "the security rules refuse this user",
    "UNAUTHENTICATED": "the server does not accept this user's sign-in",
    "OK": "the server ended the connection",
}
"""What a person is told of a code; the server's own words follow."""


def status_of(
    local_store: LocalStore, stream: ListenStream, devices: Devices, refused: Collection[str], trouble: str
) -> Status:
    """The gravest first: signed out, denied, then what the link is like, and why.

    refused   the codes with which targets were refused
    trouble   why there is no network stack, or ''
    """
    saved = Saved.HERE if local_store.owes else Saved.EVERYWHERE
    if devices.sign_in.ended:
        return Status(Link.DENIED, devices.why_ended(), saved, signed_out=True)
    if devices.sign_in.refused and _is_denied_an_edit(local_store):
        return Status(Link.DENIED, "the security rules refuse whatever this device writes", saved)
    if "PERMISSION_DENIED" in refused:
        return Status(Link.DENIED, "the security rules refuse to show this user's sessions", saved)
    return Status(stream.link, _reason(local_store, stream, trouble), saved)


def _is_denied_an_edit(local_store: LocalStore) -> bool:
    problems = (problem for found in _troubled(local_store) for problem in found.problems.values())
    return any(problem.code == "PERMISSION_DENIED" for problem in problems)


def _troubled(local_store: LocalStore) -> Iterator[OpenSession]:
    return (local_store.open_sessions[session] for session in local_store.open_sessions.troubled)


def _reason(local_store: LocalStore, stream: ListenStream, trouble: str) -> str:
    return (
        local_store.trouble
        or _of_documents(local_store)
        or trouble
        or _of_the_link(stream)
        or _of_edits(local_store)
    )


def _of_documents(local_store: LocalStore) -> str:
    for found in _troubled(local_store):
        session = found.replica.id
        if found.garbled:
            return f"the server's document of session {session!r} makes no sense: {found.garbled}"
        if found.replica.foreign:
            return f"session {session!r} is a {found.replica.label}, not a {found.replica.schema.name}"
    return ""


def _of_the_link(stream: ListenStream) -> str:
    fault = stream.fault
    if fault is None or stream.state is StreamState.LIVE:
        return ""
    return ": ".join(filter(None, (WHY.get(fault.code, ""), fault.message))) or fault.code


def _of_edits(local_store: LocalStore) -> str:
    for found in _troubled(local_store):
        for problem in found.problems.values():
            return f"session {found.replica.id!r}, field {problem.field!r}: {problem.reason}"
    return ""
