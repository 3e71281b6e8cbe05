"""What a stranger can import is what is documented: the public names, module by module."""

from __future__ import annotations

import importlib
import inspect
import pickle
import subprocess
import sys
import typing

import pytest

import dalsegno as ds

SURFACE = {
    "dalsegno": """
        Account Advice Anonymous Change Client Closed Corrupt Counters CustomToken DalSegnoError Denied
        Device DeviceInfo EmailPassword EmulatorError Holder KeyringLocked Link LocalData Locator Mark
        NotTaken Offline Ordered Origin Playhead Problem ProfileInUse Recent Refusal Rule Saved
        Session SignIn SignInRefused SignedIn State
        Status StorageDenied StorageFull StoredUser Transfer Unsigned UsageError User Why account add
        connect counter held highest latest log_to lowest on_this_device ordered restart text
    """,
    "dalsegno.admin": """
        Authority Erased Exported Holdings Imported KnownAccount KnownDevice KnownSession NoSuchUser Pruned
        erase export holdings import_user prune_devices
    """,
    "dalsegno.asyncio": "Client Session connect",
    "dalsegno.kivy": "bind deliver",
    "dalsegno.locators": """
        Confidence Found Locations Locator Text XHTML locate offset_at progression_at
    """,
    "dalsegno.pairing": "PairingCode redeem request_code",
    "dalsegno.testing": """
        AuthEmulator Direction FaultProxy Faults FirestoreEmulator HOST_VARIABLE LOOPBACK Launcher Process
        SimulatedFirestore VirtualClock
    """,
}
"""All there is. A name that is added here must be documented; one that goes breaks somebody's app."""

CLIENT = """
    close counters device devices flush network_changed notices now_ms on_devices on_status open pause recent
    rename_device resume sign_out_device status user
"""
SESSION = """
    advance changes close discard fresh go_back holder id known marks on_change on_holder on_marks
    on_transfer problems release saved settled state take_over transfer update wait_known wait_saved
"""

modules = pytest.mark.parametrize("module", SURFACE)


@modules
def test_each_module_shows_its_public_names_and_nothing_else(module: str) -> None:
    """`__all__`, what `dir()` shows without an underscore, and this list are one."""
    found = importlib.import_module(module)
    names = set(SURFACE[module].split())
    assert names == {name for name in dir(found) if not name.startswith("_")}
    assert names == set(found.__all__) - {"__version__"}
    assert all(hasattr(found, name) for name in names)


@modules
def test_names_say_where_they_are_imported_from(module: str) -> None:
    """Tracebacks and reprs of a class or function name its public module."""
    found = importlib.import_module(module)
    for name in SURFACE[module].split():
        value = getattr(found, name)
        if isinstance(value, type) or inspect.isfunction(value):
            assert value.__module__ in SURFACE, f"{name} is of {value.__module__}"
            assert value is getattr(importlib.import_module(value.__module__), name)


def test_a_name_is_of_its_module_before_it_is_asked_for() -> None:
    """The error that a client raises, and the session that it gives, are known by their public names though
    nobody has imported them."""
    code = """
import tempfile, dalsegno as ds
class Book(ds.State, schema="book/1"):
    note: str = ds.latest("")
home, emulator = tempfile.mkdtemp(), "127.0.0.1:9"
with ds.connect("demo-x", user=ds.Unsigned("alice"), home=home, emulator=emulator) as client:
    print(type(client), type(client.open("x", Book)), ds.UsageError)
    client.close(0.0)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    names = "dalsegno.Client", "dalsegno.Session", "dalsegno.UsageError"
    assert " ".join(f"<class '{name}'>" for name in names) == done.stdout.strip()


def test_public_values_can_be_pickled() -> None:
    """By the name under which they are public."""
    for value in (ds.Locator("a.xhtml"), ds.Saved.HERE, ds.Status(ds.Link.LIVE, "", ds.Saved.HERE)):
        assert value == pickle.loads(pickle.dumps(value))


@pytest.mark.parametrize("name", sorted(set(SURFACE["dalsegno"].split()) - {"Recent"}))
def test_types_of_public_classes_can_be_resolved(name: str) -> None:
    """Other libraries ask for them (`typing.get_type_hints`). Not for `Recent`: a value may hold values, and
    Python itself cannot resolve that."""
    value = getattr(ds, name)
    if isinstance(value, type):
        typing.get_type_hints(value)


@pytest.mark.parametrize(("kind", "names"), [(ds.Client, CLIENT), (ds.Session, SESSION)])
def test_a_client_and_a_session_show_what_is_documented(kind: type, names: str, tmp_path: object) -> None:
    """Their inside has underscores, as methods and as attributes."""
    client = ds.connect("demo-x", user=ds.Unsigned("alice"), home=str(tmp_path), emulator="127.0.0.1:9")

    class Book(ds.State, schema="book/1"):
        note: str = ds.latest("")

    with client, client.open("x", Book) as session:
        thing = client if kind is ds.Client else session
        assert set(names.split()) == {name for name in dir(thing) if not name.startswith("_")}
        client.close(0.0)
