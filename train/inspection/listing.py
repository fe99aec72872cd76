"""What there is to inspect: as training would see it, or, where training refuses the folder, everything in it all the same."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from safelight.decode import FOREIGN_SUFFIXES, SUFFIXES, find_photos
from safelight.errors import DataError
from train.data import Found, Skipped, survey

LOOSE = "(no class)"  # the label of photos that lie in no class folder


@dataclass(frozen=True)
class Listing:
    """Files that claim to be photos, and what else lies there."""

    classes: tuple[str, ...]  # sorted
    found: tuple[Found, ...]  # sorted by path
    skipped: tuple[Skipped, ...]  # passed over without opening it
    refusal: str  # why `safelight train` would not take this folder, "" if it would


def listing(folder: Path, suffixes: frozenset[str] = SUFFIXES) -> Listing:
    """List a photo folder. Raises DataError only where there is no folder, or not one photo in it."""
    try:
        seen = survey(folder, suffixes)
        return Listing(seen.classes, seen.found, seen.skipped, "")
    except DataError as error:
        if not folder.is_dir():
            raise
        refusal = str(error)
    found = tuple(Found(path, _name(path, folder), _class(path, folder), None) for path in find_photos(folder, suffixes))
    if not found:
        raise DataError(f"{folder} has no photo in it, nor in any folder below it. Name the folder whose sub-folders are the classes.")
    foreign = find_photos(folder, FOREIGN_SUFFIXES - suffixes)
    skipped = [
        Skipped(_name(path, folder), "suffix", f"{path.suffix} is outside the contract. Save it as JPEG, PNG or WebP.") for path in foreign
    ]
    return Listing(tuple(sorted({item.label for item in found})), found, tuple(skipped), refusal)


def _name(path: Path, folder: Path) -> str:
    return os.fsencode(path.relative_to(folder).as_posix()).decode("utf-8", "replace")


def _class(path: Path, folder: Path) -> str:
    """The first folder below `folder`: without readable splits that is the best guess."""
    parts = _name(path, folder).split("/")
    return parts[0] if len(parts) > 1 else LOOSE
