"""A second witness of the resize algorithm: plain Python and numpy, line by line the pseudo-code of docs/bundle.md.

It knows nothing of Pillow. Where it, Pillow and `safelight.resize` agree to the bit, the document is right.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

BITS = 22
ONE = 1 << BITS


def triangle(x: float) -> float:
    x = abs(x)
    return 1.0 - x if x < 1.0 else 0.0


def cubic(x: float) -> float:
    a, x = -0.5, abs(x)
    if x < 1.0:
        return ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0
    if x < 2.0:
        return (((x - 5.0) * x + 8.0) * x - 4.0) * a
    return 0.0


def sinc(x: float) -> float:
    if x == 0.0:
        return 1.0
    x *= math.pi
    return math.sin(x) / x


def lanczos(x: float) -> float:
    return sinc(x) * sinc(x / 3.0) if -3.0 <= x < 3.0 else 0.0


FILTERS: dict[str, tuple[Callable[[float], float], float]] = {
    "bilinear": (triangle, 1.0),
    "bicubic": (cubic, 2.0),
    "lanczos": (lanczos, 3.0),
}


def taps(n: int, m: int, name: str) -> list[tuple[int, list[int]]]:
    """For each of `m` outputs: the first of the `n` inputs that it sees, and their fixed-point weights."""
    function, reach = FILTERS[name]
    scale = n / m
    stretch = max(scale, 1.0)
    support = reach * stretch
    rows = []
    for i in range(m):
        centre = (i + 0.5) * scale
        first = max(int(centre - support + 0.5), 0)
        last = min(int(centre + support + 0.5), n)
        weights = [function((j - centre + 0.5) * (1.0 / stretch)) for j in range(first, last)]
        total = 0.0
        for weight in weights:  # in order: the sum of doubles depends on it
            total += weight
        shares = [weight / total if total != 0.0 else weight for weight in weights]
        rows.append((first, [int(share * ONE - 0.5) if share < 0 else int(share * ONE + 0.5) for share in shares]))
    return rows


def one_pass(pixels: Pixels, m: int, name: str) -> Pixels:
    """Axis 1 of uint8 [H,W,3] from W to `m`."""
    if pixels.shape[1] == m:
        return pixels
    out = np.empty((pixels.shape[0], m, 3), np.uint8)
    for i, (first, weights) in enumerate(taps(pixels.shape[1], m, name)):
        window = pixels[:, first : first + len(weights)].astype(np.int64)
        total = np.full((pixels.shape[0], 3), ONE >> 1, np.int64)
        for j, weight in enumerate(weights):
            total += window[:, j] * weight
        out[:, i] = (total >> BITS).clip(0, 255)
    return out


def scale(pixels: Pixels, width: int, height: int, name: str) -> Pixels:
    wide = one_pass(pixels, width, name)
    return one_pass(wide.transpose(1, 0, 2), height, name).transpose(1, 0, 2)


def half(slack: int) -> int:
    """Half of `slack`, to even: 1 → 0, 3 → 2, 5 → 2, 7 → 4."""
    return slack // 2 + (1 if slack % 4 == 3 else 0)


def cut(pixels: Pixels, width: int, height: int) -> Pixels:
    top, left = half(pixels.shape[0] - height), half(pixels.shape[1] - width)
    return pixels[top : top + height, left : left + width]


def resize(pixels: Pixels, geometry: str, size: int, resize_to: int, name: str, pad_color: tuple[int, int, int]) -> Pixels:
    h, w = pixels.shape[:2]
    if geometry == "stretch":
        return scale(pixels, size, size, name)
    if geometry == "crop":
        short = min(h, w)
        pixels = cut(pixels, min(w, 16 * short), min(h, 16 * short))
        h, w = pixels.shape[:2]
        return cut(scale(pixels, resize_to * w // short, resize_to * h // short, name), size, size)
    long = max(h, w)
    small = scale(pixels, max(1, size * w // long), max(1, size * h // long), name)
    canvas = np.empty((size, size, 3), np.uint8)
    canvas[:] = pad_color
    top, left = half(size - small.shape[0]), half(size - small.shape[1])
    canvas[top : top + small.shape[0], left : left + small.shape[1]] = small
    return canvas
