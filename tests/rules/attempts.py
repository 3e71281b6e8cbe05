"""All that Google's own client can try on a session and around it, by name.

Reads are allowed to the user; so is what `written_by` makes, if that device is registered. Groups and what
stands in `NEVER` are allowed to nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from google.api_core.exceptions import PermissionDenied
from google.cloud import firestore
from google.cloud.firestore_v1.base_query import FieldFilter
from google.cloud.firestore_v1.field_path import FieldPath

from tests.rules import samples
from tests.rules.requests import Put
from tests.rules.samples import ON_STOLEN, first, mark, next_

Client = firestore.Client
Do = Callable[[Client, str], Any]

BY_PHONE = FieldFilter("device", "==", samples.PHONE)


def allowed(attempts: Mapping[str, Do], client: Client, name: str) -> list[str]:
    """Which of them go through; any failure but a refusal is raised."""
    done = []
    for title, do in attempts.items():
        try:
            do(client, name)
        except PermissionDenied:
            continue
        done.append(title)
    return done


def session(client: Client, name: str) -> Any:
    return client.document(samples.session_path(name))


def mark_of(client: Client, name: str) -> Any:
    return session(client, name).collection("marks").document("m1")


def sessions(client: Client) -> Any:
    return client.collection("users/alice/sessions")


def in_transaction(client: Client, do: Callable[[Any], Any]) -> Any:
    return firestore.transactional(do)(client.transaction(max_attempts=1))


def in_batch(client: Client, *writes: Callable[[Any], Any]) -> Any:
    batch = client.batch()
    for write in writes:
        write(batch)
    return batch.commit()


READS: dict[str, Do] = {
    "get": lambda client, name: session(client, name).get(),
    "get of a field": lambda client, name: session(client, name).get(["state.place"]),
    "get_all": lambda client, name: list(client.get_all([session(client, name)])),
    "get of a card": lambda client, name: client.document(samples.card_path(name)).get(),
    "get of a mark": lambda client, name: mark_of(client, name).get(),
    "query": lambda client, name: sessions(client).order_by("at").limit(3).get(),
    "query of one": lambda client, name: (
        sessions(client).where(filter=FieldFilter("device", "==", samples.PHONE)).get()
    ),
    "query of cards": lambda client, name: client.collection("users/alice/devices").get(),
    "query of sign-ins": lambda client, name: client.collection("users/alice/signins").get(),
    "query of marks": lambda client, name: session(client, name).collection("marks").get(),
    "count": lambda client, name: sessions(client).count().get(),
    "get in a transaction": lambda client, name: in_transaction(
        client, lambda transaction: session(client, name).get(transaction=transaction)
    ),
    "query in a transaction": lambda client, name: in_transaction(
        client, lambda transaction: sessions(client).limit(1).get(transaction=transaction)
    ),
}

GROUPS: dict[str, Do] = {
    "group of sessions": lambda client, name: client.collection_group("sessions").get(),
    "group of marks": lambda client, name: client.collection_group("marks").get(),
    "group of cards": lambda client, name: client.collection_group("devices").get(),
    "group of sign-ins": lambda client, name: client.collection_group("signins").get(),
    "count of a group": lambda client, name: client.collection_group("sessions").count().get(),  # type: ignore[call-arg]
    "names of collections": lambda client, name: list(client.document("users/alice").collections()),
    "names of documents": lambda client, name: list(sessions(client).list_documents()),
}


def fields(put: Put) -> dict[str, Any]:
    """A commit as the stock client wants it."""
    text = {
        path: FieldPath(*path).to_api_repr() for path in (*put.fields, *put.increments, *put.server_times)
    }
    return {
        **{text[path]: value for path, value in put.fields.items()},
        **{text[path]: firestore.Increment(by) for path, by in put.increments.items()},
        **{text[path]: firestore.SERVER_TIMESTAMP for path in put.server_times},
    }


def whole(put: Put) -> dict[str, Any]:
    """The same as a document."""
    document: dict[str, Any] = {}
    for path, value in put.fields.items():
        inner = document
        for part in path[:-1]:
            inner = inner.setdefault(part, {})
        inner[path[-1]] = value
    document.update({name: firestore.Increment(by) for (name,), by in put.increments.items()})
    return {**document, **{name: firestore.SERVER_TIMESTAMP for (name,) in put.server_times}}


def written_by(device: str) -> dict[str, Do]:
    """Every way to write, with all that the rules want but the right to it."""

    def turned(name: str) -> dict[str, Any]:
        return fields(replace(next_(name), fields={**next_(name).fields, ("device",): device}))

    def begun(name: str) -> dict[str, Any]:
        return whole(replace(first(name), fields={**first(name).fields, ("device",): device}))

    def marked(name: str) -> dict[str, Any]:
        return whole(replace(mark(name), fields={**mark(name).fields, ("device",): device}))

    def read_and_update(client: Client, name: str) -> Any:
        return in_transaction(client, lambda change: change.update(session(client, name), turned(name)))

    return {
        "create": lambda client, name: session(client, f"{name}-new").create(begun(name)),
        "set": lambda client, name: session(client, f"{name}-set").set(begun(name)),
        "update": lambda client, name: session(client, name).update(turned(name)),
        "add": lambda client, name: sessions(client).add(begun(name)),
        "create a mark": lambda client, name: session(client, name).collection("marks").add(marked(name)),
        "delete a mark": lambda client, name: (
            session(client, name).collection("marks").document("m1").delete()
        ),
        "batch": lambda client, name: in_batch(
            client,
            lambda batch: batch.update(session(client, name), turned(name)),
            lambda batch: batch.create(session(client, f"{name}-batch"), begun(name)),
        ),
        "transaction": read_and_update,
    }


NEVER: dict[str, Do] = {
    "delete a session": lambda client, name: session(client, name).delete(),
    "delete a card": lambda client, name: client.document(samples.card_path(name)).delete(),
    "delete a sign-in": lambda client, name: client.document(samples.user_of(name).sign_in).delete(),
    "a rev that leaps": lambda client, name: session(client, name).update({"rev": firestore.Increment(2)}),
    "a field without a stamp": lambda client, name: session(client, name).update({"state.volume": 1}),
    "a plain set": lambda client, name: session(client, name).set({"place": 1}),
    "a set of the state": lambda client, name: session(client, name).set({"state": {}}, merge=True),
    "a document of one's own": lambda client, name: client.document("users/alice").set({"name": "Alice"}),
    "a collection of one's own": lambda client, name: client.collection("users/alice/notes").add({"x": 1}),
    "a collection at the top": lambda client, name: client.collection("notes").add({"x": 1}),
    "another user's session": lambda client, name: client.document(f"users/bob/sessions/{name}").set(
        whole(first(name))
    ),
    "taking a revocation back": lambda client, name: client.document(ON_STOLEN.sign_in).update(
        {"revoked": firestore.DELETE_FIELD}
    ),
    "deleting in a batch": lambda client, name: in_batch(
        client, lambda batch: batch.delete(session(client, name))
    ),
    "writing in bulk": lambda client, name: client._firestore_api.batch_write(
        {"database": client._database_string, "writes": [{"delete": mark_of(client, name)._document_path}]}
    ),
}
