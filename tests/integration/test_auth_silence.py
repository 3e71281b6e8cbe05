"""Silence: whatever happens to a sign-in, at any log level, nothing tells who it is, what opens the door, or
what is being read."""

from __future__ import annotations

import logging
import sqlite3
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import dalsegno as ds
from dalsegno._auth.account import EMULATOR_VARIABLE, Account
from dalsegno._auth.identity_toolkit import Grant, IdentityToolkit
from dalsegno._auth.keyring_vault import locked
from dalsegno._auth.stored_sign_in import SignInStore
from dalsegno._core.messages import RpcError
from dalsegno._core.ports import Batch
from dalsegno._core.types import Millis, SessionId
from dalsegno._errors import DalSegnoError, Offline
from dalsegno._persistence.sqlite import SqliteStore
from dalsegno.testing._auth_emulator import AuthEmulator
from dalsegno.testing._firestore_emulator import FirestoreEmulator
from tests.support.auth_emulator import PROJECT, change_user, fresh_email
from tests.support.clients import Device, Note
from tests.support.living_server import LivingServer
from tests.support.sign_in_service import API_KEY, MemoryVault, SignInService
from tests.support.sign_in_service import PROJECT as SCRIPTED
from tests.support.stores import document, edit
from tests.support.users import unsigned_token
from tests.support.waiting import until

PASSWORD = "pass-phrase-of-the-user"
TEXT = "what the user reads tonight"
UID = "uid-of-the-user"
REFRESH_TOKEN = "the-refresh-token"
EMAIL = "ada.lovelace@example.com"


class Heard:
    """All that was said: log records as any handler may see them, warnings, standard streams, exceptions."""

    def __init__(self, capture: pytest.CaptureFixture[str]) -> None:
        self._capture = capture
        self.said: list[str] = []

    def log(self, record: logging.LogRecord) -> None:
        text = logging.Formatter().format(record)
        self.said.append(f"{text} {record.msg!r} {record.args!r} {record.exc_info!r}")

    def error(self, call: Callable[[], object]) -> DalSegnoError:
        """What `call` raises, as a crash reporter would write it."""
        with pytest.raises(DalSegnoError) as raised:
            call()
        lines = traceback.format_exception(raised.value)
        self.said += [str(raised.value), repr(raised.value), "".join(lines)]
        return raised.value

    def show(self, *values: object) -> None:
        self.said += [text for value in values for text in (repr(value), str(value))]

    def everything(self) -> str:
        out, err = self._capture.readouterr()
        return "\n".join([*self.said, out, err])


@pytest.fixture
def heard(capfd: pytest.CaptureFixture[str]) -> Iterator[Heard]:
    """Every logger at every level, down to DEBUG."""
    heard = Heard(capfd)

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            heard.log(record)

    root, handler = logging.getLogger(), Handler(logging.NOTSET)
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.NOTSET)
    logging.getLogger("dalsegno").setLevel(logging.DEBUG)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        yield heard
    heard.show(*warned)
    root.removeHandler(handler)
    root.setLevel(level)
    logging.getLogger("dalsegno").setLevel(logging.NOTSET)


def leaks(heard: Heard, *secrets: str) -> list[str]:
    """Those of the secrets that were said; pieces of tokens count."""
    said = heard.everything()
    pieces = [part for secret in secrets for part in secret.split(".") if len(part) > 8] + list(secrets)
    assert all(pieces)
    return [piece for piece in pieces if piece in said]


