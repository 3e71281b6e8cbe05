"""What `pip install` gives a stranger, built as the release is."""

from __future__ import annotations

import zipfile
from pathlib import Path

from hatchling.builders.wheel import WheelBuilder

ROOT = Path(__file__).parents[2]


def test_the_wheel_holds_the_sdk_and_nothing_else(tmp_path: Path) -> None:
    """Every module of the SDK with its types, the command, and no app, test or benchmark."""
    [path] = WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])
    with zipfile.ZipFile(path) as wheel:
        names = {name for name in wheel.namelist() if ".dist-info/" not in name}
        [entry_points] = [name for name in wheel.namelist() if name.endswith("entry_points.txt")]
        commands = wheel.read(entry_points).decode()
    sdk = ROOT / "sdk"
    modules = {file.relative_to(sdk).as_posix() for file in (sdk / "dalsegno").rglob("*.py")}
    assert modules | {"dalsegno/py.typed"} == names
    assert "dalsegno = dalsegno._cli:main" in commands
