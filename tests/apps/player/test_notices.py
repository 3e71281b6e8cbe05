"""What the player has to say at its start: in a window, without a network."""

from __future__ import annotations

import re
from pathlib import Path

from apps.common.driving import AppProcess
from apps.player.listening import SESSION_ID
from tests.apps import profiles


def test_a_player_with_a_repaired_database_says_so_and_plays_on(folder: Path, tmp_path: Path) -> None:
    """What was mended is told on the screen; the player is there, with its music, and its buttons work."""
    profiles.known("player", tmp_path, SESSION_ID, "listening/1", {"volume": 0.35})
    profiles.database("player", tmp_path).write_text("This is no database any more. " * 999)
    log = tmp_path / "player.err"
    flags = [*profiles.arguments(tmp_path), "--audio", "none"]
    with AppProcess("apps.player", folder, *flags, log=log) as player:
        told = player.wait(lambda seen: seen["message"], "what was mended")
        assert "store.sqlite.corrupt-" in told["message"]
        player.wait(lambda seen: seen["scanned"] and len(seen["order"]) == 3, "the music")
        player.key("space")
        player.wait(lambda seen: seen["playing_here"], "that it plays")
    assert not re.search("Unexpected|Traceback", log.read_text() + (tmp_path / "player-test.log").read_text())
