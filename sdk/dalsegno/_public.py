"""Names that are defined inside and imported from outside: tracebacks and reprs say what users import."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from typing import Any


def name_publicly(module: str, names: Iterable[str], where: Mapping[str, Any]) -> None:
    """From now on the classes and functions of these `names` are of the public `module`."""
    for name in names:
        thing = where.get(name)
        if isinstance(thing, type):
            _resolve(thing)
        if isinstance(thing, type) or inspect.isfunction(thing):
            thing.__module__ = module


def _resolve(kind: type) -> None:
    """Annotations are texts that are looked up in a class's module: they become types while it is the right
    one. Those that only a type checker can look up stay texts."""
    try:
        kind.__annotations__ = inspect.get_annotations(kind, eval_str=True)
    except NameError:
        return
