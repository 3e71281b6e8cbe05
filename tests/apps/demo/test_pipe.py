"""The wire that the demo cuts."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress

import pytest

from apps.demo.pipe import Pipe


@pytest.fixture
def echo():
    """A server that sends back what it gets."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve(connection):
        with connection, suppress(OSError):
            while data := connection.recv(1024):
                connection.sendall(data)

    def accept():
        with suppress(OSError):
            while True:
                connection, _ = server.accept()
                threading.Thread(target=serve, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    yield f"127.0.0.1:{server.getsockname()[1]}"
    server.shutdown(socket.SHUT_RDWR)
    server.close()


def connect(pipe):
    address, _, port = pipe.host.rpartition(":")
    return socket.create_connection((address, int(port)), timeout=5)


def said_back(connection, words):
    try:
        connection.sendall(words)
        return connection.recv(1024)
    except OSError:
        return b""


def test_what_goes_in_comes_out_at_the_other_end_and_back(echo):
    """A whole wire carries bytes in both directions."""
    with Pipe(echo) as pipe, connect(pipe) as connection:
        assert said_back(connection, b"da capo") == b"da capo"


def test_a_cut_breaks_what_is_connected_and_lets_nothing_new_through(echo):
    """After the cut neither the old connection nor a new one carries anything."""
    with Pipe(echo) as pipe, connect(pipe) as before:
        assert said_back(before, b"segno") == b"segno"
        pipe.cut()
        with connect(pipe) as after:
            assert [b"", b""] == [said_back(before, b"?"), said_back(after, b"?")]


def test_a_mended_wire_carries_new_connections(echo):
    """Those who connect again get through."""
    with Pipe(echo) as pipe:
        pipe.cut()
        pipe.mend()
        with connect(pipe) as connection:
            assert said_back(connection, b"al fine") == b"al fine"


def test_a_wire_to_nowhere_closes_its_connections():
    """With no emulator behind it, whoever connects is told at once, and does not wait."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        nobody = f"127.0.0.1:{free.getsockname()[1]}"
    with Pipe(nobody) as pipe, connect(pipe) as connection:
        assert said_back(connection, b"?") == b""
