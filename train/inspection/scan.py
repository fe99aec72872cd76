"""One pass over the files: each is read once, judged by the contract's decoder, and measured on a small grey picture of it.

Exact: bytes, SHA-256, format, stored mode, size, orientation, and whether it can be decoded and if not why. A quick look, on a
JPEG that is reduced while it is decoded: brightness, contrast, blur and the perceptual hash. Threads are enough: reading,
hashing, decoding and resizing let go of the interpreter.
"""

from __future__ import annotations

import hashlib
import os
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from safelight.decode import DEFAULT_LIMITS, Glance, Limits, glance
from safelight.errors import PhotoError
from safelight.flatten import Pixels
from train.data import Found, Photo, bytes_of, pixels_of
from train.inspection.hashing import HASH_SIDE, TINY_SIDE, perceptual_hash
from train.inspection.quality import blur

LOOK = 256  # pixels: what the shorter side of a reduced JPEG still has
WORK = 192  # pixels of the longer side of the grey picture that is measured
BATCH = 16  # files that a thread takes at once: 251 files/s instead of 209 on two busy cores


@dataclass(frozen=True, slots=True)
class Shot:
    """A photo that can be decoded, and what a pass over it found."""

    found: Found
    sha256: str  # of its bytes
    bytes: int
    format: str  # of the bytes, whatever the file is called
    mode: str  # Pillow's name for the stored pixels
    width: int  # upright
    height: int
    orientation: int  # EXIF's number as stored
    brightness: float  # mean of the grey picture, 0..1
    contrast: float  # its standard deviation, 0..0.5
    blur: float  # 0 sharp .. 1 featureless
    hash: int  # 64 bits; near duplicates differ in few of them
    tiny: NDArray[np.uint8]  # [TINY_SIDE,TINY_SIDE] grey: settles what the hash suspects

    @property
    def photo(self) -> Photo:
        """The same as training knows it."""
        return Photo(
            self.found.path, self.found.name, self.found.label, self.found.split, self.sha256, index=self.found.index, span=self.found.span
        )


@dataclass(frozen=True, slots=True)
class Broken:
    """A file that training would skip."""

    found: Found
    bytes: int  # 0 where it can't be asked
    reason: str  # a PhotoError's code
    message: str  # without the file's place on this machine


def scan(
    found: Iterable[Found], limits: Limits = DEFAULT_LIMITS, advance: Callable[[int], None] = lambda _: None
) -> tuple[list[Shot], list[Broken]]:
    """Look at every file; order is kept. Ctrl-C ends it within the files in work, and there is nothing to clean up."""
    shots: list[Shot] = []
    broken: list[Broken] = []
    rest = iter(found)
    threads = os.cpu_count() or 1
    pool = ThreadPoolExecutor(threads)

    def submit() -> list[Future[list[Shot | Broken]]]:
        batch = list(islice(rest, BATCH))
        return [pool.submit(lambda: [look(item, limits) for item in batch])] if batch else []

    try:
        waiting = deque(future for _ in range(2 * threads) for future in submit())
        while waiting:
            for outcome in waiting.popleft().result():
                if isinstance(outcome, Shot):
                    shots.append(outcome)
                else:
                    broken.append(outcome)
                advance(1)
            waiting.extend(submit())
    finally:
        pool.shutdown(cancel_futures=True)
    return shots, broken


def look(item: Found, limits: Limits = DEFAULT_LIMITS) -> Shot | Broken:
    """Read, judge and measure one file."""
    try:
        data, seen = see(item, LOOK, limits)
    except PhotoError as error:
        return Broken(item, item.span.length if item.span else _bytes(item.path), error.reason, error.without(item.path))
    grey = grey_of(seen.pixels)
    values = np.asarray(grey)
    hash_, tiny = marks(grey)
    return Shot(
        found=item,
        sha256=hashlib.sha256(data).hexdigest(),
        bytes=len(data),
        format=seen.format,
        mode=seen.mode,
        width=seen.width,
        height=seen.height,
        orientation=seen.orientation,
        brightness=float(values.mean()) / 255,
        contrast=float(values.std()) / 255,
        blur=blur(values),
        hash=hash_,
        tiny=tiny,
    )


def see(item: Found, side: int, limits: Limits) -> tuple[bytes, Glance]:
    """A photo's bytes and a quick look at it. Raises a PhotoError."""
    if item.index is None:
        data = bytes_of(item, limits)
        return data, glance(data, side, limits=limits)
    pixels = pixels_of(item, limits)  # of an idx file: nothing but pixels, and small
    return pixels.tobytes(), Glance("idx", "L", pixels.shape[1], pixels.shape[0], 1, pixels)


def grey_of(pixels: Pixels) -> Image.Image:
    """The grey picture that is measured."""
    grey = Image.fromarray(pixels).convert("L")
    grey.thumbnail((WORK, WORK), Image.Resampling.BOX)
    return grey


def marks(grey: Image.Image) -> tuple[int, NDArray[np.uint8]]:
    """What near duplicates have in common: the hash that suspects, and the tiny picture [TINY_SIDE,TINY_SIDE] that settles it."""
    return perceptual_hash(_square(grey, HASH_SIDE)), _square(grey, TINY_SIDE)


def _square(grey: Image.Image, side: int) -> NDArray[np.uint8]:
    return np.asarray(grey.resize((side, side), Image.Resampling.LANCZOS))


def _bytes(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
