"""The fault proxy, on real sockets: each fault does what it says, and what is carried stays whole."""

from __future__ import annotations

import random
import socket
import subprocess
import sys
import threading

import pytest

from dalsegno._errors import UsageError
from dalsegno.testing import FaultProxy
from dalsegno.testing._fault_console import do
from tests.support.echo import TIMEOUT_S, Echo, connect, exactly, says
from tests.support.waiting import until


def is_reset(client: socket.socket) -> bool:
    try:
        client.recv(1)
    except ConnectionResetError:
        return True
    return False


def test_a_faultless_link_carries_everything(link: FaultProxy, echo: Echo) -> None:
    """Half a megabyte comes through both ways, byte for byte, and the bytes are counted."""
    data = random.Random(7).randbytes(500_000)
    with connect(link) as client:
        sender = threading.Thread(target=client.sendall, args=(data,))
        sender.start()
        assert exactly(client, len(data)) == data
        sender.join()
    # A chunk is counted after it was sent: the client may be the first to know.
    until(lambda: link.carried("down") == len(data), what="the count of the last bytes")
    assert (link.carried("up"), link.accepted) == (len(data), 1)
    until(lambda: link.connections == 0, what="the end of the connection")


def test_late_bytes_arrive_in_order(link: FaultProxy, echo: Echo) -> None:
    """With jitter far larger than the distance between chunks, nothing overtakes anything."""
    link.delay(1, jitter_ms=20)
    with connect(link) as client:
        for number in range(20):
            client.sendall(bytes([number]))
        assert exactly(client, 20) == bytes(range(20))


def test_delayed_bytes_wait_until_restore(link: FaultProxy, echo: Echo) -> None:
    """A delay of an hour holds bytes back; restoring the link delivers them at once."""
    with connect(link) as client:
        says(client, b"before")
        link.delay(3_600_000)
        client.sendall(b"late")
        until(lambda: link.waiting("up") == 4, what="the bytes' arrival at the link")
        link.delay(1_800_000)
        assert (link.waiting("up"), link.carried("up")) == (4, len("before"))
        link.restore()
        assert exactly(client, 4) == b"late"


def test_a_throttle_lets_through_a_little_at_a_time(link: FaultProxy, echo: Echo) -> None:
    """At a thousandth of a byte a second, one byte of the message comes; without the throttle, the rest."""
    with connect(link) as client:
        says(client, b"before")
        link.throttle(0.001)
        client.sendall(b"slow")
        until(lambda: echo.received == b"befores", what="the first byte")
        link.throttle(None)
        assert exactly(client, 4) == b"slow"


def test_a_cut_resets_and_refuses_until_restore(link: FaultProxy, echo: Echo) -> None:
    """A cut ends connections with a reset and refuses new ones; afterwards the same port answers again."""
    host = link.host
    with connect(link) as client:
        says(client, b"before")
        link.cut()
        assert is_reset(client)
    with pytest.raises(ConnectionRefusedError):
        connect(link)
    link.cut()  # twice is no different from once
    link.restore()
    assert link.host == host
    with connect(link) as client:
        says(client, b"after")
    until(lambda: echo.ends == 2, what="the server's notice of both ends")


def test_a_reset_lets_new_connections_in(link: FaultProxy) -> None:
    """A reset ends what is there, as when the network changes, and takes new connections."""
    with connect(link) as old:
        says(old, b"before")
        link.reset()
        assert is_reset(old)
    with connect(link) as new:
        says(new, b"after")


def test_refusing_leaves_old_connections_alone(link: FaultProxy) -> None:
    """Refusing new connections disturbs nobody who is connected."""
    with connect(link) as client:
        says(client, b"before")
        link.refuse()
        with pytest.raises(ConnectionRefusedError):
            connect(link)
        says(client, b"after")


def test_a_stall_holds_one_direction(link: FaultProxy, echo: Echo) -> None:
    """Stalled downwards, the server hears and answers, the client hears nothing; then everything comes."""
    with connect(link) as client:
        says(client, b"before")
        link.stall("down")
        client.sendall(b"held")
        until(lambda: echo.received == b"beforeheld", what="the server's hearing it")
        client.setblocking(False)
        with pytest.raises(BlockingIOError):
            client.recv(1)
        client.settimeout(TIMEOUT_S)
        until(lambda: link.waiting("down") == 4, what="the answer's arrival at the link")
        link.restore()
        assert exactly(client, 4) == b"held"


def test_a_stall_without_a_direction_holds_both(link: FaultProxy) -> None:
    """In a tunnel nothing moves, and nothing is lost."""
    with connect(link) as client:
        says(client, b"before")
        link.stall()
        assert link.faults.stalled == {"up", "down"}
        client.sendall(b"held")
        link.restore()
        assert exactly(client, 4) == b"held"


def test_half_open_accepts_and_swallows(link: FaultProxy, echo: Echo) -> None:
    """Half open, connections are accepted, and neither side hears of the other; restoring resets them."""
    with connect(link) as old:
        says(old, b"before")
        link.half_open()
        with connect(link) as new:
            old.sendall(b"lost")
            new.sendall(b"lost")
            until(lambda: link.accepted == 2, what="the new connection")
            until(lambda: all(c.damaged for c in link._connections), what="the loss on both")
            assert (echo.received, echo.accepted) == (b"before", 1)
            link.restore()
            assert is_reset(old)
            assert is_reset(new)


def test_half_open_spares_who_said_nothing(link: FaultProxy) -> None:
    """A connection that lost nothing while the link was half open goes on afterwards."""
    with connect(link) as client:
        says(client, b"before")
        link.half_open()
        link.restore()
        says(client, b"after")


