"""What the demo stands on: the content, the emulator with its rules, and the devices.

Everything that is started here ends with the Stage, in whatever way the demo ends.
"""

from __future__ import annotations

import shutil
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import Literal

from apps.common.driving import AppProcess
from apps.demo.report import Report
from dalsegno.emulator import Emulator
from dalsegno.faults import FaultProxy

Kind = Literal["phone", "laptop"]
ROOT = Path(__file__).parents[2]
BUILD = ROOT / "build" / "demo"
CONTENT = ROOT / "build" / "content"  # kept from run to run: music takes a while to synthesise
PROJECT = "demo-dalsegno"


@dataclass(frozen=True, slots=True)
class Device:
    """One device of the demo's person. ``name`` is what the other device calls it."""

    kind: Kind
    name: str
    size: tuple[int, int]


PHONE = Device("phone", "Pixel 8", (390, 780))
LAPTOP = Device("laptop", "Laptop", (1200, 800))


class Stage:
    """A context manager; ``open`` starts an app on a device, on that device's own wire to the emulator."""

    def __init__(self, report: Report, folder: Path = BUILD, *, offscreen: bool) -> None:
        self._report, self._offscreen = report, offscreen
        self.folder = folder
        self._stack = ExitStack()
        self._wires: dict[str, FaultProxy] = {}
        self._apps: list[AppProcess] = []
        self.user = (
            f"demo-{token_hex(3)}"  # the emulator may have been there before, with another run's documents
        )

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
        self._report.say("Writing a book and four pieces of music …")
        self.book = build_book(CONTENT)
        self.music = CONTENT / "music"
        build_music(self.music)
        self._emulator = self._stack.enter_context(
            Emulator.start(rules=ROOT / "firestore.rules", project=PROJECT, progress=self._report.say)
        )

    def wire(self, app: str, device: Device) -> FaultProxy:
        """The connection of one device's app: cut it, and that device is offline."""
        key = f"{app} {device.kind}"
        if key not in self._wires:
            self._wires[key] = self._stack.enter_context(FaultProxy(self._emulator.host))
        return self._wires[key]

    def open(self, app: str, device: Device, *, position: tuple[int, int] | None = None) -> AppProcess:
        """Start an app, with the demo's content."""
        content = [str(self.book)] if app == "reader" else [str(self.music)]
        home = self.folder / "devices" / device.kind
        arguments = [
            *("--user", self.user, "--project", PROJECT, "--emulator", self.wire(app, device).host),
            *("--device", device.name, "--profile", device.kind, "--home", str(home)),
            *("--size", "{}x{}".format(*device.size)),
            *(("--position", "{}x{}".format(*position)) if position else ()),
            *(("--offscreen",) if self._offscreen else ()),
            *(("--library", home / "library") if app == "reader" else ()),
            *(("--audio", "none") if app == "player" and self._offscreen else ()),
            *content,
        ]
        log = self.folder / "logs" / f"{app}-{device.kind}.txt"
        log.parent.mkdir(parents=True, exist_ok=True)
        process = AppProcess(f"apps.{app}", *arguments, name=f"{app} on {device.name}", log=log)
        self._apps.append(process)
        return self._stack.enter_context(process)
