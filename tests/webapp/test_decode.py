"""Every browser engine decodes what a canvas would lose: to the same bytes as Python, or refused for the same reason."""

from __future__ import annotations

import base64
import hashlib
import io
import re
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, JpegImagePlugin

from export.parity.browsers import BROWSERS, ask
from export.parity.photos import Photo, prepare
from safelight import site
from safelight.bundle import open_bundle
from tests.webapp.conftest import CONTRACT
from tests.webapp.test_png import damaged, random_pngs

pytestmark = pytest.mark.browser

ORIENTATION = 0x0112


def encode(image: Image.Image, kind: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def photos() -> dict[str, bytes]:
    """Partial alpha, four inks, AVIF's own turns, a GIF without colours, kinds that are refused."""
    y, x = np.mgrid[0:60, 0:90]
    rgba = Image.fromarray(np.stack([2 * x, 4 * y, x * y // 25, x + 2 * y], axis=2).astype(np.uint8))
    rgb = rgba.convert("RGB")
    inks = Image.frombytes("CMYK", rgba.size, rgba.tobytes())
    turned = Image.Exif()
    files = {f"{index}.png": data for index, data in enumerate(random_pngs(30, seed=3))}
    files |= {f"{name}.png": data for name, data in damaged().items() if name != "more after the pixels"}  # WebKit refuses that one
    for orientation in range(2, 9):
        turned[ORIENTATION] = orientation
        files[f"turned {orientation}.avif"] = encode(rgb, "AVIF", exif=turned.tobytes(), subsampling="4:4:4")
    plain = encode(rgb, "JPEG")
    return (
        files
        | jpegs(60, seed=5)
        | {
            "alpha.webp": encode(rgba, "WEBP", quality=60),
            "alpha turned.webp": encode(rgba, "WEBP", quality=90, alpha_quality=40, exif=turned.tobytes()),
            "opaque lossless.webp": encode(rgb, "WEBP", lossless=True),
            "inks.jpg": encode(inks, "JPEG", quality=90),
            "no colours.gif": b"GIF89a\2\0\1\0\0\0\0,\0\0\0\0\2\0\1\0\0\2\2\x44\n\0;",
            "lossless.jpg": plain.replace(b"\xff\xc0", b"\xff\xc3", 1),
            "arithmetic.jpg": plain.replace(b"\xff\xc0", b"\xff\xc9", 1),
            "twelve bits.jpg": plain.replace(b"\xff\xc0\0\x11\x08", b"\xff\xc0\0\x11\x0c", 1),
            "half too many.webp": encode(Image.new("RGB", (10_000, 5_001)), "WEBP", method=0),
            "half too many.jpg": _resized_header(encode(rgb, "JPEG", progressive=True), 10_000, 5_001),
            "bomb.gif": b"GIF89a\2\0\1\0\0\0\0,\0\0\0\0\xff\xff\xff\xff\0\2\2\x44\n\0;",
        }
    )


def jpegs(count: int, seed: int) -> dict[str, bytes]:
    """Every sampling of chroma, odd sides, turned, progressive, with restart markers; strong colours of two pixels' width."""
    generator = np.random.default_rng(seed)
    files = {}
    for index in range(count):
        height, width = (int(side) for side in generator.integers(1, 90, 2))
        pixels = generator.integers(0, 256, (height // 2 + 1, width // 2 + 1, 3), np.uint8)
        image = Image.fromarray(pixels).resize((width, height), Image.Resampling.NEAREST if index % 2 else Image.Resampling.BICUBIC)
        turned = Image.Exif()
        turned[ORIENTATION] = index % 8 + 1
        sampling = ("4:4:4", "4:2:2", "4:2:0")[index % 3]
        options = {"subsampling": sampling, "quality": int(generator.integers(20, 101)), "progressive": index % 5 == 0}
        files[f"{index} {sampling}.jpg"] = encode(image, "JPEG", exif=turned.tobytes(), restart_marker_rows=index % 4, **options)
    return files


def _resized_header(jpeg: bytes, width: int, height: int) -> bytes:
    """A progressive JPEG that says it has another size."""
    at = jpeg.index(b"\xff\xc2") + 5
    return jpeg[:at] + struct.pack(">HH", height, width) + jpeg[at + 4 :]


@pytest.mark.parametrize("engine", BROWSERS)
def test_every_engine_gives_pythons_bytes_and_reasons(bundle: Path, tmp_path: Path, engine: str) -> None:
    if BROWSERS[engine].find() is None:
        pytest.skip(BROWSERS[engine].MISSING)
    files = photos()
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    opened = open_bundle(bundle)
    expected = list(prepare([Photo(name, tmp_path / name) for name in files], opened.spec.input))
    stages = ask(BROWSERS[engine], site.APP, opened, expected, []).stages
    wrong = {
        each.photo.name: (each.verdict, stages[index]["verdict"], stages[index]["message"])
        for index, each in enumerate(expected)
        if (stages[index]["verdict"], stages[index]["decoded_sha256"]) != (each.verdict, each.decoded_sha256)
    }
    assert not wrong
    assert {each.verdict for each in expected} == {"ok", "corrupt", "truncated", "unsupported", "too-large"}


def test_the_jpeg_that_a_browsers_planes_are_tried_on_is_what_pillow_reads() -> None:
    source = (CONTRACT / "planes.ts").read_text(encoding="utf-8")
    probe = source[source.index("export const PROBE") : source.index("let isRight")]
    jpeg = base64.b64decode("".join(re.findall(r'^ +"([^"]+)",?$', probe, re.MULTILINE)))
    with Image.open(io.BytesIO(jpeg)) as image:
        assert JpegImagePlugin.get_sampling(image) == 2  # 4:2:0
        pixels = np.asarray(image.convert("RGB"))
    assert len(np.unique(pixels.reshape(-1, 3), axis=0)) > 300  # of 432: a mistake would show
    (expected,) = re.findall(r'sha256:\s*"([0-9a-f]{64})"', probe)
    assert hashlib.sha256(pixels.tobytes()).hexdigest() == expected
