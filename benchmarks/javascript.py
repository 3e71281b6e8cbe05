"""Two devices on firebase-js-sdk, to compare with: `make bench` has npm fetch it, if there is npm."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.support.child import Child

_ROOT = Path(__file__).parents[1]
_FETCHED = _ROOT / ".tools" / "firebase-js"
_DEVICE = Path(__file__).with_name("js_device.cjs")


@contextmanager
def pair() -> Iterator[tuple[Child, Child] | None]:
    """One that writes and one that hears; None where it was not fetched."""
    node = shutil.which("node")
    if node is None or not (_FETCHED / "node_modules" / "firebase").is_dir():
        yield None
        return
    with ExitStack() as both:
        writer, hearer = (
            both.enter_context(Child(str(_DEVICE), str(_FETCHED), program=(node,))) for _ in range(2)
        )
        yield writer, hearer
