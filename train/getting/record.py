"""`collected.csv`: what became of every address and file, so that nothing is asked twice, and the origin stays with the photos.

A row is appended the moment it is known; a process that is killed loses at most the photos in work.
"""

from __future__ import annotations

import csv
import io
from dataclasses import astuple, dataclass, fields
from pathlib import Path

RECORD_NAME = "collected.csv"
KEPT, COPY, NEAR, ADDRESS, FAILED = "kept", "copy", "near", "address", "failed"  # outcomes beside the codes of a PhotoError


@dataclass(frozen=True)
class Row:
    """What became of one address or file."""

    source: str  # the address, or folder/name of a file
    outcome: str  # KEPT; COPY of `file`, or NEAR it; ADDRESS: it won't do; FAILED: not now; or why it is no photo
    file: str  # in the class folder
    sha256: str  # of the bytes, "" where none came
    message: str


class Record:
    """The rows of a class folder, on the disk."""

    def __init__(self, folder: Path) -> None:
        """Read what is there. Failures are dropped: they are tried again."""
        self.path = folder / RECORD_NAME
        self.rows = [row for row in _read(self.path) if row.outcome != FAILED]
        self._sources = {row.source for row in self.rows}
        self._files = {(row.source, row.sha256): row for row in self.rows}
        folder.mkdir(parents=True, exist_ok=True)
        fresh = self.path.with_name(f".{RECORD_NAME}.new")
        fresh.write_text("".join(map(_line, [tuple(field.name for field in fields(Row)), *map(astuple, self.rows)])), encoding="utf-8")
        fresh.replace(self.path)

    def has_asked(self, address: str) -> bool:
        """Whether it is known for good what an address has."""
        return address in self._sources

    def of_file(self, source: str, sha256: str) -> Row | None:
        """What became of a file that had these bytes: cameras use their names again."""
        return self._files.get((source, sha256))

    def add(self, row: Row) -> None:
        """Keep a row."""
        self.rows.append(row)
        with self.path.open("a", encoding="utf-8", newline="") as stream:
            stream.write(_line(astuple(row)))


def _read(path: Path) -> list[Row]:
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", errors="replace", newline="") as stream:
        rows = list(csv.reader(stream))[1:]
    return [Row(*row) for row in rows if len(row) == len(fields(Row))]  # the last one may be half a row


def _line(values: tuple[str, ...]) -> str:
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerow(values)
    return stream.getvalue()
