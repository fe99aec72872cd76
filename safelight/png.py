"""The chunks of a PNG that make its picture, as every port walks them: decoders disagree on damage and on the rest.

Profiles, gamma, texts and animation go before a decoder sees them: one that it can't read must not cost the photo.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

from safelight.errors import CorruptImage, PhotoError, TruncatedImage

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_KEPT = (b"IHDR", b"PLTE", b"tRNS", b"IDAT")
_END = b"\0\0\0\0IEND\xae\x42\x60\x82"
_HEADER_BYTES = 33  # signature and IHDR chunk


@dataclass(frozen=True)
class Chunks:
    """What the walk found; `damage` is raised after the size was judged."""

    data: bytes  # a PNG of the kept chunks alone
    exif: bytes  # of the first eXIf chunk, b"" without one
    damage: PhotoError | None


def walk(data: bytes, name: str) -> Chunks:
    """Walk over the chunks of a PNG. Raises CorruptImage where not even its header is there."""
    if data[12:16] != b"IHDR" or len(data) < _HEADER_BYTES:
        raise CorruptImage(f"{name} starts as PNG but its header is damaged. Export it again from its source.")
    damage: PhotoError | None = None
    exif: bytes | None = None
    has_pixels = False
    view = memoryview(data)  # its slices copy nothing
    kept = [memoryview(SIGNATURE)]

    def corrupt(what: str) -> CorruptImage:
        return CorruptImage(f"{name} is damaged ({what}). Export it again from its source.")

    width, height = struct.unpack_from(">II", data, 16)
    if width == 0 or height == 0:
        damage = corrupt(f"PNG of {width} × {height} pixels")
    if data[26:28] != b"\0\0":
        damage = damage or corrupt("PNG packed or filtered by an unknown method")
    at = len(SIGNATURE)
    while at + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        end = at + 12 + length
        if kind == b"IEND":
            break
        if end > len(data):
            if kind == b"IDAT" or not has_pixels:
                damage = damage or TruncatedImage(f"{name} ends early, in a PNG chunk. Copy it again from where it came.")
            break
        if kind == b"eXIf" and exif is None:
            exif = data[at + 8 : end - 4]
        if kind in _KEPT:
            if zlib.crc32(view[at + 4 : end - 4]) != int.from_bytes(data[end - 4 : end], "big"):
                damage = damage or corrupt(f"wrong sum in its {kind.decode()} chunk")
            kept.append(view[at:end])
        has_pixels = has_pixels or kind == b"IDAT"
        at = end
    return Chunks(b"".join([*kept, _END]), exif or b"", damage)
