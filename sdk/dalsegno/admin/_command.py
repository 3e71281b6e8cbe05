"""`dalsegno admin …`: administration on the command line. Imports what it needs when it runs.

Invariant: results go to stdout, everything else to stderr; what was asked for of a user who does not exist
ends with a code of its own, so that a script can tell it from what failed.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dalsegno.admin._access import Authority
    from dalsegno.admin._progress import Bar

Task = Callable[["Authority", argparse.Namespace, "Bar"], None]
Stoppable = Callable[[], AbstractContextManager[None]]

INTERRUPTED = "interrupted: what is done stays done; run the same command again"
NO_SUCH_USER = 3
"""The exit code; 1 is any other failure, 2 the command line itself, 130 Ctrl-C."""
DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8765
USER = "the user's id in Firebase Auth, or the e-mail address"


def add_to(parser: argparse.ArgumentParser, stoppable: Stoppable) -> None:
    """Adds the commands below `dalsegno admin`; while one runs `stoppable`, all that stops it is Ctrl-C."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--project", help="the Firebase project (default: the service account's own)")
    common.add_argument("--quiet", action="store_true", help="no progress bar")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def add(name: str, about: str, task: Task, *, dry_run: bool) -> argparse.ArgumentParser:
        command = commands.add_parser(
            name, help=about, description=about.capitalize() + ".", parents=[common]
        )
        if task is not _serve:
            command.add_argument("--json", action="store_true", help="the result as JSON")
        if dry_run:
            command.add_argument(
                "--dry-run", action="store_true", help="change nothing, say what would be done"
            )
        command.set_defaults(run=lambda options: _run(task, options, stoppable))
        return command

    command = add("list", "list a user's account, sessions and devices", _list, dry_run=False)
    command.add_argument("user", metavar="USER", help=USER)

    command = add("export", "write everything of a user into a JSON file", _export, dry_run=True)
    command.add_argument("user", metavar="USER", help=USER)
    command.add_argument("--to", type=Path, metavar="FILE", help="default: export-UID.json in this folder")

    command = add("import", "bring back what an export holds", _import, dry_run=True)
    command.add_argument("file", type=Path, metavar="FILE", help="a file that `export` made")
    command.add_argument("--as", dest="user", default="", metavar="USER", help="default: whose it was")
    command.add_argument("--overwrite", action="store_true", help="replace documents that differ")
    command.add_argument("--account", action="store_true", help="make the account, too, if there is none")

    command = add("erase", "erase a user: sessions, marks, devices", _erase, dry_run=True)
    command.add_argument("user", metavar="USER", help=USER)
    command.add_argument("--account", action="store_true", help="the account in Firebase Auth, too")
    command.add_argument("--yes", action="store_true", help="do not ask")

    command = add("prune-devices", "forget devices that were not seen for long", _prune, dry_run=True)
    command.add_argument("--older-than", type=int, required=True, metavar="DAYS")
    command.add_argument("--user", default="", metavar="USER", help="of this user only (default: of all)")

    command = add("serve-pairing", "sign in devices for short codes, until Ctrl-C", _serve, dry_run=False)
    command.add_argument(
        "--host", default=DEFAULT_HOST, help="the address to answer at (default: %(default)s)"
    )
    command.add_argument(
        "--port", type=int, default=DEFAULT_PORT, help="default: %(default)s; 0 = a free one"
    )
    command.add_argument(
        "--behind-proxy",
        action="store_true",
        help="requests come through one proxy that adds to X-Forwarded-For: count tries by that address",
    )


def _run(task: Task, options: argparse.Namespace, stoppable: Stoppable) -> int:
    from dalsegno.admin._access import Authority
    from dalsegno.admin._progress import Bar
    from dalsegno.admin._users import NoSuchUser

    try:
        with (
            stoppable(),
            Authority.open(options.project) as authority,
            Bar(quiet=options.quiet) as bar,
        ):
            task(authority, options, bar)
    except NoSuchUser as error:
        _say(f"dalsegno: {error}")
        return NO_SUCH_USER
    except KeyboardInterrupt:
        if task is not _serve:
            _say(INTERRUPTED)
            return 128 + signal.SIGINT
    return 0


def _uid(authority: Authority, who: str) -> str:
    """Says whose address it is, since what is done is done to an id."""
    from dalsegno.admin._printing import printable
    from dalsegno.admin._users import resolved

    uid = resolved(authority, who)
    if uid != who:
        _say(f"the user {printable(uid)}")
    return uid


