"""A folder of photos → shards: every photo's bytes as they are, with its class, in an order that depends on contents alone."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from safelight.bundle import staged
from safelight.decode import DEFAULT_LIMITS, Limits
from safelight.errors import DataError, SafelightError, UsageError
from train.data import SPLITS, Photo, Skipped, bytes_of, fingerprint, survey
from train.progress import progress
from train.shards import index
from train.shards.index import INDEX_NAME, Index, Shard, key_of

SHARD_BYTES = 256_000_000  # WebDataset's readers like hundreds of megabytes: few files, and enough of them to share out
OURS = "photos"  # begins the names of shards whose photos no folder has put into a split


@dataclass(frozen=True)
class Packed:
    """What was written."""

    index: Index
    photos: int
    skipped: tuple[Skipped, ...]  # files that can't be read, or are no photos of the contract


def pack(photos: Path, out: Path, *, size: int = SHARD_BYTES, limits: Limits = DEFAULT_LIMITS, console: Console | None = None) -> Packed:
    """Pack the folder `photos` into `out`; equal photos give equal bytes. Raises DataError, UsageError or BundleError.

    A photo that can't be decoded is packed, too: training says of it what it says of the folder's.
    """
    console = console or Console(quiet=True)
    inner, outer = photos.resolve(), out.resolve()
    if inner.is_relative_to(outer) or outer.is_relative_to(inner):
        raise UsageError(f"--out {out} and the photos in {photos} lie inside each other. Choose an --out elsewhere.")
    found = survey(photos, limits.suffixes)
    if any(item.index is not None or item.span is not None for item in found.found):
        raise DataError(f"{photos} is packed already. Train on it as it is.")
    with staged(out, replaces=INDEX_NAME) as stage:
        with progress(console) as bar:
            reading = bar.add_task("Reading files", total=len(found.found))
            read, unread = fingerprint(found.found, limits, lambda count: bar.advance(reading, count))
            _check_names(read)
            writing = bar.add_task("Packing", total=len(read))
            shards: list[Shard] = []
            for split in (None, *SPLITS):
                # by content: no two classes apart, as whoever streams them wishes, and no file name decides
                own = sorted((photo for photo in read if photo.split == split), key=lambda photo: (photo.sha256, photo.name))
                shards += _write(stage, split or OURS, own, found.classes, size, limits, lambda: bar.advance(writing))
        result = Index(version=index.VERSION, classes=found.classes, shards=tuple(shards))
        index.write(stage, result)
    return Packed(result, len(read), (*found.skipped, *unread))


def _check_names(photos: Sequence[Photo]) -> None:
    seen: set[str] = set()
    for photo in photos:
        if photo.name in seen:
            raise DataError(f"two photos are called {photo.name!r} once their names are valid Unicode. Rename one of them.")
        seen.add(photo.name)


def _write(
    folder: Path, stem: str, photos: Sequence[Photo], classes: Sequence[str], size: int, limits: Limits, advance: Callable[[], None]
) -> list[Shard]:
    """Write the shards of one split, each of at most `size` bytes where a photo alone is not more."""
    shards: list[Shard] = []
    rest = list(reversed(photos))
    while rest:
        path = folder / f"{stem}-{len(shards):05}.tar"
        count = 0
        try:
            with path.open("xb") as stream, tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive:
                while rest:
                    data = bytes_of(rest[-1], limits)
                    if count and archive.offset + _room(data) + tarfile.RECORDSIZE > size:
                        break
                    _add(archive, rest[-1], data, classes.index(rest[-1].label))
                    count += 1
                    rest.pop()
                    advance()
        except OSError as error:
            raise SafelightError(
                f"{path.name} can't be written: {error.strerror or error}. Free some space, or choose another --out."
            ) from error
        shards.append(Shard(path.name, path.stat().st_size, count))
    return shards


def _add(archive: tarfile.TarFile, photo: Photo, data: bytes, label: int) -> None:
    key = key_of(photo.name)
    for suffix, content in ((Path(photo.name).suffix.lower(), data), (".cls", str(label).encode())):
        member = tarfile.TarInfo(key + suffix)  # time, owner and mode are its defaults: nothing of this machine
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))


def _room(data: bytes) -> int:
    """What a sample takes, but for headers of long names."""
    block = tarfile.BLOCKSIZE
    return 3 * block + -(-len(data) // block) * block
