"""What was moved where, line by line in JOURNAL, written before the file moves: whatever happens, it can be found and put back.

    {"number": 3, "action": "quarantine", "time": "…", "from": "train/cats/7.jpg", "to": "train/cats/7.jpg", "why": "broken: truncated"}
    {"number": 4, "action": "relabel", "time": "…", "from": "train/cats/9.jpg", "to": "train/dogs/9.jpg", "why": "a wrong label"}
    {"number": 5, "action": "undo", "time": "…", "undoes": 4}

"from" is relative to the photo folder; "to" to the quarantine folder, or to the photo folder for a relabelled one.
"""

from __future__ import annotations

import filecmp
import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, cast

from safelight.errors import CleanError, UsageError
from train.cleaning.moving import claimed, move

JOURNAL = "journal.jsonl"
SUFFIX = ".quarantine"  # of the folder's name beside the photo folder

Action = Literal["quarantine", "relabel"]


@dataclass(frozen=True)
class Entry:
    """A move that can be undone."""

    number: int
    action: Action
    source: Path  # where the photo was
    target: Path  # where it is now
    why: str


def quarantine_of(photos: Path) -> Path:
    """The folder beside the photo folder that takes what is moved out of it."""
    photos = photos.resolve()
    return photos.with_name(photos.name + SUFFIX)


class Journal:
    """Moves photos of one folder, and back."""

    def __init__(self, photos: Path, quarantine: Path | None = None) -> None:
        """Nothing is written before the first move. Raises UsageError where the quarantine would lie among the photos."""
        self.photos = photos.resolve()
        self.quarantine = (quarantine or quarantine_of(photos)).resolve()
        if self.quarantine == self.photos or self.quarantine.is_relative_to(self.photos):
            raise UsageError(
                f"the quarantine {self.quarantine} lies inside the photo folder, so its photos would be trained on. Choose another."
            )

    @property
    def path(self) -> Path:
        """The journal's file."""
        return self.quarantine / JOURNAL

    def set_aside(self, path: Path, why: str) -> Entry:
        """Move a photo to the quarantine folder, under the path that it had. Raises CleanError."""
        place = self._own(path)
        return self._move("quarantine", place, self.quarantine / place.relative_to(self.photos), why)

    def relabel(self, path: Path, target: Path, why: str) -> Entry:
        """Move a photo to another place in the photo folder. Raises CleanError."""
        wanted = target.parent.resolve() / target.name
        if not wanted.is_relative_to(self.photos):
            raise CleanError(f"{target} is outside the photo folder {self.photos}: nothing was moved.")
        return self._move("relabel", self._own(path), wanted, why)

    def undo(self) -> Entry | None:
        """Put the last moved photo back; None where there is nothing left to undo. Raises CleanError, and then nothing has changed."""
        entries = self.entries()
        if not entries:
            return None
        last = entries[-1]
        self._put_back(last)
        self._write({"number": self._next(), "action": "undo", "undoes": last.number})
        return last

    def entries(self) -> list[Entry]:
        """Every move that is not undone, oldest first."""
        lines = self._lines()
        undone = {line.get("undoes") for line in lines if line["action"] == "undo"}
        return [self._entry(line) for line in lines if line["action"] != "undo" and line["number"] not in undone]

    def _move(self, action: Action, source: Path, wanted: Path, why: str) -> Entry:
        base = self.quarantine if action == "quarantine" else self.photos
        with claimed(wanted) as place:
            entry = Entry(self._next(), action, source, place, why)
            names = {"from": source.relative_to(self.photos).as_posix(), "to": place.relative_to(base).as_posix()}
            self._write({"number": entry.number, "action": action, **names, "why": why})
            try:
                move(source, place)
            except CleanError:
                self._write({"number": self._next(), "action": "undo", "undoes": entry.number})
                raise
        return entry

    def _own(self, path: Path) -> Path:
        """The photo's place in the photo folder without links on the way. Raises CleanError where it isn't a plain file there."""
        place = path.parent.resolve() / path.name
        if not place.is_relative_to(self.photos):
            raise CleanError(f"{path} lies outside {self.photos}, where a link leads to: only photos of the folder itself are moved.")
        if place.is_symlink() or not place.is_file():
            raise CleanError(f"{path} is {'a link' if place.is_symlink() else 'no file any more'}: only plain files are moved.")
        return place

    def _put_back(self, entry: Entry) -> None:
        if entry.source.exists() and entry.target.exists():  # stopped in the middle of a move
            if entry.source.is_symlink() or (entry.target.stat().st_size and not filecmp.cmp(entry.source, entry.target, shallow=False)):
                raise CleanError(f"{entry.source} is taken by another file, so {entry.target} stays where it is. Move one of them away.")
            entry.target.unlink()  # an empty place that was claimed, or the same bytes again
        elif entry.target.is_symlink() or not entry.target.is_file():
            if not entry.source.exists():
                raise CleanError(f"{entry.target} is gone, so it can't be put back to {entry.source}. Did somebody move it?")
        else:
            with claimed(entry.source, exactly=True) as place:
                move(entry.target, place)

    def _entry(self, line: dict[str, Any]) -> Entry:
        action = cast(Action, line["action"])
        base = self.quarantine if action == "quarantine" else self.photos
        return Entry(int(line["number"]), action, self._inside(self.photos, line["from"]), self._inside(base, line["to"]), str(line["why"]))

    def _inside(self, base: Path, name: str) -> Path:
        """A path from the journal, which anybody may have edited."""
        path = base / name
        if not (path.parent.resolve() / path.name).is_relative_to(base) or path.name in ("", ".", ".."):
            raise CleanError(f"{self.path} names {name!r}, which is outside {base}: it was edited. Nothing was moved.")
        return path

    def _next(self) -> int:
        return max((int(line["number"]) for line in self._lines()), default=0) + 1

    def _lines(self) -> list[dict[str, Any]]:
        try:
            text = self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return []
        except (OSError, UnicodeDecodeError) as error:
            raise CleanError(f"{self.path} can't be read: {error}. Nothing was moved.") from error
        found: list[dict[str, Any]] = []
        for number, line in enumerate(text.split("\n")[:-1], 1):  # a last line without its end was cut by a power failure
            try:
                entry = json.loads(line)
                names = ["undoes"] if entry["action"] == "undo" else ["from", "to", "why"]
                kinds = [type(entry[name]) for name in ("number", *names)]
                if entry["action"] not in ("quarantine", "relabel", "undo") or kinds != [int, *([int] if len(names) == 1 else [str] * 3)]:
                    raise ValueError(entry)
            except (ValueError, KeyError, TypeError) as error:
                raise CleanError(f"line {number} of {self.path} is damaged. Nothing was moved; mend or remove that line.") from error
            found.append(entry)
        return found

    def _write(self, line: dict[str, Any]) -> None:
        record = {**line, "time": datetime.now(UTC).isoformat(timespec="seconds")}
        try:
            self.quarantine.mkdir(parents=True, exist_ok=True)
            with self.path.open("a+b") as stream:
                stream.seek(0)
                stream.truncate(stream.read().rfind(b"\n") + 1)  # without a last line that a power failure cut
                stream.write(json.dumps(record).encode() + b"\n")
                stream.flush()
                os.fsync(stream.fileno())
        except OSError as error:
            raise CleanError(
                f"{self.path} can't be written: {error.strerror or error}. Choose another folder with --quarantine."
            ) from error