def _list(authority: Authority, options: argparse.Namespace, bar: Bar) -> None:
    from dalsegno.admin._listing import holdings
    from dalsegno.admin._printing import print_holdings, print_json

    found = holdings(authority, _uid(authority, options.user), tell=bar)
    bar.end_line()
    (print_json if options.json else print_holdings)(found)


def _export(authority: Authority, options: argparse.Namespace, bar: Bar) -> None:
    from dalsegno.admin._exporting import default_file, export
    from dalsegno.admin._printing import counted, print_json

    uid = _uid(authority, options.user)
    to = options.to or Path(default_file(uid))
    done = export(authority, uid, to, dry_run=options.dry_run, tell=bar)
    bar.end_line()
    if not authority.has_accounts:
        _say("there is no Auth emulator, so no account is in the export")
    if options.json:
        print_json(done)
        return
    where = "would be exported" if options.dry_run else f"→ {to}"
    print(f"{_account(done.account)}{counted(done.documents)} {where}")


def _import(authority: Authority, options: argparse.Namespace, bar: Bar) -> None:
    from dalsegno.admin._importing import import_user
    from dalsegno.admin._printing import counted, many, print_json

    done = import_user(
        authority,
        options.file,
        uid=_uid(authority, options.user) if options.user else "",
        overwrite=options.overwrite,
        account=options.account,
        dry_run=options.dry_run,
        tell=bar,
    )
    bar.end_line()
    if done.account:
        _say("the password is in no export: the user sets a new one by the reset mail")
        if done.own:
            _say(
                "this is a user's own export: not in it are name, phone number, picture, claims, other ways "
                "to sign in, and whether the account was disabled"
            )
    if options.json:
        print_json(done)
        return
    verb = "would be imported" if options.dry_run else "imported"
    print(f"{_account(done.account)}{counted(done.documents)} {verb}")
    print(f"{many(done.unchanged, 'document')} already just so, {done.replaced} replaced")


def _erase(authority: Authority, options: argparse.Namespace, bar: Bar) -> None:
    from dalsegno.admin._erasing import erase
    from dalsegno.admin._printing import counted, many, print_json
    from dalsegno.admin._users import existing

    uid = _uid(authority, options.user)
    if not (options.dry_run or options.yes):
        existing(authority, uid)
        _confirm(uid, authority.project)
    done = erase(authority, uid, account=options.account, dry_run=options.dry_run, tell=bar)
    bar.end_line()
    if options.json:
        print_json(done)
    else:
        left = "nothing else is left" if done.kept else "nothing is left"
        verb = "would be erased" if options.dry_run else f"erased; {left}"
        print(f"{_account(done.account)}{counted(done.documents)} {verb}")
    if not options.dry_run:
        _say(
            "a device that is on now can write until its token ends, within the hour: then run this again "
            f"(with nothing left it says that there is no such user, and ends with code {NO_SUCH_USER})"
            if options.account
            else "the account stays, and the user's devices keep their copies (--account ends the sign-ins)"
        )
        if done.kept:
            _say(f"{many(done.kept, 'sign-in')} that had been thrown out: kept on record, to stay out")


def _confirm(uid: str, project: str) -> None:
    from dalsegno._errors import UsageError
    from dalsegno.admin._printing import printable

    if not sys.stdin.isatty():
        raise UsageError("erasing cannot be undone: give --yes, or look first with --dry-run")
    _say(f"This erases the user {printable(uid)} of {project} for ever. Type the user's id to go on:")
    try:
        typed = input()
    except EOFError:
        typed = ""
    if typed.strip() != uid:
        raise UsageError("that is another id: nothing was erased")


def _prune(authority: Authority, options: argparse.Namespace, bar: Bar) -> None:
    from dalsegno.admin._printing import many, print_json
    from dalsegno.admin._pruning import prune_devices

    uid = _uid(authority, options.user) if options.user else ""
    done = prune_devices(
        authority, older_than_days=options.older_than, uid=uid, dry_run=options.dry_run, tell=bar
    )
    bar.end_line()
    if options.json:
        print_json(done)
        return
    verb = "would be forgotten" if options.dry_run else "forgotten"
    print(f"{done.pruned} of {many(done.looked_at, 'device')} {verb}")


def _account(there: bool) -> str:
    return "the account and " if there else ""


def _serve(authority: Authority, options: argparse.Namespace, bar: Bar) -> None:
    from dalsegno.admin._serving import serve

    serve(authority, options.host, options.port, behind_proxy=options.behind_proxy, say=_say)


def _say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)
