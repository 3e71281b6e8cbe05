"""Keeps the one Listen stream alive: executes the table of `_core/stream_life.py`.

Runs on the worker thread. Invariant: at most one stream is wanted, and nothing is tried without either the
backoff's wait or a reason that came from outside (a network change, a new token).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from dalsegno._core.backoff import Backoff
from dalsegno._core.messages import CommitFailed, Committed, ReadDone, ReadFailed, RpcError, Target
from dalsegno._core.ports import Remote, Time, Timers
from dalsegno._core.rpc_error import Call, Disposition, disposition
from dalsegno._core.stream_life import NEXT, Action, Event, OfflineCause, StreamState
from dalsegno._core.types import Link

ANSWER_MS = 10_000.0
"""Google's SDKs call themselves offline after 10 s without an answer; so do we."""

SILENCE_MS = 75_000.0
"""The backend says something every 30 s or so; two missed and some slack is a dead stream."""

OVERDUE_MS = 20_000.0
"""How long a stream may be silent that owes a target an answer; doubled each time in vain, up to 75 s, and so
kept for as long as answers take longer than this.

gRPC shows a message when it is whole: 300 KB take 20 s at 15 KB/s. Doubled, so that each document arrives in
the end. (The emulator garbles the stream now and then when it answers many targets at one time: a length that
is read wrong then swallows all that follows.)
"""

NUDGE_MS = 1_000.0
"""How often activity of the user may cause a try: as often as an edit may cause a commit."""

HEALTHY_MS = 10_000.0
"""A stream that lived this long was a success: the next failure is a first one again."""

ALIVE_MS = 5_000.0
"""Whoever was heard so lately is not dead: one call got no answer, half its time after others did."""

GOODBYE_MS = 2_000.0
"""How long the server has to confirm that the targets are gone before a stream ends of which it refused some.

(The emulator otherwise keeps the others, and stumbles over them when their documents change.)
"""

RENEWAL_MS = 1_000.0
"""The soonest at which a stream is opened anew for its token's sake, however short-lived tokens are."""


