"""Mistakes of stage 2, second half: the right frame, sampled by another filter."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache, partial

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from export.diagnose.mistake import Mistake, Pixels, Platform, Scale, Square
from safelight.spec import Filter

PILLOW_FILTERS: dict[Filter, Image.Resampling] = {
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}


@lru_cache
def contract_scale(name: Filter) -> Scale:
    """The contract's own: antialiased, horizontally first, each pass rounded to bytes."""
    return partial(_antialiased, filter_=PILLOW_FILTERS[name])


def _antialiased(pixels: Pixels, width: int, height: int, *, filter_: Image.Resampling) -> Square:
    wide = _image(pixels).resize((width, pixels.shape[0]), filter_)
    return np.asarray(wide.resize((width, height), filter_), np.float32)


_last: dict[str, tuple[Pixels, Image.Image]] = {}  # one pair: a 12-megapixel photo takes 60 ms to become an Image, and is scaled 40 times


def _image(pixels: Pixels) -> Image.Image:
    kept = _last.get("pair")
    if kept is None or kept[0].ctypes.data != pixels.ctypes.data or kept[0].shape != pixels.shape:
        kept = _last["pair"] = (pixels, Image.fromarray(pixels))
    return kept[1]


def _unrounded(pixels: Pixels, width: int, height: int, *, filter_: Image.Resampling) -> Square:
    """The same filter in floating point, as tensors are resized."""
    planes = [Image.fromarray(pixels[..., channel].astype(np.float32)) for channel in range(3)]
    return np.stack([np.asarray(plane.resize((width, height), filter_)) for plane in planes], axis=2)


def _taps(position: NDArray[np.float64], size: int) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]:
    low = np.floor(position)
    share = (position - low).astype(np.float32)
    index = low.astype(np.intp)
    return index.clip(0, size - 1), (index + 1).clip(0, size - 1), share


def _half_pixel(count: int, size: int) -> NDArray[np.float64]:
    return np.asarray((np.arange(count) + 0.5) * size / count - 0.5)


def _corners(count: int, size: int) -> NDArray[np.float64]:
    return np.asarray(np.arange(count) * (size - 1) / max(1, count - 1))


def _asymmetric(count: int, size: int) -> NDArray[np.float64]:
    return np.asarray(np.arange(count) * size / count)


Position = Callable[[int, int], NDArray[np.float64]]


def _bilinear(pixels: Pixels, width: int, height: int, *, position: Position) -> Square:
    """The four neighbours of one point and nothing else, however much the photo shrinks."""
    top, bottom, down = _taps(position(height, pixels.shape[0]), pixels.shape[0])
    left, right, across = _taps(position(width, pixels.shape[1]), pixels.shape[1])
    across, down = across[None, :, None], down[:, None, None]
    upper = pixels[top][:, left] * (1 - across) + pixels[top][:, right] * across
    lower = pixels[bottom][:, left] * (1 - across) + pixels[bottom][:, right] * across
    return np.rint(upper * (1 - down) + lower * down)


def _cubic(pixels: Pixels, width: int, height: int) -> Square:
    """Sixteen neighbours, a = −0.75, as OpenCV and torch have it."""
    wide = _cubic_axis(pixels.astype(np.float32), width, 1)
    return np.asarray(np.rint(_cubic_axis(wide, height, 0)).clip(0, 255))


def _cubic_axis(values: Square, count: int, axis: int) -> Square:
    a, size = -0.75, values.shape[axis]
    position = _half_pixel(count, size)
    low = np.floor(position)
    total: Square = np.zeros((), np.float32)
    for tap in range(-1, 3):
        x = np.abs(position - low - tap)
        near = ((a + 2) * x - (a + 3)) * x * x + 1
        far = ((a * x - 5 * a) * x + 8 * a) * x - 4 * a
        weight = np.where(x <= 1, near, far).astype(np.float32)
        taken = values.take((low.astype(int) + tap).clip(0, size - 1), axis=axis)
        total = total + taken * (weight[None, :, None] if axis else weight[:, None, None])
    return total


