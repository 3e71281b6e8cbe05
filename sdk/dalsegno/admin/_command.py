"""`dalsegno admin …`: administration on the command line. Imports what it needs when it runs.

Invariant: results go to stdout, everything else to stderr; what a user's device wrote (its name) cannot steer
the terminal.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dalsegno.admin._access import Authority
    from dalsegno.admin._listing import Holdings, KnownDevice
    from dalsegno.admin._progress import Bar

Task = Callable[["Authority", argparse.Namespace, "Bar"], None]
Stoppable = Callable[[], AbstractContextManager[None]]

INTERRUPTED = "interrupted: what is done stays done; run the same command again"
DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8765


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
        if dry_run:
            command.add_argument(
                "--dry-run", action="store_true", help="change nothing, say what would be done"
            )
        command.set_defaults(run=lambda options: _run(task, options, stoppable))
        return command

    command = add("list", "list a user's sessions and devices", _list, dry_run=False)
    command.add_argument("uid", help="the user's id in Firebase Auth")
    command.add_argument("--json", action="store_true", help="as JSON")

    command = add("export", "write everything of a user into a JSON file", _export, dry_run=True)
    command.add_argument("uid", help="the user's id in Firebase Auth")
    command.add_argument("--to", type=Path, metavar="FILE", help="default: export-UID.json in this folder")

    command = add("erase", "erase a user: sessions, marks, devices", _erase, dry_run=True)
    command.add_argument("uid", help="the user's id in Firebase Auth")
    command.add_argument("--account", action="store_true", help="the account in Firebase Auth, too")
    command.add_argument("--yes", action="store_true", help="do not ask")

    command = add("prune-devices", "forget devices that were not seen for long", _prune, dry_run=True)
    command.add_argument("--older-than", type=int, required=True, metavar="DAYS")
    command.add_argument("--user", default="", metavar="UID", help="of this user only (default: of all)")

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

    try:
        with (
            stoppable(),
            Authority.open(options.project) as authority,
            Bar(quiet=options.quiet) as bar,
        ):
            task(authority, options, bar)
    except KeyboardInterrupt:
        if task is not _serve:
            _say(INTERRUPTED)
            return 128 + signal.SIGINT
    return 0


# --- list ---------------------------------------------------------------------------------------------


def _list(authority: Authority, options: argparse.Namespace, bar: Bar) -> None:
    from dalsegno.admin._listing import holdings

    found = holdings(authority, options.uid, tell=bar)
    bar.end_line()
    if options.json:
        json.dump(asdict(found), sys.stdout, default=_moment, indent=2)
        print()
    else:
        _print_holdings(found)


def _print_holdings(found: Holdings) -> None:
    print(f"{_many(len(found.sessions), 'session')}")
    _print_table(
        ("id", "schema", "rev", "written by", "at"),
        ((s.id, s.schema, str(s.rev), s.device, _moment(s.at)) for s in found.sessions),
    )
    print(f"{_many(len(found.devices), 'device')}")
    _print_table(
        ("id", "name", "kind", "platform", "app", "seen", "now"),
        ((d.id, d.name, d.kind, d.platform, d.app, _moment(d.seen), _now(d)) for d in found.devices),
    )
    for collection, number in sorted(found.others.items()):
        print(f"{number} in {_printable(collection)}")


def _print_table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    lines = [head, *(tuple(_printable(cell) for cell in row) for row in rows)]
    if len(lines) == 1:
        return
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    for line in lines:
        print("  " + "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def _printable(text: str) -> str:
    """Without what steers a terminal."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def _now(device: KnownDevice) -> str:
    return "signed out" if device.signed_out else "online" if device.online else ""


def _moment(at: datetime | None) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%SZ") if at else "never"


# --- export, erase, prune -----------------------------------------------------------------------------


def _export(authority: Authority, options: argparse.Namespace, bar: Bar) -> None:
    from dalsegno.admin._access import checked_uid
    from dalsegno.admin._exporting import export

    to = options.to or Path(f"export-{checked_uid(options.uid)}.json")
    done = export(authority, options.uid, to, dry_run=options.dry_run, tell=bar)
    bar.end_line()
    if not authority.has_accounts:
        _say("there is no Auth emulator, so no account is in the export")
    account = "the account and " if done.account else ""
    where = "would be exported" if options.dry_run else f"→ {to}"
    print(f"{account}{_counts(done.documents)} {where}")


def _erase(authority: Authority, options: argparse.Namespace, bar: Bar) -> None:
    from dalsegno.admin._access import checked_uid
    from dalsegno.admin._erasing import erase

    uid = checked_uid(options.uid)
    if not (options.dry_run or options.yes):
        _confirm(uid, authority.project)
    done = erase(authority, uid, account=options.account, dry_run=options.dry_run, tell=bar)
    bar.end_line()
    account = "the account and " if done.account else ""
    left = "nothing else is left" if done.kept else "nothing is left"
    verb = "would be erased" if options.dry_run else f"erased; {left}"
    print(f"{account}{_counts(done.documents)} {verb}")
    if not options.dry_run:
        _say(
            "a device that is on now can write until its token ends, within the hour: then run this again"
            if options.account
            else "the account stays, and the user's devices keep their copies (--account ends the sign-ins)"
        )
        if done.kept:
            _say(f"{_many(done.kept, 'sign-in')} that had been thrown out: kept on record, to stay out")


def _confirm(uid: str, project: str) -> None:
    from dalsegno._errors import UsageError

    if not sys.stdin.isatty():
        raise UsageError("erasing cannot be undone: give --yes, or look first with --dry-run")
    _say(f"This erases the user {_printable(uid)} of {project} for ever. Type the user's id to go on:")
    if input().strip() != uid:
        raise UsageError("that is another id: nothing was erased")


def _prune(authority: Authority, options: argparse.Namespace, bar: Bar) -> None:
    from dalsegno.admin._pruning import prune_devices

    done = prune_devices(
        authority, older_than_days=options.older_than, uid=options.user, dry_run=options.dry_run, tell=bar
    )
    bar.end_line()
    verb = "would be forgotten" if options.dry_run else "forgotten"
    print(f"{done.pruned} of {_many(done.looked_at, 'device')} {verb}")


def _counts(documents: Mapping[str, int]) -> str:
    return ", ".join(f"{n} in {_printable(name)}" for name, n in sorted(documents.items())) or "no documents"


def _many(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


# --- pairing ------------------------------------------------------------------------------------------


def _serve(authority: Authority, options: argparse.Namespace, bar: Bar) -> None:
    import logging

    from dalsegno._auth.unsigned import is_loopback
    from dalsegno._errors import UsageError
    from dalsegno.admin._pairing_desk import Desk
    from dalsegno.admin._pairing_server import PairingServer

    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s: %(message)s", stream=sys.stderr)
    logging.getLogger("dalsegno.pairing").setLevel(logging.INFO)
    desk = Desk(authority.accounts, authority.sign_ins)
    try:
        server = PairingServer(desk, options.host, options.port, behind_proxy=options.behind_proxy)
    except (OSError, OverflowError) as error:
        raise UsageError(
            f"the pairing helper cannot answer at {options.host}:{options.port}: {error}"
        ) from None
    with server:
        print(server.url, flush=True)
        _say(f"pairing for {authority.project}{' (emulated)' if authority.emulated else ''}; Ctrl-C ends it")
        if not is_loopback(f"{options.host}:0"):
            _say(
                "this is plain HTTP, and tokens travel on it: put a proxy with TLS in front (see SECURITY.md)"
            )
        server.serve_forever()


def _say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)
