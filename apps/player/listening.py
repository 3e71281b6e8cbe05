"""What is shared between the devices of one listener: queue, track, playhead, volume, shuffle, repeat.

The fields track … playing_on_name are one *line*: they are always written together, so that two devices
that both press play end with all of one line, and never with the track of one at the position of the other.
"""

from __future__ import annotations

import dalsegno as ds

SESSION_ID = "queue-main"


class Listening(ds.State, schema="listening/1"):
    queue: tuple[str, ...] = ds.latest(())
    track: str = ds.latest("")
    title: str = ds.latest("")
    artist: str = ds.latest("")
    duration_ms: float = ds.latest(0.0)
    playhead: ds.Playhead = ds.latest(ds.Playhead())
    playing_on: str | None = ds.latest(None)
    playing_on_name: str = ds.latest("")
    volume: float = ds.latest(0.8)
    shuffle: int = ds.latest(0)
    """Seed of the order; 0 is off."""
    shuffle_first: str = ds.latest("")
    repeat: str = ds.latest("off")
    """`off`, `all` or `one`."""
    heard: ds.Playhead | None = ds.on_this_device(None)
    """Where this device's sound was some seconds ago, while it plays: what a crash leaves behind."""
    heard_track: str = ds.on_this_device("")
