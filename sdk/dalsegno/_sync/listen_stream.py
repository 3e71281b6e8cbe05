"""The life of the one Listen stream: opened, answered, silent, ended, opened again.

Runs on the worker thread. Invariant: at most one stream is wanted, and nothing is tried without either the
backoff's wait or a reason that came from outside (a network change, a new token).

    state        event                       → state       what is done
    IDLE         targets, a remote           → CONNECTING  listen; wait 10 s for an answer
    CONNECTING   first message               → LIVE        watch for silence
    CONNECTING   no answer within 10 s       → WAITING     new channel; offline is told
    CONNECTING   ended                       → WAITING     offline is told; backoff
    LIVE         ended                       → WAITING     backoff, the first time at once
    LIVE         75 s of silence, suspicion  → CONNECTING  new channel, told only if no answer comes
    LIVE         the token nears its end     → CONNECTING  listen with a new one; told only if no answer comes
    WAITING      backoff over                → CONNECTING  listen
    WAITING      the user edits or opens     → WAITING     no longer than 1 s after the last try
    any          network changed, resumed    → CONNECTING  new channel, backoff begins anew
    any          no targets, paused          → IDLE        hang up
    any          the sign-in was ended       → IDLE        hang up a little later
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence

from dalsegno._core.backoff import Backoff
from dalsegno._core.ports import Remote, RpcError, Target, Time, Timers
from dalsegno._core.rpc_error import Call, Disposition, disposition
from dalsegno._core.types import Link

ANSWER_MS = 10_000.0
"""Google's SDKs call themselves offline after 10 s without an answer; so do we."""

SILENCE_MS = 75_000.0
"""The backend says something every 30 s or so; two missed and some slack is a dead stream."""

NUDGE_MS = 1_000.0
"""How often activity of the user may cause a try: as often as an edit may cause a commit."""

HEALTHY_MS = 10_000.0
"""A stream that lived this long was a success: the next failure is a first one again."""


GOODBYE_MS = 2_000.0
"""How long the server has to confirm that the targets are gone before a stream ends of which it refused some.

(The emulator otherwise keeps the others, and stumbles over them when their documents change.)
"""

RENEWAL_MS = 1_000.0
"""The soonest at which a stream is opened anew for its token's sake, however short-lived tokens are."""


class StreamState(enum.Enum):
    IDLE = "idle"
    CONNECTING = "connecting"
    LIVE = "live"
    WAITING = "waiting"


