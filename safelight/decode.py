"""Stage 1 of 4: a photo's bytes → upright RGB uint8 [H,W,3]. Pillow is the reference for every port.

The rules (docs/bundle.md has them for porters): the first frame; EXIF orientation applied in every container;
colour profiles and gamma ignored, pixels as stored; alpha over white; 16 bits reduced by `>> 8`; size checked
before decoding. A photo that can't be read raises the PhotoError whose `reason` says why.
"""

from __future__ import annotations

import io
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from safelight import heic, jpeg, png
from safelight.errors import (
    CorruptImage,
    EmptyFile,
    ImageTooLarge,
    NotAFile,
    NotAnImage,
    PhotoError,
    TruncatedImage,
    UnreadableFile,
    UnsupportedImage,
)
from safelight.exif import orientation
from safelight.flatten import Pixels, flatten

FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "GIF", "BMP")  # what every engine decodes
SUFFIXES = frozenset({".jpg", ".jpeg", ".jfif", ".png", ".webp", ".avif", ".gif", ".bmp"})
HEIC_SUFFIXES = frozenset({".heic", ".heif", ".hif"})
# Photos that phones, cameras and editors write and the contract leaves out: worth a line in a report, unlike a Thumbs.db.
FOREIGN_SUFFIXES = HEIC_SUFFIXES | {".tif", ".tiff", ".jxl", ".jp2", ".svg", ".psd", ".dng", ".cr2", ".cr3", ".nef", ".arw", ".raf"}


@dataclass(frozen=True)
class Limits:
    """What a photo may cost and be; checked on the header, before decoding."""

    pixels: int = 100_000_000  # width × height; half of it for WebP, AVIF and progressive JPEG
    bytes: int = 256 * 2**20  # of the file
    heic: bool = False  # read HEIC and HEIF too, which no port but this one can: for training, never for a proof

    @property
    def suffixes(self) -> frozenset[str]:
        """The suffixes of what is read."""
        return SUFFIXES | HEIC_SUFFIXES if self.heic else SUFFIXES


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True)
class Glance:
    """What a quick look at a photo shows."""

    format: str  # of the bytes, whatever the file is called: "JPEG", "PNG", …
    mode: str  # Pillow's name for the stored pixels: "RGB", "L", "RGBA", "CMYK", "I;16", …
    width: int  # of the whole photo, upright
    height: int
    orientation: int  # EXIF's number as stored; 1 where there is none
    pixels: Pixels  # upright RGB [h,w,3]; of a JPEG 1/2, 1/4 or 1/8 of the size, at least the `side` that was asked for


def decode(source: Path | bytes, *, limits: Limits = DEFAULT_LIMITS) -> Pixels:
    """Decode a file, or a file's bytes, to upright RGB uint8 [H,W,3]. Raises a PhotoError."""
    return _decode(source, limits, None).pixels


def glance(source: Path | bytes, side: int, *, limits: Limits = DEFAULT_LIMITS) -> Glance:
    """A quick look: as `decode`, with the same PhotoErrors, but a JPEG is reduced while it is decoded.

    All of its data is read, so damage is found as by `decode`; only the pixels are fewer, down to the least power of two whose
    sides are both at least `side`, and not the contract's. A smooth 12-megapixel JPEG took 10 ms instead of 113.
    """
    return _decode(source, limits, side)


