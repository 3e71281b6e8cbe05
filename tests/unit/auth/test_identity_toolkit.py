"""Firebase's sign-in service: what is asked, and what each answer means."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import ssl
import threading
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from dalsegno._auth.auth_error import REFUSALS
from dalsegno._auth.identity_toolkit import IdentityToolkit, claims_of, direct, through_proxy
from dalsegno._core.types import ProjectId
from dalsegno._errors import DalSegnoError, Denied, Offline, Refusal, SignInRefused, UsageError
from tests.support.sign_in_service import API_KEY, PROJECT, SignInService

EMAIL, PASSWORD = "ada@example.com", "correct horse"


@pytest.fixture
def service() -> SignInService:
    return SignInService()


@pytest.fixture
def toolkit(service: SignInService) -> IdentityToolkit:
    return service.toolkit()


def error_of(service: SignInService, status: int, answer: Any) -> DalSegnoError:
    service.fault = (status, answer)
    with pytest.raises(DalSegnoError) as raised:
        service.toolkit().sign_in(EMAIL, PASSWORD)
    return raised.value


def test_a_grant_has_the_uid_the_tokens_and_their_life(
    service: SignInService, toolkit: IdentityToolkit
) -> None:
    """Who it is comes from the token itself; how long it serves is counted from before the request."""
    grant = toolkit.sign_up(EMAIL, PASSWORD)
    assert grant.uid == claims_of(grant.id_token)["sub"]
    assert (3600.0, service.clock.now_s) == (grant.lifetime_s, grant.asked_s)
    assert (
        grant.uid == toolkit.sign_in(f" {EMAIL} ", PASSWORD).uid == toolkit.refresh(grant.refresh_token).uid
    )


@pytest.mark.parametrize("code", sorted(REFUSALS))
def test_each_code_is_told_in_a_sentence(service: SignInService, code: str) -> None:
    """Every code that Firebase documents becomes a reason and a sentence; nothing of its text is repeated."""
    error = error_of(service, 400, {"error": {"message": f"{code} : said of {EMAIL}"}})
    assert isinstance(error, SignInRefused) and isinstance(error, Denied)
    assert REFUSALS[code] == (error.reason, str(error))
    assert EMAIL not in str(error)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("INVALID_PASSWORD", Refusal.WRONG_PASSWORD),
        ("INVALID_LOGIN_CREDENTIALS", Refusal.WRONG_PASSWORD),
        ("EMAIL_NOT_FOUND", Refusal.UNKNOWN_USER),
        ("WEAK_PASSWORD : Password should be at least 6 characters", Refusal.WEAK_PASSWORD),
        ("PASSWORD_DOES_NOT_MEET_REQUIREMENTS : Missing [a digit]", Refusal.WEAK_PASSWORD),
        ("INVALID_EMAIL", Refusal.BAD_EMAIL),
        ("EMAIL_EXISTS", Refusal.EMAIL_IN_USE),
        ("USER_DISABLED", Refusal.DISABLED),
        ("TOKEN_EXPIRED", Refusal.SIGN_IN_AGAIN),
        ("USER_NOT_FOUND", Refusal.DELETED),
        ("USER_DISABLED", Refusal.DISABLED),
        ("INVALID_REFRESH_TOKEN", Refusal.SIGN_IN_AGAIN),
        ("TOO_MANY_ATTEMPTS_TRY_LATER : Access has been disabled for a while", Refusal.TOO_MANY_TRIES),
        ("OPERATION_NOT_ALLOWED", Refusal.NOT_ENABLED),
        ("INVALID_CUSTOM_TOKEN", Refusal.BAD_TOKEN),
        ("CREDENTIAL_MISMATCH", Refusal.OTHER_PROJECT),
        ("PROJECT_NUMBER_MISMATCH", Refusal.OTHER_PROJECT),
    ],
)
def test_what_people_meet_has_its_own_reason(service: SignInService, code: str, reason: Refusal) -> None:
    """A wrong password is told from a weak one, by whichever of its codes Firebase says it (with protection
    against e-mail enumeration it has one for wrong passwords and unknown users), sentence or not."""
    error = error_of(service, 400, {"error": {"code": 400, "message": code}})
    assert isinstance(error, SignInRefused)
    assert reason is error.reason


def test_an_unknown_code_is_refused_without_repeating_the_text(service: SignInService) -> None:
    """A code that nobody knows is named; what stands beside it is not."""
    error = error_of(service, 400, {"error": {"message": f"BRAND_NEW_CODE: {EMAIL}"}})
    assert isinstance(error, SignInRefused) and error.reason is Refusal.OTHER
    assert "the sign-in service refuses this (BRAND_NEW_CODE)" == str(error)


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (400, {"error": {"message": "API key not valid. Please pass a valid API key."}}),
        (403, {"error": {"message": "Requests from this referrer are blocked."}}),
    ],
)
def test_a_bad_api_key_is_the_programs_fault(service: SignInService, status: int, answer: Any) -> None:
    """Nothing that the user does helps against a wrong API key: it is a UsageError that says where one is."""
    assert isinstance(error := error_of(service, status, answer), UsageError)
    assert "Project settings" in str(error) and API_KEY not in str(error)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_service_is_offline(service: SignInService, status: int) -> None:
    """A service that is out of order is waited for, whatever it says."""
    assert isinstance(error_of(service, status, {"error": {"message": "x"}}), Offline)
    assert isinstance(error_of(service, status, b"<html>"), Offline)


@pytest.mark.parametrize(
    "answer",
    [
        b"<html>Welcome to our hotel</html>",
        b"",
        b"[]",
        {},
        {"idToken": "a.b.c"},
        {"idToken": "a", "expiresIn": 1},
    ],
)
def test_a_log_in_page_of_the_network_is_offline(service: SignInService, answer: Any) -> None:
    """What answers in the service's place without being it (a hotel's page) is no sign-in, and no refusal."""
    assert isinstance(error_of(service, 200, answer), Offline)


def test_nonsense_with_a_client_error_is_offline_too(service: SignInService) -> None:
    """A proxy's own 403 page says nothing of the API key."""
    assert isinstance(error_of(service, 403, b"<html>"), Offline)


