"""The demo on a display: four windows, left to whoever sits there."""

from __future__ import annotations

import os
import sys
import time

from apps.demo.report import Report
from apps.demo.stage import LAPTOP, PHONE, Stage

LOOK_S = 0.3

TRY = """
Four windows: a reader and a player, on a “Pixel 8” and on a “Laptop”. Things to try:

  turn a page on one           the other one follows to the same sentence
  make the text larger (+)     the place holds
  play track 2 on the phone    the laptop shows it; press “Play here” there: the phone pauses by itself
  seek, volume, shuffle        they follow
  close one, read on, open     python -m apps.demo starts anew; each app alone: python -m apps.reader --help

Close the windows, or press Ctrl-C here, to end.
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
    apps = [stage.open(app, device, position=at) for (app, device), at in places.items()]
    for app in apps:
        app.ready()
    report.say(TRY)
    while any(app.running for app in apps):
        time.sleep(LOOK_S)
    return 0
