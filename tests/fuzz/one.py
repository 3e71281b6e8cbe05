"""One target under Atheris, which follows the branches that each input takes: run by `tests.fuzz`.

python -m tests.fuzz.one TARGET [libFuzzer's options] CORPUS
"""

from __future__ import annotations

import sys

import atheris

_PREFIXES = ["dalsegno", "apps", "zipfile", "html.parser", "_markupbase", "tinytag"]

with atheris.instrument_imports(include=_PREFIXES):
    from tests.fuzz.targets import TARGETS


def main() -> None:
    target = TARGETS[sys.argv.pop(1)]
    atheris.Setup(sys.argv, target.run)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
