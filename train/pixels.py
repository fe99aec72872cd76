"""Photos decoded and resized once and kept as bytes, so that an epoch costs no decoding.

In memory, or where that would be too much in a file without a name, which the system caches as it can.
"""

from __future__ import annotations

import math
import os
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from safelight.decode import Limits
from safelight.errors import PhotoError, SafelightError
from safelight.resize import resize
from safelight.spec import InputSpec
from train.cache import Refusal
from train.data import Photo, pixels_of
from train.features import refusal
from train.progress import progress

MEMORY = 2 * 2**30  # bytes; more than that lies in a file
CHUNK = 2**24  # bytes written at once


@dataclass(frozen=True)
class Pixels:
    """Photos of one size by the SHA-256 of their bytes."""

    array: NDArray[np.uint8]  # [N,S,S,3]
    rows: Mapping[str, int]

    def of(self, photos: Sequence[Photo]) -> NDArray[np.intp]:
        """Their rows in `array`."""
        return np.array([self.rows[photo.sha256] for photo in photos], np.intp)


def gather(
    photos: Sequence[Photo], spec: InputSpec, source: int | None, limits: Limits, folder: Path, console: Console
) -> tuple[Pixels, Pixels, dict[str, Refusal]]:
    """Every different photo as the contract has it, those to learn from at side `source` as well, and who was refused.

    Raises SafelightError where they take more than MEMORY and `folder`'s disk has no room for them.
    """
    unique = {photo.sha256: photo for photo in photos}
    large = at_side(spec, source)
    plain = _room(len(unique), spec.size, folder)
    rows = {digest: row for row, digest in enumerate(unique)}
    learner = [photo for photo in unique.values() if photo.split in (None, "train")] if large != spec else []
    views = _room(len(learner), large.size, folder) if learner else plain
    view_rows = {photo.sha256: row for row, photo in enumerate(learner)} if learner else rows
    refused: dict[str, Refusal] = {}

    def place(photo: Photo) -> None:
        try:
            pixels = pixels_of(photo, limits)
        except PhotoError as error:
            refused[photo.sha256] = refusal(error, photo)
            return
        plain[rows[photo.sha256]] = resize(pixels, spec)
        if learner and photo.sha256 in view_rows:
            views[view_rows[photo.sha256]] = resize(pixels, large)

    pool = ThreadPoolExecutor(os.cpu_count())
    try:
        with progress(console) as bar:
            for _ in bar.track(pool.map(place, unique.values()), len(unique), description="Reading photos"):
                pass
    finally:
        pool.shutdown(cancel_futures=True)
    return Pixels(plain, rows), Pixels(views, view_rows), refused


def at_side(spec: InputSpec, side: int | None) -> InputSpec:
    """`spec` for pixels of another side, for random windows to be cut from; None leaves it as it is."""
    return msgspec.structs.replace(spec, size=side, resize_to=round(spec.resize_to * side / spec.size)) if side else spec


def _room(count: int, side: int, folder: Path) -> NDArray[np.uint8]:
    """[count,side,side,3], in memory or in a file that vanishes with the process."""
    shape = (count, side, side, 3)
    size = math.prod(shape)
    if size <= MEMORY:
        return np.zeros(shape, np.uint8)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as stream:
            for start in range(0, size, CHUNK):  # written out: a sparse file on a full disk would end the process later
                stream.write(bytes(min(CHUNK, size - start)))
            stream.flush()
            return np.memmap(stream, np.uint8, "r+", shape=shape)
    except OSError as error:
        raise SafelightError(
            f"{count} photos of {side} × {side} pixels take {size / 1e9:.1f} GB, and {folder} has no room for them: "
            f"{error.strerror or error}. Free some space, or choose a smaller --size."
        ) from error
