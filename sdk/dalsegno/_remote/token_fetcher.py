"""Fetches the user's token before each call. Any thread.

Invariant: the caller never waits. A token that is at hand is used at once; otherwise one short-lived thread
asks for it, and the calls wait in line for that thread.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import TypeAlias

from dalsegno._core.messages import RpcError
from dalsegno._core.ports import TokenSource
from dalsegno._errors import Denied, Offline, UsageError

_log = logging.getLogger(__name__)

_Go: TypeAlias = Callable[[str], None]
_Failed: TypeAlias = Callable[[RpcError], None]


class TokenFetcher:
    """Hands a token to each call, or the reason why there is none."""

    def __init__(self, tokens: TokenSource) -> None:
        self._tokens = tokens
        self._lock = threading.Lock()
        self._waiting: deque[tuple[_Go, _Failed]] = deque()
        self._fetching = False
        self._newest = ""
        self._refused, self._refusals = "", 0

    def fetch(self, go: _Go, failed: _Failed) -> None:
        """Calls `go(token)` or `failed(fault)`, once, on this thread or another."""
        with self._lock:
            token = None if self._fetching else self._tokens.peek()
            if token is None:
                self._waiting.append((go, failed))
                if not self._fetching:
                    self._fetching = True
                    threading.Thread(target=self._fetch, name="dalsegno-token", daemon=True).start()
                return
            self._newest = token
        go(token)

    def lasts_s(self, token: str) -> float | None:
        """See `TokenSource.lasts_s`."""
        return self._tokens.lasts_s(token)

    def refused(self, token: str) -> None:
        """The server would not have this token; a newer one may be there already, and must not be dropped."""
        with self._lock:
            self._refused = token
            self._refusals += 1

    def drop(self) -> None:
        """The token that was refused is no good any more; if none was seen to be, the newest.

        Several calls fail by one token, and a drop follows each of them: at the second there may be a new
        token, which nobody has refused.
        """
        with self._lock:
            seen = self._refusals > 0
            self._refusals -= seen
            token = self._refused if seen else self._newest
            if token:
                self._tokens.drop(token)

    def _fetch(self) -> None:
        token, fault = self._ask()
        while True:
            with self._lock:
                self._newest = token or self._newest
                if not self._waiting:
                    self._fetching = False
                    return
                go, failed = self._waiting.popleft()
            if fault is not None:
                failed(fault)
            else:
                go(token)

    def _ask(self) -> tuple[str, RpcError | None]:
        try:
            return self._tokens.token(), None
        except (Denied, UsageError) as error:
            return "", RpcError("UNAUTHENTICATED", str(error))
        except Offline as error:
            return "", RpcError("UNAVAILABLE", str(error))
        except Exception as error:  # noqa: BLE001 - a sign-in that breaks must not leave calls unanswered
            _log.warning("no token: %s", type(error).__name__)
            return "", RpcError(
                "UNAVAILABLE", f"the user's token could not be fetched ({type(error).__name__})"
            )
