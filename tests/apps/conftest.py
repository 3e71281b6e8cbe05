"""Kivy without a display, and without its habit of reading pytest's arguments: laid before anything
imports it."""

from __future__ import annotations

import os
import tempfile

os.environ.setdefault("SDL_VIDEODRIVER", "offscreen")
os.environ.setdefault("KIVY_NO_ARGS", "1")
os.environ.setdefault("KIVY_NO_FILELOG", "1")
os.environ.setdefault("KIVY_LOG_MODE", "PYTHON")
os.environ.setdefault("LP_NUM_THREADS", "0")
os.environ.setdefault("KIVY_HOME", tempfile.mkdtemp(prefix="kivy-"))