def test_the_end_of_one_direction_is_carried(link: FaultProxy, echo: Echo) -> None:
    """A client that has said everything still hears the answer to its last word."""
    with connect(link) as client:
        client.sendall(b"last")
        client.shutdown(socket.SHUT_WR)
        assert exactly(client, 100) == b"last"
    until(lambda: echo.ends == 1, what="the server's end")


def test_a_server_that_is_down_resets_the_client() -> None:
    """Nothing listening behind the link looks to the client like a connection that breaks, now or later."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))  # nobody else gets the port, and who connects to it is refused
        with FaultProxy("127.0.0.1:{1}".format(*silent.getsockname())) as link:
            try:
                client = connect(link)
            except ConnectionResetError:
                return  # the reset was there before `connect` had returned
            with client:
                assert is_reset(client)


def test_closing_ends_everything(echo: Echo) -> None:
    """After `close` the connections are gone, the thread too, and the port is free; twice is harmless."""
    link = FaultProxy(echo.host).start()
    port = int(link.host.split(":")[1])
    with connect(link) as client:
        says(client, b"before")
        link.close()
        assert is_reset(client)
    link.close()
    assert "fault-proxy" not in {thread.name for thread in threading.enumerate()}
    socket.create_server(("127.0.0.1", port)).close()


@pytest.mark.parametrize(
    "text", ["", "8080", "127.0.0.1", "127.0.0.1:", ":80", "127.0.0.1:x", "127.0.0.1:70000"]
)
def test_a_wrong_address_is_told(text: str) -> None:
    """An address that is none is shown with what it should look like."""
    with pytest.raises(UsageError, match="is no address: it must be like"):
        FaultProxy(text)


def test_a_taken_port_is_told(echo: Echo) -> None:
    """A port that another program has is an error that names it, even if that program would share it."""
    with pytest.raises(UsageError, match=f"{echo.host} cannot be listened on"):
        FaultProxy("127.0.0.1:1", listen=echo.host).start()


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("status", "faultless; 0 connections, 0 bytes up, 0 down"),
        ("cut", "new connections refused"),
        ("refuse", "new connections refused"),
        ("reset", "faultless"),
        ("delay 20", "20 to 20 ms late"),
        ("delay 20 5.5", "20 to 25.5 ms late"),
        ("throttle 1000", "1000 bytes/s"),
        ("throttle off", "faultless"),
        ("stall", "stalled down and up"),
        ("stall up", "stalled up"),
        ("half-open", "half open"),
        ("help", "  cut "),
    ],
)
def test_a_command_does_what_it_says(link: FaultProxy, command: str, told: str) -> None:
    """Each command sets its fault, and the answer names it; restore takes every one away."""
    assert do(link, command).startswith(told)
    assert do(link, "restore").startswith("faultless")


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("explode", "'explode' is no command"),
        ("cut now", "'cut now' is no command"),
        ("delay", "'delay' is no command"),
        ("delay soon", "'soon' is no number"),
        ("delay -1", "a delay is 0 ms or more"),
        ("delay nan", "a delay is 0 ms or more"),
        ("delay inf", "a delay is 0 ms or more"),
        ("throttle 0", "a throttle is more than 0 bytes per second"),
        ("stall left", "'left' is no direction: up or down"),
    ],
)
def test_a_wrong_command_changes_nothing(link: FaultProxy, command: str, told: str) -> None:
    """A command that makes no sense is answered with what is wrong about it; the link stays as it was."""
    before = link.faults
    with pytest.raises(UsageError) as caught:
        do(link, command)
    assert str(caught.value).startswith(told)
    assert link.faults == before


def faults(echo: Echo, *options: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "dalsegno._cli", "faults", "--to", echo.host, *options]
    return subprocess.run(
        command, input=typed, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
    )


def test_the_command_line_takes_typed_commands(echo: Echo) -> None:
    """`dalsegno faults` prints where to connect, does what is typed, survives nonsense, and quits."""
    done = faults(echo, typed="cut\n\nnonsense\nquit\n")
    assert done.returncode == 0
    assert done.stdout.startswith("export FIRESTORE_EMULATOR_HOST=127.0.0.1:")
    told = done.stderr.splitlines()
    assert told[1].startswith("new connections refused; 0 connections")
    assert told[2].startswith("'nonsense' is no command")


def test_the_command_line_follows_a_timetable(echo: Echo) -> None:
    """Steps of a timetable are done in the order of their times, however they were given."""
    done = faults(echo, "--at", "0.02 quit", "--at", "0 cut", "--at", "0.01s restore")
    assert done.returncode == 0
    steps = [line for line in done.stderr.splitlines() if line.startswith("> ")]
    assert steps == ["> cut", "> restore", "> quit"]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--at", "5"], "dalsegno: '5' is no step of a timetable"),
        (["--at", "inf quit"], "dalsegno: 'inf quit' is no step of a timetable"),
        (["--at", "nan quit"], "dalsegno: 'nan quit' is no step of a timetable"),
        (["--at=-1 quit"], "dalsegno: '-1 quit' is no step of a timetable"),
        (["--at", "soon cut"], "dalsegno: 'soon' is no number"),
        (["--listen", "here"], "dalsegno: 'here' is no address"),
    ],
)
def test_the_command_line_refuses_nonsense(echo: Echo, options: list[str], told: str) -> None:
    """What the command line cannot do it says in a sentence, with exit code 1."""
    done = faults(echo, *options)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(told)
