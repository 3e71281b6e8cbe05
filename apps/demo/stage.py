"""What the demo stands on: the content, the emulators, the pairing service, and the devices.

Everything that is started here ends with the Stage, in whatever way the demo ends. Without Node nobody signs
in: `sign_ins` is None then, and the users are unsigned.
"""

from __future__ import annotations

import shutil
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import Literal

from apps.common.driving import AppProcess
from apps.demo.report import Report
from apps.demo.services import WITHOUT, PairingService, Person, SignIns, launch_auth
from dalsegno.testing import FaultProxy, FirestoreEmulator

Kind = Literal["phone", "tablet", "laptop"]
ROOT = Path(__file__).parents[2]
BUILD = ROOT / "build" / "demo"
CONTENT = ROOT / "build" / "content"  # kept from run to run: music takes a while to synthesise
PROJECT = "demo-dalsegno"


@dataclass(frozen=True, slots=True)
class Device:
    """One device of the demo's person. ``name`` is what the other device calls it; ``profile`` its data."""

    kind: Kind
    name: str
    size: tuple[int, int]
    profile: str


PHONE = Device("phone", "Pixel 8", (390, 780), "phone")
TABLET = Device("tablet", "Tablet", (820, 1100), "tablet")
LAPTOP = Device("laptop", "Laptop", (1200, 800), "laptop")


class Stage:
    """A context manager; ``open`` starts an app on a device, on that device's own wire to the emulator."""

    def __init__(
        self, report: Report, folder: Path = BUILD, *, offscreen: bool, project: str = PROJECT
    ) -> None:
        self._report, self._offscreen, self._project = report, offscreen, project
        self.folder = folder
        self._stack = ExitStack()
        self._wires: dict[str, FaultProxy] = {}
        self._apps: list[AppProcess] = []
        self._run = token_hex(3)  # the emulators may have been there before, with another run's documents
        self.sign_ins: SignIns | None = None

    @property
    def alice(self) -> Person:
        """Who reads and listens."""
        return self.person("alice")

    def make_account(self) -> None:
        """Alice's, if she has none yet."""
        if self.sign_ins is not None:
            self.sign_ins.make_account(self.alice)

    def sign_in_before(self, app: str, device: Device) -> None:
        """So that the app, once opened, shows no sign-in screen.

        Each in a second of its own: by that sign-ins are told apart, and one device can be signed out alone.
        """
        if self.sign_ins is None:
            return
        time.sleep(1.0 - time.time() % 1.0)
        account = self.sign_ins.account(app, device.profile, self.home(device))
        account.sign_in(self.alice.email, self.alice.password)

    def person(self, name: str) -> Person:
        """Somebody whom no earlier run has used up."""
        attached = self.sign_ins is not None and self.sign_ins.auth.attached
        return Person(f"{name}.{self._run}@example.com" if attached else f"{name}@example.com")

    def __enter__(self) -> Stage:
        try:
            self._prepare()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for app in self._apps:  # all at once, and then one after the other
            app.ask_to_end()
        self._stack.close()

    def _prepare(self) -> None:
        from apps.content.build_book import build_book
        from apps.content.build_music import build_music

        shutil.rmtree(self.folder, ignore_errors=True)
        auth = launch_auth(self._project)  # first: it takes the longest, and does so beside all the rest
        if auth is not None:
            self._stack.callback(auth.stop)
        self._report.say("Writing a book and four pieces of music …")
        self.book = build_book(CONTENT)
        self.music = CONTENT / "music"
        build_music(self.music)
        self._emulator = self._stack.enter_context(
            FirestoreEmulator.start(
                rules=ROOT / "firestore.rules", project=self._project, progress=self._report.say
            )
        )
        if auth is None:
            self._report.warn(WITHOUT)
            return
        if not auth.attached:
            self._report.say("waiting for the Auth emulator, which takes Node ten seconds")
        auth.ready()
        pairing = PairingService(self._project, self._emulator.host, auth.host)
        self._stack.enter_context(pairing)
        self._report.say(f"the Auth emulator answers on {auth.host}, the pairing service on {pairing.url}")
        self.sign_ins = SignIns(self._project, self._emulator.host, auth, pairing.url)

    def home(self, device: Device) -> Path:
        """Where a device's local data lives."""
        return self.folder / "devices" / device.profile

    def wire(self, app: str, device: Device) -> FaultProxy:
        """The connection of one device's app: cut it, and that device is offline."""
        key = f"{app} {device.profile}"
        if key not in self._wires:
            self._wires[key] = self._stack.enter_context(FaultProxy(self._emulator.host))
        return self._wires[key]

    def open(self, app: str, device: Device, *, position: tuple[int, int] | None = None) -> AppProcess:
        """Start an app, with the demo's content."""
        content = [str(self.book)] if app == "reader" else [str(self.music)]
        home = self.home(device)
        who = self.sign_ins.arguments if self.sign_ins else ("--user", f"demo-{self._run}")
        arguments = [
            *(*who, "--project", self._project, "--emulator", self.wire(app, device).host),
            *("--device", device.name, "--profile", device.profile, "--home", str(home)),
            *("--size", "{}x{}".format(*device.size)),
            *(("--position", "{}x{}".format(*position)) if position else ()),
            *(("--offscreen",) if self._offscreen else ()),
            *(("--library", home / "library") if app == "reader" else ()),
            *(("--audio", "none") if app == "player" and self._offscreen else ()),
            *content,
        ]
        log = self.folder / "logs" / f"{app}-{device.profile}.txt"
        log.parent.mkdir(parents=True, exist_ok=True)
        process = AppProcess(f"apps.{app}", *arguments, name=f"{app} on {device.name}", log=log)
        self._apps.append(process)
        return self._stack.enter_context(process)
