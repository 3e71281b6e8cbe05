"""The reader's command line: ``python -m apps.reader [book.epub …] --profile phone --library DIR``."""

import argparse
import sys
from pathlib import Path

from apps.common import launch
from apps.common.options import parse


def main(argv: list[str] | None = None) -> int:
    """Run the reader until its window is closed; the exit code of the process."""
    own = argparse.ArgumentParser(add_help=False)
    own.add_argument("--library", type=Path)
    mine, rest = own.parse_known_args(sys.argv[1:] if argv is None else argv)
    options = parse(
        "reader",
        "Reads EPUB books; the place follows you to your other devices. "
        "--library DIR: the folder with your books (default: one beside the local data).",
        rest,
        paths="books to open; they are copied into the library",
    )
    launch.prepare(options)

    def make_app():  # type: ignore[no-untyped-def]
        from apps.reader.app import ReaderApp

        return ReaderApp(options, mine.library)

    return launch.run(make_app)


if __name__ == "__main__":
    sys.exit(main())
