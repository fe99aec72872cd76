"""`shards.json`: what belongs to a packed set. Names of photos in shards, and back."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote

import msgspec

from safelight.errors import DataError

INDEX_NAME = "shards.json"
VERSION = 1


class Shard(msgspec.Struct, frozen=True):
    """One tar file."""

    file: str
    bytes: int
    photos: int


class Index(msgspec.Struct, frozen=True, kw_only=True):
    """The whole set."""

    version: int
    classes: tuple[str, ...]  # a `.cls` member holds a place in this list
    shards: tuple[Shard, ...]


def write(folder: Path, index: Index) -> None:
    """Write it, last of all files: a folder with it is whole."""
    (folder / INDEX_NAME).write_bytes(msgspec.json.format(msgspec.json.encode(index), indent=2) + b"\n")


def read(folder: Path) -> Index | None:
    """Read it, None where there is none. Raises DataError where it is damaged or shards are missing or cut."""
    path = folder / INDEX_NAME
    if not path.is_file():
        return None
    try:
        index = msgspec.json.decode(path.read_bytes(), type=Index)
    except (OSError, msgspec.DecodeError) as error:
        raise DataError(f"{path} can't be read: {error}. Copy it again, or pack the photos again.") from error
    if index.version != VERSION:
        raise DataError(f"{path} has version {index.version}; this Safelight reads {VERSION}. Pack the photos again.")
    for shard in index.shards:
        file = folder / shard.file
        if Path(shard.file).name != shard.file or not file.is_file():
            raise DataError(f"{path} names {shard.file!r}, which is not in the folder. Copy it there.")
        if file.stat().st_size != shard.bytes:
            raise DataError(f"{file} has {file.stat().st_size:,} bytes; {INDEX_NAME} says {shard.bytes:,}. Copy it again.")
    return index


def key_of(name: str) -> str:
    """A photo's name as a key: the dots of its last part are escaped, so that WebDataset takes the whole of it."""
    folder, slash, last = name.rpartition("/")
    return folder.replace("%", "%25") + slash + last.replace("%", "%25").replace(".", "%2E")


def name_of(key: str) -> str:
    """The inverse of `key_of`."""
    return unquote(key)
