"""A device of a story: what plays, who holds it, and what is heard."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any, Self

from dalsegno._core import line as lines
from dalsegno._core import ruling
from dalsegno._core.asking import Ask
from dalsegno._core.line import Step
from dalsegno._core.playhead import Playhead
from dalsegno._core.policies import HELD, LATEST, Schema
from dalsegno._core.types import SessionId
from dalsegno._core.wishes import Kept, Wish
from dalsegno._sync.view_change import Holding
from tests.support.scenario_places import ScenarioPlaces

MUSIC = SessionId("music")
LISTENING = Schema("listening", 1, {"track": HELD, "playhead": HELD, "volume": LATEST})
STARTS: Mapping[str, Wish] = {"track": Kept(""), "playhead": Kept(Playhead().to_value())}
"""What the fields of the line are as long as nobody has written them."""

NEAR_S = 0.1
"""So near to each other two positions are the same, in seconds."""


class ScenarioLines(ScenarioPlaces):
    """The part of a `ScenarioDevice` that is about music.

    answers   what the app says when another device asks it to take over: `takes`, `declines`, or `waits`
    asks      what it was asked
    """

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.answers = "takes"
        self.asks: list[Ask] = []

    def listens(self) -> Self:
        """The app opens the session."""
        self.open(MUSIC, LISTENING)
        return self._soon()

    # --- what its user does ---

    def presses_play(self, track: str = "", at_s: float | None = None) -> Self:
        """Here: of what stands there, or of this track."""
        place: dict[str, Wish] = {"track": track} if track else {}
        if at_s is not None or track:
            place["playhead"] = self._playing(at_s or 0.0)
        elif not lines.moving(self._line()):
            place["playhead"] = self._playing(self.position_s)
        return self._steps(place, Step.TAKE)

    def pauses_music(self) -> Self:
        """Whoever plays it: here it is given back, elsewhere it is remote control."""
        if self.holding is not None and self.holding.here:
            return self._steps({}, Step.RELEASE)
        head = Playhead.paused_from(self.position_s * 1e3, int(self._now_ms()))
        return self._steps({"playhead": head.to_value()}, Step.CONTROL)

    def resumes_there(self) -> Self:
        """Remote control: play on, on the device that holds it."""
        return self._steps({"playhead": self._playing(self.position_s)}, Step.CONTROL)

    def skips_to(self, track: str) -> Self:
        return self._steps({"track": track, "playhead": self._playing(0.0)}, Step.CONTROL)

    def goes_on_with(self, track: str) -> Self:
        """The next track begins by itself."""
        return self._steps({"track": track, "playhead": self._playing(0.0)}, Step.GO_ON)

    def _playing(self, at_s: float) -> Wish:
        return Playhead.playing_from(at_s * 1e3, int(self._now_ms())).to_value()

    def _now_ms(self) -> float:
        return self._engine.local_store.now_ms()

    def _steps(self, values: Mapping[str, Wish], step: Step) -> Self:
        whole = {**STARTS, **values}
        self.run(lambda: self._engine.edit(MUSIC, whole, step=step) and None)
        return self._soon()

    # --- transfers ---

    def hands_over_to(self, other: ScenarioLines) -> Future[None]:
        """The user says: go on there."""
        future = self._engine.transfers.ask(MUSIC, other.id)
        self._soon()
        return future

    def asked(self, session: SessionId, ask: Ask) -> None:
        """The app answers as the test says; if it has no answer, at once."""
        self.asks.append(ask)
        if self.answers == "declines":
            self._engine.transfers.decline(session, ask)
        elif self.answers == "takes":
            self.virtual_clock.after(0, lambda: self.run(lambda: self.takes_asked(ask) and None))

    def takes_asked(self, ask: Ask) -> bool:
        """The app takes over, as it was asked to: the same place, from now on."""
        place = Playhead.playing_from(self.position_s * 1e3, int(self._now_ms())).to_value()
        wishes: dict[str, Wish] = {**STARTS, "playhead": place}
        return self._engine.transfers.take(MUSIC, ask, wishes)

    # --- what is heard and shown ---

    @property
    def holding(self) -> Holding | None:
        return self._engine.leases.holding(MUSIC)

    def _line(self) -> lines.Line:
        return ruling.line_of(self.replica(MUSIC))

    @property
    def position_s(self) -> float:
        """Where the music is, as this device shows it."""
        replica = self.replica(MUSIC)
        alive_ms = self._engine.local_store.lines.alive_ms(replica)
        entry = lines.settled(self._line(), alive_ms).get("playhead")
        head = lines.playhead(entry.value) if entry is not None else None
        return head.position / 1e3 if head is not None else 0.0

    @property
    def makes_sound(self) -> bool:
        found = self.holding
        return found is not None and found.here and found.active

    def sounds(self, track: str, at_s: float) -> Self:
        """Here, and nowhere else as far as this device knows."""
        assert self.makes_sound, f"{self.name} is silent: {self.holding}"
        return self.shows_music(track, at_s)

    def is_silent(self) -> Self:
        assert not self.makes_sound, f"{self.name} sounds: {self.holding}"
        return self

    def shows_music(self, track: str, at_s: float) -> Self:
        shown = (self.view(MUSIC)["track"], self.position_s)
        same = shown[0] == track and abs(shown[1] - at_s) <= NEAR_S
        assert same, f"{self.name} shows {shown}, and not {(track, at_s)}"
        return self

    def shows_playing_on(self, other: ScenarioLines) -> Self:
        found = self.holding
        assert found is not None and (found.device, found.active) == (other.id, True), f"{found}"
        return self

    def shows_nobody_playing(self) -> Self:
        found = self.holding
        assert found is None or not found.active, f"{self.name} shows {found}"
        return self

    def places(self) -> list[tuple[str, float]]:
        """To go back to: track and second, newest first."""
        return [_place(mark.values) for mark in self.marks(MUSIC)]

    def has_places(self, *places: tuple[str, float]) -> Self:
        """To go back to: track and second, newest first."""
        found = self.places()
        near = len(found) == len(places) and all(
            track == known and abs(at_s - known_s) <= NEAR_S
            for (track, at_s), (known, known_s) in zip(places, found, strict=False)
        )
        assert near, f"{self.name} can go back to {found}, and not to {places}"
        return self


def _place(values: Mapping[str, Any]) -> tuple[str, float]:
    head = lines.playhead(values.get("playhead"))
    return (str(values.get("track")), head.position / 1e3 if head is not None else -1.0)
