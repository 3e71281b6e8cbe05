"""Fields of a State whose reading is more than a look into its dict. Any thread."""

from __future__ import annotations

from typing import Any


class Fresh:
    """A field whose values can be changed in place: every look at it gives a new one."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, state: Any, owner: type[Any]) -> Any:
        if state is None:
            raise AttributeError(f"type object {owner.__name__!r} has no attribute {self._name!r}")
        codec = owner.__fields__[self._name].codec
        return codec.decode(codec.encode(state.__dict__[self._name], self._name))

    def __set__(self, state: Any, value: Any) -> None:
        """What makes it come before the state's own dict; `State.__setattr__` refuses first."""


class Noted:
    """A field whose edits are differences to what the app saw: a session notes what was read of it last."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, state: Any, owner: type[Any]) -> Any:
        if state is None:
            raise AttributeError(f"type object {owner.__name__!r} has no attribute {self._name!r}")
        found = state.__dict__[self._name]
        state.__dict__.get("__noted__", {})[self._name] = found
        return found

    def __set__(self, state: Any, value: Any) -> None:
        """As of `Fresh`."""
