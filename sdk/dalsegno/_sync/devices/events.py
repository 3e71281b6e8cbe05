"""What the devices tell the engine, and the one thing that they ask of it. Pure."""

from __future__ import annotations

from typing import Protocol


class DeviceEvents(Protocol):
    """Called on the worker thread, never while `Devices` is being made."""

    def devices_changed(self) -> None:
        """The list of the user's devices is another."""
        ...

    def sign_in_changed(self) -> None:
        """The sign-in is another, was ended, or has to be registered (anew)."""
        ...

    def connection_suspected(self) -> None:
        """A write got no answer: the way to the server may be dead."""
        ...

    def hang_up(self) -> None:
        """This device takes its leave: the stream is to end."""
        ...

    def is_live(self) -> bool:
        """Whether the link is up."""
        ...
