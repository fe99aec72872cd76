"""Mistakes of stage 2, first half: the right photo, another part of it or another shape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
from PIL import Image

from export.diagnose.filtering import PILLOW_FILTERS
from export.diagnose.mistake import Frame, Mistake, Pixels, Platform, Scale, Square
from safelight.resize import MAX_ASPECT, centre
from safelight.spec import Geometry, InputSpec


def contract_frame(pixels: Pixels, spec: InputSpec, scale: Scale) -> Square:
    """As `safelight.resize.resize`, with the filter left open."""
    return _FRAMES[spec.geometry](pixels, spec, scale)


def _crop(pixels: Pixels, spec: InputSpec, scale: Scale) -> Square:
    return _centre(_shorter_to(pixels, spec.resize_to, scale), spec.size)


def _stretch(pixels: Pixels, spec: InputSpec, scale: Scale) -> Square:
    return scale(pixels, spec.size, spec.size)


def _pad(pixels: Pixels, spec: InputSpec, scale: Scale) -> Square:
    return _letterboxed(pixels, spec, scale, bars=_Bars(spec.pad_color))


_FRAMES: dict[str, Frame] = {"crop": _crop, "stretch": _stretch, "pad": _pad}


@dataclass(frozen=True)
class _Bars:
    """How a photo is letterboxed."""

    color: tuple[float, float, float]
    place: Literal["even", "floor", "start"] = "even"  # of the photo: halves rounded to even, down, or no bar before it
    rounded: bool = False  # the photo's shorter side to nearest instead of down


def _letterboxed(pixels: Pixels, spec: InputSpec, scale: Scale, *, bars: _Bars) -> Square:
    small = scale(pixels, *_longer_to(pixels, spec.size, rounded=bars.rounded))
    canvas = np.empty((spec.size, spec.size, 3), np.float32)
    canvas[:] = bars.color
    slack = [spec.size - side for side in small.shape[:2]]
    top, left = ({"even": centre(n), "floor": n // 2, "start": 0}[bars.place] for n in slack)
    canvas[top : top + small.shape[0], left : left + small.shape[1]] = small
    return canvas


def _longer_to(pixels: Pixels, size: int, *, rounded: bool) -> tuple[int, int]:
    height, width = pixels.shape[:2]
    long = max(width, height)
    w, h = (max(1, round(size * side / long) if rounded else size * side // long) for side in (width, height))
    return w, h


def _padded_first(pixels: Pixels, spec: InputSpec, scale: Scale, *, color: tuple[int, int, int]) -> Square:
    """Bars around the photo as it is, then both are resized: the bars' edges are blurred."""
    long = max(pixels.shape[:2])
    if long > 4 * min(pixels.shape[:2]):  # a strip's bars would be most of what is resized
        return contract_frame(pixels, spec, scale)
    canvas = np.empty((long, long, 3), np.uint8)
    canvas[:] = color
    top, left = ((long - side) // 2 for side in pixels.shape[:2])
    canvas[top : top + pixels.shape[0], left : left + pixels.shape[1]] = pixels
    return scale(canvas, spec.size, spec.size)


def _edge_repeated(pixels: Pixels, spec: InputSpec, scale: Scale, *, mode: Literal["edge", "reflect"]) -> Square:
    """Bars that continue the photo, as copyMakeBorder's BORDER_REPLICATE and BORDER_REFLECT_101 do."""
    small = scale(pixels, *_longer_to(pixels, spec.size, rounded=False))
    before = [(spec.size - side) // 2 for side in small.shape[:2]]
    after = [spec.size - side - first for side, first in zip(small.shape[:2], before, strict=True)]
    return np.pad(small, ((before[0], after[0]), (before[1], after[1]), (0, 0)), mode=mode)


def _shorter_to(pixels: Pixels, size: int, scale: Scale) -> Square:
    short = min(pixels.shape[:2])
    height, width = (min(side, MAX_ASPECT * short) for side in pixels.shape[:2])
    top, left = centre(pixels.shape[0] - height), centre(pixels.shape[1] - width)
    return scale(pixels[top : top + height, left : left + width], size * width // short, size * height // short)


def _centre(values: Square, size: int, *, shift: tuple[int, int] = (0, 0)) -> Square:
    top, left = (centre(side - size) + by for side, by in zip(values.shape[:2], shift, strict=True))
    top, left = (min(max(0, at), side - size) for at, side in zip((top, left), values.shape[:2], strict=True))
    return values[top : top + size, left : left + size]


def _cropped(pixels: Pixels, spec: InputSpec, scale: Scale, *, ratio: float) -> Square:
    """The centre square of a photo that should be shown whole, its shorter side scaled to `ratio` times the input's."""
    return _centre(_shorter_to(pixels, round(spec.size * ratio), scale), spec.size)


def _whole_square(pixels: Pixels, spec: InputSpec, scale: Scale) -> Square:
    """The shorter side straight to S."""
    return _centre(_shorter_to(pixels, spec.size, scale), spec.size)


def _square_first(pixels: Pixels, spec: InputSpec, scale: Scale) -> Square:
    side = min(pixels.shape[:2])
    top, left = (centre(length - side) for length in pixels.shape[:2])
    return scale(pixels[top : top + side, left : left + side], spec.size, spec.size)


def _fitted(pixels: Pixels, spec: InputSpec, scale: Scale) -> Square:
    """As `ImageOps.fit`: the window may begin between two pixels. With the contract's filter, whatever `scale` is."""
    height, width = pixels.shape[:2]
    side = min(height, width)
    left, top = (width - side) / 2, (height - side) / 2
    size, filter_ = (spec.size, spec.size), PILLOW_FILTERS[spec.filter]
    return np.asarray(Image.fromarray(pixels).resize(size, filter_, box=(left, top, left + side, top + side)), np.float32)


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


def _under(frame: Frame, *geometries: Geometry) -> Frame:
    """The mistake needs one of these contracts; under another its square is the contract's, which the search leaves out."""
    return partial(_framed, frame=frame, geometries=geometries)


def _framed(pixels: Pixels, spec: InputSpec, scale: Scale, *, frame: Frame, geometries: tuple[Geometry, ...]) -> Square:
    return (frame if spec.geometry in geometries else contract_frame)(pixels, spec, scale)


_FIXES: Mapping[Platform, str] = {
    "OpenCV": "s = R / min(h, w); resize to (int(w * s), int(h * s)), then cut image[t:t+S, l:l+S] with l = round((w - S) / 2)",
    "Pillow": "image.resize((R * w // min(w, h), R * h // min(w, h))), then .crop of S×S at round((w - S) / 2), round((h - S) / 2)",
    "torchvision": "v2.Compose([v2.Resize(R), v2.CenterCrop(S)]): one number in Resize, not a pair",
    "Android Bitmap": "scale to (R * w / min(w, h), R * h / min(w, h)), not to (S, S); then Bitmap.createBitmap(bitmap, left, top, S, S)",
    "CoreImage": "scale the shorter side to R, then .cropped(to:) the centre S×S; Vision's .centerCrop leaves R out, .scaleFill stretches",
    "canvas": "drawImage(bitmap, 0, 0, S, S) stretches: resize the shorter side to R, cut out the centre S×S (docs/bundle.md, section 4)",
}
_STRETCH: Mapping[Platform, str] = {
    "OpenCV": "resize the whole image to (S, S): no slicing before it, no copyMakeBorder after it",
    "Pillow": "image.resize((S, S)): no .crop, no ImageOps.fit, no ImageOps.pad",
    "torchvision": "v2.Resize((S, S)): a pair, not one number; no CenterCrop, no Pad",
    "Android Bitmap": "resize the whole bitmap to S×S: no Bitmap.createBitmap of a part, no ThumbnailUtils.extractThumbnail",
    "CoreImage": "VNCoreMLRequest.imageCropAndScaleOption = .scaleFill",
    "canvas": "resize the whole photo to S×S: no source rectangle in drawImage, no bars",
}
_OFFSETS: Mapping[Platform, str] = {
    "OpenCV": "left = round((w - S) / 2): Python rounds halves to even, as the contract does",
    "Pillow": "left = round((w - S) / 2), not (w - S) // 2 + 1",
    "torchvision": "v2.CenterCrop(S) is right as it is; don't cut by hand",
    "Android Bitmap": "left = Math.rint((w - S) / 2.0).toInt(), not Math.round",
    "CoreImage": "((w - S) / 2).rounded(.toNearestOrEven)",
    "canvas": "n = w - S; left = (n >> 1) + (n % 4 === 3 ? 1 : 0); Math.round rounds halves up",
}

_BARS: Mapping[Platform, str] = {
    "OpenCV": "cv2.copyMakeBorder with BORDER_CONSTANT and value=spec.json's input.pad_color (as BGR), half of the slack on each side",
    "Pillow": "canvas = Image.new('RGB', (S, S), tuple(pad_color)); canvas.paste(small, (round((S - w) / 2), round((S - h) / 2)))",
    "torchvision": "v2.functional.pad(image, [left, top, S - w - left, S - h - top], fill=pad_color) with left = round((S - w) / 2)",
    "Android Bitmap": "canvas.drawColor(padColor), then canvas.drawBitmap(small, left, top, null) with left = Math.rint((S - w) / 2.0)",
    "CoreImage": "image.composited(over: CIImage(color: padColor)) after a translation by half of the slack; .scaleFit pads with black",
    "canvas": "ctx.fillStyle = the pad colour; ctx.fillRect(0, 0, S, S); then putImageData of the resized photo at half of the slack",
}

_BY_GEOMETRY: Mapping[Geometry, Mapping[Platform, str]] = {"stretch": _STRETCH, "pad": _BARS}

_COLORS: tuple[tuple[int, int, int], ...] = ((0, 0, 0), (255, 255, 255), (114, 114, 114), (128, 128, 128), (124, 116, 104))
_ZEROS = ((127.5,) * 3, (123.675, 116.28, 103.53))  # what 0 means after x / 127.5 − 1, and after ImageNet's mean was taken
_LETTERBOXED: tuple[Frame, ...] = (
    *(
        partial(_letterboxed, bars=_Bars(color, place, rounded))
        for color in (*_COLORS, *_ZEROS)
        for place in ("even", "floor", "start")
        for rounded in (False, True)
    ),
    *(partial(_padded_first, color=color) for color in _COLORS[:2]),
    *(partial(_edge_repeated, mode=mode) for mode in ("edge", "reflect")),
)
_WHOLE_BUT_CUT: tuple[Frame, ...] = (*(partial(_cropped, ratio=ratio) for ratio in (1, 256 / 224)), _square_first, _fitted)

MISTAKES: tuple[Mistake, ...] = (
    Mistake(
        "stretched",
        "frame",
        "The photo is squeezed into the square: its proportions are lost.",
        (_under(_stretch, "crop", "pad"), _under(_shrunk_square, "crop")),
        _FIXES,
        _BY_GEOMETRY,
    ),
    Mistake(
        "padded",
        "frame",
        "The whole photo stands in the square between bars (letterbox).",
        tuple(_under(way, "crop", "stretch") for way in _LETTERBOXED),
        _FIXES,
        _BY_GEOMETRY,
    ),
    Mistake(
        "other-bars",
        "frame",
        "The bars around the photo have another colour, width or place than the contract's.",
        tuple(_under(way, "pad") for way in _LETTERBOXED),
        _BARS,
    ),
    Mistake(
        "cropped",
        "frame",
        "The photo's rim is cut off; the contract keeps all of it.",
        tuple(_under(way, "stretch", "pad") for way in _WHOLE_BUT_CUT),
        _FIXES,
        _BY_GEOMETRY,
    ),
    Mistake(
        "no-margin",
        "frame",
        "resize_to is ignored: the shorter side goes straight to the input's size.",
        tuple(_under(way, "crop") for way in (_whole_square, _square_first, _fitted)),
        _FIXES,
    ),
    Mistake("not-resized", "frame", "The centre was cut from the photo without resizing it first.", (_not_resized,), _FIXES, _BY_GEOMETRY),
    Mistake(
        "top-left-crop", "frame", "The crop starts at the top left corner instead of the centre.", (_under(_corner, "crop"),), _OFFSETS
    ),
    Mistake(
        "crop-off-by-one",
        "frame",
        "The crop is one pixel away: halves are rounded another way.",
        tuple(_under(partial(_shifted, shift=(y, x)), "crop") for y in (-1, 0, 1) for x in (-1, 0, 1) if (y, x) != (0, 0)),
        _OFFSETS,
    ),
    Mistake(
        "other-resize-to",
        "frame",
        "The shorter side is resized to another length before the crop.",
        tuple(
            _under(partial(_other_size, ratio=ratio), "crop")
            for ratio in (1 / 0.875, 256 / 224, 232 / 224, 235 / 224, 248 / 224, 1 / 0.95, 1 / 0.9, 288 / 224)
        ),
        _FIXES,
    ),
    Mistake(
        "longer-side-rounded",
        "frame",
        "The longer side is rounded up or to nearest; the contract rounds down.",
        tuple(_under(partial(_longer_rounded, up=up), "crop") for up in (False, True)),
        _FIXES,
    ),
)
