"""A device on google-cloud-firestore alone, in a process of its own; run by `benchmarks`.

It makes the same commits as Dal Segno: the same fields under the same mask, the same transforms, and the
precondition that the document is as it was last seen; signed in as the same user, on a device that is
registered like Dal Segno's, under the same rules.
"""

from __future__ import annotations

import os
import secrets
import sys
import time
from typing import Any

from google.cloud import firestore
from google.cloud.firestore_v1.field_path import FieldPath

from benchmarks.ours import footprint, place
from tests.support.child import serve, tell
from tests.support.users import register, stock_client

DEVICE = secrets.token_hex(8)
SIGNED_IN_S = int(DEVICE[:8], 16)  # each device under a sign-in of its own, as Dal Segno's


class Stock:
    """What the bench can ask of the process."""

    def __init__(self) -> None:
        self._client: Any = None
        self._plain: Any = None
        self._documents: dict[str, Any] = {}
        self._known: dict[str, tuple[Any, int]] = {}
        self._watches: list[Any] = []
        self._held = 0

    def start(self, project: str, open_project: str, host: str) -> None:
        self._client = stock_client(host, project, "alice", SIGNED_IN_S)
        self._plain = stock_client(host, open_project, "alice", SIGNED_IN_S)
        register(self._client, "alice", DEVICE, SIGNED_IN_S)

    def create(self, sessions: list[str]) -> None:
        """Documents as Dal Segno creates them."""
        for name in sessions:
            fields = _commit({}, 0, 1)
            state, stamps, basis = ({n: fields[f"{part}.{n}"] for n in _FIELDS} for part in _PARTS)
            whole = {k: v for k, v in fields.items() if "." not in k}
            whole |= {"schema": "reading/1", "holder": None, "state": state, "stamps": stamps, "basis": basis}
            result = self._document(name).create(whole)
            self._known[name] = (result.update_time, 1)

    def listen(self, sessions: list[str]) -> None:
        """One `on_snapshot` each; returns when all have told their first snapshot."""
        for name in sessions:
            self._watches.append(self._document(name).on_snapshot(self._heard))

    def listen_plain(self, names: list[str]) -> None:
        for name in names:
            document = self._plain.collection("plain").document(name)
            self._watches.append(document.on_snapshot(self._heard_plain))

    def firsts(self) -> int:
        """How many snapshots came so far."""
        return self._held

    def update(self, session: str, serial: int, rest_s: float = 0.0) -> list[int]:
        """One page turn; gives when `update` was called and when it returned, nanoseconds.

        `rest_s`: how long to be silent after it.
        """
        seen, rev = self._known[session]
        here = place(serial).to_value()
        before = time.monotonic_ns()
        fields = _commit(here, rev, serial)
        option = self._client.write_option(last_update_time=seen)
        result = self._document(session).update(fields, option=option)
        after = time.monotonic_ns()
        self._known[session] = (result.update_time, rev + 1)
        time.sleep(rest_s)
        return [before, after]

    def load(self, sessions: list[str], seconds: float, per_s: float) -> int:
        """Page turns at this pace, at the most, on all sessions in turn; gives how many there were."""
        count, start = 0, time.monotonic()
        while (now := time.monotonic()) < start + seconds:
            self.update(sessions[count % len(sessions)], 10_000_000 + count)
            count += 1
            time.sleep(max(0.0, start + count / per_s - now))
        return count

    def set_plain(self, name: str, serial: int, rest_s: float = 0.0) -> list[int]:
        document = self._plain.collection("plain").document(name)
        before = time.monotonic_ns()
        document.set({"serial": serial})
        after = time.monotonic_ns()
        time.sleep(rest_s)
        return [before, after]

    def footprint(self) -> dict[str, Any]:
        return footprint()

    def _document(self, name: str) -> Any:
        if name not in self._documents:
            path = ("users", "alice", "sessions", name)
            self._documents[name] = self._client.document(*path)
        return self._documents[name]

    def _heard(self, documents: list[Any], *_: object) -> None:
        at_ns = time.monotonic_ns()
        self._held += 1
        for document in documents:
            value = document.get(FieldPath("state", "place").to_api_repr())
            tell(heard=value.get("locations", {}).get("position"), at_ns=at_ns)

    def _heard_plain(self, documents: list[Any], *_: object) -> None:
        at_ns = time.monotonic_ns()
        self._held += 1
        for document in documents:
            tell(heard=document.get("serial"), at_ns=at_ns)


_PARTS = ("state", "stamps", "basis")
_FIELDS = ("place", "furthest")


def _commit(here: Any, rev: int, serial: int) -> dict[str, Any]:
    """The fields of one commit; nested names are field paths, so the mask is the same as Dal Segno's."""
    now_ms = time.time_ns() // 1_000_000
    stamp = f"{now_ms:015d}-00000-{DEVICE}"
    return {
        "state.place": here,
        "state.furthest": serial / 1e6,
        "stamps.place": stamp,
        "stamps.furthest": stamp,
        "basis.place": rev,
        "basis.furthest": rev,
        "hlc": now_ms,
        "device": DEVICE,
        "rev": firestore.Increment(1),
        "at": firestore.SERVER_TIMESTAMP,
    }


if __name__ == "__main__":
    serve(Stock())
    sys.stdout.flush()
    os._exit(0)  # listeners of the stock client keep a process from ending
