"""The golden photos: public pictures that come with the install, and the awkward variants that break pipelines.

Each is there for one mistake: a rotated phone photo, transparency, grey, chroma subsampling, a palette, a tall
screenshot, a tiny icon. They are scikit-image's photographs (public domain or CC0); none of the user's photos goes
into a bundle unless `--golden DIR` asks for it.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from safelight.bundle import record_of
from safelight.decode import decode
from safelight.errors import BundleError, PhotoError
from safelight.resize import resize
from safelight.spec import FileRecord, Golden, GoldenPhoto, InputSpec, Label, Precision

FOLDER = "golden"
QUALITY = 88  # of the JPEGs: small files, and a quantisation that decoders must get right
ORIENTATION_TAG = 0x0112


def public_photos() -> Iterator[tuple[str, bytes]]:
    """(file name, bytes) of the photos that come with the install, in a fixed order."""
    from skimage import data

    cat, coffee, astronaut, rocket = (Image.fromarray(getattr(data, name)()) for name in ("chelsea", "coffee", "astronaut", "rocket"))
    coins, camera = (Image.fromarray(getattr(data, name)()) for name in ("coins", "camera"))
    yield "cat-420.jpg", _encode(cat, "JPEG", quality=QUALITY, subsampling="4:2:0")
    yield "coffee-422-progressive.jpg", _encode(coffee, "JPEG", quality=QUALITY, subsampling="4:2:2", progressive=True)
    yield "astronaut-444.jpg", _encode(astronaut, "JPEG", quality=QUALITY, subsampling="4:4:4")
    yield "rocket-turned.jpg", _encode(rocket.rotate(90, expand=True), "JPEG", quality=QUALITY, exif=_orientation(6))
    yield "cat-mirrored.jpg", _encode(cat.transpose(Image.Transpose.FLIP_LEFT_RIGHT), "JPEG", quality=QUALITY, exif=_orientation(2))
    yield "coins-grey.jpg", _encode(coins, "JPEG", quality=QUALITY)
    yield "camera-grey.png", _encode(camera.resize((256, 256)), "PNG")
    yield "coffee-alpha.png", _encode(_fading(coffee.resize((240, 160))), "PNG")
    yield "rocket-palette.png", _encode(rocket.resize((320, 214)).quantize(64), "PNG")
    yield "astronaut.webp", _encode(astronaut.resize((400, 400)), "WEBP", quality=QUALITY)
    # 451: at 256 and at 224 the crop's offset falls between two pixels, and half to even is not half up.
    yield "cat-tall.jpg", _encode(cat.crop((170, 0, 270, 300)).resize((150, 451)), "JPEG", quality=QUALITY)
    yield "coffee-wide.jpg", _encode(coffee.crop((0, 150, 600, 270)), "JPEG", quality=QUALITY)
    yield "tiny.png", _encode(astronaut.resize((7, 5)), "PNG")


def own_photos(folder: Path) -> Iterator[tuple[str, bytes]]:
    """(file name, bytes) of the user's own photos, renamed to their number. Raises BundleError where there is none."""
    from safelight.decode import find_photos

    paths = find_photos(folder)
    if not paths:
        raise BundleError(f"{folder} holds no photos to put into the bundle. Name a folder with JPEG, PNG or WebP files.")
    for number, path in enumerate(paths):
        yield f"own-{number:04}{path.suffix.lower()}", path.read_bytes()


def write_photos(folder: Path, photos: Iterator[tuple[str, bytes]], spec: InputSpec) -> Iterator[tuple[GoldenPhoto, NDArray[np.uint8]]]:
    """Write photos and the pixels [S,S,3] that they become below `folder`/golden. Raises PhotoError where one can't be read."""
    home = folder / FOLDER
    home.mkdir(parents=True, exist_ok=True)
    for name, data in photos:
        try:
            pixels = resize(decode(data), spec)
        except PhotoError as error:
            raise type(error)(f"{name}: {error} A golden photo must be readable.") from error
        photo, picture = home / name, home / f"{Path(name).stem}.pixels.png"
        photo.write_bytes(data)
        picture.write_bytes(_encode(Image.fromarray(pixels), "PNG", optimize=True))
        record = GoldenPhoto(
            name=name,
            photo=record_of(photo, folder),
            pixels=record_of(picture, folder),
            pixels_sha256=hashlib.sha256(pixels.tobytes()).hexdigest(),
        )
        yield record, pixels


def write_answers(
    folder: Path, photos: tuple[GoldenPhoto, ...], labels: tuple[Label, ...], answers: Mapping[Precision, NDArray[np.float32]]
) -> Golden:
    """Write the reference's answers, [photos, C] per precision, with the labels in the order of the columns."""
    path = folder / FOLDER / "probabilities.json"
    content = {
        "labels": [label.id for label in labels],
        "probabilities": {
            precision: {photo.name: [round(float(p), 9) for p in row] for photo, row in zip(photos, rows, strict=True)}
            for precision, rows in answers.items()
        },
    }
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return Golden(photos=photos, probabilities=record_of(path, folder))


def read_answers(folder: Path, record: FileRecord) -> tuple[list[str], dict[str, dict[str, list[float]]]]:
    """(label ids, {precision: {photo name: probabilities}}) as `write_answers` wrote them. Raises BundleError."""
    path = folder / record.path
    try:
        content = msgspec.json.decode(path.read_bytes(), type=_Answers)
    except (msgspec.DecodeError, UnicodeDecodeError, OSError) as error:
        raise BundleError(f"{path} holds no stored answers: {error}. Export the bundle again.") from error
    rows = [row for answers in content.probabilities.values() for row in answers.values()]
    if "fp32" not in content.probabilities or any(len(row) != len(content.labels) for row in rows):
        raise BundleError(
            f"{path} must hold fp32 answers with one number for each of its {len(content.labels)} labels. Export the bundle again."
        )
    return content.labels, content.probabilities


class _Answers(msgspec.Struct):
    labels: list[str]
    probabilities: dict[str, dict[str, list[float]]]


def _encode(image: Image.Image, kind: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def _orientation(value: int) -> Image.Exif:
    exif = Image.Exif()
    exif[ORIENTATION_TAG] = value
    return exif


def _fading(image: Image.Image) -> Image.Image:
    """The picture with an alpha that falls from 255 at the left to 0 at the right."""
    alpha = np.linspace(255, 0, image.width).round().astype(np.uint8)
    image.putalpha(Image.fromarray(np.tile(alpha, (image.height, 1))))
    return image
