"""A folder → its classes and photos. Sub-folders are the classes; what can't be used is listed, with the reason.

`photos/{cats,dogs}/**/*.jpg` leaves the splits to us (train/split.py); those that are there already, as in
`photos/{train,validation,test}/{cats,dogs}/**/*.jpg`, are respected. `survey` opens no file, `fingerprint` reads each once.
A folder with the four files of MNIST is as good as one of photos (train/idx.py), and so is one of shards (train/shards).
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Literal

from safelight.decode import DEFAULT_LIMITS, FOREIGN_SUFFIXES, HEIC_SUFFIXES, SUFFIXES, Limits, decode, find_photos, read
from safelight.errors import DataError, PhotoError
from safelight.flatten import Pixels

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")

_SPLIT_NAMES: dict[str, Split] = {"train": "train", "validation": "validation", "val": "validation", "valid": "validation", "test": "test"}


@dataclass(frozen=True)
class Skipped:
    """A file or folder that training leaves out."""

    name: str  # relative to the photo folder
    reason: str  # a PhotoError's code, or "link", "folder", "suffix"
    message: str


@dataclass(frozen=True)
class Span:
    """Where a photo's bytes lie in a larger file."""

    offset: int
    length: int


@dataclass(frozen=True)
class Found:
    """A file, or a part of one, that claims to be a photo of a class."""

    path: Path
    name: str  # relative to the photo folder, forward slashes, valid Unicode
    label: str
    split: Split | None  # that its folder says; None: ours to cut
    index: int | None = field(default=None, kw_only=True)  # of a picture in an idx file; None: the file is the photo
    span: Span | None = field(default=None, kw_only=True)  # of a photo in a shard; None: the whole file


@dataclass(frozen=True)
class Photo(Found):
    """A photo whose bytes were read."""

    sha256: str


@dataclass(frozen=True)
class Survey:
    """What lies in a photo folder, before any file was opened."""

    classes: tuple[str, ...]  # sorted; the order of the network's outputs
    found: tuple[Found, ...]  # sorted by path
    skipped: tuple[Skipped, ...]


def survey(folder: Path, suffixes: frozenset[str] = SUFFIXES) -> Survey:
    """List classes and photos. Raises DataError, one sentence, where a classifier can't be learnt from them."""
    if not folder.exists():
        raise DataError(f"{folder} does not exist. Name a folder whose sub-folders are the classes, such as photos/cats and photos/dogs.")
    if not folder.is_dir():
        raise DataError(f"{folder} is a file, not a folder. Name the folder whose sub-folders are the classes.")
    from train import idx, shards

    if idx.is_idx(folder):
        return idx.survey(folder)
    if shards.is_shards(folder):
        return shards.survey(folder)
    skipped: list[Skipped] = []
    found: list[Found] = []
    for split, root in _split_roots(folder, skipped):
        found += _photos_of(root, split, folder, suffixes, skipped)
    return checked(folder, found, skipped)


def checked(folder: Path, found: Sequence[Found], skipped: Sequence[Skipped]) -> Survey:
    """What was found as a survey. Raises DataError where the classes are too few or differ between splits."""
    known = {photo.label for photo in found if photo.split in (None, "train")}
    strangers = sorted({photo.label for photo in found} - known)
    if strangers:
        raise DataError(f"{folder} has test or validation photos of {_names(strangers)}, but no training photos of it. Add them to train.")
    if len(known) < 2:
        only = f"one class, {_names(known)}" if known else "no class"
        raise DataError(f"{folder} has {only}; a classifier needs at least two sub-folders with photos, such as cats and dogs.")
    return Survey(tuple(sorted(known)), tuple(found), tuple(skipped))


def fingerprint(
    found: Iterable[Found], limits: Limits = DEFAULT_LIMITS, advance: Callable[[int], None] = lambda _: None
) -> tuple[list[Photo], list[Skipped]]:
    """Read every file once: photos with the SHA-256 of their bytes, and those that can't be read. Order is kept."""
    photos: list[Photo] = []
    skipped: list[Skipped] = []
    found = list(found)
    with ThreadPoolExecutor() as pool:
        for item, outcome in zip(found, pool.map(partial(_digest, limits), found), strict=True):
            if isinstance(outcome, PhotoError):
                skipped.append(Skipped(item.name, outcome.reason, outcome.without(item.path)))
            else:
                photos.append(Photo(item.path, item.name, item.label, item.split, outcome, index=item.index, span=item.span))
            advance(1)
    return photos, skipped


def pixels_of(photo: Found, limits: Limits = DEFAULT_LIMITS) -> Pixels:
    """A photo as upright RGB uint8 [H,W,3]. Raises a PhotoError."""
    if photo.span is not None:
        return decode(bytes_of(photo, limits), limits=limits)
    if photo.index is None:
        return decode(photo.path, limits=limits)
    from train import idx

    return idx.picture(photo.path, photo.index)


