"""What both apps' command lines have in common. No Kivy."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

AUTH_EMULATOR_VARIABLE = "FIREBASE_AUTH_EMULATOR_HOST"  # as the Firebase tools call it
ANY_KEY = "demo"  # the Auth emulator takes any text for an API key


@dataclass(frozen=True, slots=True)
class Options:
    """One start of one app, as the command line says it."""

    app: str  # "reader" or "player"
    paths: tuple[Path, ...] = ()
    user: str = "alice"  # on an emulator, without a sign-in
    api_key: str = ""  # of the Firebase project; "": there is no sign-in
    auth_emulator: str | None = None  # host:port; None: from FIREBASE_AUTH_EMULATOR_HOST
    pairing: str | None = None  # the address of the pairing service
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
    log: Path | None = None  # for support

    @property
    def signs_in(self) -> bool:
        """Whether the user is whoever signs in, and not simply `user`."""
        return bool(self.api_key)

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
    parser.add_argument("--user", help="who is reading, on an emulator without a sign-in (default: alice)")
    parser.add_argument("--api-key", default="", help="Web API key of the Firebase project: users sign in")
    parser.add_argument(
        "--auth-emulator",
        help="host:port of the Auth emulator (or FIREBASE_AUTH_EMULATOR_HOST): users sign in",
    )
    parser.add_argument("--pairing", metavar="URL", help="address of the pairing service (serve-pairing)")
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
    parser.add_argument("--log", type=Path, metavar="FILE", help="write what happens, for support")
    found = vars(parser.parse_args(argv))
    found["paths"] = tuple(found["paths"])
    signs_in = found["api_key"] or found["auth_emulator"]
    if signs_in and found["user"] is not None:
        parser.error("--user is for emulators without a sign-in: leave it out, and sign in")
    if found["auth_emulator"] or (os.environ.get(AUTH_EMULATOR_VARIABLE) and found["user"] is None):
        found["api_key"] = found["api_key"] or ANY_KEY
    found["user"] = found["user"] or "alice"
    return Options(app=app, **found)
