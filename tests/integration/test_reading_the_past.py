"""What a sign-in that was thrown out can still read: what it could read before.

SECURITY.md says so; if a test here fails, the servers have changed, and so must that page.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from google.api_core import exceptions as api
from google.cloud.firestore_v1.services.firestore import FirestoreClient
from google.cloud.firestore_v1.types import document, firestore, query

from tests.support.seeding import Seeder, session, sign_in
from tests.support.users import SIGNED_IN_S, raw_client

DEVICE = "00000000000000aa"
USER = "users/alice"
SIGN_IN = f"{USER}/signins/{SIGNED_IN_S}"
BOOK = f"{USER}/sessions/book"


@pytest.fixture
def seeder(project: str, emulator_host: str) -> Iterator[Seeder]:
    seeder = Seeder(emulator_host, project)
    yield seeder
    seeder.close()


@pytest.fixture
def thief(emulator_host: str) -> Iterator[FirestoreClient]:
    """Any client, with a token of the sign-in."""
    client = raw_client(emulator_host, "alice")
    yield client
    client.transport.close()


def gets(thief: FirestoreClient, seeder: Seeder, moment: Any = None) -> int:
    """The `rev` of the book, as it stood then."""
    asked = firestore.GetDocumentRequest(name=seeder.name(BOOK), read_time=moment)
    return int(document.Document.pb(thief.get_document(asked)).fields["rev"].integer_value)


def lists(thief: FirestoreClient, seeder: Seeder, moment: Any = None) -> int:
    """The `rev` of the user's only session, by a query for all."""
    sessions = query.StructuredQuery.CollectionSelector(collection_id="sessions")
    asked = firestore.RunQueryRequest(
        parent=seeder.name(USER),
        structured_query=query.StructuredQuery(from_=[sessions]),
        read_time=moment,
    )
    (answer,) = thief.run_query(asked)
    return int(firestore.RunQueryResponse.pb(answer).document.fields["rev"].integer_value)


@pytest.mark.parametrize("reads", [gets, lists])
def test_the_past_stays_readable(seeder: Seeder, thief: FirestoreClient, reads: Any) -> None:
    """Thrown out, a sign-in is refused all as it stands, and as it stood at any moment since; but of a moment
    before, the emulator shows what was there: it looks at the sign-in's document of that moment, too."""
    seeder.put({BOOK: session(1)})
    seeder.put({SIGN_IN: sign_in(DEVICE)})
    before = seeder.get(SIGN_IN).update_time
    assert 1 == reads(thief, seeder)
    seeder.put({SIGN_IN: sign_in(DEVICE, thrown_out=True)})
    seeder.put({BOOK: session(2)})
    after = seeder.get(BOOK).update_time
    for moment in (None, after):
        with pytest.raises(api.PermissionDenied):
            reads(thief, seeder, moment)
    assert 1 == reads(thief, seeder, before)
