"""A small, honest photo set from what comes with the install: scikit-image's photographs of brick, grass and gravel.

Each photograph is 512 × 512; its columns 0..319 are cut into training photos, 320..415 into validation photos and
416..511 into test photos, so that no pixel is in two splits. Within a split crops overlap, at several sizes.
"""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from train.data import Split

SURFACES = ("brick", "grass", "gravel")


@dataclass(frozen=True)
class Region:
    """Columns of a photograph, and the square crops taken from them; all in pixels."""

    split: Split
    left: int
    right: int
    sides: tuple[int, ...]
    step: int  # between the crops' corners


REGIONS = (
    Region("train", 0, 320, sides=(96, 144), step=64),
    Region("validation", 320, 416, sides=(80, 96), step=48),
    Region("test", 416, 512, sides=(80, 96), step=48),
)


def write_photos(folder: Path) -> None:
    """Write the set as JPEG files, `folder/{train,validation,test}/{brick,grass,gravel}/`; equal bytes every time."""
    import skimage.data

    for surface in SURFACES:
        photograph = getattr(skimage.data, surface)()
        for region in REGIONS:
            place = folder / region.split / surface
            place.mkdir(parents=True, exist_ok=True)
            for name, crop in _crops(photograph, region):
                (place / f"{name}.jpg").write_bytes(_jpeg(crop))


def _crops(photograph: NDArray[Any], region: Region) -> Iterator[tuple[str, NDArray[np.uint8]]]:
    height = photograph.shape[0]
    for side in region.sides:
        tops, lefts = range(0, height - side + 1, region.step), range(region.left, region.right - side + 1, region.step)
        for top, left in itertools.product(tops, lefts):
            yield f"{top:03}-{left:03}-{side:03}", photograph[top : top + side, left : left + side]


def _jpeg(pixels: NDArray[np.uint8]) -> bytes:
    """The crop at twice its size, as a camera nearer by would see it: files stay small, the network sees texture."""
    image = Image.fromarray(pixels).convert("RGB")
    stream = io.BytesIO()
    image.resize((2 * image.width, 2 * image.height), Image.Resampling.BICUBIC).save(stream, "JPEG", quality=88)
    return stream.getvalue()