def bytes_of(photo: Found, limits: Limits = DEFAULT_LIMITS) -> bytes:
    """A photo's bytes as they were before it was packed, if it was. Raises a PhotoError. A picture of an idx file has none."""
    if photo.span is None:
        return read(photo.path, limits=limits)
    from train import shards

    return shards.read_span(photo.path, photo.span, limits)


def _digest(limits: Limits, item: Found) -> str | PhotoError:
    try:
        if item.index is not None:
            return hashlib.sha256(pixels_of(item).tobytes()).hexdigest()
        return hashlib.sha256(bytes_of(item, limits)).hexdigest()
    except PhotoError as error:
        return error


def _split_roots(folder: Path, skipped: list[Skipped]) -> list[tuple[Split | None, Path]]:
    """The folders that hold class folders: train, validation and test, or `folder` itself.

    A "train" may be a class beside "bus" and "car": names of splits count only where they are all there is, or two at
    once; what else stands beside two of them, such as a "predict" folder, is left out and listed.
    """
    folders = _folders(folder)
    named = [entry for entry in folders if entry.name.lower() in _SPLIT_NAMES]
    if len(named) < min(2, len(folders)):
        return [(None, folder)]
    roots: dict[Split, Path] = {}
    for entry in named:
        split = _SPLIT_NAMES[entry.name.lower()]
        if split in roots:
            raise DataError(f"{folder} has two folders for {split}: {roots[split].name} and {entry.name}. Merge them.")
        roots[split] = entry
    if roots and "train" not in roots:
        raise DataError(f"{folder} has a folder {_names(entry.name for entry in named)} but none named train. Add one.")
    skipped += [
        Skipped(_readable(Path(entry.name)), "folder", "it stands beside train and is neither validation nor test")
        for entry in folders
        if roots and entry not in named
    ]
    return [(split, roots[split]) for split in SPLITS if split in roots] or [(None, folder)]


def _photos_of(root: Path, split: Split | None, folder: Path, suffixes: frozenset[str], skipped: list[Skipped]) -> list[Found]:
    """The photos of each class folder in `root`; adds to `skipped` what it passes over."""
    loose = [entry.name for entry, is_folder in _entries(root) if entry.suffix.lower() in suffixes and not is_folder]
    if loose:
        raise DataError(
            f"{root} has photos lying directly in it, in no class: {_names(loose)}. Move each into a sub-folder named after its class."
        )
    found: list[Found] = []
    for entry in _folders(root):
        if entry.is_symlink() and folder.resolve().is_relative_to(entry.resolve()):
            skipped.append(Skipped(_readable(entry.relative_to(folder)), "link", "it links back to a folder that contains it"))
            continue
        foreign = _pass_over(entry, folder, FOREIGN_SUFFIXES - suffixes, skipped)
        photos = find_photos(entry, suffixes)
        if not photos and split in (None, "train"):
            aside = (
                f" Files of kinds outside the contract lie there ({foreign}): save them as JPEG, PNG or WebP; --heic reads HEIC."
                if foreign
                else ""
            )
            raise DataError(f"the class {entry.name!r} is empty: {entry} has no photos. Add some, or remove the folder.{aside}")
        label = _readable(Path(entry.name))
        found += [Found(path, _readable(path.relative_to(folder)), label, split) for path in photos]
    return found


def _pass_over(entry: Path, folder: Path, suffixes: frozenset[str], skipped: list[Skipped]) -> int:
    """List what `find_photos` walks past without a word: unreadable folders, photos outside the contract (their number)."""
    foreign = 0

    def refuse(error: OSError) -> None:
        name = _readable(Path(error.filename).relative_to(folder))
        skipped.append(Skipped(name, "folder", f"the folder can't be read: {error.strerror}. Check its permissions."))

    for root, folders, files in os.walk(entry, onerror=refuse):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in sorted(files):
            suffix = Path(name).suffix
            if suffix.lower() in suffixes and not name.startswith("."):
                foreign += 1
                where = _readable(Path(root, name).relative_to(folder))
                also = ", or use --heic" if suffix.lower() in HEIC_SUFFIXES else ""
                skipped.append(Skipped(where, "suffix", f"{suffix} is outside the contract. Save it as JPEG, PNG or WebP{also}."))
    return foreign


def _folders(folder: Path) -> list[Path]:
    return [entry for entry, is_folder in _entries(folder) if is_folder]


def _entries(folder: Path) -> list[tuple[Path, bool]]:
    """What lies in a folder, without the hidden, and whether it is a folder itself."""
    try:
        return [(entry, entry.is_dir()) for entry in sorted(folder.iterdir()) if not entry.name.startswith(".")]
    except OSError as error:
        raise DataError(f"{folder} can't be read: {error.strerror or error}. Check its permissions.") from error


def _readable(path: Path) -> str:
    """A path as valid Unicode with forward slashes: a file name may be any bytes, a CSV or a spec.json may not."""
    return os.fsencode(path.as_posix()).decode("utf-8", "replace")


def _names(names: Iterable[str], most: int = 3) -> str:
    """Up to `most` names, and how many more."""
    names = sorted(names)
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
