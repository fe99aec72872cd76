"""EXIF orientation, read from the raw record as every port reads it. XMP is not asked: no browser obeys it."""

from __future__ import annotations

from typing import Literal

ORIENTATION = 0x0112  # the tag
_BYTES_OF = {1: 1, 3: 2, 4: 4}  # TIFF types byte, short, long
_ENTRY_BYTES = 12


def orientation(record: bytes) -> int:
    """The orientation in a TIFF block, with "Exif" and two zero bytes before it or without, 1 where it has none.

    1..8 where the writer kept to the standard; any other value means 1. Damage is no reason to refuse the photo.
    """
    tiff = record.removeprefix(b"Exif\0\0")
    if len(tiff) < 8 or tiff[:2] not in (b"II", b"MM"):
        return 1
    order: Literal["little", "big"] = "little" if tiff.startswith(b"II") else "big"

    def number(at: int, size: int) -> int:
        return int.from_bytes(tiff[at : at + size], order)

    first = number(4, 4)
    if first + 2 > len(tiff):
        return 1
    for entry in range(first + 2, first + 2 + _ENTRY_BYTES * number(first, 2), _ENTRY_BYTES):
        if entry + _ENTRY_BYTES > len(tiff):
            break
        size = _BYTES_OF.get(number(entry + 2, 2))
        if number(entry, 2) == ORIENTATION and size is not None:
            return number(entry + 8, size)
    return 1
