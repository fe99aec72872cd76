"""MNIST as it is published: four idx files, gzipped or not, instead of a folder of photos.

The format (yann.lecun.com, "The IDX file format"): two zero bytes, the type (8: unsigned bytes), the number of axes,
each axis' length as a big-endian uint32, then the values. Fashion-MNIST, KMNIST and EMNIST's parts come the same way.
A picture here is a `Found` whose `path` is the file and whose `index` is its place in it.
"""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from functools import lru_cache
from pathlib import Path
from typing import IO, cast

import numpy as np
from numpy.typing import NDArray

from safelight.errors import DataError
from safelight.flatten import Pixels
from train.data import Found, Split, Survey

STEMS: dict[Split, str] = {"train": "train", "test": "t10k"}
MOST_BYTES = 2**31  # of values; MNIST has 47 MB
UNSIGNED_BYTE = 8


def is_idx(folder: Path) -> bool:
    """Whether the folder holds training pictures as idx."""
    return _find(folder, "train", "images", 3) is not None


def survey(folder: Path) -> Survey:
    """Every picture with its label, its name and its split. Raises DataError where files are missing or don't fit."""
    found: list[Found] = []
    for split, stem in STEMS.items():
        images = _find(folder, stem, "images", 3)
        labels = _find(folder, stem, "labels", 1)
        if images is None and labels is None:
            continue
        if images is None or labels is None:
            there = images or labels
            raise DataError(
                f"{folder} has {there.name if there else ''} but not its pair. Both {stem}-images and {stem}-labels are needed."
            )
        shape, names = _pictures(images).shape, read_idx(labels, 1)
        if shape[0] != len(names):
            raise DataError(f"{images} has {shape[0]} pictures, {labels.name} has {len(names)} labels. Download both again.")
        found += [Found(images, f"{images.name}/{at:05}", str(label), split, index=at) for at, label in enumerate(names)]
    classes = tuple(sorted({picture.label for picture in found}, key=int))
    if len(classes) < 2:
        raise DataError(f"{folder} has pictures of {len(classes)} class; a classifier needs at least two.")
    return Survey(classes, tuple(found), ())


def picture(path: Path, index: int) -> Pixels:
    """One picture as RGB uint8 [H,W,3], its grey in all three channels."""
    return np.repeat(_pictures(path)[index][:, :, None], 3, axis=2)


def read_idx(path: Path, axes: int) -> NDArray[np.uint8]:
    """The values of an idx file of unsigned bytes with so many axes. Raises DataError."""
    try:
        with cast("IO[bytes]", gzip.open(path) if path.suffix == ".gz" else path.open("rb")) as stream:
            head = stream.read(4)
            if len(head) < 4 or head[:3] != bytes((0, 0, UNSIGNED_BYTE)) or head[3] != axes:
                raise DataError(f"{path} is not an idx file of bytes with {axes} axes: it starts with {head!r}. Download it again.")
            shape = struct.unpack(f">{axes}I", stream.read(4 * axes))
            size = math.prod(shape)
            if size > MOST_BYTES:
                raise DataError(f"{path} says that it holds {size:,} values; the limit is {MOST_BYTES:,}.")
            data = stream.read(size + 1)  # one more: a longer file would be another one
    except (OSError, EOFError, struct.error, zlib.error) as error:
        raise DataError(f"{path} can't be read: {error}. Download it again.") from error
    if len(data) != size:
        raise DataError(
            f"{path} holds {'more' if len(data) > size else 'fewer'} than the {size:,} values that it announces. Download it again."
        )
    return np.frombuffer(data, np.uint8).reshape(shape)


def _find(folder: Path, stem: str, what: str, axes: int) -> Path | None:
    """`train-images-idx3-ubyte`, with a dot for the second hyphen or `.gz` behind it, as mirrors have it."""
    names = [f"{stem}-{what}{mark}idx{axes}-ubyte{suffix}" for suffix in ("", ".gz") for mark in "-."]
    return next((folder / name for name in names if (folder / name).is_file()), None)


def _pictures(path: Path) -> NDArray[np.uint8]:
    """[N,H,W], read once a version of the file."""
    status = path.stat()
    return _read_pictures(path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=4)
def _read_pictures(path: Path, changed: int, size: int) -> NDArray[np.uint8]:
    pictures = read_idx(path, 3)
    if min(pictures.shape) < 1:
        raise DataError(f"{path} holds no pictures: its shape is {pictures.shape}. Download it again.")
    return pictures
