"""pyright, as `make tools` fetched it, on the SDK of this tree."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / ".tools" / "pyright" / "node_modules" / "pyright" / "index.js"


def pyright(*arguments: str) -> str:
    """What it prints; mistakes in the code that it looks at are no error of its own."""
    node = shutil.which("node")
    if node is None or not PROGRAM.exists():
        raise RuntimeError("pyright is not in .tools: `make tools` fetches it, and runs on Node 20 or newer")
    done = subprocess.run(
        [node, str(PROGRAM), "--pythonpath", sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT / "sdk")},
        capture_output=True,
        text=True,
        timeout=390,
    )
    if done.returncode > 1:
        raise RuntimeError(f"pyright failed:\n{done.stdout}\n{done.stderr}")
    return done.stdout