def _decode(source: Path | bytes, limits: Limits, side: int | None) -> Glance:
    name = str(source) if isinstance(source, Path) else "the photo"
    data = read(source, limits=limits) if isinstance(source, Path) else source
    if not data:
        raise EmptyFile(f"{name} is empty: 0 bytes. Copy it again from where it came.")
    if len(data) > limits.bytes:
        raise ImageTooLarge(f"{name} has {len(data):,} bytes, more than the limit of {limits.bytes:,}. Shrink it first.")
    data, exif, damage = _walked(data, name)
    try:
        image = _open(data, name, limits)
    except (CorruptImage, TruncatedImage) as error:
        raise damage or error from error
    limit, kinds = (limits.pixels // 2, " for WebP, AVIF and progressive JPEG") if _is_held_whole(image) else (limits.pixels, "")
    if image.width * image.height > limit:
        raise ImageTooLarge(f"{name} has {image.width} × {image.height} pixels, more than the limit of {limit:,}{kinds}. Shrink it first.")
    if damage is not None:
        raise damage
    try:
        stored, mode = image.size, image.mode
        if side is not None:
            image.draft(None, (side, side))  # None: leave the mode. Of these formats it means something to JPEG alone
        image.load()
        _restore_key(image, data)
        del data  # up to 256 MiB, before as much again is needed for the result
        turn = orientation(image.info.get("exif", b"") if exif is None else exif)
        width, height = stored[::-1] if 5 <= turn <= 8 else stored
        return Glance(image.format or "", mode, width, height, turn, flatten(image, turn))
    except Exception as error:  # decoders raise OSError, ValueError, SyntaxError, struct.error, … on damaged data
        raise _blame(error, name) from error


def read(path: Path, *, limits: Limits = DEFAULT_LIMITS) -> bytes:
    """A photo's bytes. Raises NotAFile, UnreadableFile or ImageTooLarge."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise NotAFile(f"{path} is not a file. Name a photo, or a folder where a folder is asked for.")
        if status.st_size > limits.bytes:
            raise ImageTooLarge(f"{path} has {status.st_size:,} bytes, more than the limit of {limits.bytes:,}. Shrink it first.")
        return path.read_bytes()
    except FileNotFoundError as error:
        raise NotAFile(f"{path} does not exist. Check the path.") from error
    except OSError as error:
        raise UnreadableFile(f"{path} can't be read: {error.strerror or error}. Check its permissions.") from error


def find_photos(folder: Path, suffixes: frozenset[str] = SUFFIXES) -> list[Path]:
    """Every file below `folder` with one of the suffixes, sorted by path; hidden files and folders are left out."""
    found: list[Path] = []
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [Path(root, name) for name in files if not name.startswith(".") and Path(name).suffix.lower() in suffixes]
    return sorted(found)


def _walked(data: bytes, name: str) -> tuple[bytes, bytes | None, PhotoError | None]:
    """What the decoder shall see, the EXIF record where the container is ours to read, and what is wrong with the file."""
    if data.startswith(png.SIGNATURE):
        chunks = png.walk(data, name)
        return chunks.data, chunks.exif, chunks.damage
    if data.startswith(jpeg.SIGNATURE):
        segments = jpeg.walk(data)
        rare = UnsupportedImage(f"{name} is a rare kind of JPEG, outside the contract. Save it as plain JPEG or PNG.")
        return data, segments.exif, None if segments.is_plain else rare
    return data, None, None


def _open(data: bytes, name: str, limits: Limits) -> Image.Image:
    try:
        return Image.open(io.BytesIO(data), formats=FORMATS)
    except UnidentifiedImageError as error:
        kind = kind_of(data)
        if kind in heic.KINDS:
            return _open_heic(data, name, limits)
        if kind in FORMATS:
            raise CorruptImage(f"{name} starts as {kind} but its header is damaged. Export it again from its source.") from error
        if kind:
            raise UnsupportedImage(f"{name} is {kind}, outside the contract. Save it as JPEG, PNG or WebP.") from error
        raise NotAnImage(f"{name} is not an image: it starts with {data[:8]!r}. Remove it from the folder.") from error
    except Image.DecompressionBombError as error:
        raise ImageTooLarge(f"{name} is too large to decode: {error} Shrink it first.") from error
    except Exception as error:  # a header can break a decoder in as many ways as the data
        raise _blame(error, name) from error


def _is_held_whole(image: Image.Image) -> bool:
    """Whether its decoder keeps the whole picture beside the result: up to 1.64 GB for 100 megapixels, so half is the limit."""
    return image.format in ("WEBP", "AVIF") or "progressive" in image.info


def _open_heic(data: bytes, name: str, limits: Limits) -> Image.Image:
    if not limits.heic:
        raise UnsupportedImage(
            f"{name} is HEIC, outside the contract: most browsers can't read it. Save it as JPEG, or let Python alone "
            f"read it: {heic.INSTALL}, then --heic, or Limits(heic=True)."
        )
    try:
        return heic.open_heic(data)
    except ImportError as error:
        raise UnsupportedImage(f"{name} is HEIC, whose decoder isn't installed. Run: {heic.INSTALL}") from error
    except Exception as error:  # libheif's errors come as any of Python's
        raise _blame(error, name) from error


_SIGNATURES: tuple[tuple[int, bytes, str], ...] = (  # offset, bytes, format
    (0, b"\xff\xd8\xff", "JPEG"),
    (0, b"\x89PNG\r\n\x1a\n", "PNG"),
    (0, b"GIF87a", "GIF"),
    (0, b"GIF89a", "GIF"),
    (8, b"WEBP", "WEBP"),
    (4, b"ftypavif", "AVIF"),
    (4, b"ftypavis", "AVIF"),
    (0, b"BM", "BMP"),
    (4, b"ftyphei", "HEIC"),
    (4, b"ftyphev", "HEIC"),
    (4, b"ftypmif1", "HEIF"),
    (4, b"ftypmsf1", "HEIF"),
    (0, b"II*\0", "TIFF"),
    (0, b"MM\0*", "TIFF"),
    (0, b"8BPS", "Photoshop"),
    (0, b"\0\0\x01\0", "an icon"),
    (0, b"%PDF", "PDF"),
    (0, b"\0\0\0\x0cjP  ", "JPEG 2000"),
    (0, b"\xff\x4f\xff\x51", "JPEG 2000"),  # a bare code stream
    (0, b"\xff\x0a", "JPEG XL"),
    (0, b"\0\0\0\x0cJXL ", "JPEG XL"),
)


def kind_of(data: bytes) -> str:
    """The format that the first bytes announce, "" if none that we know."""
    return next((kind for offset, magic, kind in _SIGNATURES if data[offset:].startswith(magic)), "")


def _blame(error: Exception, name: str) -> PhotoError:
    """The PhotoError that says what a decoder's exception means."""
    text = str(error)
    if "truncated" in text.lower() or isinstance(error, EOFError):
        return TruncatedImage(f"{name} ends early ({text}). Copy it again from where it came.")
    return CorruptImage(f"{name} is damaged ({type(error).__name__}: {text}). Export it again from its source.")


def _restore_key(image: Image.Image, data: bytes) -> None:
    """Bring a PNG's transparent colour (tRNS) to the scale of its pixels: Pillow leaves it at the file's bit depth."""
    key = image.info.get("transparency")
    if image.format != "PNG" or key is None:
        return
    depth = data[24]  # bits per channel: IHDR always comes first
    if image.mode == "L" and depth in (2, 4):
        image.info["transparency"] = key * 255 // (2**depth - 1)
    if image.mode == "RGB" and depth == 16:  # Pillow has only the upper bytes of the pixels
        image.info["transparency"] = tuple(channel >> 8 for channel in key)
