"""Loads the .kv file that lies beside a widget's .py file."""

from __future__ import annotations

from pathlib import Path

from kivy.lang import Builder


def load_beside(python_file: str) -> None:
    """Load ``x.kv`` for ``x.py``, once. Call it with ``__file__`` at the top of the module."""
    path = str(Path(python_file).with_suffix(".kv"))
    if path not in Builder.files:
        Builder.load_file(path, encoding="utf-8")
