"""CIFAR-10's binary files → a folder of PNG files, pixel for pixel.

The format (cs.toronto.edu/~kriz/cifar.html, "Binary version"): records of a label, one byte, and a picture of 32 × 32
pixels, its red plane, then green, then blue.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from safelight.errors import FetchError
from train.getting.unpack import DAMAGE, members

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")  # as batches.meta.txt has them
SIDE = 32
RECORD = 1 + 3 * SIDE * SIDE  # bytes
BATCH = 10_000  # records of a file
FILES = {
    f"cifar-10-batches-bin/{name}.bin": split
    for name, split in [*((f"data_batch_{n}", "train") for n in range(1, 6)), ("test_batch", "test")]
}


def unpack(archive: Path, folder: Path, advance: Callable[[], None] = lambda: None, batch: int = BATCH) -> int:
    """Write `folder/{train,test}/CLASS/NUMBER.png`; how many. Raises FetchError. `batch` is smaller in tests alone."""
    seen: set[str] = set()
    try:
        _batches(archive, folder, seen, advance, batch)
    except DAMAGE as error:
        raise FetchError(f"{archive.name} is damaged: {error}. Remove it and fetch it again.") from error
    if len(seen) < len(FILES):
        raise FetchError(f"{archive.name} has no {', '.join(sorted(FILES.keys() - seen))}. Remove the archive and fetch it again.")
    return len(seen) * batch


def _batches(archive: Path, folder: Path, seen: set[str], advance: Callable[[], None], batch: int) -> None:
    for name, is_file, opened in members(archive):
        if not is_file or name not in FILES or name in seen:
            continue
        with opened() as stream:
            data = stream.read(batch * RECORD + 1)
        records = np.frombuffer(data, np.uint8)
        if len(data) != batch * RECORD or records[::RECORD].max() >= len(CLASSES):
            raise FetchError(f"{name} in {archive.name} is not a batch of CIFAR-10. Remove the archive and fetch it again.")
        start = 0 if FILES[name] == "test" else (sorted(FILES).index(name)) * batch
        _write(records.reshape(batch, RECORD), folder / FILES[name], start, advance)
        seen.add(name)


def _write(records: np.ndarray[tuple[int, int], np.dtype[np.uint8]], folder: Path, start: int, advance: Callable[[], None]) -> None:
    for label in CLASSES:
        (folder / label).mkdir(parents=True, exist_ok=True)
    pictures = records[:, 1:].reshape(-1, 3, SIDE, SIDE).transpose(0, 2, 3, 1)
    for number, (label, picture) in enumerate(zip(records[:, 0], pictures, strict=True), start):
        Image.fromarray(picture).save(folder / CLASSES[label] / f"{number:05}.png")
        advance()
