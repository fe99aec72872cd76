"""Mistakes planted by other means than the code under test: Pillow, torchvision, TensorFlow and plain numpy, as an app would make them.

`PLANTED` has at least one plant for every entry of the registry. Some mistakes need a photo that shows them (`dress`
makes one of any picture) or a contract that they break (`under`).
"""

from __future__ import annotations

import io
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from safelight.spec import InputSpec

Tensor = NDArray[Any]
Plant = Callable[[bytes, int, int], Tensor]
Dress = Callable[[Image.Image], bytes]
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


def finished(image: Image.Image, s: int, r: int) -> Tensor:
    """The contract's own resize of a decoded picture, by Pillow."""
    return np.asarray(centre(resized(image, r), s), np.float32)


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


def argb(square: Tensor) -> Tensor:
    rgba = np.asarray(Image.fromarray(square.astype(np.uint8)).convert("RGBA"), np.float32)
    return rgba[..., [3, 0, 1]]


def brightened(square: Tensor) -> Tensor:
    from skimage import exposure

    lit: Tensor = exposure.adjust_gamma(square / 255, 1 / 2.2) * 255
    return lit


def ycbcr(square: Tensor) -> Tensor:
    """JFIF's luma and colour differences, rounded to bytes (ITU-T T.871, 7)."""
    y = square @ np.array([0.299, 0.587, 0.114])
    return np.stack([y, 128 + (square[..., 2] - y) / 1.772, 128 + (square[..., 0] - y) / 1.402], axis=2).round().clip(0, 255)


def by_bt709(square: Tensor) -> Tensor:
    """JPEG's colours put back by HDTV's formula (ITU-R BT.709-6, 3.2)."""
    y, cb, cr = np.moveaxis(ycbcr(square) - np.array([0, 128, 128]), 2, 0)
    return np.stack([y + 1.5748 * cr, y - 0.1873 * cb - 0.4681 * cr, y + 1.8556 * cb], axis=2).round().clip(0, 255)


def by_nv12(square: Tensor) -> Tensor:
    """The two colour differences exchanged, by Pillow's conversion."""
    swapped = ycbcr(square)[..., [0, 2, 1]].astype(np.uint8)
    return np.asarray(Image.fromarray(swapped, "YCbCr").convert("RGB"), np.float32)


def turned_the_other_way(data: bytes, s: int, r: int) -> Tensor:
    """Orientation 6 asks for a quarter turn clockwise; Pillow's `rotate` goes the other way."""
    return finished(Image.open(io.BytesIO(data)).rotate(90, expand=True), s, r)


def to_srgb(data: bytes, s: int, r: int) -> Tensor:
    """The wide profile's colours as sRGB, by the two standards' formulas."""
    light = ((np.asarray(opened(data), np.float64) / 255) ** WIDE_GAMMA @ WIDE_PRIMARIES @ np.linalg.inv(SRGB_PRIMARIES)).clip(0, 1)
    shown = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return finished(Image.fromarray((255 * shown).round().astype(np.uint8)), s, r)


_TENSORFLOW = """
import sys
import numpy
import tensorflow
pixels = tensorflow.io.decode_jpeg(sys.stdin.buffer.read(), channels=3, dct_method="INTEGER_ACCURATE", fancy_upscaling=False)
numpy.save(sys.stdout.buffer, pixels.numpy())
"""


