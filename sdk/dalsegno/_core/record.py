"""Dataclasses within the SDK: frozen for whoever checks the types, and at run time as cheap as others.

What `frozen` adds at run time takes half a millisecond a class when it is imported, and an app's start has
dozens of them; and it makes each instance twice as dear. What apps are given (Locator, Change, …) is frozen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataclasses import dataclass as record
else:

    def record(*, frozen, slots):
        """As `dataclass`, which `frozen` is not passed on to."""
        return dataclass(slots=slots)


__all__ = ["record"]
