"""Each known mistake, planted by other means, must be named first; the contract and the unknown must be called so."""

from __future__ import annotations

import importlib.util
import io
from collections.abc import Callable
from functools import lru_cache

import numpy as np
import pytest
from PIL import Image

from export.diagnose import framing
from export.diagnose.dump import Dump
from export.diagnose.filtering import contract_scale
from export.diagnose.mistake import PLATFORMS, STAGES
from export.diagnose.registry import MISTAKES
from export.diagnose.squares import Squares
from export.diagnose.verdict import Diagnosis, judge
from safelight import models
from safelight.decode import decode
from safelight.resize import resize
from safelight.spec import Geometry, InputSpec
from tests.export.diagnose.planting import (
    CONTRACTS,
    MEAN,
    PLANTED,
    STD,
    Dress,
    Planted,
    blocky_by_tensorflow,
    letterboxed_by,
    photos,
    plain,
    planted,
    right,
    stretched,
)

SPEC = models.input_of("efficientnet_lite0")
SIZE, RESIZE_TO = 96, 110  # small: the search costs what the square costs
SMALL = CONTRACTS["crop"](SIZE, RESIZE_TO)
PHOTOS = dict(photos())
COFFEE, CAT, ROCKET = (PHOTOS[name] for name in ("coffee.jpg", "cat.png", "rocket-turned.jpg"))


@lru_cache(maxsize=8)
def squares(data: bytes, spec: InputSpec) -> Squares:
    """What a photo can give, shared by the tests: it does not depend on the dump."""
    return Squares(data, spec)


@lru_cache
def dressed(dress: Dress) -> bytes:
    """Coffee as a photo that shows what only some photos can show."""
    return dress(Image.open(io.BytesIO(PHOTOS["coffee.png"])))


def diagnosed(tensor: np.ndarray, data: bytes, spec: InputSpec = SMALL) -> Diagnosis:
    tensor = np.ascontiguousarray(tensor)
    return judge(squares(data, spec), Dump(tensor.astype(np.float64).ravel(), tensor.shape, str(tensor.dtype), "flat"))


def _planted(one: Planted) -> object:
    marks = [pytest.mark.slow] if one.make is blocky_by_tensorflow else []
    return pytest.param(one, id=f"{one.name}-{one.under}", marks=marks)


@pytest.mark.parametrize("one", [_planted(one) for one in PLANTED])
def test_the_planted_mistake_is_named_first(one: Planted) -> None:
    if one.make is blocky_by_tensorflow and importlib.util.find_spec("tensorflow") is None:
        pytest.skip("needs TensorFlow's JPEG decoder")
    data = dressed(one.dress)
    found = diagnosed(one.make(data, SIZE, RESIZE_TO), data, CONTRACTS[one.under](SIZE, RESIZE_TO))
    assert (found.verdict, found.findings[0].name) == ("named", one.name), found.sentence


def test_every_mistake_of_the_registry_is_planted() -> None:
    assert {mistake.name for mistake in MISTAKES} == {one.name for one in PLANTED}


@pytest.mark.parametrize(
    ("names", "tensor"),
    [
        ({"bgr", "zero-to-one"}, lambda data: planted("bgr")(data, SIZE, RESIZE_TO) / 255),
        ({"stretched", "bgr"}, lambda data: planted("stretched")(data, SIZE, RESIZE_TO)[..., ::-1]),
        ({"no-antialias", "minus-one-to-one"}, lambda data: planted("no-antialias")(data, SIZE, RESIZE_TO) / 127.5 - 1),
        ({"exif-ignored", "planar"}, lambda data: planted("exif-ignored")(data, SIZE, RESIZE_TO).transpose(2, 0, 1)),
        ({"padded", "minus-one-to-one"}, lambda data: letterboxed_by(127.5)(data, SIZE, RESIZE_TO) / 127.5 - 1),  # 0 after the scaling
        ({"exif-ignored", "stretched"}, lambda data: stretched(reencoded_as_stored(data), SIZE, RESIZE_TO)),
    ],
)
def test_two_mistakes_at_once_are_both_named(names: set[str], tensor: Callable[[bytes], np.ndarray]) -> None:
    found = diagnosed(tensor(ROCKET), ROCKET)
    assert {mistake.name for mistake in found.findings[0].mistakes} == names


