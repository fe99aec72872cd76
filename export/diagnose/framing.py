"""Mistakes of stage 2, first half: the right photo, another part of it or another shape."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np

from export.diagnose.mistake import Frame, Mistake, Pixels, Platform, Scale, Square
from safelight.resize import MAX_ASPECT, centre
from safelight.spec import InputSpec


def contract_frame(pixels: Pixels, spec: InputSpec, scale: Scale) -> Square:
    """As `safelight.resize.resize`, with the filter left open."""
    return _FRAMES[spec.geometry](pixels, spec, scale)


def _crop(pixels: Pixels, spec: InputSpec, scale: Scale) -> Square:
    return _centre(_shorter_to(pixels, spec.resize_to, scale), spec.size)


def _stretch(pixels: Pixels, spec: InputSpec, scale: Scale) -> Square:
    return scale(pixels, spec.size, spec.size)


def _pad(pixels: Pixels, spec: InputSpec, scale: Scale, *, color: tuple[int, int, int] | None = None, centred: bool = True) -> Square:
    height, width = pixels.shape[:2]
    w, h = (max(1, spec.size * side // max(width, height)) for side in (width, height))
    canvas = np.empty((spec.size, spec.size, 3), np.float32)
    canvas[:] = spec.pad_color if color is None else color
    left, top = (centre(spec.size - w), centre(spec.size - h)) if centred else (0, 0)
    canvas[top : top + h, left : left + w] = scale(pixels, w, h)
    return canvas


_FRAMES: dict[str, Frame] = {"crop": _crop, "stretch": _stretch, "pad": _pad}


def _shorter_to(pixels: Pixels, size: int, scale: Scale) -> Square:
    short = min(pixels.shape[:2])
    height, width = (min(side, MAX_ASPECT * short) for side in pixels.shape[:2])
    top, left = centre(pixels.shape[0] - height), centre(pixels.shape[1] - width)
    return scale(np.ascontiguousarray(pixels[top : top + height, left : left + width]), size * width // short, size * height // short)


def _centre(values: Square, size: int, *, shift: tuple[int, int] = (0, 0)) -> Square:
    top, left = (centre(side - size) + by for side, by in zip(values.shape[:2], shift, strict=True))
    top, left = (min(max(0, at), side - size) for at, side in zip((top, left), values.shape[:2], strict=True))
    return values[top : top + size, left : left + size]


def _whole_square(pixels: Pixels, spec: InputSpec, scale: Scale) -> Square:
    """The shorter side straight to S."""
    return _centre(_shorter_to(pixels, spec.size, scale), spec.size)


def _square_first(pixels: Pixels, spec: InputSpec, scale: Scale) -> Square:
    side = min(pixels.shape[:2])
    top, left = (centre(length - side) for length in pixels.shape[:2])
    return scale(np.ascontiguousarray(pixels[top : top + side, left : left + side]), spec.size, spec.size)


def _shrunk_square(pixels: Pixels, spec: InputSpec, scale: Scale) -> Square:
    """Both sides to R, whatever the aspect, then the centre."""
    return _centre(scale(pixels, spec.resize_to, spec.resize_to), spec.size)


def _not_resized(pixels: Pixels, spec: InputSpec, scale: Scale) -> Square:
    """The centre of the photo as it is; a smaller one stands on black."""
    size = spec.size
    canvas = np.zeros((size, size, 3), np.float32)
    height, width = (min(size, side) for side in pixels.shape[:2])
    top, left = (centre(side - part) for side, part in zip(pixels.shape[:2], (height, width), strict=True))
    y, x = centre(size - height), centre(size - width)
    canvas[y : y + height, x : x + width] = pixels[top : top + height, left : left + width]
    return canvas


def _corner(pixels: Pixels, spec: InputSpec, scale: Scale) -> Square:
    return _shorter_to(pixels, spec.resize_to, scale)[: spec.size, : spec.size]


def _shifted(pixels: Pixels, spec: InputSpec, scale: Scale, *, shift: tuple[int, int]) -> Square:
    return _centre(_shorter_to(pixels, spec.resize_to, scale), spec.size, shift=shift)


def _other_size(pixels: Pixels, spec: InputSpec, scale: Scale, *, ratio: float) -> Square:
    """The habits of other networks: 256 for 224, 0.875, 232, S + 32."""
    return _centre(_shorter_to(pixels, max(spec.size, round(spec.size * ratio)), scale), spec.size)


def _longer_rounded(pixels: Pixels, spec: InputSpec, scale: Scale, *, up: bool) -> Square:
    """The longer side rounded to nearest, or up, where the contract rounds down."""
    short = min(pixels.shape[:2])
    sides = [spec.resize_to * side / short for side in pixels.shape[:2]]
    height, width = (int(np.ceil(side)) if up else int(side + 0.5) for side in sides)
    if max(height, width) > MAX_ASPECT * spec.resize_to:
        return _crop(pixels, spec, scale)
    return _centre(scale(pixels, width, height), spec.size)


_CROP: Mapping[Platform, str] = {
    "OpenCV": "s = R / min(h, w); resize to (int(w * s), int(h * s)), then cut image[t:t+S, l:l+S] with l = round((w - S) / 2)",
    "Pillow": "image.resize((R * w // min(w, h), R * h // min(w, h))), then .crop of S×S at round((w - S) / 2), round((h - S) / 2)",
    "torchvision": "v2.Compose([v2.Resize(R), v2.CenterCrop(S)]): one number in Resize, not a pair",
    "Android Bitmap": "createScaledBitmap to (R·w/min, R·h/min), then createBitmap(bitmap, left, top, S, S); not createScaledBitmap(S, S)",
    "CoreImage": "imageCropAndScaleOption = .centerCrop crops without the margin: scale the shorter side to R, then cropped(to:) S×S",
    "canvas": "drawImage(bitmap, 0, 0, S, S) stretches: resize the shorter side to R, cut out the centre (docs/bundle.md, 4)",
}
_FIXES = {geometry: f"input.geometry and input.resize_to in spec.json. {line}" for geometry, line in _CROP.items()}
_OFFSETS: Mapping[Platform, str] = {
    "OpenCV": "left = round((w - S) / 2): Python rounds halves to even, as the contract does",
    "Pillow": "left = round((w - S) / 2), not (w - S) // 2 + 1",
    "torchvision": "v2.CenterCrop(S) is right as it is; don't cut by hand",
    "Android Bitmap": "left = Math.rint((w - S) / 2.0).toInt(), not Math.round",
    "CoreImage": "((w - S) / 2).rounded(.toNearestOrEven)",
    "canvas": "n = w - S; left = (n >> 1) + (n % 4 === 3 ? 1 : 0); Math.round rounds halves up",
}

MISTAKES: tuple[Mistake, ...] = (
    Mistake("stretched", "frame", "The photo is squeezed into the square instead of cut.", (_stretch, _shrunk_square), _FIXES),
    Mistake(
        "padded",
        "frame",
        "The whole photo stands in the square between bars.",
        tuple(
            partial(_pad, color=color, centred=centred)
            for color in ((0, 0, 0), (255, 255, 255), (114, 114, 114), (128, 128, 128))
            for centred in (True, False)
        ),
        _FIXES,
    ),
    Mistake("cropped", "frame", "The photo is cut where the contract keeps all of it, or another margin.", (_crop,), _FIXES),
    Mistake(
        "no-margin",
        "frame",
        "resize_to is ignored: the shorter side goes straight to the input's size.",
        (_whole_square, _square_first),
        _FIXES,
    ),
    Mistake("not-resized", "frame", "The centre was cut from the photo without resizing it first.", (_not_resized,), _FIXES),
    Mistake("top-left-crop", "frame", "The crop starts at the top left corner instead of the centre.", (_corner,), _OFFSETS),
    Mistake(
        "crop-off-by-one",
        "frame",
        "The crop is one pixel away: halves are rounded another way.",
        tuple(partial(_shifted, shift=(y, x)) for y in (-1, 0, 1) for x in (-1, 0, 1) if (y, x) != (0, 0)),
        _OFFSETS,
    ),
    Mistake(
        "other-resize-to",
        "frame",
        "The shorter side is resized to another length before the crop.",
        tuple(
            partial(_other_size, ratio=ratio)
            for ratio in (1 / 0.875, 256 / 224, 232 / 224, 235 / 224, 248 / 224, 1 / 0.95, 1 / 0.9, 288 / 224)
        ),
        _FIXES,
    ),
    Mistake(
        "longer-side-rounded",
        "frame",
        "The longer side is rounded up or to nearest; the contract rounds down.",
        tuple(partial(_longer_rounded, up=up) for up in (False, True)),
        _FIXES,
    ),
)
