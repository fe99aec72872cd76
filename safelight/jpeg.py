"""The segments of a JPEG before its pixels, as every port walks them: which kind of JPEG it is, and its EXIF record."""

from __future__ import annotations

from dataclasses import dataclass

_NO_FRAME = (0xC4, 0xC8, 0xCC)  # among the frame headers' numbers: Huffman tables, reserved, arithmetic conditioning

SIGNATURE = b"\xff\xd8\xff"


@dataclass(frozen=True)
class Segments:
    """What the walk found."""

    is_plain: bool  # the kind that every decoder reads: baseline, extended or progressive Huffman with 8 bits
    exif: bytes  # of the first EXIF segment, b"" without one


def walk(data: bytes) -> Segments:
    """Walk over the segments up to the pixels.

    Lossless, arithmetic and hierarchical JPEG, and 12 bits, are not plain. What can't be followed counts as plain: the
    decoder will say what is wrong.
    """
    at, exif = 2, b""
    while at + 4 <= len(data):
        marker = data[at + 1]
        if data[at] != 0xFF or marker in (0x00, 0xFF):
            at += 1  # stray bytes and padding between segments, as every decoder skips them
            continue
        if marker == 0xDA:
            break
        if 0xC0 <= marker <= 0xCF and marker not in _NO_FRAME and (marker > 0xC2 or data[at + 4 : at + 5] != b"\x08"):
            return Segments(False, exif)
        end = at + (2 if 0xD0 <= marker <= 0xD8 else 2 + int.from_bytes(data[at + 2 : at + 4], "big"))
        if marker == 0xE1 and data.startswith(b"Exif\0\0", at + 4):
            exif = exif or data[at + 4 : end]
        at = end
    return Segments(True, exif)
