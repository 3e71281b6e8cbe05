"""Tags of files that end too early."""

from __future__ import annotations

import pytest

from apps.player.tags import read_tags


@pytest.mark.parametrize("size", range(3, 10))
def test_a_file_that_ends_in_its_id3_header_has_a_name_and_no_length(tmp_path, size):
    """A download that stopped after a few bytes is listed like any other damaged file."""
    path = tmp_path / "stopped.mp3"
    path.write_bytes(b"ID3\x04\x00\x00\x00\x00\x0f"[:size])
    tags = read_tags(path)
    assert ("stopped", 0) == (tags.title, tags.duration_ms)
