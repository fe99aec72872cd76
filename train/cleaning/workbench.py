"""What the page shows and does: queues of doubtful photos, and the moves. Photos have numbers here; no path ever comes from the page."""

from __future__ import annotations

import io
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from safelight.decode import Limits, glance
from safelight.errors import CleanError, PhotoError
from train.cleaning.journal import Entry, Journal
from train.data import Found
from train.inspection.duplicates import Group
from train.inspection.inspection import Inspection, Suspect
from train.inspection.listing import LOOSE
from train.inspection.quality import CHECKS
from train.inspection.scan import Shot

PICTURE = 1024  # pixels of the longer side, at most
MOST = 1000  # entries of a queue
MOST_LOSSES = 50  # of a class


@dataclass
class Item:
    """A photo on the page, and where it is now."""

    found: Found
    path: Path
    label: str  # as it is now
    figures: str
    is_broken: bool
    state: str = "there"  # or "quarantine", "relabel"


class Workbench:
    """One session; its methods may be called from any thread."""

    def __init__(self, found: Inspection, journal: Journal, limits: Limits) -> None:
        self.journal = journal
        self._limits = limits
        self._classes = [label for label in found.listing.classes if label != LOOSE]
        self._folders = {(_root(one, found.folder), one.label): _class_folder(one, found.folder) for one in found.listing.found}
        self._folder = found.folder
        self._items: list[Item] = []
        self._numbers: dict[str, int] = {}
        self._lock = threading.Lock()
        self._queues = self._fill(found)

    def state(self) -> dict[str, Any]:
        """Everything that the page needs."""
        with self._lock:
            return {
                "folder": self._folder.resolve().name,
                "quarantine": self.journal.quarantine.name,
                "classes": self._classes,
                "queues": self._queues,
                "photos": [self._shown(number) for number in range(len(self._items))],
                "undoable": len(self.journal.entries()),
            }

    def picture(self, number: int) -> bytes | None:
        """A photo as a JPEG of ours; None where there is no such number, or it can't be decoded."""
        if not 0 <= number < len(self._items):
            return None
        try:
            picture = Image.fromarray(glance(self._items[number].path, PICTURE // 2, limits=self._limits).pixels)
        except PhotoError:
            return None
        picture.thumbnail((PICTURE, PICTURE))
        stream = io.BytesIO()
        picture.save(stream, "JPEG", quality=88)
        return stream.getvalue()

    def set_aside(self, number: int, why: str) -> dict[str, Any]:
        """Move a photo to the quarantine folder. Raises CleanError."""
        with self._lock:
            item = self._there(number)
            return self._done(number, self.journal.set_aside(item.path, why))

    def relabel(self, number: int, label: str) -> dict[str, Any]:
        """Move a photo to another class's folder, in its own split. Raises CleanError."""
        with self._lock:
            item = self._there(number)
            if label not in self._classes:
                raise CleanError(f"there is no class {label!r}.")
            if label == item.label:
                raise CleanError(f"{item.found.name} is in {label} already.")
            root = _root(item.found, self._folder)
            target = self._folders.get((root, label), root / label)
            inner = item.found.path.relative_to(_class_folder(item.found, self._folder))
            entry = self.journal.relabel(item.path, target / inner, f"labelled {item.found.label}")
            item.label = label
            return self._done(number, entry)

    def undo(self) -> dict[str, Any]:
        """Put the last moved photo back. Raises CleanError."""
        with self._lock:
            entry = self.journal.undo()
            if entry is None:
                raise CleanError("there is nothing to undo.")
            moved = (index for index, item in enumerate(self._items) if item.state != "there" and item.path == entry.target)
            number = next(moved, None)  # none: it was moved in another session
            if number is not None:
                item = self._items[number]
                item.path, item.label, item.state = entry.source, item.found.label, "there"
            said = f"{entry.source.name} is back where it was."
            return {"photo": None if number is None else self._shown(number), "undoable": len(self.journal.entries()), "said": said}

    def _there(self, number: int) -> Item:
        if not 0 <= number < len(self._items):
            raise CleanError(f"there is no photo {number}.")
        if self._items[number].state != "there":
            raise CleanError(f"{self._items[number].found.name} was moved already: undo that first.")
        return self._items[number]

    def _done(self, number: int, entry: Entry) -> dict[str, Any]:
        item = self._items[number]
        item.path, item.state = entry.target, entry.action
        where = "set aside" if entry.action == "quarantine" else f"now in {item.label}"
        return {"photo": self._shown(number), "undoable": len(self.journal.entries()), "said": f"{item.found.path.name}: {where}."}

    def _shown(self, number: int) -> dict[str, Any]:
        item = self._items[number]
        return {
            "number": number,
            "name": item.found.name,
            "label": item.label,
            "was": item.found.label,
            "split": item.found.split or "",
            "figures": item.figures,
            "state": item.state,
            "broken": item.is_broken,
        }

    def _number(self, found: Found, figures: str, *, is_broken: bool = False) -> int:
        if found.name not in self._numbers:
            self._numbers[found.name] = len(self._items)
            self._items.append(Item(found, found.path, found.label, figures, is_broken))
        return self._numbers[found.name]

    def _of(self, shot: Shot) -> int:
        return self._number(shot.found, f"{shot.width} × {shot.height}, {shot.bytes / 1000:.0f} kB, {shot.format}")

    def _fill(self, found: Inspection) -> list[dict[str, Any]]:
        """The queues that have something in them, most urgent first."""
        doubted = {id(one.shot) for one in found.suspects}
        shown: dict[str, int] = {}
        losses = []
        for one in found.losses:
            label = one.shot.found.label
            if id(one.shot) not in doubted and shown.setdefault(label, 0) < MOST_LOSSES:
                shown[label] += 1
                losses.append(one)
        queues: list[tuple[str, list[dict[str, Any]]]] = [
            ("Leaks between splits", self._copies(found.leaks)),
            ("One picture, two labels", self._copies([group for group in found.conflicts if not group.is_leak], everyone=True)),
            (
                "Broken",
                [
                    _entry(self._number(item.found, f"{item.bytes:,} bytes", is_broken=True), f"{item.reason}: {item.message}")
                    for item in found.broken
                ],
            ),
            ("Doubtful labels", [self._doubt(one) for one in found.suspects]),
            ("Copies", self._copies(found.copies)),
            *(
                (CHECKS[remark.check].title, [_entry(self._of(shot), CHECKS[remark.check].figure(shot)) for shot in remark.shots])
                for remark in found.remarks
                if remark.check not in ("turned", "mislabelled")
            ),
            ("Most surprising labels", [self._doubt(one) for one in losses]),
        ]
        return [{"title": title, "entries": entries[:MOST]} for title, entries in queues if entries]

    def _copies(self, groups: list[Group], *, everyone: bool = False) -> list[dict[str, Any]]:
        """Of each group the photos that may go, with the others beside them."""
        entries = []
        for group in groups:
            numbers = [self._of(shot) for shot in group.shots]
            for shot in group.shots if everyone else group.spare:
                number = self._of(shot)
                what = "the same bytes" if group.kind == "exact" else "the same picture"
                entries.append(_entry(number, f"{what} as beside", [other for other in numbers if other != number]))
        return entries

    def _doubt(self, one: Suspect) -> dict[str, Any]:
        why = f"labelled {one.shot.found.label} ({one.given:.1%}), the network says {one.answer} ({one.sure:.1%})"
        if one.given >= one.sure:
            why = f"the network says {one.shot.found.label}, too, but only with {one.given:.1%}"
        return _entry(self._of(one.shot), why)


def _entry(number: int, why: str, beside: list[int] | None = None) -> dict[str, Any]:
    return {"photo": number, "why": why, "beside": (beside or [])[:8]}


def _root(found: Found, folder: Path) -> Path:
    """The folder that holds the class folders."""
    return folder / found.path.relative_to(folder).parts[0] if found.split else folder


def _class_folder(found: Found, folder: Path) -> Path:
    root = _root(found, folder)
    return root if found.label == LOOSE else root / found.path.relative_to(root).parts[0]