def test_a_whole_life_against_the_emulators_is_silent(
    heard: Heard,
    tmp_path: Path,
    auth_emulator: AuthEmulator,
    emulator: FirestoreEmulator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Sign-up, mistakes, work, denial, sign-out: not a word of token, e-mail, uid, password or state."""
    monkeypatch.setenv(EMULATOR_VARIABLE, auth_emulator.host)
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", emulator.host)
    email = fresh_email()
    account = ds.account(PROJECT, api_key=API_KEY, home=tmp_path)
    user = account.sign_up(email, PASSWORD)
    tokens = user.tokens(PROJECT, emulator.host)  # type: ignore[arg-type]
    token = tokens.token()
    with ds.connect(PROJECT, user=user, home=tmp_path) as client:
        session = client.open("moby", Note)
        session.update(text=TEXT)
        assert client.flush(20)
        change_user(auth_emulator, user.uid, disableUser=True)
        tokens.drop(token)
        heard.error(tokens.token)
        heard.error(lambda: session.update(text=7))
        heard.error(lambda: session.update(txt=TEXT))
        heard.error(lambda: account.sign_in(email, "wrong-" + PASSWORD))
        heard.error(lambda: account.sign_up(email, PASSWORD))
        heard.error(lambda: account.sign_in_with_token(token))
        heard.show(user, client, session, account, tokens, client.status, client.user, client.notices)
    account.sign_out()
    heard.error(tokens.token)
    heard.error(lambda: account.sign_in(email, PASSWORD))
    assert [] == leaks(heard, token, email, user.uid, PASSWORD, TEXT, API_KEY)


def test_devices_are_not_logged(
    heard: Heard,
    tmp_path: Path,
    project: str,
    emulator_host: str,
) -> None:
    """Named, listed, renamed, refused, signed out: no log has a device's name or id, or a sign-in."""
    names = "Grandmother’s telephone", "the machine in the attic", "another name altogether"

    def connected(name: str) -> ds.Client:
        return ds.connect(
            project, user=ds.Unsigned(UID), device=name, home=tmp_path / name, emulator=emulator_host
        )

    def known(client: ds.Client) -> dict[str, ds.DeviceInfo]:
        return {device.id: device for device in client.devices()}

    with connected(names[0]) as there, connected(names[1]) as here:
        devices = there.device.id, here.device.id
        there.open("moby", Note).update(text=TEXT)
        until(lambda: set(devices) <= set(known(here)), what="both devices in the list")
        here.rename_device(devices[0], names[2]).result(30)
        until(lambda: known(there)[devices[0]].name == names[2], what="the new name")
        wrongs: list[Callable[[], Any]] = [
            lambda: here.sign_out_device(devices[1]),
            lambda: here.rename_device("0" * 16, "x"),
        ]
        for wrong in wrongs:
            with pytest.raises(DalSegnoError):
                wrong().result(30)
        here.sign_out_device(devices[0]).result(30)
        until(lambda: there.status.signed_out, what="the device to be told")
        assert names[1] in there.status.reason  # on its screen, where it belongs
        there.open("dick", Note).update(text=TEXT)
        with pytest.raises(DalSegnoError):
            there.rename_device(devices[1], "x").result(30)
    sign_ins = [str(int(device[:8], 16)) for device in devices]
    assert [] == leaks(heard, *names, *devices, *sign_ins, TEXT)


@pytest.mark.parametrize(
    "message",
    [
        f"EMAIL_EXISTS : {EMAIL}",
        f"SOMETHING_NEW : {EMAIL} {PASSWORD}",
        f"API key not valid: {API_KEY}",
        f"{EMAIL} is not welcome",
    ],
)
def test_what_the_service_says_is_not_repeated(heard: Heard, tmp_path: Path, message: str) -> None:
    """A service that puts the address, the password or the key into its messages is not quoted."""
    service = SignInService()
    service.fault = (400, {"error": {"message": message}})
    account = Account(SCRIPTED, service.toolkit(), SignInStore(tmp_path / "user.json", None), emulated=True)
    heard.error(lambda: account.sign_up(EMAIL, PASSWORD))
    heard.error(lambda: account.sign_in(EMAIL, PASSWORD))
    assert [] == leaks(heard, EMAIL, PASSWORD, API_KEY)


def test_a_network_that_breaks_says_nothing_of_the_request(heard: Heard) -> None:
    """What urllib and ssl know of the request does not reach the error, nor its traceback."""
    toolkit = IdentityToolkit(SCRIPTED, API_KEY, "127.0.0.1:9")
    assert isinstance(heard.error(lambda: toolkit.sign_in(EMAIL, PASSWORD)), Offline)
    assert isinstance(heard.error(lambda: toolkit.refresh(REFRESH_TOKEN)), Offline)
    assert [] == leaks(heard, EMAIL, PASSWORD, API_KEY, REFRESH_TOKEN)


@pytest.mark.parametrize(
    ("damage", "stored"),
    [
        ("UPDATE local SET value = CAST(? AS TEXT)", TEXT.encode() + b"\xff"),
        ("UPDATE bases SET head = CAST(? AS TEXT)", TEXT.encode() + b"\xff"),
        ("UPDATE installation SET device = CAST(? AS TEXT)", TEXT.encode() + b"\xff"),
        ("UPDATE installation SET device = ?", TEXT),
        ("UPDATE sessions SET schema = CAST(? AS TEXT)", TEXT.encode() + b"\xff"),
        ("UPDATE local SET value = ?", TEXT),
        ("UPDATE local SET value = ?", f'{{"$time": "{TEXT}"}}'),
        ("UPDATE outbox SET edit = ?", f'["{TEXT}", "{TEXT}", "{TEXT}", "{TEXT}", 1, 2, 3]'),
        ("UPDATE outbox SET edit = ?", f'["{TEXT}", "stamp", 1, "{TEXT}", 1, 2, 3]'),
        ("UPDATE outbox SET edit = ?", f'"{TEXT}"'),
        ("UPDATE bases SET head = ?", f'["{TEXT}", "{TEXT}", 1, "{TEXT}", 1, 1, "{TEXT}"]'),
        ("UPDATE fields SET entry = ?", f'["{TEXT}", "{TEXT}", 1, {{"{TEXT}": 1}}]'),
    ],
)
def test_damaged_local_data_is_not_quoted(
    heard: Heard, tmp_path: Path, damage: str, stored: str | bytes
) -> None:
    """What is said of a database that makes no sense repeats nothing of what stands in it."""
    with closing(SqliteStore.open(tmp_path, UID)) as store:
        book = SessionId("moby")
        store.write(
            Batch(
                opened={book: ("note/1", Millis(1))},
                bases={book: document({"text": TEXT}, rev=3)},
                pending={book: [edit("text", TEXT, 1)]},
                local={book: {"size": TEXT}},
            )
        )
    with closing(sqlite3.connect(tmp_path / "store.sqlite")) as connection:
        assert 1 == connection.execute(damage, (stored,)).rowcount
        connection.commit()
    with closing(SqliteStore.open(tmp_path, UID)) as store:
        heard.show(store.load(book) is None, *store.notices)
        assert "was damaged" in store.notices[0]
    assert [] == leaks(heard, TEXT)


def test_faults_of_stream_and_keyring_are_silent(heard: Heard, tmp_path: Path) -> None:
    """Refused tokens, locked keyrings, refused commits, damaged files: errors and notices name nobody."""
    with LivingServer(SCRIPTED, UID) as server:
        service, vault = SignInService(lambda: server.time.steady_ms() / 1000), MemoryVault()
        keeper = SignInStore(tmp_path / "user.json", vault)
        account = Account(SCRIPTED, service.toolkit(), keeper, emulated=True)
        user = account.sign_in_with_token(unsigned_token(UID))
        tokens = user.tokens(SCRIPTED, server.host)
        token = tokens.token()
        with Device(server.host, tmp_path / "data", user=UID, time=server.time, tokens=tokens) as device:
            server.on_commit(RpcError("UNAUTHENTICATED", "expired"), RpcError("INVALID_ARGUMENT", "no"))
            session = device.open()
            session.update(text=TEXT)
            device.until_link(ds.Link.LIVE)
            device.client.flush(2)
            service.revoked.add(UID)
            vault.fault = locked()
            server.listens[-1].end("UNAUTHENTICATED", "expired")
            until(lambda: device.client.status.link is ds.Link.DENIED, what="the denial")
            heard.show(
                *device.statuses, device.client, session, account, user, tokens, keeper, *vault.secrets
            )
        (tmp_path / "user.json").write_text(f"{{damaged {UID}")
        heard.error(tokens.token)
        heard.show(account.user, *account.notices)
        grant = Grant(user.uid, EMAIL, token, REFRESH_TOKEN, 1.0, 2.0)  # type: ignore[arg-type]
        heard.show(grant, keeper.who())
    secret = next(iter(vault.secrets.values()))
    assert [] == leaks(heard, token, UID, TEXT, EMAIL, secret, REFRESH_TOKEN)