class ListenStream:
    """Keeps one stream alive as long as there are targets. `changed` is told of every new state."""

    def __init__(
        self,
        time: Time,
        timers: Timers,
        backoff: Backoff,
        has_targets: Callable[[], bool],
        targets: Callable[[], Sequence[Target]],
        changed: Callable[[], None],
    ) -> None:
        self._time, self._timers, self._backoff = time, timers, backoff
        self._has_targets, self._targets, self._changed = has_targets, targets, changed
        self._remote: Remote | None = None
        self._paused = False
        self._attempts = 0
        self._renewing = False
        self._patient = False
        self._retry_ms = 0.0
        self.state = StreamState.IDLE
        self.stream = 0
        self.opened_ms = 0.0
        self.fault: RpcError | None = None
        self.denied = False

    @property
    def link(self) -> Link:
        """What the user is told: offline only once a try has failed, denied until a stream is answered."""
        if self.denied:
            return Link.DENIED
        if self.state is StreamState.LIVE or self._renewing:
            return Link.LIVE
        return Link.OFFLINE if self.fault or self._paused else Link.CONNECTING

    # --- reasons from outside ---

    def attach(self, remote: Remote) -> None:
        """The network stack is loaded: from now on there is somebody to call."""
        self._remote = remote
        self.wanted()

    def wanted(self) -> None:
        """The set of targets may have become empty, or not empty any more."""
        if self._paused or self._remote is None:
            return
        if self.state is StreamState.IDLE:
            self._open()
        elif not self._has_targets():
            self._idle()

    def pause(self) -> None:
        self._paused = True
        self._idle()

    def end(self) -> None:
        """As `pause`, after the targets were taken from the stream: it is given time to become empty."""
        self._paused = True
        self._idle(GOODBYE_MS)

    def resume(self) -> None:
        self._paused = False
        self.network_changed()

    def network_changed(self) -> None:
        """The old connections are worth nothing; try at once, and begin the backoff anew."""
        self._backoff.reset()
        if self._remote is not None and not self._paused:
            self._remote.reset_channel()
            self._open()

    def nudge(self) -> None:
        """Somebody uses the app: do not let them wait out a long backoff, nor let them hammer the server.

        A server that refused us, or is out of quota, has a reason that no activity here removes.
        """
        if self.state is StreamState.WAITING and not self._patient:
            self._retry_at(min(self._retry_ms, self.opened_ms + NUDGE_MS))

    def suspect(self) -> None:
        """A call on the same channel timed out: the stream may be dead and not know it."""
        if self.state is StreamState.LIVE and self._remote is not None:
            self._remote.reset_channel()
            self._open()

    def ages(self, in_ms: float) -> None:
        """The current stream's token serves `in_ms` more: then another stream takes over, in silence."""
        self._timers.set("renew", max(in_ms, RENEWAL_MS), self._renew)

    def _renew(self) -> None:
        if self.state is StreamState.LIVE:
            self._renewing = True
            self._open()
        elif self.state is StreamState.CONNECTING:
            self.ages(RENEWAL_MS)

    # --- what the stream says ---

    def heard(self) -> None:
        """A message of the current stream."""
        self._timers.set("silence", SILENCE_MS, self.suspect)
        if self.state is not StreamState.LIVE:
            self._timers.cancel("answer")
            self.fault, self.denied, self._attempts = None, False, 0
            self._renewing = False
            self._to(StreamState.LIVE)

    def ended(self, fault: RpcError) -> None:
        """The current stream is over."""
        if self.state in (StreamState.CONNECTING, StreamState.LIVE):
            self._fail(fault)

    def _fail(self, fault: RpcError) -> None:
        assert self._remote is not None
        lived_ms = self._time.steady_ms() - self.opened_ms
        if self.state is StreamState.LIVE:
            self._backoff.reset() if lived_ms >= HEALTHY_MS else self._backoff.soften()
        self._patient = False
        match disposition(fault.code, Call.LISTEN):
            case Disposition.WAIT:
                self._backoff.to_most()
                self._patient = True
            case Disposition.DENIED:
                self._backoff.to_most()
                self._patient = self.denied = True
            case Disposition.REFRESH:
                self._remote.drop_token()
                self._attempts += 1
                self._patient = self.denied = self._attempts > 1
            case _:
                self._attempts = 0
        self.fault, self._renewing = fault, False
        for name in ("answer", "silence", "renew"):
            self._timers.cancel(name)
        self._retry_at(self._time.steady_ms() + self._backoff.next_ms())
        self._to(StreamState.WAITING)

    # --- acts ---

    def _retry_at(self, steady_ms: float) -> None:
        self._retry_ms = steady_ms
        self._timers.set("listen", max(steady_ms - self._time.steady_ms(), 0.0), self._open)

    def _open(self) -> None:
        assert self._remote is not None
        for name in ("listen", "silence", "goodbye"):
            self._timers.cancel(name)
        if not self._has_targets():
            self._idle()
            return
        targets = self._targets()
        self.stream += 1
        self.opened_ms = self._time.steady_ms()
        self._timers.set("answer", ANSWER_MS, self._no_answer)
        self._to(StreamState.CONNECTING)
        self._remote.listen(self.stream, targets)

    def _no_answer(self) -> None:
        assert self._remote is not None
        self.stream += 1  # whatever the old stream still says is stale
        self._remote.hang_up()
        self._remote.reset_channel()
        self._fail(RpcError("UNAVAILABLE", "the server did not answer within 10 s"))

    def _idle(self, hang_up_in_ms: float = 0.0) -> None:
        self._renewing = False
        for name in ("answer", "silence", "listen", "renew"):
            self._timers.cancel(name)
        if self.state is not StreamState.IDLE:
            self.stream += 1  # whatever the old stream still says is stale
            if self._remote is not None and hang_up_in_ms:
                self._timers.set("goodbye", hang_up_in_ms, self._remote.hang_up)
            elif self._remote is not None:
                self._remote.hang_up()
            self._to(StreamState.IDLE)

    def _to(self, state: StreamState) -> None:
        self.state = state
        self._changed()
