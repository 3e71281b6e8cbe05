"""Somebody who has copied a device's token, and needs no SDK: what the rules let pass.

Plain HTTP to the Firestore emulator; blocks the caller's thread.
"""

from __future__ import annotations

import http.client
import json
from typing import Any, Final

REFUSED: Final = 403
GRANTED: Final = 200
PATIENCE_S = 30.0


class Thief:
    """`firestore`: the emulator's "host:port". `ds.User.id_token` is what was copied."""

    def __init__(self, firestore: str, project: str, uid: str, token: str) -> None:
        self._host = firestore
        self._below = f"/v1/projects/{project}/databases/(default)/documents/users/{uid}"
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self._card = ""

    def reads(self) -> int:
        """All places of the user; the HTTP status."""
        return self._ask("GET", "/sessions")[0]

    def renames(self, device: str) -> int:
        """Writes a device's name, as any device of the user may; the HTTP status."""
        if not self._card:
            cards = self._ask("GET", "/devices")[1].get("documents", [])
            named = [card for card in cards if card["fields"]["name"]["stringValue"] == device]
            self._card = named[0]["name"].rpartition("/")[2] if named else "none"
        name = {"fields": {"name": {"stringValue": device}}}
        return self._ask("PATCH", f"/devices/{self._card}?updateMask.fieldPaths=name", name)[0]

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
        address, _, port = self._host.rpartition(":")
        connection = http.client.HTTPConnection(address, int(port), timeout=PATIENCE_S)
        try:
            content = None if body is None else json.dumps(body)
            connection.request(method, self._below + path, content, self._headers)
            response = connection.getresponse()
            answer: dict[str, Any] = json.loads(response.read())
            return response.status, answer
        finally:
            connection.close()
