"""What `import dalsegno` costs in a fresh process, bytecode compiled."""

from __future__ import annotations

import statistics
import subprocess
import sys

from benchmarks.figures import Results

_CODE = "import time; t = time.perf_counter(); import dalsegno; print(time.perf_counter() - t)"


def measure(starts: int) -> Results:
    """The median of `starts` processes, after one that compiles; and the least, for a busy machine."""
    took_ms = [_once_ms() for _ in range(starts + 1)][1:]
    return {"import_ms": statistics.median(took_ms), "import_least_ms": min(took_ms)}


def _once_ms() -> float:
    # From outside the checkout: `sdk` is found the way an installed package is.
    done = subprocess.run([sys.executable, "-c", _CODE], capture_output=True, text=True, check=True)
    return float(done.stdout) * 1000