def test_a_token_of_another_project_is_refused(service: SignInService, toolkit: IdentityToolkit) -> None:
    """An API key of another project signs in to that one: it is noticed before anything is stored."""
    service.audience = "some-other-project"
    with pytest.raises(SignInRefused) as raised:
        toolkit.sign_up()
    assert raised.value.reason is Refusal.OTHER_PROJECT


def test_a_second_factor_is_told(service: SignInService) -> None:
    """An account with a second factor is no nonsense: the user is told that it is not supported."""
    error = error_of(service, 200, {"mfaPendingCredential": "x"})
    assert isinstance(error, SignInRefused) and "second factor" in str(error)


def test_nobody_listens(service: SignInService) -> None:
    """No network while signing in is Offline, and says what to do, not what was sent."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    for send in (direct, through_proxy):
        toolkit = IdentityToolkit(PROJECT, API_KEY, f"127.0.0.1:{port}", send)
        with pytest.raises(Offline, match="cannot be reached") as raised:
            toolkit.sign_in(EMAIL, PASSWORD)
        assert raised.value.__cause__ is None and raised.value.__suppress_context__


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 400 Bad Request\r\nContent-Length: 999\r\n\r\n{",
    ],
)
def test_a_network_that_breaks_while_signing_in_is_offline(answer: bytes) -> None:
    """A connection that ends in the middle of the answer, or that something else answers, is Offline."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(1 << 16)
            self.request.sendall(answer)

    with socketserver.TCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        toolkit = IdentityToolkit(PROJECT, API_KEY, f"127.0.0.1:{server.server_address[1]}")
        with pytest.raises(Offline) as raised:
            toolkit.sign_in(EMAIL, PASSWORD)
        thread.join(30)
    assert PASSWORD not in "".join(traceback.format_exception(raised.value))


def test_a_certificate_that_is_not_valid_is_told(tmp_path: Path) -> None:
    """A certificate that nobody vouches for (or a wrong date) is Offline with a hint; it gets no password."""
    received: list[bytes] = []
    with tls_server(tmp_path, received) as port, pytest.raises(Offline, match="date right"):
        through_proxy(f"https://127.0.0.1:{port}/", b"the password", "application/json")
    assert [] == received


@contextlib.contextmanager
def tls_server(folder: Path, received: list[bytes]) -> Iterator[int]:
    """A server with a certificate of its own making; `received` gets what reaches it in the clear."""
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1))
    pem = folder / "server.pem"
    pem.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + builder.sign(key, SHA256()).public_bytes(Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(OSError):
                received.append(context.wrap_socket(self.request, server_side=True).recv(1024))

    with socketserver.TCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        yield server.server_address[1]
        thread.join(30)


@pytest.mark.parametrize(
    ("key", "emulator", "project", "says"),
    [
        ("", "127.0.0.1:1", "demo-x", "API key is needed"),
        ("k", "10.0.2.2:9099", "demo-x", "on this machine"),
        ("k", None, "demo-x", "exists on emulators only"),
    ],
)
def test_bad_places_are_refused_at_once(key: str, emulator: str | None, project: str, says: str) -> None:
    """No key, a password in the clear to another machine, a demo project at Google: no request is made."""
    with pytest.raises(UsageError, match=says):
        IdentityToolkit(ProjectId(project), key, emulator)
