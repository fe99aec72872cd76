"""Mistakes of order: the right values, laid out otherwise in memory. The network takes NHWC."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from export.diagnose.mistake import Mistake, Platform, Square

Elements = NDArray[np.floating[Any]]


def interleaved(elements: Elements, size: int) -> Square:
    """Row by row, pixel by pixel: the contract."""
    return elements.reshape(size, size, 3)


def _planar(elements: Elements, size: int) -> Square:
    return elements.reshape(3, size, size).transpose(1, 2, 0)


def _columns_first(elements: Elements, size: int) -> Square:
    return elements.reshape(size, size, 3).transpose(1, 0, 2)


def _planar_columns_first(elements: Elements, size: int) -> Square:
    return elements.reshape(3, size, size).transpose(2, 1, 0)


_FIXES: Mapping[Platform, str] = {
    "OpenCV": "feed image[np.newaxis] as it is; cv2.dnn.blobFromImage makes NCHW",
    "Pillow": "np.asarray(image, np.float32)[None]: no transpose",
    "torchvision": "tensor.permute(1, 2, 0)[None].contiguous(): permute, not reshape",
    "Android Bitmap": "put red, green and blue of one pixel, then of the next: no three loops over planes",
    "CoreImage": "MLMultiArray of shape [1, S, S, 3]; vImage's planar functions give planes",
    "canvas": "getImageData is NHWC already: drop the alpha and feed it; no transpose, and rows before columns",
}

MISTAKES: tuple[Mistake, ...] = (
    Mistake("planar", "order", "The channels lie one after the other (NCHW); the network takes NHWC.", (_planar,), _FIXES),
    Mistake(
        "columns-first",
        "order",
        "x and y are exchanged: the elements run down the columns.",
        (_columns_first, _planar_columns_first),
        _FIXES,
    ),
)
