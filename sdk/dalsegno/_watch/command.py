"""`dalsegno watch` on the command line: who watches, and where it is shown. Imports the engine when it runs.

Invariant: what the user keeps goes to standard output, and nowhere else; no log has it, and no message.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dalsegno._client.client import Client
    from dalsegno._client.user import SignIn, User

Stoppable = Callable[[], AbstractContextManager[None]]

APP = "watch"
ANY_KEY = "demo"
"""The Auth emulator takes any text for an API key."""
AUTH_EMULATOR_VARIABLE = "FIREBASE_AUTH_EMULATOR_HOST"
PASSWORD_VARIABLE = "DALSEGNO_PASSWORD"
HEARD_S = 10.0
"""How long `--once` waits for the server."""
NAMES_S = 3.0
"""How long a log waits with its first lines: what is on disk does not say how other devices are called."""
FAILED = 1
PIPE_COLUMNS = 120


def add_to(parser: argparse.ArgumentParser, stoppable: Stoppable) -> None:
    """Adds the options; while it runs `stoppable`, all that stops it is Ctrl-C."""
    add = parser.add_argument
    add("--once", action="store_true", help="print how it stands now, and end; code 1: the server is silent")
    add("--user", help="who, on an emulator without a sign-in (default: alice)")
    add("--api-key", default="", help="Web API key of the Firebase project: users sign in")
    add(
        "--email",
        default="",
        help=f"the first time: who signs in (asks for the password, or {PASSWORD_VARIABLE})",
    )
    add(
        "--pairing",
        metavar="URL",
        help="the first time: sign in by a code that another device shows (asks for it)",
    )
    add("--auth-emulator", metavar="HOST:PORT", help=f"or {AUTH_EMULATOR_VARIABLE}: users sign in")
    add("--device", help="the name of this device on the others (default: the machine's)")
    add("--profile", default="default", help="a second set of local data on this machine")
    add("--project", default="demo-dalsegno", help="the Firebase project (default: %(default)s)")
    add("--emulator", metavar="HOST:PORT", help="the Firestore emulator (or FIRESTORE_EMULATOR_HOST)")
    add("--home", type=Path, help="folder for local data")
    parser.set_defaults(run=lambda options: _run(options, stoppable))


def _run(options: argparse.Namespace, stoppable: Stoppable) -> int:
    from dalsegno._client.connect import connect
    from dalsegno._watch.terminal import is_terminal

    if is_terminal(sys.stdout):
        _keep_quiet()
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")  # a terminal that knows no Unicode gets it spelt out
    with stoppable():
        client = connect(
            options.project,
            user=_user(options),
            device=options.device,
            kind="terminal",
            app=APP,
            profile=options.profile,
            home=options.home,
            emulator=options.emulator,
        )
        with client:
            if options.once:
                return _once(client)
            with contextlib.suppress(KeyboardInterrupt):
                _live(client)
            return 0


def _once(client: Client) -> int:
    from dalsegno._watch.screen import lines
    from dalsegno._watch.terminal import text
    from dalsegno._watch.view import look

    heard = _hear(client, HEARD_S)
    columns = shutil.get_terminal_size((PIPE_COLUMNS, 0)).columns
    for line in lines(look(client), columns):
        print(text(line))
    return 0 if heard else FAILED


def _hear(client: Client, timeout_s: float) -> bool:
    """Asks for all that is shown, and waits for the answer. False: there was none in time."""
    client.devices()
    client.recent()
    return client._recent_list.wait_heard(timeout_s)


def _live(client: Client) -> None:
    from dalsegno._watch.live import Log, Screen, watch
    from dalsegno._watch.terminal import Terminal, is_terminal, without_echo

    if not is_terminal(sys.stdout):
        _hear(client, NAMES_S)
        watch(client, Log(sys.stdout))
        return
    with without_echo(sys.stdin), Terminal(sys.stdout) as terminal:
        watch(client, Screen(terminal))


def _keep_quiet() -> None:
    """What others write there would stand in the picture; the log for support is a file."""
    import logging

    logging.getLogger().addHandler(logging.NullHandler())
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")


# --- who ---


def _user(options: argparse.Namespace) -> User | SignIn:
    """Whoever is signed in here; the first time by what the options say; on an emulator, whom they name."""
    from dalsegno._auth.unsigned import Unsigned
    from dalsegno._errors import UsageError

    emulated = options.auth_emulator or (os.environ.get(AUTH_EMULATOR_VARIABLE) and options.user is None)
    api_key = options.api_key or (ANY_KEY if emulated else "")
    if not api_key:
        return Unsigned("alice" if options.user is None else options.user)
    if options.user is not None:
        raise UsageError("--user is for emulators without a sign-in: leave it out, and sign in")
    return _signed_in(options, api_key)


def _signed_in(options: argparse.Namespace, api_key: str) -> User:
    from dalsegno._client.connect import account
    from dalsegno._errors import Refusal, SignInRefused

    found = account(
        options.project,
        api_key=api_key,
        app=APP,
        profile=options.profile,
        home=options.home,
        emulator=options.auth_emulator,
    )
    if found.user is not None:
        return found.user
    if options.pairing:
        from dalsegno.pairing import redeem

        code = _asked("The code that your other device shows: ")
        return found.sign_in_with_token(redeem(options.pairing, code, api_key=api_key).token)
    if options.email:
        return found.sign_in(options.email, os.environ.get(PASSWORD_VARIABLE) or _password())
    raise SignInRefused(
        Refusal.NOBODY,
        "nobody is signed in here: the first time, add --email ADDRESS, or --pairing URL for a code",
    )


def _asked(question: str) -> str:
    print(question, end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip()


def _password() -> str:
    import getpass

    return getpass.getpass("Password: ", sys.stderr)
