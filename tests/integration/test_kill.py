"""Processes killed with SIGKILL right after `update` returned: what was edited is there, once."""

from __future__ import annotations

from tests.integration.conftest import StartDevice
from tests.support.server import Server

EARLY_DEATHS = 16
LATE_DEATHS = 6


def test_edits_survive_deaths_before_any_network(device: StartDevice, server: Server) -> None:
    """Each process edits and is killed before it ever spoke to the server; the last one sends everything."""
    for number in range(EARLY_DEATHS):
        phone = device("phone", fresh=True)
        found = phone.open("book")
        assert number / EARLY_DEATHS == found["furthest"]
        phone.open(f"book-{number}")
        phone.update(f"book-{number}", note=f"words {number}")
        phone.update("book", furthest=(number + 1) / EARLY_DEATHS)
        phone.kill()

    survivor = device("phone")
    assert 1.0 == survivor.open("book")["furthest"]
    survivor.until_saved(timeout_s=60.0)
    assert {"furthest": 1.0} == server.state("book")
    notes = [server.state(f"book-{number}") for number in range(EARLY_DEATHS)]
    assert [{"note": f"words {number}"} for number in range(EARLY_DEATHS)] == notes


def test_edits_survive_deaths_with_a_commit_on_its_way(device: StartDevice, server: Server) -> None:
    """Killed while the commit may or may not have arrived: each edit was applied exactly once, in the end."""
    for number in range(1, LATE_DEATHS + 1):
        phone = device("phone", fresh=True)
        phone.open("book")
        phone.until_link("live")
        phone.until_saved()
        phone.update("book", note=f"words {number}")
        phone.kill()

    survivor = device("phone")
    assert f"words {LATE_DEATHS}" == survivor.open("book")["note"]
    survivor.until_saved()
    assert {"note": f"words {LATE_DEATHS}"} == server.state("book")
    assert LATE_DEATHS == (server.session("book") or {})["rev"]


def test_the_other_device_hears_of_an_edit_whose_process_is_dead(device: StartDevice) -> None:
    """The phone dies right after a page turn and is started again: the laptop is told, without a click."""
    laptop = device("laptop")
    laptop.open("book")
    laptop.until_link("live")
    phone = device("phone", fresh=True)
    phone.open("book")
    phone.update("book", note="last words")
    phone.kill()
    device("phone").open("book")
    assert ["note"] == laptop.heard("book", note="last words")["fields"]


def test_a_dead_process_leaves_its_profile_free(device: StartDevice) -> None:
    """The lock of a profile dies with its process: the next start is not refused."""
    phone = device("phone", fresh=True)
    phone.open("book")
    phone.update("book", note="held")
    phone.kill()
    again = device("phone")
    assert "held" == again.open("book")["note"]
