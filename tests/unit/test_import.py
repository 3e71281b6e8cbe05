"""What `import dalsegno` loads: an app names its states and shows its place before any network stack."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

import dalsegno as ds

HEAVY = ("grpc", "google", "kivy", "firebase_admin", "numpy", "platformdirs", "sqlite3")


def modules_after(code: str) -> set[str]:
    """The modules that a fresh interpreter has loaded after `code`."""
    report = f"{code}\nimport json, sys\nprint(json.dumps(list(sys.modules)))"
    command = [sys.executable, "-c", report]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


def test_import_loads_no_network_stack_no_toolkit_and_no_database() -> None:
    """`import dalsegno` loads neither grpc nor google nor Kivy, and not the engine or the store either."""
    loaded = modules_after("import dalsegno")
    assert set() == {name for name in loaded if name.split(".")[0] in HEAVY}
    assert set() == loaded & {"dalsegno._client.client", "dalsegno._client.connect"}


def test_a_state_class_needs_no_engine() -> None:
    """To declare a State and name a place, the engine and the store need not be loaded."""
    code = """
import dalsegno as ds
class Reading(ds.State, schema="reading/1"):
    place: ds.Locator | None = ds.latest(ds.Locator("chapter-1.xhtml"))
Reading()
"""
    engine = {"dalsegno._client.client", "dalsegno._client.connect", "dalsegno._client.session"}
    assert set() == modules_after(code) & {*engine, "sqlite3"}


def test_connecting_and_opening_needs_no_network_stack() -> None:
    """A place comes from disk before grpc is imported: what loads it is a thread that starts later."""
    code = """
import dalsegno._client.runtime as r, tempfile, dalsegno as ds
class Reading(ds.State, schema="reading/1"):
    furthest: float = ds.highest(0.0)
started = []
r.Runtime._dial = lambda self: started.append(self)
client = ds.connect("demo-import", user=ds.Unsigned("alice"), home=tempfile.mkdtemp(), emulator="127.0.0.1:9")
assert client.open("book", Reading).state.furthest == 0.0
"""
    loaded = modules_after(code)
    assert set() == {name for name in loaded if name.split(".")[0] in ("grpc", "google")}
    signs_in = {"dalsegno._auth.account", "dalsegno._auth.identity_toolkit", "dalsegno._client.account_data"}
    assert set() == loaded & signs_in  # an unsigned user needs none of it


def test_every_public_name_is_there() -> None:
    """Each name in `__all__` can be had, those that load the engine too, and `dir` shows them."""
    missing = [name for name in ds.__all__ if not hasattr(ds, name)]
    assert [] == missing
    assert set(ds.__all__) <= set(dir(ds))


def test_star_import_gives_the_public_names() -> None:
    """`from dalsegno import *` brings `connect` and `Unsigned`, though they are loaded late."""
    code = "from dalsegno import *\nassert connect.__name__ == 'connect' and Unsigned('alice').uid == 'alice'"
    assert "dalsegno._client.connect" in modules_after(code)


def test_an_unknown_name_is_an_attribute_error() -> None:
    """A name that does not exist is refused the way every module refuses it."""
    with pytest.raises(AttributeError, match="module 'dalsegno' has no attribute 'conect'"):
        ds.conect  # type: ignore[attr-defined]  # noqa: B018
