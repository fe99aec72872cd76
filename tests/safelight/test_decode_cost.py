"""The largest photo that is let in takes less than 1 GB, and the frames that nobody sees cost nothing."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from safelight import flatten
from safelight.decode import DEFAULT_LIMITS, decode
from tests.safelight.peak import cost

GB = 10**9
SIDE = 10_000
assert DEFAULT_LIMITS.pixels == SIDE**2


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(colour: int, bits: int, *chunks: bytes) -> bytes:
    """100 megapixels of `bits` a pixel, one row 10 000 times."""
    packer = zlib.compressobj(1)
    row = b"\0" + np.arange(SIDE * bits // 8, dtype=np.uint8).tobytes()
    data = b"".join([*(packer.compress(row) for _ in range(SIDE)), packer.flush()])
    depth = 16 if bits in (16, 64) else 8
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", SIDE, SIDE, depth, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + b"".join([header, *chunks, chunk(b"IDAT", data), chunk(b"IEND", b"")])


def jpeg(mode: str, orientation: int = 1) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encoded(mode, SIDE, "JPEG", exif=exif.tobytes())


def encoded(mode: str, height: int, kind: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    Image.new(mode, (SIDE, height)).save(stream, kind, **options)
    return stream.getvalue()


LARGEST: dict[str, Callable[[], bytes]] = {
    "PNG, RGBA of 16 bits": lambda: png(6, 64),
    "PNG, palette with alpha": lambda: png(3, 8, chunk(b"PLTE", bytes(range(240))), chunk(b"tRNS", bytes(range(80)))),
    "JPEG, turned": lambda: jpeg("RGB", 6),
    "JPEG, CMYK": lambda: jpeg("CMYK"),
    "JPEG, progressive CMYK": lambda: encoded("CMYK", SIDE // 2, "JPEG", progressive=True),
    "JPEG, progressive 4:4:4": lambda: encoded("RGB", SIDE // 2, "JPEG", progressive=True, subsampling="4:4:4"),
    "WebP": lambda: encoded("RGBA", SIDE // 2, "WEBP", method=0),
    "AVIF 4:4:4": lambda: encoded("RGB", SIDE // 2, "AVIF", speed=10, subsampling="4:4:4"),
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", LARGEST)
def test_the_largest_photo_takes_less_than_a_gigabyte(tmp_path: Path, kind: str) -> None:
    """0.44 to 0.84 GB of which 0.3 are the result and up to 0.4 Pillow's picture; with alpha, 5.2 GB before it went in bands."""
    (tmp_path / "photo").write_bytes(LARGEST[kind]())
    found = cost(tmp_path / "photo")
    assert found.verdict == "ok"
    assert found.peak_bytes < GB


@pytest.mark.slow
def test_converted_whole_it_would_take_more(tmp_path: Path) -> None:
    """The proof that the measurement can fail: one band of everything."""
    (tmp_path / "photo").write_bytes(LARGEST["PNG, palette with alpha"]())
    assert cost(tmp_path / "photo", band_pixels=SIDE**2).peak_bytes > 1.5 * GB


@pytest.mark.parametrize("orientation", range(10))
@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16"])
def test_bands_change_nothing(monkeypatch: pytest.MonkeyPatch, mode: str, orientation: int) -> None:
    """Bands of 1, 2, 3 and 40 rows, the last one shorter, give the bytes of one band."""
    noise = np.random.default_rng(1).integers(0, 256, (41, 23, 4), np.uint8)
    if mode == "I;16":
        image = Image.fromarray(noise[..., 0].astype(np.uint16) * 257)
    else:
        image = Image.fromarray(noise).convert("RGB").quantize(9) if mode == "P" else Image.fromarray(noise).convert(mode)
    if mode in ("L", "P", "RGB", "I;16"):
        image.info["transparency"] = {"L": 3, "P": bytes([0, 9, 200]), "RGB": (1, 2, 3), "I;16": 257}[mode]
    whole = flatten.flatten(image, orientation)
    for rows in (1, 2, 3, 40):
        monkeypatch.setattr(flatten, "_BAND_PIXELS", rows * image.width)
        np.testing.assert_array_equal(flatten.flatten(image, orientation), whole)


def many_frames(kind: str, frames: int) -> bytes:
    """A small animation whose second frame is repeated."""
    first, second = (Image.new("RGB", (16, 16), colour) for colour in ("red", "blue"))
    stream = io.BytesIO()
    first.save(stream, kind, save_all=True, append_images=[second], duration=50)
    data = stream.getvalue()
    if kind == "GIF":
        at = data.rindex(b"\x21\xf9\x04")  # the second picture's control block
        return data[:at] + data[at:-1] * (frames - 1) + data[-1:]
    at = data.rindex(b"ANMF")
    body = data[12:at] + data[at:] * (frames - 1)
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


@pytest.mark.parametrize("kind", ["GIF", "WEBP"])
def test_a_hundred_thousand_frames_cost_their_bytes_and_nothing_more(tmp_path: Path, kind: str) -> None:
    """Only the first frame is decoded: that is why the contract limits pixels and bytes and not frames."""
    few, many = tmp_path / "few", tmp_path / "many"
    few.write_bytes(many_frames(kind, 2))
    many.write_bytes(many_frames(kind, 100_000))
    np.testing.assert_array_equal(decode(few), decode(many))
    one, all_of_them = cost(few), cost(many)
    assert all_of_them.verdict == "ok"
    assert all_of_them.seconds < one.seconds + 1
    assert all_of_them.peak_bytes < one.peak_bytes + 4 * many.stat().st_size + 20_000_000  # the file, as read and as parsed
