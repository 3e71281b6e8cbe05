"""What is shared between the devices of one listener: queue, what plays, volume, shuffle, repeat.

What plays is held: its fields are one line, which is written whole by whoever pressed play last, so that two
devices that both press play end with all of one line, and never with the track of one at the position of the
other.
"""

from __future__ import annotations

import dalsegno as ds

SESSION_ID = "queue-main"


class Listening(ds.State, schema="listening/1"):
    track: str = ds.held("")
    title: str = ds.held("")
    artist: str = ds.held("")
    duration_ms: float = ds.held(0.0)
    playhead: ds.Playhead = ds.held(ds.Playhead())
    queue: tuple[str, ...] = ds.latest(())
    volume: float = ds.latest(0.8)
    shuffle: int = ds.latest(0)
    """Seed of the order; 0 is off."""
    shuffle_first: str = ds.latest("")
    repeat: str = ds.latest("off")
    """`off`, `all` or `one`."""
    loudness: float = ds.on_this_device(-1.0)
    """The volume that was heard on this device last; below 0: none was."""
