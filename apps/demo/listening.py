"""The listening half of the journey."""

from __future__ import annotations

import time

from apps.common.driving import AppProcess, Seen
from apps.demo.journey import LIVE_S, Journey, saved_everywhere
from apps.demo.stage import LAPTOP, PHONE

SAME_PLACE_MS = 50.0  # standing still: the same sample within this
# Moving: the player lets 150 ms of drift pass, and each process takes its time to answer.
SAME_MOVING_MS = 350.0
VOLUME = 0.35


def clock(ms: float) -> str:
    return f"{int(ms // 60_000)}:{ms % 60_000 / 1000:06.3f}"


def apart_ms(first: Seen, second: Seen, *, moving: bool) -> float:
    """How far two positions are apart, if both had been looked at in the same moment."""
    passed = (second.at_ns - first.at_ns) / 1e6 if moving else 0.0
    return abs(float(second["position_ms"]) - float(first["position_ms"]) - passed)


def handed_over_ms(before: Seen, after: Seen) -> float:
    """How far the moment at which one device began is from where the other one's line was by then.

    Both lines are in the server's time, so it does not matter how long a screen took to be drawn.
    """
    (position_ms, rate, at_ms), (began_ms, _, began_at_ms) = before["moved_by"], after["moved_by"]
    return float(abs(began_ms - (position_ms + rate * (began_at_ms - at_ms))))


def past_ms(before: Seen, after: Seen) -> float:
    """The same by the sound: how far one began from all that the other one can have played by then.

    A busy machine holds the sound up, but not the line, or delays what is told of the server's time.
    """
    heard_ms, began_ms = float(before["position_ms"]), float(after["moved_by"][0])
    latest_ms = heard_ms + (after.at_ns - before.at_ns) / 1e6
    return max(heard_ms - began_ms, began_ms - latest_ms, 0.0)


