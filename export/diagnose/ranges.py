"""Mistakes of range: the right pixels on another scale. The network normalises itself and wants 0..255."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from export.diagnose.mistake import Affine, Mistake, Platform

_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # ImageNet's, of values in 0..1
_CAFFE = (123.68, 116.779, 103.939)  # ImageNet's mean in 0..255, RGB


def _same(scale: float, offset: float = 0.0) -> Affine:
    return Affine((scale,) * 3, (offset,) * 3)


def _standardised(divisor: float, mean: tuple[float, ...] = _MEAN, std: tuple[float, ...] = _STD) -> Affine:
    """(x / divisor − mean) / std, per channel."""
    red, green, blue = (1 / divisor / s for s in std)
    return Affine((red, green, blue), _triple(-m / s for m, s in zip(mean, std, strict=True)))


def _triple(values: Iterable[float]) -> tuple[float, float, float]:
    first, second, third = values
    return first, second, third


def _standardised_twice() -> Affine:
    once = _standardised(255)
    scale = _triple(a / s for a, s in zip(once.scale, _STD, strict=True))
    return Affine(scale, _triple((b - m) / s for b, m, s in zip(once.offset, _MEAN, _STD, strict=True)))


_FIXES: Mapping[Platform, str] = {
    "OpenCV": "tensor = rgb.astype(np.float32): no / 255, no scalefactor and mean in blobFromImage",
    "Pillow": "tensor = np.asarray(image, np.float32), and nothing after it",
    "torchvision": "v2.PILToTensor() and .float(): no ToTensor, no ToDtype(scale=True), no Normalize",
    "Android Bitmap": "buffer.putFloat(((pixel shr 16) and 255).toFloat()) and so on: no / 255f, no NormalizeOp",
    "CoreImage": "ImageType(scale=1.0, bias=[0, 0, 0]); by hand: Float(byte)",
    "canvas": "Float32Array.from(bytes): no / 255, no / 127.5 - 1",
}
_YUV: Mapping[Platform, str] = {
    "OpenCV": "spread video-range values before: (y - 16) * 255 / 219",
    "Android Bitmap": "ImageProxy.toBitmap() instead of your own YUV conversion, or full-range BT.601",
    "CoreImage": "kCVPixelFormatType_32BGRA, or 420YpCbCr8BiPlanarFullRange instead of VideoRange",
    "canvas": "copyTo({format: 'RGBA'}) instead of a VideoFrame's planes",
}

MISTAKES: tuple[Mistake, ...] = (
    Mistake("zero-to-one", "range", "Divided by 255, although the network normalises itself.", (_same(1 / 255), _same(1 / 256)), _FIXES),
    Mistake(
        "minus-one-to-one",
        "range",
        "Scaled to −1..1 (x / 127.5 − 1), although the network normalises itself.",
        (_same(1 / 127.5, -1), _same(1 / 128, -1), _same(1 / 128, -127 / 128), _same(1 / 127, -1)),
        _FIXES,
    ),
    Mistake(
        "imagenet-normalised",
        "range",
        "ImageNet's mean and deviation were applied outside; the network has its own inside.",
        (_standardised(255), _standardised(255, _MEAN[::-1], _STD[::-1]), _standardised(255, (0.5,) * 3, _STD)),
        _FIXES,
    ),
    Mistake(
        "imagenet-without-255", "range", "ImageNet's mean and deviation were applied to 0..255, without / 255.", (_standardised(1),), _FIXES
    ),
    Mistake("imagenet-twice", "range", "ImageNet's mean and deviation were applied twice.", (_standardised_twice(),), _FIXES),
    Mistake(
        "divided-twice",
        "range",
        "Divided by 255 twice, perhaps normalised after that.",
        (_same(1 / 255**2), _standardised(255**2), _same(1 / 255 / 127.5, -1)),
        _FIXES,
    ),
    Mistake(
        "mean-subtracted",
        "range",
        "A mean was subtracted from 0..255 (Caffe's habit).",
        (Affine((1, 1, 1), _triple(-m for m in _CAFFE)), Affine((1, 1, 1), _triple(-m for m in reversed(_CAFFE))), _same(1, -127.5)),
        _FIXES,
    ),
    Mistake("minus-128", "range", "128 was subtracted, as for an int8 network.", (_same(1, -128), _same(1, -127)), _FIXES),
    Mistake("video-range", "range", "The values are 16..235, as video has them.", (_same(219 / 255, 16),), _YUV),
    Mistake("inverted", "range", "The photo is a negative: 255 − x.", (_same(-1, 255), _same(-1 / 255, 1)), _FIXES),
    Mistake(
        "scaled-up",
        "range",
        "Multiplied by 255, or by 257 to 16 bits, although it was 0..255.",
        (_same(255), _same(257), _same(256)),
        _FIXES,
    ),
)

# No entry of the registry: scale and offset are estimated, one line a channel, where no known range fits.
OTHER_RANGE = Mistake("other-range", "range", "The values are on a scale that is none of the known ones.", (), _FIXES)
