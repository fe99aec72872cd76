"""Mistakes planted by other means than the code under test: Pillow, torchvision and plain numpy, as an app would make them.

`PLANTED` maps the expected name to functions (bytes, S, R) → tensor. The photos are scikit-image's.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

Tensor = NDArray[Any]
Plant = Callable[[bytes, int, int], Tensor]
MEAN, STD = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])


def opened(data: bytes) -> Image.Image:
    """Upright RGB over white, by Pillow's own functions."""
    image = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    if image.has_transparency_data:
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image.convert("RGBA"))
    return image.convert("RGB")


def resized(image: Image.Image, r: int, filter_: Image.Resampling = Image.Resampling.BILINEAR) -> Image.Image:
    short = min(image.size)
    return image.resize((r * image.width // short, r * image.height // short), filter_)


def centre(image: Image.Image, s: int) -> Image.Image:
    left, top = round((image.width - s) / 2), round((image.height - s) / 2)
    return image.crop((left, top, left + s, top + s))


def right(data: bytes, s: int, r: int) -> Tensor:
    return np.asarray(centre(resized(opened(data), r), s), np.float32)


def of_image(make: Callable[[Image.Image], Image.Image]) -> Plant:
    return lambda data, s, r: np.asarray(centre(resized(make(opened(data)), r), s), np.float32)


def of_square(make: Callable[[Tensor], Tensor]) -> Plant:
    return lambda data, s, r: make(right(data, s, r))


def by_torch(**how: Any) -> Plant:
    """torch's own interpolation of a float tensor, then the centre."""

    def plant(data: bytes, s: int, r: int) -> Tensor:
        import torch

        image = opened(data)
        x = torch.from_numpy(np.array(image)).permute(2, 0, 1)[None].float()
        size = (r * image.height // min(image.size), r * image.width // min(image.size))
        y = torch.nn.functional.interpolate(x, size=size, **how)[0].permute(1, 2, 0).numpy()
        top, left = round((size[0] - s) / 2), round((size[1] - s) / 2)
        return np.rint(y[top : top + s, left : left + s].clip(0, 255))

    return plant


def unrounded(data: bytes, s: int, r: int) -> Tensor:
    import torch
    from torchvision.transforms import v2

    x = torch.from_numpy(np.array(opened(data))).permute(2, 0, 1).float()
    made: Tensor = v2.Compose([v2.Resize(r, antialias=True), v2.CenterCrop(s)])(x).permute(1, 2, 0).numpy()
    return made


def straight(data: bytes, s: int, r: int) -> Tensor:
    return np.asarray(centre(resized(opened(data), s), s), np.float32)


def letterboxed(data: bytes, s: int, r: int) -> Tensor:
    return np.asarray(ImageOps.pad(opened(data), (s, s), Image.Resampling.BILINEAR, color="black"), np.float32)


def from_corner(data: bytes, s: int, r: int) -> Tensor:
    return np.asarray(resized(opened(data), r).crop((0, 0, s, s)), np.float32)


def one_down(data: bytes, s: int, r: int) -> Tensor:
    image = resized(opened(data), r)
    left, top = round((image.width - s) / 2) + 1, round((image.height - s) / 2) + 1
    return np.asarray(image.crop((left, top, left + s, top + s)), np.float32)


def luma(square: Tensor) -> Tensor:
    return np.repeat(np.asarray(Image.fromarray(square.astype(np.uint8)).convert("L"), np.float32)[..., None], 3, axis=2)


def without_orientation(data: bytes, s: int, r: int) -> Tensor:
    return np.asarray(centre(resized(Image.open(io.BytesIO(data)).convert("RGB"), r), s), np.float32)


def over_black(data: bytes, s: int, r: int) -> Tensor:
    image = Image.open(io.BytesIO(data)).convert("RGBA")
    return np.asarray(
        centre(resized(Image.alpha_composite(Image.new("RGBA", image.size, "black"), image).convert("RGB"), r), s), np.float32
    )


def flat_alpha(data: bytes, s: int, r: int) -> Tensor:
    return np.asarray(centre(resized(Image.open(io.BytesIO(data)).convert("RGBA").convert("RGB"), r), s), np.float32)


def by_colour_light(square: Tensor) -> Tensor:
    from skimage import exposure

    lit: Tensor = exposure.adjust_gamma(square / 255, 2.2) * 255
    return lit


PLANTED: dict[str, Plant] = {
    "bgr": of_square(lambda x: x[..., ::-1]),
    "channels-permuted": of_square(lambda x: np.stack([x[..., 1], x[..., 2], x[..., 0]], axis=2)),
    "grey": of_square(luma),
    "one-channel": of_square(lambda x: np.stack([x[..., 1]] * 3, axis=2)),
    "signed-bytes": of_square(lambda x: x.astype(np.uint8).view(np.int8)),
    "linear-light": of_square(by_colour_light),
    "range-expanded": of_square(lambda x: np.interp(x, [16, 235], [0, 255])),
    "zero-to-one": of_square(lambda x: x / np.float32(255)),
    "minus-one-to-one": of_square(lambda x: x / 127.5 - 1),
    "imagenet-normalised": of_square(lambda x: (x / 255 - MEAN) / STD),
    "imagenet-without-255": of_square(lambda x: (x - MEAN) / STD),
    "imagenet-twice": of_square(lambda x: ((x / 255 - MEAN) / STD - MEAN) / STD),
    "divided-twice": of_square(lambda x: x / 255 / 255),
    "mean-subtracted": of_square(lambda x: x - np.array([123.68, 116.779, 103.939])),
    "minus-128": of_square(lambda x: (x.astype(int) - 128).astype(np.int8)),
    "video-range": of_square(lambda x: 16 + 219 * x / 255),
    "inverted": of_square(lambda x: 255 - x),
    "planar": of_square(lambda x: x.transpose(2, 0, 1)),
    "columns-first": of_square(lambda x: x.transpose(1, 0, 2)),
    "mirrored": of_image(ImageOps.mirror),
    "upside-down": of_image(ImageOps.flip),
    "turned": of_image(lambda image: image.transpose(Image.Transpose.ROTATE_90)),
    "exif-ignored": without_orientation,
    "alpha-on-black": over_black,
    "alpha-dropped": flat_alpha,
    "stretched": lambda data, s, r: np.asarray(opened(data).resize((s, s), Image.Resampling.BILINEAR), np.float32),
    "padded": letterboxed,
    "no-margin": straight,
    "not-resized": lambda data, s, r: np.asarray(centre(opened(data), s), np.float32),
    "top-left-crop": from_corner,
    "crop-off-by-one": one_down,
    "no-antialias": by_torch(mode="bilinear", align_corners=False),
    "nearest": by_torch(mode="nearest"),
    "cubic-no-antialias": by_torch(mode="bicubic", align_corners=False),
    "filter-bicubic": lambda data, s, r: np.asarray(centre(resized(opened(data), r, Image.Resampling.BICUBIC), s), np.float32),
    "filter-lanczos": lambda data, s, r: np.asarray(centre(resized(opened(data), r, Image.Resampling.LANCZOS), s), np.float32),
    "filter-area": lambda data, s, r: np.asarray(centre(resized(opened(data), r, Image.Resampling.BOX), s), np.float32),
    "unrounded": unrounded,
}


def photos() -> Iterator[tuple[str, bytes]]:
    """Scikit-image's photographs, and the variants in which some mistakes show."""
    from skimage import data

    cat, coffee, rocket = (Image.fromarray(getattr(data, name)()) for name in ("chelsea", "coffee", "rocket"))
    turned = Image.Exif()
    turned[0x0112] = 6
    yield "coffee.jpg", encoded(coffee, "JPEG", quality=92)
    yield "cat.png", encoded(cat, "PNG")
    yield "rocket-turned.jpg", encoded(rocket.rotate(90, expand=True), "JPEG", quality=90, exif=turned)
    clear = coffee.copy()
    clear.putalpha(Image.fromarray(np.tile(np.linspace(255, 30, coffee.width).round().astype(np.uint8), (coffee.height, 1))))
    yield "coffee-alpha.png", encoded(clear, "PNG")


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()
