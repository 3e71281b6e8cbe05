"""Whether a sign-in was thrown out, asked of a Firestore whose answers are ours."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import grpc
import pytest
from google.cloud.firestore_v1.types import document, firestore

from dalsegno._core.types import ProjectId, UserId
from dalsegno._errors import DalSegnoError, Denied, Offline, UsageError
from dalsegno.admin import Authority, _sign_ins
from dalsegno.admin._accounts import Proof, Revoked, SignedOut
from dalsegno.admin._sign_ins import SignIns

PROOF = Proof(UserId("alice"), 1_700_000_000, "1699999999", "the-id-token")
NAME = "projects/demo-desk/databases/(default)/documents/users/alice/signins/1699999999"
Status = grpc.StatusCode


@dataclass
class Firestore:
    """Answers each request for a document with the next answer; the last one serves for good."""

    answers: list[dict[str, Any] | grpc.StatusCode] = field(default_factory=list)
    asked: list[tuple[str, list[str], str]] = field(default_factory=list)
    host: str = ""

    def get_document(self, request: Any, context: grpc.ServicerContext) -> Any:
        bearer = dict(context.invocation_metadata())["authorization"]
        self.asked.append((request.name, list(request.mask.field_paths), bearer))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, grpc.StatusCode):
            context.abort(answer, "alice was here")
        return document.Document(name=request.name, fields=answer)


@pytest.fixture
def server() -> Iterator[Firestore]:
    firestore_server = Firestore()
    handler = grpc.unary_unary_rpc_method_handler(
        firestore_server.get_document,
        request_deserializer=firestore.GetDocumentRequest.deserialize,
        response_serializer=document.Document.serialize,
    )
    service = grpc.method_handlers_generic_handler("google.firestore.v1.Firestore", {"GetDocument": handler})
    with ThreadPoolExecutor(2) as pool:
        running = grpc.server(pool)
        running.add_generic_rpc_handlers((service,))
        firestore_server.host = f"127.0.0.1:{running.add_insecure_port('127.0.0.1:0')}"
        running.start()
        yield firestore_server
        running.stop(None).wait()


def revoked() -> dict[str, Any]:
    return {"revoked": document.Value(map_value=document.MapValue())}


@pytest.mark.parametrize("answer", [{}, Status.NOT_FOUND])
def test_a_sign_in_that_nobody_threw_out_passes(server: Firestore, answer: Any) -> None:
    """Firestore is asked as the user, for nothing but this; a sign-in of which it knows nothing will do."""
    server.answers = [answer]
    SignIns(ProjectId("demo-desk"), server.host).check(PROOF)
    assert [(NAME, ["revoked"], "Bearer the-id-token")] == server.asked


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (revoked(), Revoked),
        (Status.UNAUTHENTICATED, SignedOut),
        (Status.PERMISSION_DENIED, Denied),
        (Status.UNAVAILABLE, Offline),
        (Status.INTERNAL, Offline),
        (Status.RESOURCE_EXHAUSTED, Offline),
        (Status.ABORTED, Offline),
        (Status.DEADLINE_EXCEEDED, Offline),
        (Status.UNKNOWN, Offline),
        (Status.CANCELLED, Offline),
        (Status.INVALID_ARGUMENT, DalSegnoError),
    ],
)
def test_every_other_answer_is_no_pass(
    server: Firestore, answer: Any, error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever else Firestore answers, the sign-in has not passed, and nothing that it wrote is repeated."""
    monkeypatch.setattr(_sign_ins, "_AGAIN", _sign_ins._AGAIN.with_timeout(0.3))
    server.answers = [answer]
    with pytest.raises(error) as raised:
        SignIns(ProjectId("demo-desk"), server.host).check(PROOF)
    assert error is type(raised.value)
    assert "alice" not in str(raised.value)
    assert raised.value.__cause__ is None


def test_a_passing_fault_is_asked_again(server: Firestore) -> None:
    """A Firestore that is busy for a moment is asked once more."""
    server.answers = [Status.UNAVAILABLE, revoked()]
    with pytest.raises(Revoked):
        SignIns(ProjectId("demo-desk"), server.host).check(PROOF)
    assert 2 == len(server.asked)


def test_a_firestore_that_nobody_reaches_is_offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody answers the sign-in has not passed."""
    monkeypatch.setattr(_sign_ins, "_AGAIN", _sign_ins._AGAIN.with_timeout(0.3))
    with pytest.raises(Offline):
        SignIns(ProjectId("demo-desk"), "127.0.0.1:9").check(PROOF)


def test_the_real_firestore_is_asked_over_tls_as_the_user(
    server: Firestore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without an emulator the ID token goes to Google alone, over TLS; no service account's token does."""
    opened: list[tuple[str, type]] = []

    def secure_channel(target: str, credentials: Any) -> grpc.Channel:
        opened.append((target, type(credentials)))
        return grpc.insecure_channel(server.host)

    monkeypatch.setattr(grpc, "secure_channel", secure_channel)
    server.answers = [{}]
    SignIns(ProjectId("demo-desk")).check(PROOF)
    assert [("firestore.googleapis.com:443", grpc.ChannelCredentials)] == opened
    assert ["Bearer the-id-token"] == [bearer for _, _, bearer in server.asked]


def test_users_of_an_emulator_are_not_shown_to_the_real_firestore(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the Auth emulator alone there is no pairing: its tokens have no business at Google's."""
    monkeypatch.setenv("FIREBASE_AUTH_EMULATOR_HOST", "127.0.0.1:9")
    monkeypatch.delenv("FIRESTORE_EMULATOR_HOST", raising=False)
    with Authority.open("demo-half") as authority, pytest.raises(UsageError, match="FIRESTORE_EMULATOR_HOST"):
        _ = authority.sign_ins


def test_a_proof_shows_nothing() -> None:
    """What is logged of a proof by its repr has neither the user, nor the sign-in, nor the token."""
    assert "Proof(issued_s=1700000000)" == repr(PROOF)
