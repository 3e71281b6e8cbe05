"""The pairing helper on a port of its own, a desk that answers as it is told, and requests to it."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from dalsegno.admin._pairing_desk import Desk
from dalsegno.admin._pairing_server import PairingServer


class ScriptedDesk:
    """Answers as it is told, and remembers from which address."""

    def __init__(self) -> None:
        self.failing: Exception | None = None
        self.addresses: list[str] = []

    def give_code(self, id_token: str, address: str) -> str:
        self.addresses.append(address)
        if self.failing:
            raise self.failing
        return "K7QM4XTR"

    def redeem(self, code: str, address: str) -> str:
        self.addresses.append(address)
        if self.failing:
            raise self.failing
        return "minted"


@contextmanager
def serving(desk: Desk | ScriptedDesk) -> Iterator[PairingServer]:
    """Answers on a thread of its own, until the block is left."""
    with PairingServer(desk) as server:  # type: ignore[arg-type]
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def ask(
    server: PairingServer,
    path: str,
    body: bytes | None,
    headers: dict[str, str] | None = None,
    method: str = "POST",
) -> tuple[int, dict[str, object], dict[str, str]]:
    """One request → (status, content, headers)."""
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=30)
    try:
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        return response.status, json.loads(response.read()), dict(response.getheaders())
    finally:
        connection.close()


def exchange(server: PairingServer, raw: bytes) -> bytes:
    """All that comes back for these bytes."""
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=30) as connection:
        connection.sendall(raw)
        return b"".join(iter(lambda: connection.recv(4096), b""))
