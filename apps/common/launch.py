"""How a window is prepared, run and closed.

Imports no Kivy at the top: Kivy reads its settings when it is first imported, so they are laid before.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from apps.common.options import Options
from apps.common.private import keep_private

if TYPE_CHECKING:
    from apps.common.base import ContinuousApp

log = logging.getLogger("dalsegno.apps")


def prepare(options: Options) -> None:
    """Lay Kivy's settings and the log. Call it before Kivy is imported for the first time."""
    home = options.data_home
    keep_private(options)
    kivy_home = home / "kivy" / f"{options.app}-{options.profile}"
    try:
        kivy_home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        sys.exit(f"Cannot write to {home}: {error.strerror}. Choose another folder with --home.")
    os.environ.update(KIVY_NO_ARGS="1", KIVY_HOME=str(kivy_home), KIVY_LOG_MODE="PYTHON", KIVY_NO_FILELOG="1")
    if options.offscreen:
        os.environ["SDL_VIDEODRIVER"] = "offscreen"
        # Drawn in software there: Mesa's threads take four times the memory, and no less of the processor.
        os.environ.setdefault("LP_NUM_THREADS", "0")
    handlers: list[logging.Handler] = [_log_file(home / f"{options.app}-{options.profile}.log")]
    if options.verbose:
        handlers.append(logging.StreamHandler(sys.stderr))
    logging.basicConfig(level=logging.INFO, handlers=handlers, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("kivy").addFilter(_is_worth_logging)
    if options.log is not None:
        _log_for_support(options.log)
    _configure(options)


def _log_for_support(path: Path) -> None:
    import dalsegno as ds

    try:
        ds.log_to(path)
    except ds.UsageError as error:
        sys.exit(f"{error} (--log).")


def _is_worth_logging(record: logging.LogRecord) -> bool:
    """Kivy calls it an error, with tracebacks, that some of several ways to do a thing are not installed."""
    return not any(of in record.getMessage() for of in ("MTDev", "Cutbuffer"))


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
