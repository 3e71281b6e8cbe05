"""A listen stream by itself, on virtual time, with a remote that only notes what it is told."""

from __future__ import annotations

from collections.abc import Sequence

from dalsegno._core.backoff import Backoff
from dalsegno._core.messages import RpcError, Target
from dalsegno._core.stream_life import StreamState
from dalsegno._sync.listen_stream import ListenStream
from dalsegno.testing._virtual_clock import DeviceTime, DeviceTimers, VirtualClock

BOOK = Target(1, "book", ("sessions", "book"))


class Calls:
    """A remote that only counts."""

    def __init__(self) -> None:
        self.made: list[str] = []

    def listen(self, stream: int, targets: Sequence[Target]) -> None:
        self.made.append(f"listen {stream}")

    def hang_up(self) -> None:
        self.made.append("hang up")

    def reset_channel(self) -> None:
        self.made.append("new channel")

    def drop_token(self) -> None:
        self.made.append("drop token")


class Stage:
    """A listen stream, a clock, and what is wanted."""

    def __init__(self, *, attached: bool = True) -> None:
        self.virtual_clock, self.calls = VirtualClock(), Calls()
        self.targets, self.unanswered = [BOOK], False
        self.states: list[StreamState] = []
        time = DeviceTime(self.virtual_clock)
        self.it = ListenStream(
            time,
            DeviceTimers(self.virtual_clock, lambda task: task()),
            Backoff(lambda: 0.5),
            has_targets=lambda: bool(self.targets),
            targets=lambda: self.targets,
            unanswered=lambda: self.unanswered,
            changed=lambda: self.states.append(self.it.state),
        )
        if attached:
            self.it.attach(self.calls)  # type: ignore[arg-type]

    def live(self) -> Stage:
        self.it.handle_listen_message()
        return self

    def waiting(self, code: str = "UNAVAILABLE") -> Stage:
        """Failed so often that the next try is a while off."""
        for _ in range(5):
            self.it.handle_stream_failure(RpcError(code))
            self.virtual_clock.run(9_000)
        self.it.handle_stream_failure(RpcError(code))
        assert StreamState.WAITING is self.it.state
        self.calls.made.clear()
        return self

    def made(self) -> list[str]:
        made, self.calls.made[:] = list(self.calls.made), []
        return made
