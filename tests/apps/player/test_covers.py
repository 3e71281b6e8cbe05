"""Covers as they are drawn: in a window without a display."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from apps.player.library import Track
from tests.support.waiting import until


def png(width: int, height: int) -> bytes:
    """Red above, blue below."""
    image = Image.new("RGB", (width, height), (255, 0, 0))
    image.paste((0, 0, 255), (0, height // 2, width, height))
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def shown(folder: Path, content: bytes) -> tuple[object, list[str]]:
    """The texture for a track with this cover beside it, and what was said about it."""
    from kivy.base import EventLoop
    from kivy.clock import Clock

    from apps.player.covers import Covers

    EventLoop.ensure_window()
    (folder / "cover.png").write_bytes(content)
    track = Track("ab12", folder / "a.wav", "Alba", "", "", 0, 1000.0)
    news: list[str] = []
    covers = Covers(news.append, news.append)
    covers.texture(track.id, track)

    def ticked() -> list[str]:
        Clock.tick()
        return news

    until(ticked, timeout_s=30.0, what="the cover")
    texture = covers.texture(track.id, track)
    covers.close()
    return texture, news


@pytest.mark.parametrize("size", [(640, 640), (300, 100), (97, 211)])
def test_a_cover_is_upright_and_square(size: tuple[int, int], tmp_path: Path) -> None:
    """The top of the picture is at the top of the widget, whatever the picture's size."""
    from kivy.graphics import Color, Fbo, SmoothRoundedRectangle

    texture, news = shown(tmp_path, png(*size))
    canvas = Fbo(size=(64, 64))
    with canvas:
        Color(1, 1, 1, 1)
        SmoothRoundedRectangle(texture=texture, size=(64, 64), radius=[4])
    canvas.draw()
    pixels = canvas.pixels
    below, above = (tuple(pixels[4 * (64 * row + 32) :][:3]) for row in (8, 56))
    assert (["ab12"], (255, 0, 0), (0, 0, 255)) == (news, above, below)


@pytest.mark.parametrize("content", [b"<html>", png(64, 64)[:60]])
def test_a_cover_that_is_none_is_said_and_a_drawn_one_shown(content: bytes, tmp_path: Path) -> None:
    """Neither what is no image nor half an image stops anything: one sentence, and a drawn cover."""
    texture, news = shown(tmp_path, content)
    assert texture is not None
    assert 1 == len(news)
    assert "drawn" in news[0]


def test_a_long_queue_draws_only_what_is_seen() -> None:
    """Of five hundred tracks only the ones on the screen are asked for their pictures, and a cover that
    comes later moves nothing else."""
    from kivy.base import EventLoop
    from kivy.clock import Clock

    from apps.player.screens.queue import QueuePanel
    from apps.player.view import Row, View

    EventLoop.ensure_window()
    rows = tuple(Row(f"{i:024x}", f"Piece {i}", "Trio", 1000.0, here=True) for i in range(500))
    view = View(
        None,
        rows,
        0,
        False,
        None,
        None,
        None,
        0.0,
        0.8,
        False,
        "off",
        (0.0, 0.0, 0),
        None,
        None,
        None,
        False,
        (),
    )
    asked: list[str] = []
    panel = QueuePanel(size=(400, 600))
    EventLoop.window.add_widget(panel)
    try:
        panel.show(view, lambda track: asked.append(track), tag="track")
        for _ in range(5):
            Clock.tick()
        assert 5 < len(set(asked)) < 30
        seen = set(asked)
        asked.clear()
        panel.redraw()
        assert seen >= set(asked) and asked
    finally:
        EventLoop.window.remove_widget(panel)
