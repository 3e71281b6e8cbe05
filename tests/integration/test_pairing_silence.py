"""Silence: through a life of pairing and administration, at any log level, nobody's secrets are said."""

from __future__ import annotations

import http.client
import json
import logging
import os
import re
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import dalsegno as ds
from dalsegno import pairing
from dalsegno._auth.identity_toolkit import claims_of
from dalsegno._cli import main
from dalsegno._core.types import UserId
from dalsegno.admin import Authority
from dalsegno.admin._accounts import Proof
from dalsegno.admin._pairing_desk import Desk
from dalsegno.testing._auth_emulator import AuthEmulator
from tests.support.auth_emulator import change_user, fresh_email
from tests.support.pairing_helper import serving
from tests.support.seeding import Seeder, sign_in
from tests.support.users import unsigned_token
from tests.support.waiting import until

PASSWORD = "correct horse battery"
TITLE = "the-book-of-secrets"
WORDS = "what nobody should read"
NAME = "Grandmother’s phone"


class Note(ds.State, schema="note/1"):
    text: str = ds.latest("")


class Heard(logging.Handler):
    """Every record, with what a formatter may make of it, and every error, as a crash report shows it."""

    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(f"{logging.Formatter().format(record)} {record.__dict__!r}")

    def error(self, call: Callable[[], object]) -> None:
        with pytest.raises(ds.DalSegnoError) as raised:
            call()
        self.said += [repr(raised.value), "".join(traceback.format_exception(raised.value))]


@pytest.fixture
def heard() -> Iterator[Heard]:
    """All loggers, down to DEBUG; Google's own as well, which do not pass on to the root."""
    heard = Heard()
    loggers = [logging.getLogger(name) for name in (None, "google", "dalsegno", "urllib3")]
    before = [(logger, logger.level) for logger in loggers]
    for logger in loggers[:2]:
        logger.addHandler(heard)
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
    yield heard
    for logger, level in before:
        logger.setLevel(level)
        logger.removeHandler(heard)


def leaks(said: str, secrets: list[str]) -> list[str]:
    """Those of the secrets that were said; of a token each part is one."""
    pieces = [part for secret in secrets for part in secret.split(".") if len(part) > 8] + secrets
    assert all(pieces)
    return [piece for piece in pieces if piece in said]


def test_pairing_and_administration_are_silent(
    heard: Heard,
    environment: dict[str, str],
    auth_emulator: AuthEmulator,
    seeder: Seeder,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Work, pairing with its mistakes, export, erase: no token, address, code, title or state is said, nor
    a device's name or id, nor a sign-in.
    """
    project, email = auth_emulator.project, fresh_email()
    account = ds.account(project, api_key="key", home=tmp_path / "phone")
    user = account.sign_up(email, PASSWORD)
    with ds.connect(project, user=user, device=NAME, home=tmp_path / "phone") as client:
        client.open(TITLE, Note).update(text=WORDS)
        assert client.flush(20.0)
        device = client.device.id
    with Authority.open() as authority, serving(Desk(authority.accounts, authority.sign_ins)) as server:
        url = server.url
        code = pairing.request_code(url, user)
        paired = pairing.redeem(url, code.text, api_key="key")
        heard.error(lambda: pairing.redeem(url, code.text, api_key="key"))
        heard.error(lambda: pairing.redeem("http://127.0.0.1:9", code.text, api_key="key"))
        token = user.id_token()
        change_user(auth_emulator, user.uid, disableUser=True)
        heard.error(lambda: pairing.request_code(url, user))
        change_user(auth_emulator, user.uid, disableUser=False)
        with ds.connect(project, user=paired, device=NAME, home=tmp_path / "laptop") as client:
            assert client.open(TITLE, Note).state.text in ("", WORDS)
            until(lambda: client.status.link is ds.Link.LIVE, timeout_s=20.0, what="the second device")
        proof = Proof(UserId(user.uid), 0, str(claims_of(token)["auth_time"]), token)
        shown = pairing.request_code(url, user)
        seeder.put({f"users/{user.uid}/signins/{proof.sign_in}": sign_in(device, thrown_out=True)})
        heard.error(lambda: pairing.request_code(url, user))
        heard.error(lambda: pairing.redeem(url, shown.text, api_key="key"))
        heard.error(lambda: authority.sign_ins.check(proof))
        heard.said += map(repr, (code, paired, authority, proof, authority.accounts, authority.sign_ins))
    file = tmp_path / "export.json"
    assert 0 == main(["admin", "export", user.uid, "--to", str(file)])
    assert 0 == main(["admin", "erase", user.uid, "--yes"])
    assert 0 == main(["admin", "erase", user.uid, "--account", "--yes"])
    for kept in (WORDS, NAME, device, proof.sign_in):
        assert kept in file.read_text(encoding="utf-8")  # there it belongs
    codes = [typed for one in (code, shown) for typed in (one.text, one.text.replace("-", ""))]
    secrets = [token, paired.token, email, PASSWORD, *codes, TITLE, WORDS, NAME, device]
    assert any("dalsegno.pairing" in line for line in heard.said)  # it listens
    said = "\n".join([*heard.said, *capfd.readouterr()])
    assert [] == leaks(said, secrets)
    assert [] == re.findall(rf"(?<!\d){proof.sign_in}(?!\.?\d)", said)  # a record's own time looks alike


def test_the_helper_as_a_program_is_silent_and_ends_on_demand(
    environment: dict[str, str], auth_emulator: AuthEmulator, tmp_path: Path
) -> None:
    """`dalsegno admin serve-pairing` signs a device in, says nothing of it, and ends at once when told to."""
    email = fresh_email()
    user = ds.account(auth_emulator.project, api_key="key", home=tmp_path).sign_up(email, PASSWORD)
    with subprocess.Popen(
        [sys.executable, "-m", "dalsegno._cli", "admin", "serve-pairing", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    ) as process:
        assert process.stdout and process.stderr
        url = process.stdout.readline().strip()
        code = pairing.request_code(url, user)
        minted = pairing.redeem(url, code.text, api_key="key").token
        connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=10)
        connection.request("GET", f"/?email={email}")
        connection.getresponse().read()
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=20)
    assert (0, "") == (process.returncode, out)
    assert f"pairing for {auth_emulator.project} (emulated); Ctrl-C ends it" in err.splitlines()
    assert ["a code was given", "a device was signed in", "unknown"] == [
        line.split(": ")[-1] for line in err.splitlines()[1:]
    ]
    assert [] == leaks(err, [email, user.uid, code.text.replace("-", ""), minted, user.id_token()])


def test_refusals_of_administration_are_silent(
    heard: Heard, environment: dict[str, str], seeder: Seeder
) -> None:
    """Of a token that is refused, and of documents that are not to be understood, nothing is said."""
    token = unsigned_token("silent", aud="demo-another", secret=WORDS)
    with Authority.open() as authority:
        seeder.put({"users/silent/sessions/x": {"state": {"text": WORDS}, "at": WORDS, "rev": WORDS}})
        heard.error(lambda: authority.accounts.proven(token))
        assert 0 == main(["admin", "list", "silent", "--json"])
        assert 1 == authority.documents.delete([seeder.get("users/silent/sessions/x")])
    assert [] == leaks(json.dumps(heard.said), [token, WORDS])
