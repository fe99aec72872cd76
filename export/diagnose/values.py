"""Mistakes after the resize that no straight line per channel undoes: channels and tone."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np

from export.diagnose.mistake import Mistake, Platform, Square

_REC601 = np.array([0.299, 0.587, 0.114])
_REC709 = np.array([0.2126, 0.7152, 0.0722])


def _channels(square: Square, *, order: tuple[int, int, int]) -> Square:
    return square[..., list(order)]


def _behind_alpha(square: Square) -> Square:
    """ARGB read as RGB: an opaque alpha, then red and green."""
    return np.concatenate([np.full_like(square[..., :1], 255), square[..., :2]], axis=-1)


def _grey(square: Square, *, weights: tuple[float, float, float], rounded: bool = True) -> Square:
    luma = square @ np.array(weights, square.dtype)
    return np.repeat((np.rint(luma) if rounded else luma)[..., None], 3, axis=-1)


def _one_channel(square: Square, *, channel: int) -> Square:
    return np.repeat(square[..., channel : channel + 1], 3, axis=-1)


def _wrapped(square: Square) -> Square:
    """Bytes read as signed: 128 becomes −128."""
    return np.where(square > 127, square - 256, square)


def _linear(square: Square) -> Square:
    share = (square / 255).clip(0, 1)
    return 255 * np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def _encoded(square: Square) -> Square:
    share = (square / 255).clip(0, 1)
    return 255 * np.where(share <= 0.0031308, share * 12.92, 1.055 * share ** (1 / 2.4) - 0.055)


def _power(square: Square, *, exponent: float) -> Square:
    return 255 * (square / 255).clip(0, 1) ** exponent


def _expanded(square: Square) -> Square:
    return ((square - 16) * (255 / 219)).clip(0, 255)


def _other_matrix(square: Square, *, wrote: tuple[float, ...], read: tuple[float, ...]) -> Square:
    """Colour differences taken with one luma and put back with another."""
    luma = square @ np.array(wrote, square.dtype)
    red = luma + (square[..., 0] - luma) / (1 - wrote[0]) * (1 - read[0])
    blue = luma + (square[..., 2] - luma) / (1 - wrote[2]) * (1 - read[2])
    green = (luma - read[0] * red - read[2] * blue) / read[1]
    return np.stack([red, green, blue], axis=-1).clip(0, 255)


def _swapped_chroma(square: Square) -> Square:
    """Cb and Cr exchanged: NV21 read as NV12."""
    luma = square @ _REC601.astype(square.dtype)
    cb, cr = (square[..., 2] - luma) / 1.772, (square[..., 0] - luma) / 1.402
    red, blue = luma + 1.402 * cb, luma + 1.772 * cr
    green = luma - 0.344136 * cr - 0.714136 * cb
    return np.stack([red, green, blue], axis=-1).clip(0, 255)


def _integer_division(square: Square) -> Square:
    return np.floor(square / 255)


_CHANNELS: Mapping[Platform, str] = {
    "OpenCV": "rgb = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)",
    "Pillow": "image.convert('RGB'); no [..., ::-1] after it",
    "torchvision": "decode_image gives RGB: drop the [[2, 1, 0]]",
    "Android Bitmap": "a pixel is ARGB: red is (pixel shr 16) and 255, green (pixel shr 8) and 255, blue pixel and 255",
    "CoreImage": "32BGRA buffers hold blue first: take bytes 2, 1, 0 of each pixel",
    "canvas": "getImageData is RGBA: take bytes 0, 1, 2 of every four",
}
_GREY: Mapping[Platform, str] = {
    "OpenCV": "cv2.imread(path, cv2.IMREAD_COLOR)",
    "Pillow": "image.convert('RGB'), never 'L'",
    "torchvision": "decode_image(path, mode='RGB'), and no v2.Grayscale",
    "Android Bitmap": "inPreferredConfig = ARGB_8888, not ALPHA_8; from a camera use all three planes",
    "CoreImage": "kCVPixelFormatType_32BGRA, not OneComponent8",
    "canvas": "drop ctx.filter = 'grayscale(1)'",
}
_SIGN: Mapping[Platform, str] = {
    "OpenCV": "image.astype(np.float32) from uint8, never through np.int8 or CV_8S",
    "Pillow": "np.asarray(image, np.float32)",
    "torchvision": "tensor.float() from torch.uint8, not torch.int8",
    "Android Bitmap": "(byte.toInt() and 0xFF).toFloat(): Kotlin's and Java's Byte is signed",
    "CoreImage": "UInt8, not Int8",
    "canvas": "Uint8ClampedArray, not Int8Array",
}
_TONE: Mapping[Platform, str] = {
    "OpenCV": "drop np.power and LUT: the contract takes stored values",
    "Pillow": "drop image.point(gamma): the contract takes stored values",
    "torchvision": "drop adjust_gamma",
    "Android Bitmap": "don't use RGBA_F16 with a linear colour space: ARGB_8888",
    "CoreImage": "CIContext(options: [.workingColorSpace: NSNull()]): its default works in linear light",
    "canvas": "don't upload as SRGB8_ALPHA8: RGBA8 keeps stored values",
}
_YUV: Mapping[Platform, str] = {
    "OpenCV": "cv2.COLOR_YUV2RGB_NV21 for Android's camera; decode JPEG with imread, which is full-range BT.601",
    "Pillow": "image.convert('RGB') from 'YCbCr' is full-range BT.601 as JPEG has it",
    "Android Bitmap": "ImageProxy.toBitmap(), or full-range BT.601 with V before U (NV21) in your own conversion",
    "CoreImage": "ask for kCVPixelFormatType_32BGRA; 420YpCbCr8BiPlanarVideoRange is 16..235, FullRange 0..255",
    "canvas": "copyTo({format: 'RGBA'}) instead of reading I420 or NV12 planes of a VideoFrame",
}
_TOO_EARLY: Mapping[Platform, str] = {
    "OpenCV": "image.astype(np.float32), and no / 255 at all",
    "Pillow": "np.asarray(image, np.float32), and no // 255",
    "torchvision": "tensor.float(), and no division",
    "Android Bitmap": "toFloat() first; and this network wants 0..255",
    "CoreImage": "Float(byte), and no division",
    "canvas": "Float32Array, not Uint8Array; and this network wants 0..255",
}

_LUMA = ((0.299, 0.587, 0.114), (0.2126, 0.7152, 0.0722), (1 / 3, 1 / 3, 1 / 3))

MISTAKES: tuple[Mistake, ...] = (
    Mistake("bgr", "values", "Red and blue are exchanged.", (partial(_channels, order=(2, 1, 0)),), _CHANNELS),
    Mistake(
        "channels-permuted",
        "values",
        "The channels stand in another order, or the alpha was read as one of them.",
        (*(partial(_channels, order=order) for order in ((0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1))), _behind_alpha),
        _CHANNELS,
    ),
    Mistake(
        "grey", "values", "All three channels hold the brightness.", tuple(partial(_grey, weights=weights) for weights in _LUMA), _GREY
    ),
    Mistake(
        "one-channel", "values", "One channel was copied to all three.", tuple(partial(_one_channel, channel=c) for c in range(3)), _GREY
    ),
    Mistake("signed-bytes", "values", "Bytes were read as signed: everything above 127 became negative.", (_wrapped,), _SIGN),
    Mistake(
        "linear-light",
        "values",
        "Gamma was undone: the values are light, not what is stored.",
        (_linear, partial(_power, exponent=2.2)),
        _TONE,
    ),
    Mistake(
        "gamma-twice",
        "values",
        "Gamma was applied once more: everything is too bright.",
        (_encoded, partial(_power, exponent=1 / 2.2)),
        _TONE,
    ),
    Mistake("range-expanded", "values", "Full-range values were taken for 16..235 and spread.", (_expanded,), _YUV),
    Mistake(
        "yuv-matrix",
        "values",
        "Colours were made with BT.709 where JPEG has BT.601, or the other way round.",
        (
            partial(_other_matrix, wrote=tuple(_REC601), read=tuple(_REC709)),
            partial(_other_matrix, wrote=tuple(_REC709), read=tuple(_REC601)),
        ),
        _YUV,
    ),
    Mistake("chroma-swapped", "values", "Cb and Cr are exchanged: NV21 read as NV12.", (_swapped_chroma,), _YUV),
    Mistake("integer-division", "values", "Divided by 255 as integers: nearly everything became 0.", (_integer_division,), _TOO_EARLY),
)
