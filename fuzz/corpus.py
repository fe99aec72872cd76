"""Where mutations start from: small files of every kind that is read, made here, and the golden and awkward ones."""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
import io
import json
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np
from PIL import Image

from safelight.png import SIGNATURE

ROOT = Path(__file__).resolve().parents[1]
AWKWARD = ROOT.parent / "shared" / "data" / "awkward"  # on the developers' machines
GOLDEN = ROOT / "tests" / "golden" / "spec"
FOUND = ROOT / "tests" / "fuzz" / "found"  # what was found before, TARGET/NAME
MAX_SEED_BYTES = 20_000  # larger ones slow the search down more than they add

_KINDS = [(0, 1), (0, 2), (0, 4), (0, 8), (0, 16), (2, 8), (2, 16), (3, 1), (3, 2), (3, 4), (3, 8), (4, 8), (4, 16), (6, 8), (6, 16)]
_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # PNG colour type → samples per pixel

SPEC_FILES = {"model.bin": b"weights", "photo.png": b"photo"}  # beside the spec.json of the bundle target


def seeds(target: str) -> list[bytes]:
    """The seeds of a target, small ones first; [] for a target that isn't ours."""
    made = {
        "decode": photos,
        "decode-png": pngs,
        "walk-png": pngs,
        "walk-jpeg": jpegs,
        "spec": specs,
        "bundle": bundles,
        "answers": answers,
        "dump": dumps,
        "idx": pictures,
        "shards": tars,
        "archive": archives,
    }.get(target)
    found = [path.read_bytes() for path in sorted((FOUND / target).glob("*"))]
    return sorted([*(made() if made else ()), *found], key=lambda data: (len(data), data))


def photos() -> Iterator[bytes]:
    """Every format and mode that is read, and the awkward photos where they are."""
    yield from jpegs()
    yield from pngs()
    image = _picture()
    clear = image.convert("RGBA")
    clear.putalpha(Image.linear_gradient("L").resize(image.size))
    frames = [image.rotate(turn) for turn in (90, 180)]
    yield from (_saved(image, "WEBP", lossless=lossless, exif=_exif(6)) for lossless in (True, False))
    yield from (_saved(clear, "WEBP", lossless=lossless) for lossless in (True, False))
    yield _saved(image, "WEBP", save_all=True, append_images=frames)
    yield from (_saved(one, "AVIF", speed=10, **options) for one in (image, clear) for options in ({}, {"exif": _exif(6)}))
    yield _saved(image, "AVIF", speed=10, save_all=True, append_images=frames)
    yield _saved(image, "GIF")
    yield _saved(image.quantize(5), "GIF", transparency=1, save_all=True, append_images=frames)
    yield from (_saved(image.convert(mode), "BMP") for mode in ("1", "L", "P", "RGB", "RGBA"))
    if importlib.util.find_spec("pillow_heif"):
        from pillow_heif import from_pillow

        for one in (image, clear):
            stream = io.BytesIO()
            from_pillow(one).save(stream, exif=_exif(6))
            yield stream.getvalue()
    for path in sorted(AWKWARD.rglob("*")):
        if path.is_file() and path.stat().st_size <= MAX_SEED_BYTES:
            yield path.read_bytes()


def jpegs() -> Iterator[bytes]:
    """Baseline and progressive, every subsampling, grey and CMYK, with EXIF and a restart interval."""
    image = _picture()
    for options in ({}, {"progressive": True}, {"subsampling": "4:4:4"}, {"exif": _exif(5)}, {"restart_marker_blocks": 1}):
        yield _saved(image, "JPEG", **options)
    yield _saved(image.convert("L"), "JPEG")
    yield from (_saved(image.convert("CMYK"), "JPEG", progressive=progressive) for progressive in (False, True))


