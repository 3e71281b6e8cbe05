"""The command line: what it prints, its exit codes, and that it stays quick and free of tracebacks."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version

import pytest

from dalsegno._cli import main
from dalsegno.testing._launcher import HOST_VARIABLE


def test_version_is_the_package_s(capsys: pytest.CaptureFixture[str]) -> None:
    """`dalsegno --version` prints the installed version and ends well."""
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"dalsegno {version('dalsegno')}\n"


@pytest.mark.parametrize(
    "arguments", [[], ["nonsense"], ["emulator", "--port", "x"], ["emulator", "--nonsense"]]
)
def test_a_wrong_command_line_is_code_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """A command line that makes no sense gets the usage on stderr and exit code 2."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith("usage: dalsegno")


def test_an_error_is_one_sentence_and_code_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What goes wrong for a user is a sentence on stderr, nothing on stdout, and exit code 1."""
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv(HOST_VARIABLE, raising=False)
    assert main(["emulator"]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("dalsegno: No Firestore emulator found")


def test_starting_the_command_loads_no_network_stack() -> None:
    """The command line answers without importing grpc, google.cloud or asyncio."""
    script = (
        "import sys; from dalsegno._cli import main\n"
        "try: main(['emulator', '--help'])\n"
        "except SystemExit: pass\n"
        "print(sorted({'grpc', 'google.cloud', 'asyncio'} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stderr == "[]\n"
