"""The page's ZIP writer, read by Python: names in any script, and what ZIP64 is for."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from tests.webapp.conftest import Node

MANY = 500
LARGE = 4_400_000_000  # bytes, more than 32 bits count


@pytest.mark.slow
def test_archives_are_read_by_python_beyond_4_gib_too(node: Node, tmp_path: Path) -> None:
    many, large = tmp_path / "many.zip", tmp_path / "large.zip"
    node("zip.mjs", {"many": {"path": str(many), "count": MANY}, "large": {"path": str(large), "size": LARGE}})
    with zipfile.ZipFile(many) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [f"貓/{i}.jpg" for i in range(MANY)]
        assert [archive.read(f"貓/{i}.jpg") for i in range(MANY)] == [str(i).encode() for i in range(MANY)]
        assert archive.infolist()[0].date_time == (2026, 5, 6, 7, 8, 10)
    with zipfile.ZipFile(large) as archive:
        assert [(info.filename, info.file_size) for info in archive.infolist()] == [("large.bin", LARGE), ("small.txt", 9)]
        assert archive.read("small.txt") == b"behind it"  # lies beyond 4 GiB
        with archive.open("large.bin") as stream:
            assert stream.read(1000) == bytes(1000)
    large.unlink()  # a hole, but not everywhere
