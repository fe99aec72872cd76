"""Stage 2 of 4: upright RGB uint8 [H,W,3] → the model's pixels, RGB uint8 [S,S,3]. Bit-exact in every language.

The algorithm is Pillow's `Image.resize` on uint8: an antialiased separable filter whose support grows with the
reduction, coefficients in double precision, then 22-bit fixed point, each pass rounded to uint8. Pillow itself is
the reference. Up to version 12 it goes horizontally first, version 13 chooses by the sizes; two calls, one per
axis, mean the same in all of them: **always horizontal, then vertical**.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from safelight.spec import Filter, InputSpec

MAX_ASPECT = 16  # beyond long:short = 16:1 the ends are cut off first, or a 1×10000 strip would need 2 GB

_FILTERS: dict[Filter, Image.Resampling] = {
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}


def resize(pixels: NDArray[np.uint8], spec: InputSpec) -> NDArray[np.uint8]:
    """Upright RGB uint8 [H,W,3] → RGB uint8 [S,S,3] by the spec's geometry and filter."""
    image = Image.fromarray(pixels)
    size = spec.size
    if spec.geometry == "stretch":
        return np.array(_scale(image, size, size, spec.filter))
    if spec.geometry == "crop":
        image = _cut(image, *(min(side, MAX_ASPECT * min(image.size)) for side in image.size))
        return np.array(_cut(_scale(image, *_shorter_to(spec.resize_to, *image.size), spec.filter), size, size))
    small = _scale(image, *_longer_to(size, *image.size), spec.filter)
    canvas = Image.new("RGB", (size, size), spec.pad_color)
    canvas.paste(small, (centre(size - small.width), centre(size - small.height)))
    return np.array(canvas)


def centre(slack: int) -> int:
    """Half of `slack`, rounded half to even as torchvision's CenterCrop does: 117 → 58, 119 → 60."""
    return slack // 2 + (slack % 2) * (slack // 2 % 2)


def _scale(image: Image.Image, width: int, height: int, name: Filter) -> Image.Image:
    wide = image.resize((width, image.height), _FILTERS[name])
    return wide.resize((width, height), _FILTERS[name])


def _cut(image: Image.Image, width: int, height: int) -> Image.Image:
    left, top = centre(image.width - width), centre(image.height - height)
    return image.crop((left, top, left + width, top + height))


def _shorter_to(size: int, width: int, height: int) -> tuple[int, int]:
    short = min(width, height)
    return size * width // short, size * height // short


def _longer_to(size: int, width: int, height: int) -> tuple[int, int]:
    long = max(width, height)
    return max(1, size * width // long), max(1, size * height // long)
