"""The journey: a person reads and listens, changing devices, and every step is compared.

Pushes the apps' own controls through `AppProcess`, and looks at what they show; knows nothing of the SDK.
Runs on one thread. Invariant: a step that does not hold is reported, and the next steps are tried all the
same.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from apps.common.driving import AppProcess, DriveError, Seen
from apps.demo.report import Report
from apps.demo.signing_in import sign_in
from apps.demo.stage import Device, Stage

BREATH_S = 1.1
STILL_TRIES = 12  # something may blink for ever
LIVE_S = 60.0  # until then something must have arrived; how fast it did is printed


class Journey:
    """What reading and listening have in common: acting here, looking there, taking pictures."""

    app: str
    pictures: str  # what the names of its pictures begin with

    def __init__(self, stage: Stage, report: Report) -> None:
        self.stage, self.report = stage, report
        self._signed_in_ns: dict[AppProcess, int] = {}

    def play(self) -> None:
        """All steps of this part."""
        raise NotImplementedError

    def open(self, device: Device) -> AppProcess:
        return self.stage.open(self.app, device)

    @contextmanager
    def step(self, who: str, what: str) -> Iterator[None]:
        """Anything in here that cannot be done is a comparison that did not hold."""
        try:
            yield
        except DriveError as error:
            self.report.add(who, what, str(error), held=False)

    def live(
        self,
        who: str,
        what: str,
        act: Callable[[], int],
        other: AppProcess,
        same: Callable[[Seen], Any],
        tell: Callable[[Seen], str],
    ) -> Seen | None:
        """Do something on one device, and wait until ``same`` holds on the other one's screen."""
        with self.step(who, what):
            at_ns = act()
            seen = other.wait(same, what, since_ns=at_ns, timeout_s=LIVE_S)
            self.report.add(who, what, tell(seen), True, max(0.0, (seen.at_ns - at_ns) / 1e6), live=True)
            return seen
        return None

    def signs_in(self, who: str, app: AppProcess, *, create: bool = False) -> bool:
        """By typing e-mail address and password, if this run has accounts; whether to go on."""
        if self.stage.sign_ins is None:
            return True
        what = "creates an account" if create else "signs in"
        with self.step(who, what):
            at_ns, seen = sign_in(app, self.stage.alice, "create_account" if create else "sign_in")
            self._signed_in_ns[app] = at_ns
            ms = (seen.at_ns - at_ns) / 1e6
            self.compare(who, what, self.stage.alice.email, seen["who"] == "email", ms)
            return True
        return False

    def age_ms(self, app: AppProcess, seen: Seen) -> float:
        """How long after the app's start, or after the sign-in that it asked for, this was on screen."""
        return (seen.at_ns - self._signed_in_ns.get(app, app.started_ns)) / 1e6

    def breathe(self, app: AppProcess) -> None:
        """Wait as long as a person takes between two actions: until all is saved, and a second more.

        The SDK sends the first edit after a pause at once, and gathers those that follow within a second.
        """
        app.wait(saved_everywhere, "“saved everywhere”")
        time.sleep(BREATH_S)

    def compare(self, who: str, what: str, compared: str, held: bool, ms: float | None = None) -> None:
        self.report.add(who, what, compared, held, ms)

    def picture(self, app: AppProcess, name: str) -> Path:
        """Keep what is on a screen: ``build/demo/reader-phone.png``."""
        return app.screenshot(self.stage.folder / f"{self.pictures}-{name}.png")

    def still(self, app: AppProcess, name: str) -> Path:
        """The same, once nothing slides in or fades any more."""
        path, before = self.picture(app, name), b""
        for _ in range(STILL_TRIES):
            if (now := path.read_bytes()) == before:
                break
            before = now
            self.picture(app, name)
        return path


def saved_everywhere(seen: Seen) -> bool:
    """The status line says so."""
    return str(seen["saved"]).lower() == "everywhere"
