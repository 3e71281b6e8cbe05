"""What the demo signs in with: the official Auth emulator, and the pairing service as a process of its own.

Blocks the caller's thread. Invariant: what is started here ends with this process, however that ends; without
Node there is a sentence instead, and the demo's users are unsigned.
"""

from __future__ import annotations

import re
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import dalsegno as ds
from dalsegno import EmulatorError
from dalsegno.testing import LOOPBACK, AuthEmulator, Launcher, Process

ROOT: Final = Path(__file__).parents[2]
FIREBASE: Final = ROOT / ".tools" / "firebase" / "node_modules" / ".bin" / "firebase"  # `make tools`
API_KEY: Final = "demo"  # the Auth emulator takes any
START_TIMEOUT_S = 60.0
POLL_S = 0.05

WITHOUT: Final = (
    "Nobody signs in this time: the Auth emulator needs Node 20 or newer with npm, and then `make tools`. "
    "The apps get a user who has no account, and the part “Trust” is left out."
)


@dataclass(frozen=True, slots=True)
class Person:
    """An account of the demo."""

    email: str
    password: str = "dal segno al coda"


def launch_auth(project: str) -> AuthEmulator | None:
    """Begins to start the Auth emulator, or attaches to the environment's; None if nothing is installed."""
    try:
        return AuthEmulator.launch(project, firebase=FIREBASE if FIREBASE.exists() else None)
    except EmulatorError:
        return None


class PairingService:
    """`dalsegno admin serve-pairing` towards both emulators; a context manager that ends it."""

    def __init__(self, project: str, firestore: str, auth: str) -> None:
        command = [sys.executable, "-m", "dalsegno._cli", "admin", "serve-pairing"]
        launcher = Launcher(
            "pairing service",
            lambda port, project, _rules: [
                *command,
                "--project",
                project,
                "--host",
                LOOPBACK,
                "--port",
                str(port),
            ],
            environment={"FIRESTORE_EMULATOR_HOST": firestore, "FIREBASE_AUTH_EMULATOR_HOST": auth},
        )
        self._process = Process.spawn(launcher, 0, project, None)
        self.url = ""

    def __enter__(self) -> Self:
        """Waits until it says where it answers."""
        deadline = time.monotonic() + START_TIMEOUT_S
        while not (said := re.search(r"^http://\S+$", self._process.output(), re.MULTILINE)):
            if self._process.ended() or time.monotonic() > deadline:
                words = self._process.output().strip() or "(nothing)"
                self._process.end()
                raise EmulatorError(f"The pairing service did not start. It said: {words}")
            time.sleep(POLL_S)
        self.url = said[0]
        return self

    def __exit__(self, *_: object) -> None:
        self._process.end()


@dataclass(frozen=True, slots=True)
class SignIns:
    """The accounts of one run: for the apps, and past them for what no screen can show."""

    project: str
    firestore: str
    auth: AuthEmulator
    pairing_url: str

    @property
    def arguments(self) -> tuple[str, ...]:
        """For an app that has a sign-in screen."""
        return ("--api-key", API_KEY, "--auth-emulator", self.auth.host, "--pairing", self.pairing_url)

    def account(self, app: str, profile: str, home: Path) -> ds.Account:
        """The one that this app has on this device."""
        return ds.account(
            self.project, api_key=API_KEY, app=app, profile=profile, home=home, emulator=self.auth.host
        )

    def make_account(self, person: Person) -> None:
        """As the administrator, without any device; an account that is there stays as it is."""
        with suppress(EmulatorError):
            self.auth.administer("POST", "/accounts", {"email": person.email, "password": person.password})
