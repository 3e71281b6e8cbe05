"""The log for support: what happened, in a file that can be handed to a stranger. Off until somebody asks.

Any thread. A line is a time, an event and facts: numbers, and words of our own. Invariant: no personal data.
Names of users, devices and sessions, and all else that somebody typed, are never written; a session is a
short hash, salted anew at each start, which tells two sessions apart and leads to none. A word that is not in
the list here is written as "?": whatever somebody typed may be one word, too.
"""

from __future__ import annotations

import logging
import os
import re
import sys
import time
from pathlib import Path
from typing import Any

from dalsegno._errors import UsageError
from dalsegno._private_files import FILE, make_private_folder, tighten

VARIABLE = "DALSEGNO_LOG"
MOST_BYTES = 1 << 20
"""Of the file; the one before it is kept too, under the name with “.1”. A busy day fits."""

WORDS = frozenset(
    {
        *("linux", "darwin", "win32", "cygwin", "android", "ios"),  # systems
        *("offline", "connecting", "live", "denied", "here", "everywhere"),  # how a client stands
        *("sessions", "devices", "signins"),  # collections
        *("signUp", "signInWithPassword", "signInWithCustomToken"),  # calls of the sign-in service
        *("sendOobCode", "update", "delete", "lookup", "token"),
        *("OK", "CANCELLED", "UNKNOWN", "INTERNAL", "UNAVAILABLE"),  # answers of Firestore
        *("INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS", "UNIMPLEMENTED"),
        *("PERMISSION_DENIED", "UNAUTHENTICATED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION"),
        *("ABORTED", "OUT_OF_RANGE", "DATA_LOSS"),
    }
)
"""All that is ever said, besides numbers."""
_VERSION = re.compile(r"[0-9]\.[0-9]{1,2}(\.[0-9]{1,2})?")  # of Python; no network's address
_salt = os.urandom(16)
_log = logging.Logger("dalsegno.support")  # nobody's child: nothing goes on to an app's own handlers
_file: logging.Handler | None = None


def log_to(path: Path | str | None) -> None:
    """Writes what happens to this file from now on, for support; None ends it. Of this process.

    The environment's DALSEGNO_LOG does the same when `connect` or `account` is called. The file holds no
    personal data, takes 2 MiB at the most with the one before it, and only its user can read it.

    Raises:
        UsageError: the file cannot be written.
    """
    global _file
    before, _file = _file, None
    if before is not None:
        _log.removeHandler(before)
        before.close()
    if path is None:
        return
    file = Path(path).absolute()
    try:
        make_private_folder(file.parent)
        for old in (file, file.with_name(file.name + ".1")):
            tighten(old)
        handler = _private_file(file)
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror}; choose another file") from None
    handler.setFormatter(_Line("%(asctime)sZ %(message)s"))
    _log.addHandler(handler)
    _file = handler
    note("log", python=".".join(map(str, sys.version_info[:3])), system=sys.platform)


def _private_file(file: Path) -> logging.Handler:
    """Rotates; each new file is the user's alone from the first moment. A full disk is no error."""
    from logging.handlers import RotatingFileHandler  # most programs never need it

    class PrivateFile(RotatingFileHandler):
        def _open(self) -> Any:
            return open(
                self.baseFilename, "a", encoding="utf-8", opener=lambda path, how: os.open(path, how, FILE)
            )

        def handleError(self, record: logging.LogRecord) -> None:
            """A log is not worth failing for."""

    return PrivateFile(file, maxBytes=MOST_BYTES, backupCount=1)


def log_as_asked() -> None:
    """The environment may ask for a log."""
    named = os.environ.get(VARIABLE)
    if named and _file is None:
        log_to(Path(named).expanduser())


def is_on() -> bool:
    return _file is not None


def note(event: str, **facts: float | str | bool) -> None:
    """One line: `event`, and facts as name=value; what may stand there as a word is in `WORDS`."""
    if _file is not None:
        words = (f"{name}={_plain(value)}" for name, value in facts.items())
        _log.info(" ".join((event, *words)))


class Short(str):
    """A name of which nobody can tell whose it is; only `short` makes it."""

    __slots__ = ()


def short(name: str) -> Short:
    """A name that is to be told from others, and not to be known: the same all through this process."""
    import hashlib  # 4 ms that who wants no log need not spend

    digest = hashlib.blake2b(name.encode("utf-8", "surrogatepass"), key=_salt, digest_size=4)
    return Short("x" + digest.hexdigest().translate(_LETTERS))


_LETTERS = str.maketrans("0123456789", "ghijklmnop")


def _plain(value: float | str | bool) -> str:
    if isinstance(value, float):
        return f"{value:.0f}"
    if isinstance(value, int | Short) or value in WORDS or _VERSION.fullmatch(value):
        return str(value)
    return "?"


class _Line(logging.Formatter):
    converter = staticmethod(time.gmtime)
    default_msec_format = "%s.%03d"
