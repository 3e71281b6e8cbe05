"""The command line: `dalsegno watch`, `emulator`, `faults`, `admin`, and `dalsegno --version`.

Each command imports what it needs when it runs. Invariant: what a user can cause ends in one clear sentence
on stderr and exit code 1 (2 for the command line itself), never in a traceback.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

DEFAULT_RULES = Path("firestore.rules")
FAILED = 1
NOBODY_LISTENS = 128 + 13
"""As a shell tells SIGPIPE."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns the exit code."""
    from dalsegno._errors import DalSegnoError

    try:
        options = _parser().parse_args(arguments)
        code: int = options.run(options)
        sys.stdout.flush()
    except BrokenPipeError:
        return _nobody_listens()
    except (DalSegnoError, OSError) as error:
        print(f"dalsegno: {error}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    return code


def _nobody_listens() -> int:
    """Whoever read our output has seen enough (`… | head`): it ends without a word, as others do."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python flushes once more at its end
    return NOBODY_LISTENS


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="dalsegno", description="Leave one device, carry on at another: continuity on Cloud Firestore."
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and end")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_watch(commands)
    _add_emulator(commands)
    _add_faults(commands)
    _add_admin(commands)
    return parser


class _Version(argparse.Action):
    """Prints the installed version; looked up only when asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version

        print(f"dalsegno {version('dalsegno')}")
        parser.exit()


def _add_watch(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    from dalsegno._watch import command

    about = "show a user's sessions and devices, live, until Ctrl-C"
    parser = commands.add_parser(
        "watch",
        help=about,
        description=about.capitalize() + ". In a terminal a picture, down a pipe a line for each change.",
    )
    command.add_to(parser, _ends_like_ctrl_c)


def _add_emulator(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    about = "run the official Firestore emulator until Ctrl-C"
    command = commands.add_parser("emulator", help=about, description=about.capitalize() + ".")
    command.add_argument("--port", type=int, help="the port to answer on (default: a free one)")
    command.add_argument(
        "--rules",
        type=Path,
        help=f"security rules for all projects (default: {DEFAULT_RULES} in this folder, if there is one)",
    )
    command.add_argument("--project", default="demo-dalsegno", help="a project id (default: %(default)s)")
    command.set_defaults(run=_run_emulator)


def _run_emulator(options: argparse.Namespace) -> int:
    rules: Path | None = options.rules
    if rules is None and DEFAULT_RULES.is_file():
        rules = DEFAULT_RULES
    with _ends_like_ctrl_c(), contextlib.suppress(KeyboardInterrupt):
        return _hold_emulator(rules, options.port, options.project)
    _say("the Firestore emulator has been stopped")
    return 0


def _hold_emulator(rules: Path | None, port: int | None, project: str) -> int:
    from dalsegno.testing._firestore_emulator import FirestoreEmulator
    from dalsegno.testing._launcher import HOST_VARIABLE

    with FirestoreEmulator.start(rules=rules, port=port, project=project, progress=_say) as emulator:
        _say(f"rules: {rules}" if rules else "no rules: every request is allowed (see --rules)")
        print(f"export {HOST_VARIABLE}={emulator.host}", flush=True)
        if emulator.attached:
            return 0
        _say("Ctrl-C ends it")
        emulator.wait()
        _say(f"the Firestore emulator has ended by itself; its last words:\n{emulator.last_words()}")
        return FAILED


def _add_faults(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    about = "run a TCP link that fails on command, in front of an emulator"
    command = commands.add_parser(
        "faults",
        help=about,
        description=about.capitalize() + ". Type commands on stdin (help lists them), or give a timetable.",
    )
    command.add_argument("--listen", default="127.0.0.1:0", help="where to answer (default: a free port)")
    command.add_argument("--to", required=True, metavar="HOST:PORT", help="where to pass connections on to")
    command.add_argument(
        "--at",
        action="append",
        default=[],
        metavar="'SECONDS COMMAND'",
        help="a step of a timetable, as in --at '5 cut' --at '15 restore' --at '20 quit'; may be repeated",
    )
    command.set_defaults(run=_run_faults)


def _run_faults(options: argparse.Namespace) -> int:
    from dalsegno.testing import _fault_console as console

    with _ends_like_ctrl_c(), contextlib.suppress(KeyboardInterrupt):
        return console.run(options.to, options.listen, options.at)
    return 0


def _add_admin(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    from dalsegno.admin import _command as command

    about = "look after a project's users, as a service account or on the emulators"
    parser = commands.add_parser("admin", help=about, description=about.capitalize() + ".")
    command.add_to(parser, _ends_like_ctrl_c)


@contextlib.contextmanager
def _ends_like_ctrl_c() -> Iterator[None]:
    """Stopping is stopping, whoever asks: Ctrl-C, a listen stream (SIGTERM), a closed terminal (SIGHUP).

    SIGINT, too: a shell script starts what it puts in the background with SIGINT ignored.
    """
    numbers = [signal.Signals[name] for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = [(number, signal.signal(number, signal.default_int_handler)) for number in numbers]
    try:
        yield
    finally:
        for number, handler in before:
            signal.signal(number, handler)


def _say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
