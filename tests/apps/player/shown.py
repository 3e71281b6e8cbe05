"""What a player shows: its tracks by their titles, and the title of the current one."""

from __future__ import annotations

from tests.apps.player.conftest import Player


def track(player: Player, title: str) -> str:
    return next(row.track for row in player.presenter.view.rows if row.title == title)


def title(player: Player) -> str:
    current = player.presenter.view.current
    return current.title if current else ""
