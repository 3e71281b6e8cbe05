"""What type checkers say of an app's code: one page of examples, which they take, and one of mistakes."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from dalsegno._client.client import Client
from dalsegno.testing._simulated_firestore import SimulatedFirestore
from tests.support.pyright import pyright
from tests.typing.examples import EXAMPLES

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


@pytest.fixture(scope="module")
def by_pyright() -> set[tuple[str, int]]:
    """Each line that pyright refuses: page, number."""
    found: dict[str, Any] = json.loads(pyright("-p", str(HERE), "--outputjson"))
    assert 2 == found["summary"]["filesAnalyzed"]
    return {
        (Path(d["file"]).name, d["range"]["start"]["line"] + 1)
        for d in found["generalDiagnostics"]
        if d["severity"] == "error"
    }


@pytest.fixture(scope="module")
def by_mypy(tmp_path_factory: pytest.TempPathFactory) -> set[tuple[str, int]]:
    """Each line that mypy refuses: page, number."""
    pages = [str(HERE / "examples.py"), str(HERE / "mistakes.py")]
    cache = ["--cache-dir", str(tmp_path_factory.mktemp("mypy"))]
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", *cache, *pages]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert "" == done.stderr
    told = re.findall(r"(?m)^.*?(\w+\.py):(\d+): error:", done.stdout)
    return {(page, int(line)) for page, line in told}


def marked() -> set[tuple[str, int]]:
    """Each line of mistakes.py that is marked `# refused: …`."""
    lines = (HERE / "mistakes.py").read_text().splitlines()
    return {("mistakes.py", number) for number, line in enumerate(lines, 1) if "# refused: " in line}


def test_pyright_takes_the_examples_and_refuses_each_mistake(by_pyright: set[tuple[str, int]]) -> None:
    """In strict mode, and nothing that is not marked."""
    assert marked() == by_pyright


def test_mypy_takes_the_examples_and_refuses_each_mistake(by_mypy: set[tuple[str, int]]) -> None:
    """With --strict, and nothing that is not marked."""
    assert marked() == by_mypy


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_examples_run(example: Any, tmp_path: Path) -> None:
    """What the checkers take does what it says."""
    client: Client = SimulatedFirestore().client(tmp_path, "phone")
    with client:
        example(client)
        assert client.flush(30.0)


def test_the_types_of_all_public_names_are_known() -> None:
    """A checker has to infer none of them: two checkers would infer two types."""
    told = json.loads(pyright("--verifytypes", "dalsegno", "--outputjson"))
    known = {s["name"]: s["isTypeKnown"] for s in told["typeCompleteness"]["symbols"]}
    assert [] == [name for name in sorted(_public()) if not known.get(name)]


def _public() -> set[str]:
    """`module.name` of what the package's public modules name in `__all__`."""
    names: set[str] = set()
    for path in (ROOT / "sdk" / "dalsegno").glob("[!_]*.py"):
        names |= _named(f"dalsegno.{path.stem}", path)
    for package in ("", "admin", "testing"):
        folder = ROOT / "sdk" / "dalsegno" / package
        names |= _named(".".join(filter(None, ("dalsegno", package))), folder / "__init__.py")
    return names


def _named(module: str, path: Path) -> set[str]:
    listed = re.search(r"(?ms)^__all__ = \[(.*?)\]", path.read_text())
    found = re.findall(r'"(\w+)"', listed[1]) if listed else []
    return {f"{module}.{name}" for name in found if name != "__version__"}
