"""A server that sends back what it gets, and connections to it through a fault proxy."""

from __future__ import annotations

import socket
import threading

from dalsegno.testing import FaultProxy

TIMEOUT_S = 60.0


class Echo:
    """A server that sends back what it gets, and tells what that was."""

    def __init__(self) -> None:
        self.received = b""
        self.accepted = 0
        self.ends = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.host = "127.0.0.1:{1}".format(*self.listener.getsockname())
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.accepted += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            try:
                while data := connection.recv(65536):
                    self.received += data
                    connection.sendall(data)
            except OSError:
                pass
        self.ends += 1


def connect(link: FaultProxy) -> socket.socket:
    host, port = link.host.split(":")
    return socket.create_connection((host, int(port)), timeout=TIMEOUT_S)


def exactly(client: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size and (more := client.recv(size - len(data))):
        data += more
    return data


def says(client: socket.socket, text: bytes) -> None:
    """What is sent comes back."""
    client.sendall(text)
    assert exactly(client, len(text)) == text
