"""Views to show: sessions and devices as a client would tell of them."""

from __future__ import annotations

from typing import Any

import dalsegno as ds
from dalsegno._core.types import DeviceId
from dalsegno._watch.screen import Line
from dalsegno._watch.terminal import text
from dalsegno._watch.view import View

NOW_MS = 1_790_000_000_000
MINUTE_MS = 60_000
NASTY = "\x1b]0;owned\x07 \x9b31m \u202egnp.exe \u2066 a\x00b\r\n\x7f \ue000 漢字 e\u0301"
"""Whatever a terminal, or an eye, may take for something else; and text that is what it is."""


def session(name: str, *, at_ms: int = NOW_MS, device: str = "Pixel 8", **state: Any) -> ds.Recent:
    return ds.Recent(name, "reading/1", state, ds.Device(DeviceId("00000000000000aa"), device), at_ms)


def device(
    name: str, *, number: int = 1, online: bool = True, here: bool = False, at_ms: int = NOW_MS
) -> ds.DeviceInfo:
    device_id = DeviceId(f"{number:016x}")
    return ds.DeviceInfo(device_id, name, "phone", "linux", "reader", here, online, at_ms, False)


def view(
    *sessions: ds.Recent,
    devices: tuple[ds.DeviceInfo, ...] = (),
    link: ds.Link = ds.Link.LIVE,
    reason: str = "",
    now_ms: int = NOW_MS,
) -> View:
    return View(ds.Status(link, reason, ds.Saved.EVERYWHERE), sessions, devices, now_ms)


def texts(lines: list[Line]) -> list[str]:
    return [text(line) for line in lines]
