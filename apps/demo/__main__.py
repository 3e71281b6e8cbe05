"""``python -m apps.demo``: both apps, two devices each, one person; exit 0 only if every comparison held."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from apps.common.driving import DriveError
from apps.demo.listening import Listening
from apps.demo.reading import Reading
from apps.demo.report import Report
from apps.demo.stage import BUILD, Stage
from apps.demo.windows import has_display, show
from dalsegno.errors import DalSegnoError

PARTS = {"reading": Reading, "listening": Listening}


def play(stage: Stage, report: Report, parts: Sequence[str]) -> int:
    """Offscreen: push the apps' own controls, compare, take pictures."""
    for part in parts:
        PARTS[part](stage, report).play()
    if set(parts) == set(PARTS):
        from apps.demo.montage import make_montage

        report.say(
            f"\nPictures: {make_montage(BUILD).relative_to(BUILD.parents[1])} and the screens beside it"
        )
    report.end()
    return 0 if report.held else 1


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m apps.demo", description=__doc__)
    parser.add_argument(
        "--offscreen", action="store_true", help="without windows, even if there is a display"
    )
    parser.add_argument("--only", choices=list(PARTS), help="one half of the journey")
    parser.add_argument(
        "--into", type=Path, default=BUILD, help="folder for what is made (default: build/demo)"
    )
    options = parser.parse_args(argv)
    offscreen = options.offscreen or bool(options.only) or not has_display()
    for ending in (signal.SIGINT, signal.SIGTERM):  # SIGINT too: a shell's background job is born ignoring it
        signal.signal(ending, _end)
    report = Report()
    try:
        with Stage(report, options.into.absolute(), offscreen=offscreen) as stage:
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
