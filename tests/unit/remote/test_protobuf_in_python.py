"""Protobuf in plain Python, which stands where there is no compiled one: documents that make no sense."""

from __future__ import annotations

import os
import subprocess
import sys

IN_PLAIN_PYTHON = """
import sys
import pytest
from google.protobuf.internal import api_implementation

assert "python" == api_implementation.Type()
raise SystemExit(pytest.main(["-q", "-n", "0", "-p", "no:cacheprovider", *sys.argv[1:]]))
"""
CLAIMS = (
    "tests/unit/remote/test_nonsense.py::test_damage_inside_the_fields_leaves_name_time_and_targets",
    "tests/unit/remote/test_nonsense.py::test_damage_in_a_document_that_is_read_leaves_its_time",
    "tests/unit/remote/test_nonsense.py::test_nesting_without_end_is_garbled_not_a_crash",
    "tests/integration/scripted_remote/test_remote_streams.py::test_a_poisoned_document_harms_only_itself",
)


def test_a_poisoned_document_is_salvaged_by_either_protobuf() -> None:
    """Text that is no Unicode costs a document its fields, and the stream nothing, in plain Python too."""
    environment = {**os.environ, "PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION": "python"}
    command = [sys.executable, "-c", IN_PLAIN_PYTHON, *CLAIMS]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert 0 == ended.returncode, ended.stdout + ended.stderr