def _nearest(pixels: Pixels, width: int, height: int, *, shift: float) -> Square:
    rows = ((np.arange(height) + shift) * pixels.shape[0] / height).astype(int).clip(0, pixels.shape[0] - 1)
    columns = ((np.arange(width) + shift) * pixels.shape[1] / width).astype(int).clip(0, pixels.shape[1] - 1)
    return np.asarray(pixels[rows][:, columns], np.float32)


def _mipmapped(pixels: Pixels, width: int, height: int) -> Square:
    """Halved by averaging while it is at least twice too large, then bilinear: what a canvas and a GPU do."""
    while pixels.shape[0] >= 2 * height and pixels.shape[1] >= 2 * width:
        even = pixels[: pixels.shape[0] // 2 * 2, : pixels.shape[1] // 2 * 2].astype(np.uint16)
        pixels = ((even[::2, ::2] + even[1::2, ::2] + even[::2, 1::2] + even[1::2, 1::2] + 2) // 4).astype(np.uint8)
    return _bilinear(pixels, width, height, position=_half_pixel)


_TO_LINEAR = np.array([v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in np.arange(256) / 255], np.float32)


def _in_linear_light(pixels: Pixels, width: int, height: int) -> Square:
    planes = [Image.fromarray(_TO_LINEAR[pixels[..., channel]]) for channel in range(3)]
    linear = np.stack([np.asarray(plane.resize((width, height), Image.Resampling.BILINEAR)) for plane in planes], axis=2).clip(0, 1)
    return np.asarray(np.rint(255 * np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)))


_FIXES: Mapping[Platform, str] = {
    "OpenCV": "no cv2.resize flag is the contract's filter: Image.fromarray(rgb).resize(size, BILINEAR), or spec.json's input.filter",
    "Pillow": "image.resize(size, Image.Resampling.BILINEAR), or what spec.json's input.filter says; no reducing_gap, no NEAREST",
    "torchvision": "v2.Resize(size, InterpolationMode.BILINEAR), or spec.json's input.filter, on the PIL image, before it becomes a tensor",
    "Android Bitmap": "createScaledBitmap doesn't antialias: resize the pixels yourself by docs/bundle.md, section 4",
    "CoreImage": "CILanczosScaleTransform and affine transforms differ: resize the pixels yourself by docs/bundle.md, section 4",
    "canvas": "drawImage's filter differs from browser to browser: getImageData at full size, then webapp/src/contract/resize.ts",
}

MISTAKES: tuple[Mistake, ...] = (
    Mistake(
        "no-antialias",
        "filter",
        "The resize looks at four neighbours only, without antialiasing.",
        tuple(partial(_bilinear, position=position) for position in (_half_pixel, _corners, _asymmetric)),
        _FIXES,
    ),
    Mistake(
        "nearest", "filter", "The resize takes the nearest pixel.", tuple(partial(_nearest, shift=shift) for shift in (0.0, 0.5)), _FIXES
    ),
    Mistake("cubic-no-antialias", "filter", "The resize is bicubic without antialiasing.", (_cubic,), _FIXES),
    *(
        Mistake(f"filter-{name}", "filter", f"The resize filter is {name}.", (partial(_antialiased, filter_=filter_),), _FIXES)
        for name, filter_ in (*PILLOW_FILTERS.items(), ("area", Image.Resampling.BOX), ("hamming", Image.Resampling.HAMMING))
    ),
    Mistake("mipmapped", "filter", "The photo was halved step by step, then sampled: a canvas or a GPU.", (_mipmapped,), _FIXES),
    Mistake(
        "linear-light-resize",
        "filter",
        "The resize averages light instead of stored values (gamma undone first).",
        (_in_linear_light,),
        _FIXES,
    ),
    Mistake(
        "unrounded",
        "filter",
        "The resize is calculated in floating point and not rounded to bytes.",
        tuple(partial(_unrounded, filter_=filter_) for filter_ in PILLOW_FILTERS.values()),
        _FIXES,
    ),
)
