"""What both apps' command lines have in common. No Kivy."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Options:
    """One start of one app, as the command line says it."""

    app: str  # "reader" or "player"
    paths: tuple[Path, ...] = ()
    user: str = "alice"
    device: str = ""
    profile: str = "default"
    project: str = "demo-dalsegno"
    emulator: str | None = None  # host:port; None: from FIRESTORE_EMULATOR_HOST
    home: Path | None = None  # where local data lives; None: the platform's place for user data
    size: tuple[int, int] | None = None
    position: tuple[int, int] | None = None
    look: str | None = None  # light, sepia, dark; None: as it was left
    offscreen: bool = False
    drive: bool = False
    verbose: bool = False

    @property
    def data_home(self) -> Path:
        """The folder for this app's own files: log, library, Kivy's settings."""
        if self.home is not None:
            return self.home
        import platformdirs

        return Path(platformdirs.user_data_dir("dalsegno"))


def pair(text: str) -> tuple[int, int]:
    """``390x780`` → (390, 780)."""
    try:
        first, second = (int(part) for part in text.lower().split("x"))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not like 390x780") from None
    return first, second


def parse(app: str, description: str, argv: Sequence[str] | None = None, *, paths: str = "files") -> Options:
    """Read the common command line of ``app``; ``paths`` says what its arguments are."""
    parser = argparse.ArgumentParser(prog=f"python -m apps.{app}", description=description)
    parser.add_argument("paths", nargs="*", type=Path, help=paths)
    parser.add_argument("--user", default="alice", help="who is reading (default: %(default)s)")
    parser.add_argument("--device", default="", help="the name of this device on your other devices")
    parser.add_argument("--profile", default="default", help="a second set of local data on this machine")
    parser.add_argument("--project", default="demo-dalsegno", help="Firebase project (default: %(default)s)")
    parser.add_argument("--emulator", help="host:port of the Firestore emulator (or FIRESTORE_EMULATOR_HOST)")
    parser.add_argument("--home", type=Path, help="folder for local data")
    parser.add_argument("--size", type=pair, help="size of the window, as in 390x780")
    parser.add_argument("--position", type=pair, help="left and top of the window, as in 40x60")
    parser.add_argument("--look", choices=["light", "sepia", "dark"], help="colours to start with")
    parser.add_argument("--offscreen", action="store_true", help="draw without a display")
    parser.add_argument(
        "--drive", action="store_true", help="let the program that started this push the controls"
    )
    parser.add_argument("--verbose", action="store_true", help="log to the console too")
    return Options(app=app, **{**(found := vars(parser.parse_args(argv))), "paths": tuple(found["paths"])})
