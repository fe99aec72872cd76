"""Mistakes of stage 1: the right file, decoded to other pixels."""

from __future__ import annotations

import io
from collections.abc import Mapping
from functools import partial

import numpy as np
from PIL import ImageCms

from export.diagnose.mistake import Mistake, Pixels, Platform
from export.diagnose.photo import Photo

_INVERSE = {6: 8, 8: 6}  # the quarter turns; every other orientation undoes itself


def _turned(pixels: Pixels, orientation: int) -> Pixels:
    """As the EXIF rule of docs/bundle.md, section 3.7, turns a stored picture."""
    turns = {
        2: lambda p: p[:, ::-1],
        3: lambda p: p[::-1, ::-1],
        4: lambda p: p[::-1],
        5: lambda p: p.transpose(1, 0, 2),
        6: lambda p: p[::-1].transpose(1, 0, 2),
        7: lambda p: p[::-1, ::-1].transpose(1, 0, 2),
        8: lambda p: p[:, ::-1].transpose(1, 0, 2),
    }
    return np.ascontiguousarray(turns.get(orientation, lambda p: p)(pixels))


def _as_stored(photo: Photo) -> Pixels:
    if photo.orientation == 1:
        return photo.upright
    return _turned(photo.upright, _INVERSE.get(photo.orientation, photo.orientation))


def _wrong_way(photo: Photo) -> Pixels:
    return _turned(_as_stored(photo), _INVERSE[photo.orientation]) if photo.orientation in _INVERSE else photo.upright


def _turned_twice(photo: Photo) -> Pixels:
    return photo.upright if photo.orientation == 1 else _turned(photo.upright, photo.orientation)


def _mirrored(photo: Photo) -> Pixels:
    return np.ascontiguousarray(photo.upright[:, ::-1])


def _upside_down(photo: Photo) -> Pixels:
    return np.ascontiguousarray(photo.upright[::-1])


def _quarter_turn(photo: Photo, turns: int) -> Pixels:
    return np.ascontiguousarray(np.rot90(photo.upright, turns))


