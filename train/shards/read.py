"""Shards → the photos in them, each a place in a tar file: the headers are walked, the photos left where they are."""

from __future__ import annotations

import re
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from safelight.decode import DEFAULT_LIMITS, FOREIGN_SUFFIXES, HEIC_SUFFIXES, SUFFIXES, Limits
from safelight.errors import DataError, ImageTooLarge, NotAFile, TruncatedImage, UnreadableFile
from train.data import SPLITS, Found, Skipped, Span, Split, Survey, checked
from train.shards.index import INDEX_NAME, Index, name_of
from train.shards.index import read as read_index

MAX_LABEL = 1024  # bytes of a .cls member
PHOTOS = SUFFIXES | HEIC_SUFFIXES | FOREIGN_SUFFIXES  # the reader of a photo says what is wrong with the last of them
_KEY = re.compile(r"^((?:.*/)?[^./]+)\.([^/]+)$", re.DOTALL)  # as WebDataset cuts it: at the first dot of the last part
_SPLITS: dict[str, Split] = {**{split: split for split in SPLITS}, "val": "validation", "valid": "validation"}


@dataclass
class _Sample:
    """The members with one key, as far as they were seen."""

    photos: list[tuple[str, Span]] = field(default_factory=list)  # with their suffix
    label: str = ""


def is_shards(folder: Path) -> bool:
    """Whether the folder holds shards: tar files, and beside them no folder that could be a class."""
    try:
        entries = [entry for entry in folder.iterdir() if not entry.name.startswith(".")]
    except OSError:
        return False  # whoever reads it as photos says why
    if any(entry.name == INDEX_NAME for entry in entries):
        return True
    return any(entry.suffix == ".tar" for entry in entries) and not any(entry.is_dir() for entry in entries)


def survey(folder: Path) -> Survey:
    """Every photo in the shards, sorted by name. Raises DataError where a shard is damaged or a classifier can't be learnt."""
    index = read_index(folder)
    counts = {folder / shard.file: shard.photos for shard in index.shards} if index else dict.fromkeys(sorted(folder.glob("*.tar")))
    found: list[Found] = []
    skipped: list[Skipped] = []
    for path, count in counts.items():
        photos = list(_photos_of(path, index, skipped))
        if count not in (None, len(photos)):
            raise DataError(f"{path} has {len(photos)} photos; {INDEX_NAME} says {count}. Copy it again, or pack the photos again.")
        found += photos
    names = {photo.name for photo in found}
    if len(names) < len(found):
        raise DataError(f"{folder} has {len(found) - len(names)} photos with the name of another one. Pack the photos again.")
    return checked(folder, sorted(found, key=lambda photo: (SPLITS.index(photo.split or "train"), photo.name.split("/"))), skipped)


def read_span(path: Path, span: Span, limits: Limits = DEFAULT_LIMITS) -> bytes:
    """The bytes of one member. Raises a PhotoError."""
    if span.length > limits.bytes:
        raise ImageTooLarge(f"{path} has a photo of {span.length:,} bytes, more than the limit of {limits.bytes:,}. Shrink it first.")
    try:
        with path.open("rb") as stream:
            stream.seek(span.offset)
            data = stream.read(span.length)
    except FileNotFoundError as error:
        raise NotAFile(f"{path} does not exist. Check the path.") from error
    except OSError as error:
        raise UnreadableFile(f"{path} can't be read: {error.strerror or error}. Check its permissions.") from error
    if len(data) != span.length:
        raise TruncatedImage(f"{path} ends early: a photo of {span.length:,} bytes has {len(data):,}. Copy it again from where it came.")
    return data


def _photos_of(path: Path, index: Index | None, skipped: list[Skipped]) -> Iterator[Found]:
    split = _SPLITS.get(re.split(r"[-_.]", path.name)[0].lower())
    for key, sample in _samples(path).items():
        if not sample.photos:
            continue  # another kind of sample
        name = name_of(key) if index else f"{path.stem}/{key}"
        if len(sample.photos) > 1 or not sample.label:
            fault = "has more than one photo" if sample.label else "has no class"
            skipped.append(Skipped(name, "shard", f"the sample {fault}: a photo and its .cls belong to one key."))
            continue
        ((suffix, span),) = sample.photos
        yield Found(path, name if index else f"{name}.{suffix}", _label(sample.label, index, path), split, span=span)


def _samples(path: Path) -> dict[str, _Sample]:
    """The samples of a shard by key, in its order. Raises DataError where it is no whole tar file."""
    samples: dict[str, _Sample] = {}
    try:
        with tarfile.open(path, "r:") as archive:
            for member in archive:
                parts = _KEY.match(member.name)
                if not member.isreg() or member.issparse() or parts is None:
                    continue
                key, suffix = parts[1], parts[2].lower()
                if suffix == "cls":
                    samples.setdefault(key, _Sample()).label = _text(archive, member)
                elif f".{suffix}" in PHOTOS:
                    samples.setdefault(key, _Sample()).photos.append((suffix, Span(member.offset_data, member.size)))
                archive.members = []  # type: ignore[attr-defined]  # it would keep every header of a large shard
            _end(path, archive.offset)
    except (OSError, tarfile.TarError, EOFError, OverflowError, ValueError) as error:
        raise DataError(f"{path} is no whole tar file: {error}. Copy it again, or pack the photos again.") from error
    return samples


def _end(path: Path, offset: int) -> None:
    """Raise ValueError unless the archive ends here: to `tarfile` a damaged header in its middle is the end, too."""
    with path.open("rb") as stream:
        stream.seek(offset)
        if stream.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
            raise ValueError(f"the header at byte {offset:,} is damaged")


def _text(archive: tarfile.TarFile, member: tarfile.TarInfo) -> str:
    stream = archive.extractfile(member)
    if stream is None or member.size > MAX_LABEL:
        raise ValueError(f"{member.name} is no label: it has {member.size:,} bytes")
    return stream.read().decode().strip()


def _label(text: str, index: Index | None, path: Path) -> str:
    if index is None:
        return text
    if not text.isascii() or not text.isdigit() or int(text) >= len(index.classes):
        raise DataError(f"{path} has a photo of class {text!r}; {INDEX_NAME} has {len(index.classes)} classes. Pack the photos again.")
    return index.classes[int(text)]
