"""Which kind of JPEG: the contract has the one that every decoder reads."""

from __future__ import annotations

_NO_FRAME = (0xC4, 0xC8, 0xCC)  # among the frame headers' numbers: Huffman tables, reserved, arithmetic conditioning


def is_plain(data: bytes) -> bool:
    """Whether every frame header before the pixels is baseline, extended or progressive Huffman with 8 bits.

    Lossless, arithmetic and hierarchical JPEG, and 12 bits, are not. What can't be followed counts as plain: the
    decoder will say what is wrong.
    """
    at = 2
    while at + 4 <= len(data):
        marker = data[at + 1]
        if data[at] != 0xFF or marker in (0x00, 0xFF):
            at += 1  # stray bytes and padding between segments, as every decoder skips them
            continue
        if marker == 0xDA:
            return True
        if 0xC0 <= marker <= 0xCF and marker not in _NO_FRAME and (marker > 0xC2 or data[at + 4 : at + 5] != b"\x08"):
            return False
        at += 2 if 0xD0 <= marker <= 0xD8 else 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return True