def blocky_by_tensorflow(data: bytes, s: int, r: int) -> Tensor:
    """TensorFlow's decoder without fancy upsampling, in a process of its own: torchvision ends in a crash if it is imported after it."""
    ran = subprocess.run([sys.executable, "-c", _TENSORFLOW], input=data, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    return finished(Image.fromarray(np.load(io.BytesIO(ran.stdout))), s, r)


def as_thumbnail(data: bytes, s: int, r: int) -> Tensor:
    image = Image.open(io.BytesIO(data))
    image.thumbnail((image.width // 2, image.height // 2), reducing_gap=1.0)  # libjpeg halves it, nothing else is to do
    return finished(image, s, r)


def every_second(data: bytes, s: int, r: int) -> Tensor:
    return finished(Image.fromarray(np.asarray(opened(data))[1::2, 1::2]), s, r)


def converted(data: bytes, s: int, r: int) -> Tensor:
    """Pillow's own way with 16-bit grey."""
    return finished(Image.open(io.BytesIO(data)).convert("RGB"), s, r)


def letterboxed_by(color: float, *, start: bool = False) -> Plant:
    """As detectors do it: sides rounded to nearest, half of the slack before, rounded down; or all of it after."""

    def plant(data: bytes, s: int, r: int) -> Tensor:
        image = opened(data)
        scale = s / max(image.size)
        small = image.resize((round(image.width * scale), round(image.height * scale)), Image.Resampling.BILINEAR)
        left, top = (0, 0) if start else ((s - small.width) // 2, (s - small.height) // 2)
        canvas = np.full((s, s, 3), color, np.float32)
        canvas[top : top + small.height, left : left + small.width] = np.asarray(small)
        return canvas

    return plant


def squared_by_torchvision(data: bytes, s: int, r: int) -> Tensor:
    """`SquarePad` as forums pass it on: bars first, then the resize."""
    from torchvision.transforms import v2

    image = opened(data)
    x, y = ((max(image.size) - side) // 2 for side in image.size)
    rest = [x, y, max(image.size) - image.width - x, max(image.size) - image.height - y]
    return np.asarray(v2.Resize((s, s))(v2.functional.pad(image, rest, fill=0)), np.float32)


def fitted(data: bytes, s: int, r: int) -> Tensor:
    return np.asarray(ImageOps.fit(opened(data), (s, s), Image.Resampling.BILINEAR), np.float32)


def by_torchvision(size: Callable[[int, int], int]) -> Plant:
    def plant(data: bytes, s: int, r: int) -> Tensor:
        from torchvision.transforms import v2

        return np.asarray(v2.Compose([v2.Resize(size(s, r)), v2.CenterCrop(s)])(opened(data)), np.float32)

    return plant


def rounded_up(data: bytes, s: int, r: int) -> Tensor:
    image = opened(data)
    w, h = (-(-r * side // min(image.size)) for side in image.size)
    return np.asarray(centre(image.resize((w, h), Image.Resampling.BILINEAR), s), np.float32)


def halved(data: bytes, s: int, r: int) -> Tensor:
    """A chain of mipmaps by torch's pooling, then its bilinear sampling."""
    import torch
    from torch.nn.functional import avg_pool2d, interpolate

    image = opened(data)
    h, w = (r * side // min(image.size) for side in (image.height, image.width))
    x = torch.from_numpy(np.array(image)).permute(2, 0, 1)[None].float()
    while x.shape[2] >= 2 * h and x.shape[3] >= 2 * w:
        x = avg_pool2d(x, 2)
    made = interpolate(x, size=(h, w), mode="bilinear", align_corners=False)[0].permute(1, 2, 0).numpy()
    return np.asarray(centre(Image.fromarray(made.round().astype(np.uint8)), s), np.float32)


def in_light(data: bytes, s: int, r: int) -> Tensor:
    import torch
    from torch.nn.functional import interpolate

    image = opened(data)
    h, w = (r * side // min(image.size) for side in (image.height, image.width))
    x = (torch.from_numpy(np.array(image)).permute(2, 0, 1)[None].double() / 255) ** 2.2
    made = interpolate(x, size=(h, w), mode="bilinear", antialias=True)[0].permute(1, 2, 0).numpy() ** (1 / 2.2) * 255
    return np.asarray(centre(Image.fromarray(made.round().astype(np.uint8)), s), np.float32)


def by_pillow(filter_: Image.Resampling) -> Plant:
    return lambda data, s, r: np.asarray(centre(resized(opened(data), r, filter_), s), np.float32)


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def plain(image: Image.Image) -> bytes:
    return encoded(image, "JPEG", quality=92)


def odd(image: Image.Image) -> bytes:
    """So cut that the longer side does not come out even."""
    return plain(image.crop((0, 0, image.width - 5, image.height - 3)))


def large(image: Image.Image) -> bytes:
    """At least 1024 pixels and divisible by 8: halvings show, and come out even."""
    times = -(-1024 // min(image.size))
    return plain(image.resize((image.width * times // 8 * 8, image.height * times // 8 * 8), Image.Resampling.BICUBIC))


def sideways(image: Image.Image) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return encoded(image.rotate(90, expand=True), "JPEG", quality=90, exif=exif)


def see_through(image: Image.Image) -> bytes:
    image = image.copy()
    image.putalpha(Image.fromarray(np.tile(np.linspace(255, 30, image.width).round().astype(np.uint8), (image.height, 1))))
    return encoded(image, "PNG")


def profiled(image: Image.Image) -> bytes:
    return encoded(image, "JPEG", quality=92, icc_profile=wide_profile())


def subsampled(image: Image.Image) -> bytes:
    """4:2:0, with colours that change from pixel to pixel."""
    image = image.resize((image.width // 3, image.height // 3), Image.Resampling.NEAREST)
    return encoded(image, "JPEG", quality=95, subsampling="4:2:0")


def sixteen_bits(image: Image.Image) -> bytes:
    """Grey, half of it dark enough for 8 bits."""
    grey = np.asarray(image.convert("L")).astype(np.uint16) * np.uint16(257)
    grey[: len(grey) // 2] >>= 8
    return encoded(Image.fromarray(grey), "PNG")


WIDE_GAMMA = 563 / 256  # as Adobe RGB (1998) has it
# Columns X, Y, Z of red, green and blue, adapted to D50: Adobe RGB (1998) and sRGB.
WIDE_PRIMARIES = np.array([[0.60974, 0.31111, 0.01947], [0.20528, 0.62567, 0.06087], [0.14919, 0.06322, 0.74457]])
SRGB_PRIMARIES = np.array([[0.43607, 0.22249, 0.01392], [0.38515, 0.71687, 0.09708], [0.14307, 0.06061, 0.71410]])


def wide_profile() -> bytes:
    """An ICC profile, version 2: three primaries and one gamma (ICC.1:2001-04, 6.1 to 6.5)."""

    def xyz(values: Any) -> bytes:
        return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(65536 * value) for value in values))

    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, 563) + b"\0\0"
    tags = {b"wtpt": xyz((0.9642, 1.0, 0.8249))}
    tags |= {name: xyz(primary) for name, primary in zip((b"rXYZ", b"gXYZ", b"bXYZ"), WIDE_PRIMARIES, strict=True)}
    tags |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve)
    offset = 128 + 4 + 12 * len(tags)
    table, data = struct.pack(">I", len(tags)), b""
    for name, tag in tags.items():
        table += name + struct.pack(">II", offset + len(data), len(tag))
        data += tag
    header = struct.pack(">I4sI4s4s4s", offset + len(data), b"\0\0\0\0", 0x02400000, b"mntr", b"RGB ", b"XYZ ")
    header += struct.pack(">6H4s", 2026, 11, 24, 0, 0, 0, b"acsp") + bytes(28)
    return header + struct.pack(">3i", 63190, 65536, 54061) + bytes(48) + table + data


CONTRACTS: dict[str, Callable[[int, int], InputSpec]] = {
    "crop": lambda s, r: InputSpec(size=s, resize_to=r),
    "stretch": lambda s, r: InputSpec(size=s, resize_to=s, geometry="stretch"),
    "pad": lambda s, r: InputSpec(size=s, resize_to=s, geometry="pad"),
    "bicubic": lambda s, r: InputSpec(size=s, resize_to=r, filter="bicubic"),
}


@dataclass(frozen=True)
class Planted:
    """One way of making a known mistake: `make` gives the tensor for the photo's bytes, S and R."""

    name: str
    make: Plant
    dress: Dress = plain  # a picture → a photo that shows it
    under: str = "crop"  # the contract that it breaks


def stretched(data: bytes, s: int, r: int) -> Tensor:
    return np.asarray(opened(data).resize((s, s), Image.Resampling.BILINEAR), np.float32)


PLANTED: tuple[Planted, ...] = (
    Planted("bgr", of_square(lambda x: x[..., ::-1])),
    Planted("channels-permuted", of_square(lambda x: np.stack([x[..., 1], x[..., 2], x[..., 0]], axis=2))),
    Planted("channels-permuted", of_square(argb)),
    Planted("grey", of_square(luma)),
    Planted("one-channel", of_square(lambda x: np.stack([x[..., 1]] * 3, axis=2))),
    Planted("signed-bytes", of_square(lambda x: x.astype(np.uint8).view(np.int8))),
    Planted("linear-light", of_square(by_colour_light)),
    Planted("gamma-twice", of_square(brightened)),
    Planted("range-expanded", of_square(lambda x: np.interp(x, [16, 235], [0, 255]))),
    Planted("yuv-matrix", of_square(by_bt709)),
    Planted("chroma-swapped", of_square(by_nv12)),
    Planted("integer-division", of_square(lambda x: x.astype(np.uint8) // 255)),
    Planted("zero-to-one", of_square(lambda x: x / np.float32(255))),
    Planted("minus-one-to-one", of_square(lambda x: x / 127.5 - 1)),
    Planted("imagenet-normalised", of_square(lambda x: (x / 255 - MEAN) / STD)),
    Planted("imagenet-without-255", of_square(lambda x: (x - MEAN) / STD)),
    Planted("imagenet-twice", of_square(lambda x: ((x / 255 - MEAN) / STD - MEAN) / STD)),
    Planted("divided-twice", of_square(lambda x: x / 255 / 255)),
    Planted("mean-subtracted", of_square(lambda x: x - np.array([123.68, 116.779, 103.939]))),
    Planted("minus-128", of_square(lambda x: (x.astype(int) - 128).astype(np.int8))),
    Planted("video-range", of_square(lambda x: 16 + 219 * x / 255)),
    Planted("inverted", of_square(lambda x: 255 - x)),
    Planted("scaled-up", of_square(lambda x: x.astype(np.uint16) * np.uint16(257))),
    Planted("planar", of_square(lambda x: x.transpose(2, 0, 1))),
    Planted("columns-first", of_square(lambda x: x.transpose(1, 0, 2))),
    Planted("mirrored", of_image(ImageOps.mirror)),
    Planted("upside-down", of_image(ImageOps.flip)),
    Planted("turned", of_image(lambda image: image.transpose(Image.Transpose.ROTATE_90))),
    Planted("exif-ignored", without_orientation, sideways),
    Planted("exif-wrong-way", turned_the_other_way, sideways),
    Planted("alpha-on-black", over_black, see_through),
    Planted("alpha-dropped", flat_alpha, see_through),
    Planted("colour-managed", to_srgb, profiled),
    Planted("blocky-chroma", blocky_by_tensorflow, subsampled),
    Planted("shrunk-while-decoding", as_thumbnail, large),
    Planted("shrunk-while-decoding", every_second),
    Planted("clipped-16-bit", converted, sixteen_bits),
    Planted("stretched", stretched),
    Planted("stretched", stretched, under="pad"),
    Planted("padded", letterboxed),
    Planted("padded", letterboxed_by(114)),
    Planted("padded", letterboxed_by(255, start=True)),
    Planted("padded", squared_by_torchvision),
    Planted("padded", letterboxed, under="stretch"),
    Planted("other-bars", letterboxed_by(255), under="pad"),
    Planted("other-bars", letterboxed_by(0, start=True), under="pad"),
    Planted("cropped", fitted, under="stretch"),
    Planted("cropped", fitted, under="pad"),
    Planted("no-margin", straight),
    Planted("no-margin", fitted, odd),
    Planted("not-resized", lambda data, s, r: np.asarray(centre(opened(data), s), np.float32)),
    Planted("top-left-crop", from_corner),
    Planted("crop-off-by-one", one_down),
    Planted("other-resize-to", by_torchvision(lambda s, r: round(s * 232 / 224))),
    Planted("longer-side-rounded", rounded_up, odd),
    Planted("no-antialias", by_torch(mode="bilinear", align_corners=False)),
    Planted("no-antialias", by_torch(mode="bilinear", align_corners=True)),
    Planted("nearest", by_torch(mode="nearest")),
    Planted("cubic-no-antialias", by_torch(mode="bicubic", align_corners=False)),
    Planted("filter-bilinear", right, under="bicubic"),
    Planted("filter-bicubic", by_pillow(Image.Resampling.BICUBIC)),
    Planted("filter-lanczos", by_pillow(Image.Resampling.LANCZOS)),
    Planted("filter-area", by_pillow(Image.Resampling.BOX)),
    Planted("filter-hamming", by_pillow(Image.Resampling.HAMMING)),
    Planted("mipmapped", halved, large),
    Planted("linear-light-resize", in_light),
    Planted("unrounded", unrounded),
)


def photos() -> Iterator[tuple[str, bytes]]:
    """Scikit-image's photographs, and the variants in which some mistakes show."""
    from skimage import data

    cat, coffee, rocket = (Image.fromarray(getattr(data, name)()) for name in ("chelsea", "coffee", "rocket"))
    yield "coffee.jpg", plain(coffee)
    yield "coffee.png", encoded(coffee, "PNG")
    yield "cat.png", encoded(cat, "PNG")
    yield "rocket-turned.jpg", sideways(rocket)
    yield "coffee-alpha.png", see_through(coffee)


def planted(name: str) -> Plant:
    """The first way of making a mistake."""
    return next(one.make for one in PLANTED if one.name == name)