def reencoded_as_stored(data: bytes) -> bytes:
    stream = io.BytesIO()
    Image.open(io.BytesIO(data)).save(stream, "PNG", exif=b"")
    return stream.getvalue()


@pytest.mark.parametrize("photo", PHOTOS)
def test_the_contracts_own_tensor_agrees(photo: str) -> None:
    found = diagnosed(resize(decode(PHOTOS[photo]), SPEC), PHOTOS[photo], SPEC)
    assert (found.verdict, found.findings[0].max_abs) == ("agrees", 0.0)


def test_one_wrong_pixel_does_not_agree() -> None:
    pixels = resize(decode(CAT), SMALL)
    pixels[5, 5, 0] ^= 8
    assert diagnosed(pixels, CAT).verdict == "close"


UNRELATED: dict[str, Callable[[np.random.Generator], np.ndarray]] = {
    "another photo": lambda random: right(COFFEE, SIZE, RESIZE_TO),
    "another photo in -1..1": lambda random: right(COFFEE, SIZE, RESIZE_TO) / 127.5 - 1,
    "another photo, standardised": lambda random: (right(COFFEE, SIZE, RESIZE_TO) / 255 - MEAN) / STD,
    "noise": lambda random: random.integers(0, 256, (SIZE, SIZE, 3)),
    "normal noise": lambda random: random.normal(size=(SIZE, SIZE, 3)),
    "one colour": lambda random: np.full((SIZE, SIZE, 3), 127.0),
    "the photo's mean": lambda random: np.full((SIZE, SIZE, 3), right(CAT, SIZE, RESIZE_TO).mean((0, 1))),
    "a ramp": lambda random: np.linspace(0, 1, SIZE * SIZE * 3),
    "pixels in disorder": lambda random: random.permutation(right(CAT, SIZE, RESIZE_TO).ravel()),
}


@pytest.mark.parametrize("kind", UNRELATED)
def test_an_unrelated_tensor_names_nothing(kind: str) -> None:
    found = diagnosed(UNRELATED[kind](np.random.default_rng(1)), CAT)
    assert found.verdict == "unknown", found.sentence
    assert found.explained < 0.5


def test_an_unrelated_tensor_names_nothing_on_a_photo_of_little_contrast() -> None:
    """Within 3/255 of everything that is as grey, but none of its contrast is explained."""
    random = np.random.default_rng(2)
    grey = Image.fromarray(random.integers(126, 131, (120, 160, 3), np.uint8))
    found = diagnosed(random.integers(126, 131, (SIZE, SIZE, 3)), plain(grey))
    assert found.verdict == "unknown", found.sentence


def test_an_unknown_scale_is_fitted() -> None:
    best = diagnosed(right(CAT, SIZE, RESIZE_TO) * 0.37 + 5, CAT).findings[0]
    assert best.name == "other-range"
    assert np.allclose(best.affine.scale, 0.37)
    assert np.allclose(best.affine.offset, 5)


def test_zeros_are_called_zeros() -> None:
    """They are also what an integer division leaves of a photo without pure white."""
    assert "Every value is 0" in diagnosed(np.zeros((SIZE, SIZE, 3)), CAT).sentence


@pytest.mark.parametrize("geometry", ["crop", "stretch", "pad"])
def test_frames_start_from_the_contracts_own_resize(geometry: Geometry) -> None:
    spec = InputSpec(size=64, resize_to=80 if geometry == "crop" else 64, geometry=geometry, pad_color=(3, 5, 7))
    pixels = decode(COFFEE)
    assert np.array_equal(framing.contract_frame(pixels, spec, contract_scale(spec.filter)), resize(pixels, spec))


def test_the_registry_is_whole() -> None:
    assert len({mistake.name for mistake in MISTAKES}) == len(MISTAKES) >= 15
    for mistake in MISTAKES:
        assert mistake.stage in STAGES
        assert mistake.ways
        assert mistake.fixes
        assert set(mistake.fixes) <= set(PLATFORMS)
        assert all("\n" not in line for line in mistake.fixes.values())
