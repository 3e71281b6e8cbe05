"""The player's command line: ``python -m apps.player [FOLDER] --profile phone --device "Pixel 8"``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from apps.common import launch
from apps.common.options import parse


def main(argv: list[str] | None = None) -> int:
    """Run the player until its window is closed; the exit code of the process."""
    own = argparse.ArgumentParser(add_help=False)
    own.add_argument("--audio", choices=["auto", "none"], default="auto")
    mine, rest = own.parse_known_args(sys.argv[1:] if argv is None else argv)
    options = parse(
        "player",
        "Plays wav, flac, mp3 and ogg; track and position follow you to your other devices. "
        "--audio none: keep time without sound.",
        rest,
        paths="the folder with your music (default: ~/Music)",
    )
    if len(options.paths) > 1:
        sys.exit("One folder, please: the player looks into its subfolders too.")
    launch.prepare(options)
    folder = options.paths[0] if options.paths else Path.home() / "Music"

    def make_app() -> Any:
        from apps.player.app import PlayerApp

        return PlayerApp(options, folder, silent=mine.audio == "none")

    return launch.run(make_app)


if __name__ == "__main__":
    sys.exit(main())
