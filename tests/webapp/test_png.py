"""The page's own PNG decoder gives Pillow's bytes and reasons, on files of every kind and on damaged ones."""

from __future__ import annotations

import hashlib
import math
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest

from safelight.decode import decode
from safelight.errors import PhotoError
from tests.webapp.conftest import CONTRACT, Node, planted

SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # colour type → samples per pixel
KINDS = [(0, 1), (0, 2), (0, 4), (0, 8), (0, 16), (2, 8), (2, 16), (3, 1), (3, 2), (3, 4), (3, 8), (4, 8), (4, 16), (6, 8), (6, 16)]
PASSES = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def noise(generator: np.random.Generator, colour: int, depth: int, width: int, height: int, interlaced: bool, plain: bool) -> bytes:
    """Filtered rows of noise: any byte is valid after a filter's number, so every filter meets every value.

    `plain` rows have no filter and only the bytes 0 and 1, so that a transparent colour of 0 and 1 occurs.
    """
    rows = b""
    for left, top, across, down in PASSES if interlaced else [(0, 0, 1, 1)]:
        columns = math.ceil((width - left) / across)
        for _ in range(top, height, down) if columns > 0 else ():
            length = math.ceil(columns * SAMPLES[colour] * depth / 8)
            if plain:
                rows += b"\0" + generator.integers(0, 2, length, np.uint8).tobytes()
            else:
                rows += bytes([generator.integers(5)]) + generator.bytes(length)
    return rows


def png(header: tuple[int, ...], *chunks: tuple[bytes, bytes]) -> bytes:
    """`header`: width, height, depth, colour, compression, filter, interlace."""
    parts = [(b"IHDR", struct.pack(">IIBBBBB", *header)), *chunks, (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


def random_pngs(count: int, seed: int) -> list[bytes]:
    generator, files = np.random.default_rng(seed), []
    for index in range(count):
        colour, depth = KINDS[index % len(KINDS)]
        width, height = (int(side) for side in generator.integers(1, 40, 2))
        interlaced = bool(generator.integers(2))
        keyed = colour in (0, 2) and bool(generator.integers(2))
        data = zlib.compress(noise(generator, colour, depth, width, height, interlaced, keyed))
        split = int(generator.integers(1, len(data)))
        chunks = [(b"IDAT", data[:split]), (b"IDAT", data[split:])]
        entries = 2**depth
        if keyed:
            key = generator.integers(0, 2, 2 * SAMPLES[colour], np.uint8)
            key[::2] *= depth == 16  # upper bytes
            chunks.insert(0, (b"tRNS", key.tobytes()))
        if colour == 3 and generator.integers(2):
            chunks.insert(0, (b"tRNS", generator.bytes(int(generator.integers(1, entries + 1)))))
        if colour == 3:
            chunks.insert(0, (b"PLTE", generator.bytes(3 * int(generator.integers(1, entries + 1)))))
        files.append(png((width, height, depth, colour, 0, 0, int(interlaced)), *chunks))
    return files


def damaged() -> dict[str, bytes]:
    rows = zlib.compress((b"\0" + bytes(range(60))) * 30, 0)
    header = (20, 30, 8, 2, 0, 0, 0)
    broken = bytearray(rows)
    broken[0] = 0
    whole = png(header, (b"IDAT", rows))
    return {
        "whole": whole,
        "data ends early": png(header, (b"IDAT", rows[: len(rows) // 2])),
        "data is not zlib": png(header, (b"IDAT", bytes(broken))),
        "more after the pixels": png(header, (b"IDAT", rows + b"more")),
        "more rows": png((20, 10, 8, 2, 0, 0, 0), (b"IDAT", rows)),
        "unknown row filter": png(header, (b"IDAT", zlib.compress((b"\5" + bytes(60)) * 30))),
        "cut in the pixels": whole[: len(whole) // 2],
        "cut in the end chunk": whole[:-6],
        "no end chunk": whole[:-12],
        "no pixels": png(header),
        "wrong sum": whole.replace(zlib.crc32(b"IDAT" + rows).to_bytes(4, "big"), b"\0\0\0\0"),
        "unknown depth": png((20, 30, 3, 2, 0, 0, 0), (b"IDAT", rows)),
        "unknown colour": png((20, 30, 8, 5, 0, 0, 0), (b"IDAT", rows)),
        "unknown compression": png((20, 30, 8, 2, 1, 0, 0), (b"IDAT", rows)),
        "interlaced by an unknown method": png((20, 30, 8, 2, 0, 0, 7), (b"IDAT", rows)),
        "no palette": png((20, 30, 8, 3, 0, 0, 0), (b"IDAT", zlib.compress((b"\0" + bytes(20)) * 30))),
        "empty data": png(header, (b"IDAT", b"")),
        "no width": png((0, 30, 8, 2, 0, 0, 0), (b"IDAT", rows)),
        "unreadable profile": png(header, (b"iCCP", b"name\0\7garbage"), (b"IDAT", rows)),
    }


def python(data: bytes) -> str:
    try:
        return hashlib.sha256(decode(data).tobytes()).hexdigest()
    except PhotoError as error:
        return error.reason


def typescript(node: Node, contract: Path, files: list[bytes], folder: Path) -> list[str]:
    paths = [folder / f"{index}.png" for index in range(len(files))]
    for path, data in zip(paths, files, strict=True):
        path.write_bytes(data)
    found: list[str] = node("ports.mjs", {"contract": str(contract), "pngs": [str(path) for path in paths]})["pngs"]
    return found


def test_every_kind_gives_the_same_bytes(node: Node, tmp_path: Path) -> None:
    """300 files: each colour type and depth, transparent colours and palettes, interlaced or not, every row filter."""
    files = random_pngs(300, seed=1)
    found = typescript(node, CONTRACT, files, tmp_path)
    wrong = [(index, KINDS[index % len(KINDS)], found[index]) for index, data in enumerate(files) if found[index] != python(data)]
    assert not wrong, f"{len(wrong)} of {len(files)}: {wrong[:20]}"


def test_damage_gets_the_same_reason(node: Node, tmp_path: Path) -> None:
    cases = damaged()
    found = dict(zip(cases, typescript(node, CONTRACT, list(cases.values()), tmp_path), strict=True))
    assert found == {name: python(data) for name, data in cases.items()}
    assert set(found.values()) >= {"corrupt", "truncated", found["whole"]}


@pytest.mark.parametrize(
    ("file", "right", "wrong"),
    [
        ("png.ts", "+ above[i - 1]!) >> 1)", "+ above[i - 1]! + 1) >> 1)"),  # the average rounded up
        ("png.ts", "toUp <= toCorner ?", "toUp < toCorner ?"),  # Paeth's tie
        ("png.ts", "key(i) >> 8", "key(i) & 255"),
        ("pixels.ts", "colour * alpha + 255 * (255 - alpha)", "colour * alpha"),  # over black
        ("png.ts", "[4, 0, 8, 8]", "[3, 0, 8, 8]"),  # a column of the second pass
    ],
)
def test_a_planted_mistake_is_noticed(node: Node, tmp_path: Path, file: str, right: str, wrong: str) -> None:
    copy = planted(tmp_path, file, right, wrong)
    files = random_pngs(120, seed=2)
    assert typescript(node, copy, files, tmp_path) != [python(data) for data in files]
