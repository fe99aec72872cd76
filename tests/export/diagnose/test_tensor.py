"""Each known mistake, planted by other means, must be named first; the contract and the unknown must be called so."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from export.diagnose import framing
from export.diagnose.dump import Dump, read_tensor
from export.diagnose.filtering import contract_scale
from export.diagnose.mistake import PLATFORMS, STAGES
from export.diagnose.registry import MISTAKES
from export.diagnose.verdict import Diagnosis, judge
from safelight import models
from safelight.decode import decode
from safelight.errors import UsageError
from safelight.resize import resize
from safelight.spec import Geometry, InputSpec
from tests.export.diagnose.planting import PLANTED, photos, right

SPEC = models.input_of("efficientnet_lite0")
SMALL = InputSpec(size=96, resize_to=110)  # quick: the search costs what the square costs
PHOTOS = dict(photos())
SHOWS_ON = {"exif-ignored": "rocket-turned.jpg", "alpha-on-black": "coffee-alpha.png", "alpha-dropped": "coffee-alpha.png"}


def diagnosed(tensor: np.ndarray, photo: str, spec: InputSpec = SMALL) -> Diagnosis:
    tensor = np.ascontiguousarray(tensor)
    return judge(PHOTOS[photo], Dump(tensor.astype(np.float64).ravel(), tensor.shape, str(tensor.dtype), "flat"), spec)


@pytest.mark.parametrize("name", PLANTED)
def test_the_planted_mistake_is_named_first(name: str) -> None:
    photo = SHOWS_ON.get(name, "coffee.jpg")
    found = diagnosed(PLANTED[name](PHOTOS[photo], SMALL.size, SMALL.resize_to), photo)
    assert found.verdict == "named", found.sentence
    assert name in (found.findings[0].name, *(one.name for one in found.same)), found.sentence


@pytest.mark.parametrize(
    ("names", "tensor"),
    [
        ({"bgr", "zero-to-one"}, lambda data, s, r: PLANTED["bgr"](data, s, r) / 255),
        ({"stretched", "bgr"}, lambda data, s, r: PLANTED["stretched"](data, s, r)[..., ::-1]),
        ({"no-antialias", "minus-one-to-one"}, lambda data, s, r: PLANTED["no-antialias"](data, s, r) / 127.5 - 1),
        ({"exif-ignored", "planar"}, lambda data, s, r: PLANTED["exif-ignored"](data, s, r).transpose(2, 0, 1)),
    ],
)
def test_two_mistakes_at_once_are_both_named(names: set[str], tensor: object) -> None:
    photo = "rocket-turned.jpg"
    found = diagnosed(tensor(PHOTOS[photo], SMALL.size, SMALL.resize_to), photo)  # type: ignore[operator]
    assert {mistake.name for mistake in found.findings[0].mistakes} == names


@pytest.mark.parametrize("photo", PHOTOS)
def test_the_contracts_own_tensor_agrees(photo: str) -> None:
    found = diagnosed(resize(decode(PHOTOS[photo]), SPEC), photo, SPEC)
    assert (found.verdict, found.findings[0].max_abs) == ("agrees", 0.0)


def test_one_wrong_pixel_does_not_agree() -> None:
    pixels = resize(decode(PHOTOS["cat.png"]), SMALL)
    pixels[5, 5, 0] ^= 8
    assert diagnosed(pixels, "cat.png").verdict == "close"


def test_another_photos_tensor_is_unknown() -> None:
    assert diagnosed(right(PHOTOS["coffee.jpg"], SMALL.size, SMALL.resize_to), "cat.png").verdict == "unknown"


def test_an_unknown_scale_is_fitted() -> None:
    best = diagnosed(right(PHOTOS["cat.png"], SMALL.size, SMALL.resize_to) * 0.37 + 5, "cat.png").findings[0]
    assert best.name == "other-range"
    assert np.allclose(best.affine.scale, 0.37)
    assert np.allclose(best.affine.offset, 5)


def test_zeros_are_called_zeros() -> None:
    found = diagnosed(np.zeros((SMALL.size, SMALL.size, 3)), "cat.png")
    assert found.findings[0].name == "integer-division" or "every value is 0" in found.sentence


@pytest.mark.parametrize("geometry", ["crop", "stretch", "pad"])
def test_frames_start_from_the_contracts_own_resize(geometry: Geometry) -> None:
    spec = InputSpec(size=64, resize_to=80 if geometry == "crop" else 64, geometry=geometry, pad_color=(3, 5, 7))
    pixels = decode(PHOTOS["coffee.jpg"])
    assert np.array_equal(framing.contract_frame(pixels, spec, contract_scale(spec.filter)), resize(pixels, spec))


def test_the_registry_is_whole() -> None:
    assert len({mistake.name for mistake in MISTAKES}) == len(MISTAKES) >= 15
    for mistake in MISTAKES:
        assert mistake.stage in STAGES
        assert mistake.ways
        assert mistake.fixes
        assert set(mistake.fixes) <= set(PLATFORMS)
        assert all("\n" not in line for line in mistake.fixes.values())


@pytest.mark.parametrize(
    ("shape", "layout"),
    [((4, 4, 3), "HWC"), ((3, 4, 4), "CHW"), ((1, 4, 4, 3), "NHWC"), ((1, 3, 4, 4), "NCHW"), ((48,), "flat")],
)
@pytest.mark.parametrize("kind", ["npy", "json"])
def test_every_layout_is_read(shape: tuple[int, ...], layout: str, kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"dump.{kind}"
    values = np.arange(48, dtype=np.float32).reshape(shape)
    if kind == "npy":
        np.save(path, values)
    else:
        path.write_text(json.dumps(values.tolist()))
    dump = read_tensor(path, 4)
    assert (dump.layout, dump.shape, dump.elements.tolist()) == (layout, shape, list(range(48)))


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (np.zeros((4, 4, 4)), r"64 elements, shape 4×4×4; the network takes 4×4×3 = 48\. It holds four channels"),
        (np.zeros((4, 4)), "one channel"),
        (np.zeros((8, 8, 3)), "picture of 8×8"),
        (np.zeros((2, 4, 4, 3)), "batch of 2"),
        (np.zeros((4, 3, 4)), "shape 4×3×4"),
        (np.full((4, 4, 3), np.nan), "NaN"),
        (np.array(["a"]), "not numbers"),
        (np.array([{}], dtype=object), r"can't be read as \.npy"),
        (np.zeros((0,)), "no numbers"),
    ],
)
def test_a_wrong_dump_is_explained(values: np.ndarray, sentence: str, tmp_path: Path) -> None:
    np.save(tmp_path / "dump.npy", values)
    with pytest.raises(UsageError, match=sentence):
        read_tensor(tmp_path / "dump.npy", 4)


@pytest.mark.parametrize(("text", "sentence"), [("[1, 2", "neither"), ("[[1], [2, 3]]", "equal lengths"), ('{"a": 1}', "lists of numbers")])
def test_wrong_json_is_explained(text: str, sentence: str, tmp_path: Path) -> None:
    (tmp_path / "dump.json").write_text(text)
    with pytest.raises(UsageError, match=sentence):
        read_tensor(tmp_path / "dump.json", 4)
