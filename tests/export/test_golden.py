from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from export import golden
from safelight import models
from safelight.bundle import open_bundle
from safelight.decode import decode
from safelight.errors import PhotoError
from safelight.resize import resize

SPEC = models.input_of("efficientnet_lite0")


def test_golden_photos_cover_the_ways_pipelines_break(bundle: Path) -> None:
    modes, orientations, formats, shapes = set(), set(), set(), set()
    for photo in open_bundle(bundle).spec.golden.photos:  # type: ignore[union-attr]
        with Image.open(bundle / photo.photo.path) as image:
            modes.add(image.mode)
            orientations.add(image.getexif().get(golden.ORIENTATION_TAG, 1))
            formats.add(image.format)
            shapes.add(image.width / image.height)
    assert {"RGB", "L", "P", "RGBA"} <= modes
    assert {1, 2, 6} <= orientations
    assert {"JPEG", "PNG", "WEBP"} <= formats
    assert min(shapes) <= 1 / 3
    assert max(shapes) >= 3


def test_stored_pixels_are_what_decode_and_resize_make_of_the_photo(bundle: Path) -> None:
    for photo in open_bundle(bundle).spec.golden.photos:  # type: ignore[union-attr]
        pixels = resize(decode(bundle / photo.photo.path), SPEC)
        with Image.open(bundle / photo.pixels.path) as stored:
            assert np.array_equal(pixels, np.array(stored))
        assert hashlib.sha256(pixels.tobytes()).hexdigest() == photo.pixels_sha256


def test_the_same_install_writes_the_same_photos() -> None:
    assert dict(golden.public_photos()) == dict(golden.public_photos())


def test_a_golden_photo_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(PhotoError, match=r"broken\.jpg: .*golden photo must be readable"):
        list(golden.write_photos(tmp_path, iter([("broken.jpg", b"\xff\xd8\xff\xe0 no more")]), SPEC))


def test_own_photos_lose_their_names(tmp_path: Path) -> None:
    Image.new("RGB", (30, 20)).save(tmp_path / "grandma in Taipei.jpg")
    assert [name for name, _ in golden.own_photos(tmp_path)] == ["own-0000.jpg"]