def _colour_managed(photo: Photo) -> Pixels:
    profile = photo.stored.info.get("icc_profile")
    if not profile or photo.stored.mode not in ("RGB", "L", "CMYK"):
        return photo.upright
    try:
        managed = ImageCms.profileToProfile(
            photo.stored, ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
    except (ImageCms.PyCMSError, OSError, ValueError):  # a profile that nobody can apply
        return photo.upright
    return _turned(np.array(managed), photo.orientation)


def _rgba(photo: Photo) -> Pixels | None:
    if not photo.stored.has_transparency_data:
        return None
    return _turned(np.array(photo.stored.convert("RGBA")), photo.orientation)


def _over_black(photo: Photo) -> Pixels:
    rgba = _rgba(photo)
    if rgba is None:
        return photo.upright
    return ((rgba[..., :3].astype(np.uint32) * rgba[..., 3:] + 127) // 255).astype(np.uint8)


def _alpha_dropped(photo: Photo) -> Pixels:
    rgba = _rgba(photo)
    return photo.upright if rgba is None else np.ascontiguousarray(rgba[..., :3])


def _clipped_16_bit(photo: Photo) -> Pixels:
    if not photo.stored.mode.startswith("I"):
        return photo.upright
    grey = np.asarray(photo.stored).clip(0, 255).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)


def _blocky_chroma(photo: Photo) -> Pixels:
    """4:2:0 with each chroma sample repeated 2×2. libjpeg's half-size decode hands out the chroma as it is stored."""
    small, full = photo.reopened(), photo.reopened()
    layers = [(h, v) for _, h, v, _ in getattr(full, "layer", [])]
    if layers != [(2, 2), (1, 1), (1, 1)]:
        return photo.upright
    small.draft("YCbCr", (full.width // 2, full.height // 2))  # what it gives is rounded up
    full.draft("YCbCr", full.size)
    chroma = np.asarray(small)[..., 1:].repeat(2, axis=0).repeat(2, axis=1)[: full.height, : full.width]
    luma, cb, cr = np.asarray(full)[..., 0].astype(np.int32), chroma[..., 0] - 128.0, chroma[..., 1] - 128.0
    differences = (
        1.402 * cr,
        -0.344136 * cb - 0.714136 * cr,
        1.772 * cb,
    )  # each rounded, as libjpeg's tables are; Pillow's convert differs
    rgb = np.stack([luma + np.floor(one + 0.5).astype(np.int32) for one in differences], axis=2).clip(0, 255).astype(np.uint8)
    return _turned(rgb, photo.orientation)


def _subsampled(photo: Photo, factor: int) -> Pixels:
    """Every `factor`-th pixel, as BitmapFactory's inSampleSize does for most formats."""
    if min(photo.upright.shape[:2]) < 2 * factor:
        return photo.upright
    return np.ascontiguousarray(photo.upright[factor // 2 :: factor, factor // 2 :: factor])


def _shrunk_while_decoding(photo: Photo, factor: int) -> Pixels:
    """JPEG decoded at a fraction of its size by the inverse DCT, as thumbnail loaders do."""
    image = photo.reopened()
    if image.format != "JPEG" or image.mode != "RGB" or min(image.size) < 2 * factor:
        return photo.upright
    image.draft("RGB", (image.width // factor, image.height // factor))
    return _turned(np.array(image), photo.orientation)


_UPRIGHT: Mapping[Platform, str] = {
    "OpenCV": "cv2.imread(path, cv2.IMREAD_COLOR) applies EXIF; IMREAD_UNCHANGED and IMREAD_IGNORE_ORIENTATION don't",
    "Pillow": "image = ImageOps.exif_transpose(Image.open(path))",
    "torchvision": "decode_image(path, apply_exif_orientation=True)",
    "Android Bitmap": "read ExifInterface.getAttributeInt(TAG_ORIENTATION, 1) and turn the bitmap by a Matrix once",
    "CoreImage": "CIImage(contentsOf: url, options: [.applyOrientationProperty: true])",
    "canvas": "createImageBitmap(blob, {imageOrientation: 'from-image'}), and turn nothing yourself",
}
_MIRROR: Mapping[Platform, str] = {
    "OpenCV": "drop cv2.flip",
    "Pillow": "drop ImageOps.mirror and ImageOps.flip",
    "torchvision": "keep RandomHorizontalFlip out of the inference transforms",
    "Android Bitmap": "drop the preview's Matrix.preScale(-1, 1): the front camera's file is not mirrored",
    "CoreImage": "CIImage's origin is at the bottom left: render with the context's own orientation, don't flip again",
    "canvas": "drop ctx.scale(-1, 1), and UNPACK_FLIP_Y_WEBGL on upload",
}
_ALPHA: Mapping[Platform, str] = {
    "OpenCV": "imread(path, IMREAD_UNCHANGED), then bgr * a + 255 * (1 - a)",
    "Pillow": "Image.alpha_composite(Image.new('RGBA', image.size, 'white'), image.convert('RGBA')).convert('RGB')",
    "torchvision": "decode_image(path, mode='RGBA'), then composite over white",
    "Android Bitmap": "options.inPremultiplied = false, then composite over Color.WHITE",
    "CoreImage": "image.composited(over: CIImage(color: .white))",
    "canvas": "ctx.fillStyle = '#fff'; ctx.fillRect(0, 0, w, h); then ctx.drawImage(bitmap, 0, 0)",
}
_COLOUR: Mapping[Platform, str] = {
    "Pillow": "drop ImageCms.profileToProfile: the contract takes pixels as stored",
    "Android Bitmap": "options.inPreferredColorSpace = null, and read the pixels in the bitmap's own colour space",
    "CoreImage": "CIImage(contentsOf: url, options: [.colorSpace: NSNull()]), and a CIContext with workingColorSpace NSNull",
    "canvas": "createImageBitmap(blob, {colorSpaceConversion: 'none'}), with the profile cut from the bytes for Safari",
}
_FULL: Mapping[Platform, str] = {
    "OpenCV": "IMREAD_COLOR instead of IMREAD_REDUCED_COLOR_2, _4 or _8",
    "Pillow": "don't call image.draft or image.thumbnail before the resize",
    "Android Bitmap": "options.inSampleSize = 1",
    "CoreImage": "CGImageSourceCreateImageAtIndex instead of CGImageSourceCreateThumbnailAtIndex",
    "canvas": "createImageBitmap(blob) without resizeWidth and resizeHeight",
}
_CHROMA: Mapping[Platform, str] = {
    "OpenCV": "build with libjpeg-turbo and its default, do_fancy_upsampling",
    "Pillow": "the reference itself: decode with Pillow",
    "torchvision": "decode on the CPU: nvjpeg repeats chroma samples",
    "Android Bitmap": "decode with BitmapFactory or ImageDecoder, not with a hardware codec's YUV planes",
    "CoreImage": "decode with ImageIO, then bound the difference by safelight verify",
    "canvas": "createImageBitmap instead of WebCodecs' ImageDecoder",
}
_DEPTH: Mapping[Platform, str] = {
    "OpenCV": "imread(path, IMREAD_UNCHANGED) >> 8",
    "Pillow": "(np.asarray(image) >> 8) for the I;16 modes: convert('RGB') clips at 255",
    "torchvision": "decode_image(path).to(torch.int32) >> 8",
}

MISTAKES: tuple[Mistake, ...] = (
    Mistake("exif-ignored", "decode", "The photo's EXIF orientation is not applied.", (_as_stored,), _UPRIGHT),
    Mistake("exif-wrong-way", "decode", "The EXIF orientation is applied the wrong way, or twice.", (_wrong_way, _turned_twice), _UPRIGHT),
    Mistake("mirrored", "decode", "Left and right are exchanged, as in a front camera's preview.", (_mirrored,), _MIRROR),
    Mistake("upside-down", "decode", "The rows run from the bottom to the top.", (_upside_down,), _MIRROR),
    Mistake(
        "turned",
        "decode",
        "The photo is turned by a quarter or a half, as a camera's sensor is mounted.",
        tuple(partial(_quarter_turn, turns=turns) for turns in (1, 2, 3)),
        _UPRIGHT,
    ),
    Mistake(
        "colour-managed", "decode", "The photo's ICC profile was applied; the contract takes pixels as stored.", (_colour_managed,), _COLOUR
    ),
    Mistake("alpha-on-black", "decode", "Transparency lies on black (or is premultiplied) instead of on white.", (_over_black,), _ALPHA),
    Mistake("alpha-dropped", "decode", "Transparency was thrown away: what was hidden shows.", (_alpha_dropped,), _ALPHA),
    Mistake(
        "blocky-chroma", "decode", "The JPEG decoder repeats chroma samples instead of interpolating them.", (_blocky_chroma,), _CHROMA
    ),
    Mistake(
        "shrunk-while-decoding",
        "decode",
        "The decoder already made the photo smaller, before the resize.",
        tuple(partial(way, factor=factor) for way in (_shrunk_while_decoding, _subsampled) for factor in (2, 4, 8)),
        _FULL,
    ),
    Mistake("clipped-16-bit", "decode", "16-bit grey was clipped at 255 instead of shifted by 8 bits.", (_clipped_16_bit,), _DEPTH),
)
