"""What the command line prints of a user: tables for people, JSON for programs.

Invariant: what a user's device wrote (its name) cannot steer the terminal.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dalsegno.admin._listing import Holdings, KnownDevice
    from dalsegno.admin._users import KnownAccount


def print_json(found: Any) -> None:
    """A dataclass; times as text, None for what never was."""
    json.dump(asdict(found), sys.stdout, default=_moment, indent=2)
    print()


def print_holdings(found: Holdings) -> None:
    print(_account(found.account))
    print(many(len(found.sessions), "session"))
    _print_table(
        ("id", "schema", "rev", "written by", "at"),
        ((s.id, s.schema, str(s.rev), s.device, _moment(s.at)) for s in found.sessions),
    )
    print(many(len(found.devices), "device"))
    _print_table(
        ("id", "name", "kind", "platform", "app", "seen", "now"),
        ((d.id, d.name, d.kind, d.platform, d.app, _moment(d.seen), _now(d)) for d in found.devices),
    )
    for collection, number in sorted(found.others.items()):
        print(f"{number} in {printable(collection)}")


def _account(account: KnownAccount | None) -> str:
    if account is None:
        return "no account"
    ways = ", ".join(account.providers) or "no provider (anonymous, or by custom tokens)"
    parts = [
        "account DISABLED" if account.disabled else "account",
        f"{account.email} ({'verified' if account.email_verified else 'not verified'})"
        if account.email
        else "no e-mail address",
        ways,
        f"made {_moment(account.created)}",
        f"last sign-in {_moment(account.last_signed_in)}",
    ]
    return printable("  ".join(parts))


def _print_table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    lines = [head, *(tuple(printable(cell) for cell in row) for row in rows)]
    if len(lines) == 1:
        return
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    for line in lines:
        print("  " + "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def printable(text: str) -> str:
    """Without what steers a terminal."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def _now(device: KnownDevice) -> str:
    return "signed out" if device.signed_out else "online" if device.online else ""


def _moment(at: datetime | None) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%SZ") if at else "never"


def counted(documents: Mapping[str, int]) -> str:
    """So many in each collection."""
    return ", ".join(f"{n} in {printable(name)}" for name, n in sorted(documents.items())) or "no documents"


def many(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
