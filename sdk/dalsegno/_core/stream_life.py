"""The life of the one Listen stream, as a table that the listen stream executes. Pure.

What is not in the table cannot happen; if it does, that is an error of ours. `docs/stream.md` shows it.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping


class OfflineCause(enum.Enum):
    """Why nothing is tried at all. Each is set and lifted by itself; the stream runs while there is none."""

    LOADING = "the network stack is not there yet"
    PAUSED = "the app is in the background, or closes"
    SIGNED_OUT = "the sign-in was ended"


class State(enum.Enum):
    """CONNECTING and RENEWING have a stream that nobody has answered yet."""

    IDLE = "nothing to listen to, or a cause to be offline"
    CONNECTING = "a stream is asked for"
    LIVE = "the stream has been answered"
    RENEWING = "in the place of a live stream another is asked for; the link counts as live meanwhile"
    WAITING = "until the next try; it comes sooner when somebody uses the app"
    REFUSED = "until the next try; the server has a reason that no use of the app removes"


class Event(enum.Enum):
    """What happens to the stream."""

    WANTED = "there is something to listen to"
    UNWANTED = "nothing to listen to, or paused"
    SIGNED_OUT = "the sign-in was ended"
    HEARD = "a message"
    FAILED = "it ended, or could not be opened"
    DENIED = "it ended: denied, or out of quota"
    UNANSWERED = "10 s without an answer"
    SILENT = "75 s of silence"
    SUSPECTED = "a call got no answer, and nothing else shows life"
    AGED = "its token nears its end"
    DUE = "the wait is over"
    USED = "the user edits or opens"
    NETWORK_CHANGED = "another network, or online again"


class Action(enum.Enum):
    """What is done about it."""

    NOTHING = ""
    LISTEN = "listen"
    LISTEN_ANEW = "new channel, listen"
    GREET = "no fault any more"
    WATCH = "silence is counted anew"
    BACK_OFF = "wait"
    GIVE_UP = "hang up, new channel, wait"
    HURRY = "wait 1 s after the last try at the most"
    RENEW_LATER = "again in 1 s"
    HANG_UP = "hang up"
    HANG_UP_LATER = "hang up in 2 s"


_TABLE: Mapping[Event, Mapping[State, tuple[State, Action]]] = {
    Event.WANTED: {
        State.IDLE: (State.CONNECTING, Action.LISTEN),
        State.CONNECTING: (State.CONNECTING, Action.NOTHING),
        State.LIVE: (State.LIVE, Action.NOTHING),
        State.RENEWING: (State.RENEWING, Action.NOTHING),
        State.WAITING: (State.WAITING, Action.NOTHING),
        State.REFUSED: (State.REFUSED, Action.NOTHING),
    },
    Event.UNWANTED: {
        State.IDLE: (State.IDLE, Action.NOTHING),
        State.CONNECTING: (State.IDLE, Action.HANG_UP),
        State.LIVE: (State.IDLE, Action.HANG_UP),
        State.RENEWING: (State.IDLE, Action.HANG_UP),
        State.WAITING: (State.IDLE, Action.HANG_UP),
        State.REFUSED: (State.IDLE, Action.HANG_UP),
    },
    Event.SIGNED_OUT: {
        State.IDLE: (State.IDLE, Action.NOTHING),
        State.CONNECTING: (State.IDLE, Action.HANG_UP_LATER),
        State.LIVE: (State.IDLE, Action.HANG_UP_LATER),
        State.RENEWING: (State.IDLE, Action.HANG_UP_LATER),
        State.WAITING: (State.IDLE, Action.HANG_UP_LATER),
        State.REFUSED: (State.IDLE, Action.HANG_UP_LATER),
    },
    Event.HEARD: {
        State.CONNECTING: (State.LIVE, Action.GREET),
        State.LIVE: (State.LIVE, Action.WATCH),
        State.RENEWING: (State.LIVE, Action.GREET),
    },
    Event.FAILED: {
        State.CONNECTING: (State.WAITING, Action.BACK_OFF),
        State.LIVE: (State.WAITING, Action.BACK_OFF),
        State.RENEWING: (State.WAITING, Action.BACK_OFF),
    },
    Event.DENIED: {
        State.CONNECTING: (State.REFUSED, Action.BACK_OFF),
        State.LIVE: (State.REFUSED, Action.BACK_OFF),
        State.RENEWING: (State.REFUSED, Action.BACK_OFF),
    },
    Event.UNANSWERED: {
        State.CONNECTING: (State.WAITING, Action.GIVE_UP),
        State.RENEWING: (State.WAITING, Action.GIVE_UP),
    },
    Event.SILENT: {
        State.LIVE: (State.CONNECTING, Action.LISTEN_ANEW),
    },
    Event.SUSPECTED: {
        State.IDLE: (State.IDLE, Action.NOTHING),
        State.CONNECTING: (State.CONNECTING, Action.NOTHING),
        State.LIVE: (State.CONNECTING, Action.LISTEN_ANEW),
        State.RENEWING: (State.RENEWING, Action.NOTHING),
        State.WAITING: (State.WAITING, Action.NOTHING),
        State.REFUSED: (State.REFUSED, Action.NOTHING),
    },
    Event.AGED: {
        State.CONNECTING: (State.CONNECTING, Action.RENEW_LATER),
        State.LIVE: (State.RENEWING, Action.LISTEN),
        State.RENEWING: (State.RENEWING, Action.RENEW_LATER),
    },
    Event.DUE: {
        State.WAITING: (State.CONNECTING, Action.LISTEN),
        State.REFUSED: (State.CONNECTING, Action.LISTEN),
    },
    Event.USED: {
        State.IDLE: (State.IDLE, Action.NOTHING),
        State.CONNECTING: (State.CONNECTING, Action.NOTHING),
        State.LIVE: (State.LIVE, Action.NOTHING),
        State.RENEWING: (State.RENEWING, Action.NOTHING),
        State.WAITING: (State.WAITING, Action.HURRY),
        State.REFUSED: (State.REFUSED, Action.NOTHING),
    },
    Event.NETWORK_CHANGED: {
        State.IDLE: (State.CONNECTING, Action.LISTEN_ANEW),
        State.CONNECTING: (State.CONNECTING, Action.LISTEN_ANEW),
        State.LIVE: (State.CONNECTING, Action.LISTEN_ANEW),
        State.RENEWING: (State.CONNECTING, Action.LISTEN_ANEW),
        State.WAITING: (State.CONNECTING, Action.LISTEN_ANEW),
        State.REFUSED: (State.CONNECTING, Action.LISTEN_ANEW),
    },
}

NEXT: Mapping[tuple[State, Event], tuple[State, Action]] = {
    (state, event): outcome for event, row in _TABLE.items() for state, outcome in row.items()
}
"""(state, event) → (state, action)."""
