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


class StreamState(enum.Enum):
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
    OVERDUE = "20 s of silence, while a target has no answer yet"
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
    EXPECT = "if a target has no answer yet, 20 s of silence are enough"
    BACK_OFF = "wait"
    GIVE_UP = "hang up, new channel, wait"
    HURRY = "wait 1 s after the last try at the most"
    RENEW_LATER = "again in 1 s"
    HANG_UP = "hang up"
    HANG_UP_LATER = "hang up in 2 s"


_TABLE: Mapping[Event, Mapping[StreamState, tuple[StreamState, Action]]] = {
    Event.WANTED: {
        StreamState.IDLE: (StreamState.CONNECTING, Action.LISTEN),
        StreamState.CONNECTING: (StreamState.CONNECTING, Action.NOTHING),
        StreamState.LIVE: (StreamState.LIVE, Action.EXPECT),
        StreamState.RENEWING: (StreamState.RENEWING, Action.NOTHING),
        StreamState.WAITING: (StreamState.WAITING, Action.NOTHING),
        StreamState.REFUSED: (StreamState.REFUSED, Action.NOTHING),
    },
    Event.UNWANTED: {
        StreamState.IDLE: (StreamState.IDLE, Action.NOTHING),
        StreamState.CONNECTING: (StreamState.IDLE, Action.HANG_UP),
        StreamState.LIVE: (StreamState.IDLE, Action.HANG_UP),
        StreamState.RENEWING: (StreamState.IDLE, Action.HANG_UP),
        StreamState.WAITING: (StreamState.IDLE, Action.HANG_UP),
        StreamState.REFUSED: (StreamState.IDLE, Action.HANG_UP),
    },
    Event.SIGNED_OUT: {
        StreamState.IDLE: (StreamState.IDLE, Action.NOTHING),
        StreamState.CONNECTING: (StreamState.IDLE, Action.HANG_UP_LATER),
        StreamState.LIVE: (StreamState.IDLE, Action.HANG_UP_LATER),
        StreamState.RENEWING: (StreamState.IDLE, Action.HANG_UP_LATER),
        StreamState.WAITING: (StreamState.IDLE, Action.HANG_UP_LATER),
        StreamState.REFUSED: (StreamState.IDLE, Action.HANG_UP_LATER),
    },
    Event.HEARD: {
        StreamState.CONNECTING: (StreamState.LIVE, Action.GREET),
        StreamState.LIVE: (StreamState.LIVE, Action.WATCH),
        StreamState.RENEWING: (StreamState.LIVE, Action.GREET),
    },
    Event.FAILED: {
        StreamState.CONNECTING: (StreamState.WAITING, Action.BACK_OFF),
        StreamState.LIVE: (StreamState.WAITING, Action.BACK_OFF),
        StreamState.RENEWING: (StreamState.WAITING, Action.BACK_OFF),
    },
    Event.DENIED: {
        StreamState.CONNECTING: (StreamState.REFUSED, Action.BACK_OFF),
        StreamState.LIVE: (StreamState.REFUSED, Action.BACK_OFF),
        StreamState.RENEWING: (StreamState.REFUSED, Action.BACK_OFF),
    },
    Event.UNANSWERED: {
        StreamState.CONNECTING: (StreamState.WAITING, Action.GIVE_UP),
        StreamState.RENEWING: (StreamState.WAITING, Action.GIVE_UP),
    },
    Event.OVERDUE: {
        StreamState.LIVE: (StreamState.CONNECTING, Action.LISTEN_ANEW),
    },
    Event.SILENT: {
        StreamState.LIVE: (StreamState.CONNECTING, Action.LISTEN_ANEW),
    },
    Event.SUSPECTED: {
        StreamState.IDLE: (StreamState.IDLE, Action.NOTHING),
        StreamState.CONNECTING: (StreamState.CONNECTING, Action.NOTHING),
        StreamState.LIVE: (StreamState.CONNECTING, Action.LISTEN_ANEW),
        StreamState.RENEWING: (StreamState.RENEWING, Action.NOTHING),
        StreamState.WAITING: (StreamState.WAITING, Action.NOTHING),
        StreamState.REFUSED: (StreamState.REFUSED, Action.NOTHING),
    },
    Event.AGED: {
        StreamState.CONNECTING: (StreamState.CONNECTING, Action.RENEW_LATER),
        StreamState.LIVE: (StreamState.RENEWING, Action.LISTEN),
        StreamState.RENEWING: (StreamState.RENEWING, Action.RENEW_LATER),
    },
    Event.DUE: {
        StreamState.WAITING: (StreamState.CONNECTING, Action.LISTEN),
        StreamState.REFUSED: (StreamState.CONNECTING, Action.LISTEN),
    },
    Event.USED: {
        StreamState.IDLE: (StreamState.IDLE, Action.NOTHING),
        StreamState.CONNECTING: (StreamState.CONNECTING, Action.NOTHING),
        StreamState.LIVE: (StreamState.LIVE, Action.NOTHING),
        StreamState.RENEWING: (StreamState.RENEWING, Action.NOTHING),
        StreamState.WAITING: (StreamState.WAITING, Action.HURRY),
        StreamState.REFUSED: (StreamState.REFUSED, Action.NOTHING),
    },
    Event.NETWORK_CHANGED: {
        StreamState.IDLE: (StreamState.CONNECTING, Action.LISTEN_ANEW),
        StreamState.CONNECTING: (StreamState.CONNECTING, Action.LISTEN_ANEW),
        StreamState.LIVE: (StreamState.CONNECTING, Action.LISTEN_ANEW),
        StreamState.RENEWING: (StreamState.CONNECTING, Action.LISTEN_ANEW),
        StreamState.WAITING: (StreamState.CONNECTING, Action.LISTEN_ANEW),
        StreamState.REFUSED: (StreamState.CONNECTING, Action.LISTEN_ANEW),
    },
}

NEXT: Mapping[tuple[StreamState, Event], tuple[StreamState, Action]] = {
    (state, event): outcome for event, row in _TABLE.items() for state, outcome in row.items()
}
"""(state, event) → (state, action)."""
