"""The demo on a display: four windows, left to whoever sits there."""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress

from apps.common.driving import DriveError
from apps.demo.report import Report
from apps.demo.stage import LAPTOP, PHONE, Stage

LOOK_S = 0.3

TRY = """
Four windows: a reader and a player, on a “Pixel 8” and on a “Laptop”.{who} Things to try:

  turn a page on one           the other one follows to the same sentence
  make the text larger (+)     the place holds
  play track 2 on the phone    the laptop shows it; press “Play here” there: the phone pauses by itself
  seek, volume, shuffle        they follow
{account}  close one, open it again     python -m apps.reader --help says how; python -m apps.demo starts anew

Close the windows, or press Ctrl-C here, to end.
"""


ACCOUNT = """\
  the person at the top right  who is signed in, and on which devices; rename one, or sign it out
  sign out, “Enter a code”     and have another window show it: “Add a device”
"""


def has_display() -> bool:
    """Whether windows can be opened at all."""
    if sys.platform in ("darwin", "win32"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def show(stage: Stage, report: Report) -> int:
    """Open the four windows and wait until the last one is closed."""
    places = {("reader", PHONE): (30, 60), ("reader", LAPTOP): (440, 40), ("player", PHONE): (80, 120)}
    places["player", LAPTOP] = (520, 110)
    stage.make_account()
    apps = []
    for (app, device), at in places.items():
        stage.sign_in_before(app, device)
        apps.append(stage.open(app, device, position=at))
        with suppress(DriveError):  # somebody closed it already
            apps[-1].wait(lambda s: str(s["link"]).lower() == "live", "that it is live", timeout_s=60)
    who, account = "", ""
    if stage.sign_ins is not None:
        alice, account = stage.alice, ACCOUNT
        who = f"\nAll are signed in as {alice.email} (password: {alice.password})."
    report.say(TRY.format(who=who, account=account))
    while any(app.running for app in apps):
        time.sleep(LOOK_S)
    return 0