def pngs() -> Iterator[bytes]:
    """Every colour type and depth, plain and interlaced, with palettes, transparency and EXIF."""
    chance = np.random.default_rng(0)
    for colour, depth in _KINDS:
        for interlaced in (0, 1):
            rows = b"".join(b"\2" + chance.bytes(-(-9 * _SAMPLES[colour] * depth // 8)) for _ in range(20))
            clear = {0: chance.bytes(2), 2: chance.bytes(6), 3: chance.bytes(2)}.get(colour)
            yield SIGNATURE + b"".join(
                [
                    _chunk(b"IHDR", struct.pack(">IIBBBBB", 9, 7, depth, colour, 0, 0, interlaced)),
                    _chunk(b"PLTE", chance.bytes(3 * 2 ** min(depth, 4))) if colour == 3 else b"",
                    _chunk(b"tRNS", clear) if clear else b"",
                    _chunk(b"eXIf", _exif(8, "<>"[interlaced]).removeprefix(b"Exif\0\0")),
                    _chunk(b"IDAT", zlib.compress(rows)),
                    _chunk(b"IEND", b""),
                ]
            )


def specs() -> Iterator[bytes]:
    """The golden examples, valid and invalid."""
    yield from (path.read_bytes() for path in sorted(GOLDEN.rglob("*.json")))


def bundles() -> Iterator[bytes]:
    """The specs, and one whose files are there."""
    yield from specs()
    spec = json.loads((GOLDEN / "valid" / "full.json").read_bytes())
    records = [{"path": name, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()} for name, data in SPEC_FILES.items()]
    spec["files"] = [{**spec["files"][0], "parts": records}]
    spec["golden"] = None
    yield json.dumps(spec).encode()


def answers() -> Iterator[bytes]:
    """What export writes into golden/probabilities.json."""
    rows = {"a.png": [0.25, 0.75], "b.jpg": [1e-9, 1]}
    yield json.dumps({"labels": ["cat", "dog"], "probabilities": {"fp32": rows, "fp16": rows}}).encode()
    yield json.dumps({"labels": [], "probabilities": {"fp32": {}}}).encode()


def dumps() -> Iterator[bytes]:
    """Arrays of the right and of wrong shapes, as .npy and as JSON."""
    for shape in ((4, 4, 3), (1, 3, 4, 4), (48,), (2, 2)):
        numbers = np.arange(np.prod(shape)).reshape(shape)
        for kind in (np.float32, np.uint8, np.float16, np.int64):
            stream = io.BytesIO()
            np.save(stream, np.asfortranarray(numbers.astype(kind)))
            yield stream.getvalue()
        yield json.dumps(numbers.tolist()).encode()
    yield b"[1e400, NaN, 1" + b"0" * 400 + b", true, null]"


def pictures() -> Iterator[bytes]:
    """MNIST in small: two pictures of 3 × 4, and their labels, packed and not."""
    for values in (np.arange(24, dtype=np.uint8).reshape(2, 3, 4), np.arange(2, dtype=np.uint8)):
        plain = struct.pack(f">HBB{values.ndim}I", 0, 8, values.ndim, *values.shape) + values.tobytes()
        yield from (plain, gzip.compress(plain, mtime=0))


def tars() -> Iterator[bytes]:
    """Shards of two samples in each of tar's dialects, with a long name and a name outside ASCII, and one with a link."""
    members = {"a/é.jpg": b"photo", "a/é.cls": b"0", f"b/{'x' * 120}.png": b"p" * 600, f"b/{'x' * 120}.cls": b"1"}
    for dialect in (tarfile.PAX_FORMAT, tarfile.GNU_FORMAT):
        yield _tar(members, "w:", dialect)
    yield _tar(dict(list(members.items())[:2]), "w:", tarfile.USTAR_FORMAT, link="b/c.jpg")


def archives() -> Iterator[bytes]:
    """Photo sets as tar, plain and packed in three ways, and as zip; hostile ones."""
    members = {"set/cat/1.jpg": b"photo", "set/dog/2.png": b"p" * 600, "set/readme.txt": b"hello"}
    for mode in ("w:", "w:gz", "w:bz2", "w:xz"):
        yield _tar(members, mode, tarfile.PAX_FORMAT)
    yield _tar({"set/../../1.jpg": b"x"}, "w:", tarfile.PAX_FORMAT, link="set/cat/3.jpg")
    for packing in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", packing) as archive:
            for name, data in members.items():
                archive.writestr(zipfile.ZipInfo(name), data)
        yield stream.getvalue()


def _tar(members: dict[str, bytes], mode: Literal["w:", "w:gz", "w:bz2", "w:xz"], dialect: int, link: str = "") -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode=mode, format=dialect) as archive:
        for name, data in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
        if link:
            member = tarfile.TarInfo(link)
            member.type, member.linkname = tarfile.SYMTYPE, "../../../x"
            archive.addfile(member)
    return stream.getvalue()


def _picture() -> Image.Image:
    y, x = np.mgrid[0:17, 0:23]
    return Image.fromarray(np.stack([11 * x, 15 * y, x * y % 256], axis=2).astype(np.uint8))


def _saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def _exif(orientation: int, order: str = "<") -> bytes:
    """A record with that alone, by little (<) or big (>) end first."""
    start = b"II*\0" if order == "<" else b"MM\0*"
    return b"Exif\0\0" + start + struct.pack(f"{order}IHHHIHHI", 8, 1, 0x0112, 3, 1, orientation, 0, 0)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