class Listening(Journey):
    """See the module."""

    app = pictures = "player"

    def play(self) -> None:
        self.report.chapter("Listening")
        with self.open(PHONE) as phone, self.open(LAPTOP) as laptop:
            self.stage.make_account()
            both_in = self.signs_in("phone", phone) and self.signs_in("laptop", laptop)
            if both_in and self._begin(phone, laptop):
                self._phone_plays(phone, laptop)
                self.picture(phone, "phone-before")
                self.picture(laptop, "laptop-before")
                self._laptop_takes_over(phone, laptop)
                self.picture(phone, "phone")
                self.picture(laptop, "laptop")
                self._laptop_stops(phone, laptop)
                self._phone_picks_another_and_goes_back(phone, laptop)
                self._laptop_goes_on_alone(phone, laptop)

    def _begin(self, phone: AppProcess, laptop: AppProcess) -> bool:
        with self.step("phone", "finds the music"):
            for app in (phone, laptop):
                seen = app.wait(
                    lambda s: len(s["order"] or ()) == 4 and s["scanned"], "four tracks", timeout_s=60
                )
                app.wait(saved_everywhere, "“saved everywhere”")
            order = seen["order"]
            phone.wait(lambda s: s["order"] == order, "the same order")
            self.compare("phone", "finds the music", ", ".join(order), len(order) == 4)
            return True
        return False

    def _phone_plays(self, phone: AppProcess, laptop: AppProcess) -> None:
        second = phone.observe()["order"][1]

        def pick_second() -> int:
            phone.click("open_queue")
            phone.wait(lambda s: s["drawer"], "the queue")
            return phone.click("track.1")

        self.live(
            "phone",
            "plays track 2, the laptop shows it",
            pick_second,
            laptop,
            lambda s: s["title"] == second and s["elsewhere"],
            lambda s: f"“{s['title']}”, playing on {s['elsewhere']}",
        )
        with self.step("phone", "back to what plays"):
            phone.key("escape")
            phone.wait(lambda s: not s["drawer"], "the closed queue")
        self._seek(phone, laptop)
        self.breathe(phone)
        self.live(
            "phone",
            "sets the volume",
            lambda: phone.drag("volume", VOLUME),
            laptop,
            lambda s: abs(s["volume"] - VOLUME) < 0.02,
            lambda s: f"{s['volume']:.0%}",
        )
        self.breathe(phone)
        seen = self.live(
            "phone",
            "shuffles, the laptop too",
            lambda: phone.click("shuffle"),
            laptop,
            lambda s: s["shuffled"],
            lambda s: " · ".join(s["order"]),
        )
        what = "has the same shuffled order"
        with self.step("laptop", what):
            order = phone.observe()["order"]
            laptop.wait(lambda s: s["order"] == order, what)
            self.compare("laptop", what, " · ".join(order), seen is not None)

    def _seek(self, phone: AppProcess, laptop: AppProcess) -> None:
        target = 0.15 * float(phone.observe()["duration_ms"] or 0)
        line = laptop.observe()["moved_by"]
        self.breathe(phone)
        seen = self.live(
            "phone",
            "seeks, the laptop's bar jumps",
            lambda: phone.drag("seek", target),
            laptop,
            lambda s: s["moved_by"] != line,
            lambda s: clock(s["position_ms"]),
        )
        with self.step("laptop", "shows the same moment"):
            apart = self._apart_ms(phone, laptop)
            held = seen is not None and apart < SAME_MOVING_MS
            self.compare("laptop", "shows the same moment", f"{apart:.0f} ms apart", held)

    def _apart_ms(self, phone: AppProcess, laptop: AppProcess) -> float:
        """How far apart they are while both move; looks again if a busy machine held one of them up."""
        deadline = time.monotonic() + LIVE_S
        while True:
            apart = apart_ms(phone.observe(), laptop.observe(), moving=True)
            if apart < SAME_MOVING_MS or time.monotonic() > deadline:
                return apart

    def _laptop_takes_over(self, phone: AppProcess, laptop: AppProcess) -> None:
        self.breathe(phone)
        before = phone.observe()
        what = "takes over, the phone pauses by itself"
        seen = self.live(
            "laptop",
            what,
            lambda: laptop.click("play_here"),
            phone,
            lambda s: not s["playing_here"] and s["elsewhere"],
            lambda s: f"playing on {s['elsewhere']}",
        )
        if seen is None:
            return
        with self.step("laptop", "goes on where the phone was"):
            after = laptop.wait(lambda s: s["playing_here"], "sound")
            apart = min(handed_over_ms(before, after), past_ms(before, after))
            same = before["title"] == after["title"] and apart < SAME_MOVING_MS
            moment = f"“{after['title']}” at {clock(after['position_ms'])}, {apart:.0f} ms off"
            self.compare("laptop", "goes on where the phone was", moment, same)
            kept = [before[name] == after[name] for name in ("volume", "shuffled", "order", "repeat")]
            self.compare(
                "laptop",
                "has volume, shuffle and order of the phone",
                f"{after['volume']:.0%}, {'shuffled' if after['shuffled'] else 'in order'}",
                all(kept),
            )

    def _laptop_stops(self, phone: AppProcess, laptop: AppProcess) -> None:
        self.breathe(laptop)
        self.live(
            "laptop",
            "pauses, the phone stands still",
            lambda: laptop.click("play"),
            phone,
            lambda s: s["stands_at_ms"] is not None,
            lambda s: clock(s["stands_at_ms"]),
        )
        with self.step("phone", "stands at the same sample"):
            apart = apart_ms(laptop.observe(), phone.observe(), moving=False)
            self.compare("phone", "stands at the same sample", f"{apart:.1f} ms apart", apart < SAME_PLACE_MS)

    def _phone_picks_another_and_goes_back(self, phone: AppProcess, laptop: AppProcess) -> None:
        """What was left on the laptop is not lost: the phone says what it was, and leads back to it."""
        self.breathe(laptop)
        left = laptop.observe()
        index = (left["order"].index(left["title"]) + 1) % len(left["order"])
        other = left["order"][index]

        def pick_other() -> int:
            phone.click("open_queue")
            phone.wait(lambda s: s["drawer"], "the queue")
            return phone.click(f"track.{index}")

        what = "plays another track, the laptop shows it"
        seen = self.live(
            "phone",
            what,
            pick_other,
            laptop,
            lambda s: s["title"] == other and s["elsewhere"],
            lambda s: f"“{s['title']}”, playing on {s['elsewhere']}",
        )
        with self.step("phone", what):
            phone.key("escape")
            phone.wait(lambda s: not s["drawer"], "the closed queue")
            back = phone.wait(lambda s: s["playing_here"] and s["back"], "the way back")
            self.compare("phone", "says what was left", back["back"], left["title"] in back["back"])
            self.still(phone, "phone-way-back")
        if seen is None:
            return
        self.breathe(phone)
        what = "goes back to it, the laptop shows it"
        with self.step("phone", what):
            phone.click("go_back")
            there = phone.wait(lambda s: s["title"] == left["title"] and s["playing_here"], what)
            laptop.wait(lambda s: s["title"] == left["title"] and s["elsewhere"], what)
            past_ms = float(there["moved_by"][0]) - float(left["stands_at_ms"])
            moment = f"“{there['title']}”, {past_ms:.1f} ms off"
            self.compare("phone", what, moment, abs(past_ms) < SAME_PLACE_MS)
        with self.step("phone", "pauses"):
            phone.click("play")
            laptop.wait(lambda s: s["stands_at_ms"] is not None, "the pause")
            laptop.wait(saved_everywhere, "“saved everywhere”")

    def _laptop_goes_on_alone(self, phone: AppProcess, laptop: AppProcess) -> None:
        """The laptop seeks while the phone is closed; then the phone is opened and the laptop is not."""
        what = "opened after the laptop: the same sample"
        with self.step("phone", what):
            phone.close()
            before = laptop.observe()
            at_ns = laptop.drag("seek", 0.62 * float(before["duration_ms"]))
            left = laptop.wait(lambda s: s["moved_by"] != before["moved_by"], "the jump", since_ns=at_ns)
            laptop.wait(saved_everywhere, "“saved everywhere”")
            laptop.close()
            with self.open(PHONE) as phone:
                seen = phone.wait(lambda s: s["moved_by"] == left["moved_by"], what)
                apart = apart_ms(left, seen, moving=False)
                moment = f"“{seen['title']}” at {clock(seen['position_ms'])}, {apart:.1f} ms off"
                held = seen["title"] == left["title"] and apart < SAME_PLACE_MS
                self.compare("phone", what, moment, held, (seen.at_ns - phone.started_ns) / 1e6)
