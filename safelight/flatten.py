"""The end of stage 1: a picture in any of Pillow's modes → upright RGB uint8 [H,W,3], alpha over white.

Band by band, so that beside Pillow's picture only the result is held whole: 100 megapixels with alpha, converted at
once, took 5.2 GB.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]

_BAND_PIXELS = 2**17  # of a band: what is calculated with stays in a core's cache


def flatten(image: Image.Image, orientation: int = 1) -> Pixels:
    """RGB uint8 [H,W,3], turned by an EXIF orientation; a value outside 1..8 leaves it as stored. Writable, contiguous."""
    width, height = image.size
    out = np.empty((width, height, 3) if 5 <= orientation <= 8 else (height, width, 3), np.uint8)
    stored = _as_stored(out, orientation)
    rows = max(1, _BAND_PIXELS // max(width, 1))
    for top in range(0, height, rows):
        bottom = min(top + rows, height)
        stored[top:bottom] = _rgb(image if bottom - top == height else image.crop((0, top, width, bottom)))
    return out


def over_white(rgba: NDArray[np.uint8]) -> Pixels:
    """RGBA uint8 [H,W,4], not premultiplied → RGB uint8 [H,W,3]: round((c·a + 255·(255−a)) / 255), in integers.

    With s = c·a + 255·(255−a) + 128 the quotient is (s + s // 256) // 256, for every c and a, and fits in 16 bits.
    """
    alpha = rgba[..., 3:].astype(np.uint16)
    sums = rgba[..., :3] * alpha
    sums += 255 * (255 - alpha) + 128
    sums += sums >> 8
    sums >>= 8
    return sums.astype(np.uint8)


def _as_stored(out: Pixels, orientation: int) -> Pixels:
    """A view of `out` in the order in which the file stores pixels: what is written there stands upright in `out`."""
    view = out.swapaxes(0, 1) if 5 <= orientation <= 8 else out
    if orientation in (3, 4, 6, 7):
        view = view[::-1]
    return view[:, ::-1] if orientation in (2, 3, 7, 8) else view


def _rgb(image: Image.Image) -> Pixels:
    """Any Pillow mode → RGB, alpha over white."""
    if image.mode.startswith("I") or image.mode == "F":  # Pillow's convert clips 16-bit grey at 255: all white
        grey = np.asarray(image).astype(np.uint32)
        shown = (grey >> 8).clip(0, 255).astype(np.uint8)
        shown[grey == image.info.get("transparency", -1)] = 255
        return np.repeat(shown[..., None], 3, axis=2)
    if image.mode == "CMYK":  # browsers and Skia round down, Pillow's convert rounds
        ink = 255 - np.asarray(image).astype(np.uint16)
        return (ink[..., :3] * ink[..., 3:] // 255).astype(np.uint8)
    if not image.has_transparency_data:
        return np.asarray(image.convert("RGB"))
    return over_white(np.asarray(image.convert("RGBA")))
