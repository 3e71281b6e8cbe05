"""``python -m apps.demo``: both apps, two devices each, one person; exit 0 only if every comparison held."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from apps.common.driving import DriveError
from apps.demo.journey import Journey
from apps.demo.listening import Listening
from apps.demo.reading import Reading
from apps.demo.report import Report
from apps.demo.stage import BUILD, PROJECT, Stage
from apps.demo.trust import Trust
from apps.demo.windows import has_display, show
from dalsegno import DalSegnoError

PARTS: dict[str, type[Journey]] = {"reading": Reading, "listening": Listening, "trust": Trust}


def play(stage: Stage, report: Report, parts: Sequence[str]) -> int:
    """Offscreen: push the apps' own controls, compare, take pictures."""
    if stage.sign_ins is None:
        parts = [part for part in parts if part != "trust"]  # the report says why
    for part in parts:
        PARTS[part](stage, report).play()
    if {"reading", "listening"} <= set(parts):
        from apps.demo.montage import make_montage

        report.say(f"\nPictures: {_short(make_montage(stage.folder))} and the screens beside it")
    report.end()
    return 0 if report.held else 1


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m apps.demo", description=__doc__)
    parser.add_argument(
        "--offscreen", action="store_true", help="without windows, even if there is a display"
    )
    parser.add_argument("--only", choices=list(PARTS), help="one part of the journey")
    parser.add_argument(
        "--into", type=Path, default=BUILD, help="folder for what is made (default: build/demo)"
    )
    parser.add_argument(
        "--project",
        default=PROJECT,
        help="the one of the emulators, if they run already (default: %(default)s)",
    )
    options = parser.parse_args(argv)
    offscreen = options.offscreen or bool(options.only) or not has_display()
    for ending in (signal.SIGINT, signal.SIGTERM):  # SIGINT too: a shell's background job is born ignoring it
        signal.signal(ending, _end)
    report, into = Report(), options.into.absolute()
    try:
        with Stage(report, into, offscreen=offscreen, project=options.project) as stage:
            if not offscreen:
                return show(stage, report)
            return play(stage, report, [options.only] if options.only else list(PARTS))
    except KeyboardInterrupt:
        report.say("\nEnded.")
        return 130
    except (DalSegnoError, DriveError) as error:
        print(error, file=sys.stderr)
        return 1


def _short(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _end(*_: Any) -> None:
    """A request to terminate ends the demo as Ctrl-C does: with everything that it has started."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