class ListenStream:
    """Keeps one stream alive as long as there are targets. `changed` is told of every new state."""

    def __init__(
        self,
        time: Time,
        timers: Timers,
        backoff: Backoff,
        has_targets: Callable[[], bool],
        targets: Callable[[], Sequence[Target]],
        unanswered: Callable[[], bool],
        changed: Callable[[], None],
    ) -> None:
        self._time, self._timers, self._backoff = time, timers, backoff
        self._has_targets, self._targets, self._changed = has_targets, targets, changed
        self._unanswered = unanswered
        self._remote: Remote | None = None
        self._refusals = 0
        self._retry_ms = 0.0
        self.alive_ms: float = float("-inf")
        self._patience_ms, self._is_slow = OVERDUE_MS, False
        self._expects_since_ms: float | None = None
        self.causes: set[OfflineCause] = {OfflineCause.LOADING}
        self.state: StreamState = StreamState.IDLE
        self.stream: int = 0
        self.opened_ms: float = 0.0
        self.fault: RpcError | None = None
        self.denied: bool = False
        self._acts: Mapping[Action, Callable[[], None]] = {
            Action.NOTHING: lambda: None,
            Action.LISTEN: self._listen,
            Action.LISTEN_ANEW: self._listen_anew,
            Action.GREET: self._greet,
            Action.WATCH: self._watch,
            Action.EXPECT: self._expect,
            Action.BACK_OFF: self._back_off,
            Action.GIVE_UP: self._give_up,
            Action.HURRY: self._hurry,
            Action.RENEW_LATER: lambda: self.handle_stream_age(RENEWAL_MS),
            Action.HANG_UP: self._hang_up,
            Action.HANG_UP_LATER: self._hang_up_later,
        }

    @property
    def link(self) -> Link:
        """What the user is told: offline only once a try has failed, denied until a stream is answered."""
        if self.denied:
            return Link.DENIED
        if self.state in (StreamState.LIVE, StreamState.RENEWING):
            return Link.LIVE
        return Link.OFFLINE if self.fault or self.causes - {OfflineCause.LOADING} else Link.CONNECTING

    # --- reasons from outside ---

    def attach(self, remote: Remote) -> None:
        """The network stack is loaded: from now on there is somebody to call."""
        self._remote = remote
        self.causes.discard(OfflineCause.LOADING)
        self.wanted()

    def wanted(self) -> None:
        """The targets are others perhaps: none, some again, or one more that waits for its answer."""
        if not self.causes:
            self._happens(Event.WANTED)

    def go_offline(self, cause: OfflineCause) -> None:
        """Nothing more is tried until every cause is lifted.

        SIGNED_OUT: after the targets were taken from the stream, which is given time to become empty.
        """
        self.causes.add(cause)
        self._happens(Event.SIGNED_OUT if cause is OfflineCause.SIGNED_OUT else Event.UNWANTED)

    def come_online(self, cause: OfflineCause) -> None:
        """The cause is lifted; if it was the last, a new stream on a new channel is tried at once."""
        self.causes.discard(cause)
        self.network_changed()

    def network_changed(self) -> None:
        """The old connections are worth nothing; try at once, and begin the backoff anew."""
        self._backoff.reset()
        if self._remote is None or self.causes:
            return
        if not self._has_targets():
            self._remote.reset_channel()
        self._happens(Event.NETWORK_CHANGED)

    def nudge(self) -> None:
        """Somebody uses the app: do not let them wait out a long backoff, nor let them hammer the server."""
        self._happens(Event.USED)

    def alive(self) -> None:
        """The server has answered a call: the channel carries something."""
        self.alive_ms = self._time.steady_ms()

    def suspect(self) -> None:
        """A call on the same channel timed out: the stream may be dead and not know it."""
        if self._time.steady_ms() - self.alive_ms >= ALIVE_MS:
            self._happens(Event.SUSPECTED)

    def handle_answer(self, event: Committed | CommitFailed | ReadDone | ReadFailed) -> None:
        """What the answer to a call says of the channel; of commits those say it who know what they sent."""
        if isinstance(event, (Committed, ReadDone)):
            self.alive()
        elif isinstance(event, ReadFailed) and event.fault.code == "DEADLINE_EXCEEDED":
            self.suspect()

    # --- what the stream says ---

    def handle_listen_message(self) -> None:
        """A message of the current stream; `wanted` is called once it has been dealt with."""
        self.alive()
        self._happens(Event.HEARD)

    def handle_stream_failure(self, fault: RpcError) -> None:
        """The current stream is over."""
        assert self._remote is not None
        self.fault, event = fault, Event.FAILED
        match disposition(fault.code, Call.LISTEN):
            case Disposition.WAIT:
                event = Event.DENIED
            case Disposition.DENIED:
                self.denied, event = True, Event.DENIED
            case Disposition.REFRESH:
                self._remote.drop_token()
                self._refusals += 1
                self.denied = self._refusals > 1  # once is an expired token
                event = Event.DENIED if self.denied else Event.FAILED
            case _:
                self._refusals = 0
        self._happens(event)

    def handle_stream_age(self, in_ms: float) -> None:
        """The current stream's token serves `in_ms` more: then another stream takes over, in silence."""
        self._timers.set("renew", max(in_ms, RENEWAL_MS), lambda: self._happens(Event.AGED))

    # --- the table, executed ---

    def _happens(self, event: Event) -> None:
        if event in _LISTENS and not self._has_targets():
            event = Event.UNWANTED
        state, action = NEXT[self.state, event]
        self._acts[action]()
        if state is not self.state:
            self.state = state
            self._changed()

    # --- acts ---

    def _listen(self) -> None:
        assert self._remote is not None
        if self.state is StreamState.LIVE and self._lived_ms() >= HEALTHY_MS:
            self._backoff.reset()
        self._cancel("listen", "silence", "overdue", "goodbye")
        targets = self._targets()
        self.stream += 1
        self.opened_ms = self._time.steady_ms()
        self._is_slow, self._expects_since_ms = False, None
        self._timers.set("answer", ANSWER_MS, lambda: self._happens(Event.UNANSWERED))
        self._remote.listen(self.stream, targets)

    def _listen_anew(self) -> None:
        assert self._remote is not None
        self._remote.reset_channel()
        self._listen()

    def _greet(self) -> None:
        self._timers.cancel("answer")
        self.fault, self.denied, self._refusals = None, False, 0
        self._watch()

    def _watch(self) -> None:
        if self._expects_since_ms is not None:
            self._is_slow |= self._time.steady_ms() - self._expects_since_ms >= OVERDUE_MS
        self._expects_since_ms = None
        self._timers.set("silence", SILENCE_MS, lambda: self._happens(Event.SILENT))

    def _expect(self) -> None:
        """From now, or from the last message; a further target prolongs nothing."""
        if not self._unanswered():
            self._expects_since_ms = None
            if not self._is_slow:
                self._patience_ms = OVERDUE_MS
        elif self._expects_since_ms is None:
            self._expects_since_ms = self._time.steady_ms()
            self._timers.set("overdue", self._patience_ms, self._look_for_answers)

    def _look_for_answers(self) -> None:
        self._expects_since_ms = None
        if self._unanswered():
            self._patience_ms = min(self._patience_ms * 2, SILENCE_MS)
            self._happens(Event.OVERDUE)

    def _back_off(self) -> None:
        if self.state is StreamState.LIVE:
            self._backoff.reset() if self._lived_ms() >= HEALTHY_MS else self._backoff.soften()
        self.stream += 1  # whatever the old stream still says is stale
        if self.fault is not None and disposition(self.fault.code, Call.LISTEN) in _LONG:
            self._backoff.to_most()
        self._cancel("answer", "silence", "overdue", "renew")
        self._retry_at(self._time.steady_ms() + self._backoff.next_ms())

    def _give_up(self) -> None:
        assert self._remote is not None
        self.fault, self._refusals = RpcError("UNAVAILABLE", "the server did not answer within 10 s"), 0
        self._remote.hang_up()
        self._remote.reset_channel()
        self._back_off()

    def _hurry(self) -> None:
        self._retry_at(min(self._retry_ms, self.opened_ms + NUDGE_MS))

    def _hang_up(self) -> None:
        assert self._remote is not None
        self._leave()
        self._remote.hang_up()

    def _hang_up_later(self) -> None:
        assert self._remote is not None
        self._leave()
        self._timers.set("goodbye", GOODBYE_MS, self._remote.hang_up)

    # --- parts of them ---

    def _leave(self) -> None:
        self._cancel("answer", "silence", "overdue", "listen", "renew")
        self.stream += 1  # whatever the old stream still says is stale

    def _lived_ms(self) -> float:
        return self._time.steady_ms() - self.opened_ms

    def _retry_at(self, steady_ms: float) -> None:
        self._retry_ms = steady_ms
        wait_ms = max(steady_ms - self._time.steady_ms(), 0.0)
        self._timers.set("listen", wait_ms, lambda: self._happens(Event.DUE))

    def _cancel(self, *timers: str) -> None:
        for name in timers:
            self._timers.cancel(name)


_LONG = (Disposition.WAIT, Disposition.DENIED)
"""No use in asking soon."""

_LISTENS = frozenset(
    {
        Event.WANTED,
        Event.OVERDUE,
        Event.SILENT,
        Event.SUSPECTED,
        Event.AGED,
        Event.DUE,
        Event.NETWORK_CHANGED,
    }
)
"""What leads to a new stream, unless there is nothing to listen to any more."""
