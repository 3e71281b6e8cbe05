"""A forbidden request: an allowed one with exactly one thing changed; and the ways to change one thing."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from tests.rules.requests import Put, Request, Server

Make = Callable[[str], Request]
Change = Callable[[Any], None]


@dataclass(frozen=True, slots=True)
class Forbidden:
    """`make` is allowed once `before` has been done; with `change` it is denied."""

    title: str
    make: Make
    change: Change
    before: tuple[Make, ...] = ()

    @property
    def name(self) -> str:
        return "".join(letter if letter.isalnum() else "-" for letter in self.title)

    def complaints(self, server: Server) -> list[str]:
        """What is wrong with the rules: nothing if they deny the changed request, and that one only."""
        for prepare in self.before:
            if not server.allows(prepare(self.name)):
                return [f"{self.title}: its preparation is denied"]
        changed = self.make(self.name)
        self.change(changed)
        if server.allows(changed):
            return [f"{self.title}: it is allowed"]
        if not server.allows(self.make(self.name)):
            return [f"{self.title}: it is denied even without the change"]
        return []


def sets(path: tuple[str, ...], value: Any) -> Change:
    """The field has another value; a callable makes it when the test runs."""

    def change(put: Put) -> None:
        put.fields[path] = value() if callable(value) else value

    return change


def lacks(path: tuple[str, ...]) -> Change:
    def change(put: Put) -> None:
        put.fields.pop(path, None)
        put.increments.pop(path, None)
        put.server_times = [time for time in put.server_times if time != path]

    return change


def erases(*path: str) -> Change:
    def change(put: Put) -> None:
        put.fields = {p: v for p, v in put.fields.items() if p[: len(path)] != path}
        put.erased.append(path)

    return change


def counts(value: float) -> Change:
    def change(put: Put) -> None:
        put.increments["rev",] = value

    return change


def dated(path: str, value: Callable[[], Any]) -> Change:
    """The client's time instead of the server's."""

    def change(put: Put) -> None:
        put.server_times = [time for time in put.server_times if time != (path,)]
        put.fields[path,] = value()

    return change


def below(path: Callable[[str], str]) -> Change:
    def change(request: Any) -> None:
        request.path = path(request.path)

    return change


def becomes(**attributes: Any) -> Change:
    """The request itself is another: its parent, its collection, its user."""

    def change(request: Request) -> None:
        for name, value in attributes.items():
            assert hasattr(request, name)
            setattr(request, name, value)

    return change


def since(ago_s: int) -> Change:
    """The user signed in so long before the test runs."""

    def change(request: Request) -> None:
        assert request.user is not None
        request.user = replace(request.user, signed_in_s=int(time.time()) - ago_s)

    return change


def by(uid: str | None) -> Change:
    """Somebody else asks, who signed in in the very same second; None: nobody is signed in."""

    def change(request: Request) -> None:
        assert request.user is not None
        request.user = None if uid is None else replace(request.user, uid=uid)

    return change


def all_of(*changes: Change) -> Change:
    """One thing that takes several steps."""

    def change(request: Any) -> None:
        for step in changes:
            step(request)

    return change
