"""Runs the pairing helper until it is stopped, with its log on stderr."""

from __future__ import annotations

import contextlib
import logging
import sys
import threading
from collections.abc import Callable

from dalsegno._auth.unsigned import is_loopback
from dalsegno._errors import UsageError
from dalsegno.admin._access import Authority
from dalsegno.admin._pairing_desk import Desk
from dalsegno.admin._pairing_server import MOST_CONNECTIONS, PairingServer

FILES = 2 * MOST_CONNECTIONS + 100
"""Each connection is one, each request at work opens some, and Google's libraries keep theirs."""
WAKE_S = 1.0
"""Windows tells a thread of Ctrl-C only when it wakes."""


def serve(
    authority: Authority, host: str, port: int, *, behind_proxy: bool, say: Callable[[str], None]
) -> None:
    """Prints the address to stdout, and answers there.

    Raises:
        UsageError: it cannot answer there.
    """
    allow_files()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s: %(message)s", stream=sys.stderr)
    logging.getLogger("dalsegno.pairing").setLevel(logging.INFO)
    desk = Desk(authority.accounts, authority.sign_ins)
    try:
        server = PairingServer(desk, host, port, behind_proxy=behind_proxy)
    except (OSError, OverflowError) as error:
        raise UsageError(f"the pairing helper cannot answer at {host}:{port}: {error}") from None
    with server:
        print(server.url, flush=True)
        say(f"pairing for {authority.project}{' (emulated)' if authority.emulated else ''}; Ctrl-C ends it")
        if behind_proxy and not is_loopback(f"{host}:0"):
            say("this is plain HTTP: see that nobody but the proxy reaches it (SECURITY.md)")
        elif not is_loopback(f"{host}:0"):
            say("this is plain HTTP, and tokens travel on it: put a proxy with TLS before it (SECURITY.md)")
        _serve_until_stopped(server)


def allow_files(most: int = FILES) -> None:
    """So many open files, as far as the system lets us; macOS gives a process 256, unless it asks."""
    try:
        import resource
    except ImportError:  # Windows counts otherwise
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = most if hard == resource.RLIM_INFINITY else min(most, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _serve_until_stopped(server: PairingServer) -> None:
    """What stops us is raised here, and never in the middle of somebody's request."""
    ended = (
        threading.Event()
    )  # not the thread's own join: interrupted, it takes a living thread for a dead one

    def run() -> None:
        try:
            server.serve_forever()
        finally:
            ended.set()

    threading.Thread(target=run, name="dalsegno-pairing", daemon=True).start()
    try:
        while not ended.wait(WAKE_S):
            pass
    finally:
        server.shutdown()
        ended.wait(WAKE_S)
