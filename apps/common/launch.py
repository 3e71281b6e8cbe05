"""What both apps' command lines have in common, and how a window is prepared, run and closed.

Imports no Kivy at the top: Kivy reads its settings when it is first imported, so they are laid before.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from apps.common.base import ContinuousApp

log = logging.getLogger("dalsegno.apps")


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


def prepare(options: Options) -> None:
    """Lay Kivy's settings and the log. Call it before Kivy is imported for the first time."""
    home = options.data_home
    kivy_home = home / "kivy" / f"{options.app}-{options.profile}"
    try:
        kivy_home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        sys.exit(f"Cannot write to {home}: {error.strerror}. Choose another folder with --home.")
    os.environ.update(KIVY_NO_ARGS="1", KIVY_HOME=str(kivy_home), KIVY_LOG_MODE="PYTHON", KIVY_NO_FILELOG="1")
    if options.offscreen:
        os.environ["SDL_VIDEODRIVER"] = "offscreen"
    handlers: list[logging.Handler] = [_log_file(home / f"{options.app}-{options.profile}.log")]
    if options.verbose:
        handlers.append(logging.StreamHandler(sys.stderr))
    logging.basicConfig(level=logging.INFO, handlers=handlers, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("kivy").addFilter(_is_worth_logging)
    _configure(options)


def _is_worth_logging(record: logging.LogRecord) -> bool:
    """Kivy calls it an error, with a traceback, that a library for raw touch devices is not installed."""
    return "MTDev" not in record.getMessage()


def _log_file(path: Path) -> logging.Handler:
    from logging.handlers import RotatingFileHandler

    try:
        return RotatingFileHandler(path, maxBytes=1_000_000, backupCount=1, encoding="utf-8")
    except OSError:
        return logging.NullHandler()  # a log is not worth failing for


def _configure(options: Options) -> None:
    from kivy.config import Config

    Config.remove_option("input", "%(name)s")  # raw touch devices: the window gives us touches already
    width, height = options.size or (1100, 760)
    settings: dict[tuple[str, str], object] = {
        ("graphics", "width"): width,
        ("graphics", "height"): height,
        ("graphics", "minimum_width"): 300,
        ("graphics", "minimum_height"): 400,
        ("graphics", "multisamples"): 0,  # shapes are smoothed as they are drawn, at a fifth of the price
        ("kivy", "log_level"): "warning",
        ("kivy", "exit_on_escape"): 0,
        ("kivy", "desktop"): 1,
        ("input", "mouse"): "mouse,disable_multitouch",
    }
    if options.position is not None:
        settings["graphics", "position"] = "custom"
        settings["graphics", "left"], settings["graphics", "top"] = options.position
    for (section, name), value in settings.items():
        Config.set(section, name, value)


def run(make_app: Callable[[], ContinuousApp]) -> int:
    """Make the app and run it until its window is closed; the exit code of the process.

    Nobody is shown a traceback: what fails is logged, and one sentence goes to standard error.
    """
    from kivy.core.window import Window

    if Window is None:
        print("No window can be opened: OpenGL is missing (on Debian: libgl1 and libegl1).", file=sys.stderr)
        return 1
    app: ContinuousApp | None = None
    try:
        app = make_app()
        app.run()
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        log.exception("The app ended with an error")
        print(
            f"This app had to stop: {str(error).splitlines()[0] if str(error) else error!r}", file=sys.stderr
        )
        print("What you did is saved; details are in the log.", file=sys.stderr)
        return 1
    finally:
        if app is not None:
            app.close_client()
    return app.exit_code
