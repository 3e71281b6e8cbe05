"""A program for a test: an app in which somebody comes in without an account, looks around and signs out.

`python -m tests.apps.common.forgetful_app reader|player ARGUMENTS…` prints, as a JSON list, the classes of
`PARTS` that still have objects in memory then: what a frame, an animation or a thread holds for a moment is
waited for, what is held for good stays.
"""

from __future__ import annotations

import gc
import importlib
import json
import sys
from typing import Any

from apps.common import launch

PARTS = (
    "Client",
    "Session",
    "Presenter",
    "PlayerScreen",
    "LibraryScreen",
    "ReadingScreen",
    "Drawer",
    "Shelf",
)
THERE_NOW = {"apps.common.account.signing_in.SignInPresenter"}  # of the screen that is shown then
LOOKS = 60
LOOK_S = 0.5


def visit(make_app: Any) -> int:
    """In place of `launch.run`."""
    app = make_app()
    from kivy.clock import Clock

    came_in = False

    def step(_dt: float) -> None:
        nonlocal came_in
        form = app.gate.seen()["form"]
        if form and form["errors"]:
            sys.exit(str(form["errors"]))
        if app.client is not None and not came_in:
            came_in = True
            app.open_account()
            Clock.schedule_once(lambda _dt: app.gate.sign_out(), 1.0)
        elif not came_in and not form["busy"]:
            app.gate._lobby.form.go_on_without()
        elif came_in and app.client is None and not form["busy"]:
            Clock.unschedule(step)
            Clock.schedule_once(lambda _dt: tell(LOOKS), LOOK_S)

    def tell(looks: int) -> None:
        gc.collect()
        alive = {name for name in map(name_of, gc.get_objects()) if name.endswith(PARTS)}
        if alive != THERE_NOW and looks:
            Clock.schedule_once(lambda _dt: tell(looks - 1), LOOK_S)
            return
        print(json.dumps(sorted(alive)), flush=True)
        app.stop()

    Clock.schedule_interval(step, 0.1)
    app.run()
    return 0


def name_of(thing: Any) -> str:
    kind = type(thing)
    module = kind.__dict__.get("__module__", "")
    ours = isinstance(module, str) and module.startswith(("apps.", "dalsegno."))
    return f"{module}.{kind.__name__}" if ours else ""


if __name__ == "__main__":
    launch.run = visit
    importlib.import_module(f"apps.{sys.argv[1]}.__main__").main(sys.argv[2:])
