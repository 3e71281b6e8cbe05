"""Fixtures for all tests: one shared emulator, and a project of its own for every test that wants one."""

from __future__ import annotations

import os
from itertools import groupby
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.internal.conjecture import providers

from dalsegno.testing._auth_emulator import AuthEmulator
from dalsegno.testing._firestore_emulator import FirestoreEmulator
from tests.support.auth_emulator import SERVICE_VARIABLE as AUTH_SERVICE_VARIABLE
from tests.support.auth_emulator import AuthEmulatorService, shared_auth_emulator
from tests.support.auth_emulator import start_soon as start_auth_emulator_soon
from tests.support.emulator import SERVICE_VARIABLE, EmulatorService, fresh_project, shared_emulator
from tests.support.emulator import start_soon as start_emulator_soon

SERVICE = pytest.StashKey[EmulatorService]()
AUTH_SERVICE = pytest.StashKey[AuthEmulatorService]()

# Laws are not timed: a busy machine is no counterexample. And every run looks at the same examples: who wants
# others says so (HYPOTHESIS_PROFILE=search), so that what is found is found by whoever looks for it.
settings.register_profile(
    "same", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("search", deadline=None, suppress_health_check=[HealthCheck.too_slow])
PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "same")
settings.load_profile(PROFILE)
if PROFILE == "same":
    # Hypothesis also draws constants from the source of whatever local modules are loaded by then: in another
    # order of the tests that would be another set of examples.
    assert callable(providers._get_local_constants)
    setattr(providers, "_get_local_constants", lambda: providers._local_constants)  # noqa: B010

# The emulator serves small requests for some minutes: what Java spends on making itself fast is never earned.
os.environ.setdefault("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")

# No test may touch the keyring of whoever runs it; those about keyrings bring their own.
os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"


COUNTED = ("apps", "contract", "integration", "unit")
"""Counting lines makes the engine take thrice as long: only tests that say what each line is for are counted,
not those that come by the same lines thousands of times, and not the rules'. The stories of `spec` would add
one in a hundred."""


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: many tests wait for a server, or for an app to draw."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    counted = [Path(__file__).parent / folder for folder in COUNTED]
    for path, of_one_file in groupby(items, lambda item: item.path):
        if not any(path.is_relative_to(folder) for folder in counted):
            for item in of_one_file:
                item.add_marker("no_cover")


def pytest_configure(config: pytest.Config) -> None:
    if SERVICE_VARIABLE not in os.environ:  # xdist's workers, and runs inside a run, use the outermost one's
        config.stash[SERVICE] = EmulatorService()
    if AUTH_SERVICE_VARIABLE not in os.environ:
        config.stash[AUTH_SERVICE] = AuthEmulatorService()


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """A run of all tests needs both emulators: they start while the tests are being collected."""
    config = session.config
    _count_once(config)
    if config.args_source is pytest.Config.ArgsSource.TESTPATHS and not config.option.collectonly:
        if AUTH_SERVICE in config.stash:
            start_auth_emulator_soon()
        if SERVICE in config.stash:
            start_emulator_soon()


def _count_once(config: pytest.Config) -> None:
    """In a worker pytest-cov begins to count before it knows that it is in one, and then again. What it began
    first would go on whenever the second pauses, and `no_cover` would be in vain."""
    plugin = config.pluginmanager.getplugin("_cov")
    early = getattr(plugin, "cov_controller", None)
    if hasattr(config, "workerinput") and early is not None:
        early.cov.stop()


def pytest_collection_finish(session: pytest.Session) -> None:
    if any("auth_emulator" in getattr(item, "fixturenames", ()) for item in session.items):
        start_auth_emulator_soon()


def pytest_unconfigure(config: pytest.Config) -> None:
    if service := config.stash.get(SERVICE, None):
        service.close()
    if auth_service := config.stash.get(AUTH_SERVICE, None):
        auth_service.close()


@pytest.fixture(scope="session")
def emulator() -> FirestoreEmulator:
    """The run's Firestore emulator; firestore.rules hold in every project that loads no others."""
    return shared_emulator()


@pytest.fixture(scope="session")
def emulator_host(emulator: FirestoreEmulator) -> str:
    """Where the emulator answers: "127.0.0.1:port"."""
    return emulator.host


@pytest.fixture(scope="session")
def auth_emulator() -> AuthEmulator:
    """The run's Auth emulator; its one project is `auth_emulator.project`."""
    return shared_auth_emulator()


@pytest.fixture
def project() -> str:
    """A fresh, empty project with firestore.rules: no test sees another's documents, and none cleans up."""
    return fresh_project()
