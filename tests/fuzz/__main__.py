"""Fuzzes everything that parses what others send: `make fuzz SECONDS=…`, or

    python -m tests.fuzz --seconds 240 [--keep] [TARGET …]

Each target gets its share of the time. A finding (an error that the parser does not document, 10 s without an
end, more than 1.5 GB of memory) is kept in build/fuzz, shown, and makes this fail. `--keep` adds what was
found on the way to the corpus that `make test` replays.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.fuzz.seeds import keep, seeds
from tests.fuzz.targets import TARGETS

FOUND = Path("build/fuzz")
LIMITS = ["-timeout=10", "-rss_limit_mb=1500", "-malloc_limit_mb=1000", "-print_final_stats=1"]
KEPT, KEPT_BYTES = 60, 1024
"""How many inputs of which size are kept for each target: tests read all of them, in seconds."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=240.0, help="for all targets together")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("targets", nargs="*", help=", ".join(TARGETS))
    asked = parser.parse_args()
    if not _has_atheris():
        print("atheris, which guides the fuzzer, has builds for Linux on x86_64 only: nothing was fuzzed.")
        return 2
    names = asked.targets or list(TARGETS)
    failed = [name for name in names if not _fuzz(name, asked.seconds / len(names), asked.keep)]
    print(f"{len(names)} targets, {len(failed)} with findings" + "".join(f"\n  {name}" for name in failed))
    return 1 if failed else 0


def _has_atheris() -> bool:
    return subprocess.run([sys.executable, "-c", "import atheris"], capture_output=True).returncode == 0


def _fuzz(name: str, seconds: float, to_keep: bool) -> bool:
    """True: nothing was found."""
    found = FOUND / name
    found.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        corpus = Path(scratch, "corpus")
        corpus.mkdir()
        for number, seed in enumerate(seeds(name)):
            (corpus / f"seed-{number}").write_bytes(seed)
        limits = [
            *LIMITS,
            f"-max_len={TARGETS[name].max_bytes}",
            f"-artifact_prefix={found}/",
            f"-max_total_time={max(1, round(seconds))}",
        ]
        done = _run(name, [*limits, str(corpus)])
        runs = re.search(r"number_of_executed_units: (\d+)", done.stderr)
        verdict = "clean" if not done.returncode else "FOUND"
        print(f"{name:<18} {int(runs[1]) if runs else 0:>9} runs, {verdict}", flush=True)
        if done.returncode:
            print(done.stdout[-3000:], done.stderr[-600:], sep="\n")
        elif to_keep:
            inputs = sorted((path.read_bytes() for path in corpus.iterdir()), key=len)
            keep(name, [each for each in inputs if len(each) <= KEPT_BYTES][:KEPT])
    return not done.returncode


def _run(name: str, options: list[str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.fuzz.one", name, *options]
    return subprocess.run(command, capture_output=True, text=True, errors="replace")


if __name__ == "__main__":
    sys.exit(main())
