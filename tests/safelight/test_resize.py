"""Stage 2 is bit-exact: against Pillow called plainly, torchvision, an independent witness and frozen bytes."""

from __future__ import annotations

import hashlib
import json
import tracemalloc

import numpy as np
import PIL
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from safelight.resize import MAX_ASPECT, centre, resize
from safelight.spec import Filter, Geometry, InputSpec
from tests.safelight import witness
from tests.safelight.conftest import GOLDEN

FILTERS: tuple[Filter, ...] = ("bilinear", "bicubic", "lanczos")
GEOMETRIES: tuple[Geometry, ...] = ("crop", "stretch", "pad")
PILLOW = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC, "lanczos": Image.Resampling.LANCZOS}

sides = st.one_of(st.integers(1, 12), st.integers(13, 300))
filters = st.sampled_from(FILTERS)
geometries = st.sampled_from(GEOMETRIES)


def photo(height: int, width: int, seed: int) -> NDArray[np.uint8]:
    """Noise with a few pure black and white pixels, where over- and undershoot must be clipped."""
    generator = np.random.default_rng(seed)
    pixels = generator.integers(0, 256, (height, width, 3), np.uint8)
    pixels[generator.random((height, width)) < 0.2] = 0
    pixels[generator.random((height, width)) < 0.2] = 255
    return pixels


def input_spec(geometry: Geometry, size: int, resize_to: int, name: Filter) -> InputSpec:
    return InputSpec(
        size=size, geometry=geometry, resize_to=resize_to if geometry == "crop" else size, filter=name, pad_color=(124, 116, 104)
    )


def two_pillow_calls(pixels: NDArray[np.uint8], width: int, height: int, name: Filter) -> Image.Image:
    image = Image.fromarray(pixels)
    return image.resize((width, image.height), PILLOW[name]).resize((width, height), PILLOW[name])


@given(height=sides, width=sides, size=st.integers(1, 64), name=filters, seed=st.integers(0, 99))
@settings(max_examples=100, deadline=None)
def test_stretch_is_one_pillow_call_per_axis(height: int, width: int, size: int, name: Filter, seed: int) -> None:
    pixels = photo(height, width, seed)
    expected = two_pillow_calls(pixels, size, size, name)
    np.testing.assert_array_equal(resize(pixels, input_spec("stretch", size, size, name)), np.asarray(expected))


@given(
    height=sides, width=sides, size=st.integers(1, 48), more=st.integers(0, 9), name=filters, geometry=geometries, seed=st.integers(0, 99)
)
@settings(max_examples=60, deadline=None)
def test_an_independent_witness_agrees_to_the_bit(
    height: int, width: int, size: int, more: int, name: Filter, geometry: Geometry, seed: int
) -> None:
    pixels = photo(height, width, seed)
    spec = input_spec(geometry, size, size + more, name)
    expected = witness.resize(pixels, geometry, size, spec.resize_to, name, spec.pad_color)
    np.testing.assert_array_equal(resize(pixels, spec), expected)


@pytest.mark.parametrize("name", FILTERS)
@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_the_witness_agrees_on_a_photograph(coffee: NDArray[np.uint8], geometry: Geometry, name: Filter) -> None:
    spec = input_spec(geometry, 96, 109, name)
    expected = witness.resize(coffee, geometry, 96, spec.resize_to, name, spec.pad_color)
    np.testing.assert_array_equal(resize(coffee, spec), expected)


def test_the_witness_notices_a_wrong_rounding(coffee: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch) -> None:
    """The proof that the comparison can fail: fixed point of 7 bits instead of 22 changes pixels."""
    monkeypatch.setattr(witness, "BITS", 7)
    monkeypatch.setattr(witness, "ONE", 1 << 7)
    spec = input_spec("stretch", 96, 96, "bilinear")
    assert (resize(coffee, spec) != witness.resize(coffee, "stretch", 96, 96, "bilinear", (0, 0, 0))).any()


@given(
    short=st.integers(1, 200),
    aspect=st.floats(1, MAX_ASPECT),
    tall=st.booleans(),
    size=st.integers(1, 64),
    more=st.integers(0, 9),
    seed=st.integers(0, 99),
)
@settings(max_examples=80, deadline=None)
@pytest.mark.parametrize("name", ["bilinear", "bicubic"])
def test_crop_is_torchvisions_resize_and_centre_crop(
    name: Filter, short: int, aspect: float, tall: bool, size: int, more: int, seed: int
) -> None:
    """To the bit wherever Pillow goes horizontally first; where Pillow 13 does not, the pass order is the only difference."""
    from torchvision.transforms import CenterCrop, InterpolationMode, Resize

    long = int(short * aspect)
    height, width = (long, short) if tall else (short, long)
    pixels = photo(height, width, seed)
    scaled = Resize(size + more, InterpolationMode(name))(Image.fromarray(pixels))
    ours = two_pillow_calls(pixels, scaled.width, scaled.height, name)
    np.testing.assert_array_equal(resize(pixels, input_spec("crop", size, size + more, name)), np.asarray(CenterCrop(size)(ours)))
    if vertical_first(height, width, scaled):
        tall_first = Image.fromarray(pixels).resize((width, scaled.height), PILLOW[name]).resize(scaled.size, PILLOW[name])
        np.testing.assert_array_equal(scaled, tall_first)
    else:
        np.testing.assert_array_equal(scaled, ours)


def vertical_first(height: int, width: int, scaled: Image.Image) -> bool:
    """Pillow 13's rule, found by experiment (1500 of 1500 cases); Pillow 12 never does it."""
    return int(PIL.__version__.split(".")[0]) >= 13 and height - scaled.height > 2 * max(0, width - scaled.width)


@given(height=st.integers(1, 300), width=st.integers(1, 300), size=st.integers(1, 64), name=filters)
@settings(max_examples=60, deadline=None)
def test_pad_centres_the_whole_photo(height: int, width: int, size: int, name: Filter) -> None:
    spec = input_spec("pad", size, size, name)
    found = resize(np.full((height, width, 3), 7, np.uint8), spec)
    rows, columns = np.nonzero((found == 7).all(axis=2))
    inner = (int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1)
    long = max(height, width)
    assert inner == (max(1, size * height // long), max(1, size * width // long))
    assert (rows.min(), columns.min()) == (round((size - inner[0]) / 2), round((size - inner[1]) / 2))
    assert (found[(found != 7).any(axis=2)] == spec.pad_color).all()


def test_centre_is_bankers_rounding() -> None:
    assert [centre(slack) for slack in range(9)] == [0, 0, 1, 2, 2, 2, 3, 4, 4]
    assert all(centre(slack) == round(slack / 2) for slack in range(5000))  # Python's round() is half to even, as torchvision uses it
    assert (centre(117), centre(119)) == (58, 60)


@pytest.mark.parametrize(("height", "width"), [(1, 40_000), (40_000, 1), (3, 40_000)])
@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_an_extreme_strip_costs_little(height: int, width: int, geometry: Geometry) -> None:
    """A 1×40000 strip scaled to a shorter side of 256 would be 256×10 240 000: 7.9 GB. The cut to 16:1 comes first."""
    pixels = np.zeros((height, width, 3), np.uint8)
    tracemalloc.start()
    found = resize(pixels, input_spec(geometry, 224, 256, "bilinear"))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found.shape == (224, 224, 3)
    assert peak < 20 * 2**20  # numpy's and Python's share; Pillow's own is bounded by 256 × 16·256 × 4 bytes = 4 MB


def large(height: int, width: int, seed: int) -> NDArray[np.uint8]:
    """Noise of any size at the price of a tile."""
    tile = photo(min(height, 251), min(width, 257), seed)
    rows, columns = -(-height // len(tile)), -(-width // len(tile[0]))
    return np.ascontiguousarray(np.tile(tile, (rows, columns, 1))[:height, :width])


wide, thin = st.integers(1, 6000), st.integers(1, 12)
shapes = st.one_of(
    st.tuples(st.integers(1, 4000), wide), st.tuples(thin, wide), st.tuples(wide, thin), st.sampled_from([(1, 1), (4000, 6000)])
)


@pytest.mark.slow
@given(shape=shapes, size=st.integers(1, 384), more=st.integers(0, 64), name=filters, geometry=geometries, seed=st.integers(0, 99))
@settings(max_examples=50, deadline=None)
def test_pillow_agrees_from_one_pixel_to_twenty_four_million(
    shape: tuple[int, int], size: int, more: int, name: Filter, geometry: Geometry, seed: int
) -> None:
    """Sizes and offsets as docs/bundle.md has them, in Python's own rounding, and two plain calls of Pillow."""
    (height, width), pixels = shape, large(*shape, seed)
    spec = input_spec(geometry, size, size + more, name)
    found = resize(pixels, spec)
    if geometry == "stretch":
        expected = np.asarray(two_pillow_calls(pixels, size, size, name))
    elif geometry == "crop":
        short = min(height, width)
        pixels = window(pixels, min(width, 16 * short), min(height, 16 * short))
        high, across = (spec.resize_to * side // short for side in pixels.shape[:2])
        expected = window(np.asarray(two_pillow_calls(pixels, across, high, name)), size, size)
    else:
        high, across = (max(1, size * side // max(height, width)) for side in (height, width))
        expected = np.full((size, size, 3), spec.pad_color, np.uint8)
        window(expected, across, high)[:] = np.asarray(two_pillow_calls(pixels, across, high, name))
    np.testing.assert_array_equal(found, expected)


def window(pixels: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """A view of the middle; halves go to the even neighbour."""
    top, left = round((len(pixels) - height) / 2), round((len(pixels[0]) - width) / 2)
    return pixels[top : top + height, left : left + width]


@pytest.mark.parametrize(("height", "width"), [(1, 17), (17, 1), (2, 33), (1, 5000)])
def test_beyond_16_to_1_the_ends_are_cut_first(height: int, width: int) -> None:
    pixels = photo(height, width, 1)
    keep = MAX_ASPECT * min(height, width)
    top, left = centre(max(height - keep, 0)), centre(max(width - keep, 0))
    inner = pixels[top : top + keep, left : left + keep]
    spec = input_spec("crop", 20, 23, "bilinear")
    np.testing.assert_array_equal(resize(pixels, spec), resize(inner, spec))


def test_frozen_bytes(coffee: NDArray[np.uint8]) -> None:
    """Golden sums of the resized photograph and of noise: another version of Pillow must give the same bytes."""
    golden = json.loads((GOLDEN / "resize.json").read_text())
    found = {}
    for geometry in GEOMETRIES:
        for name in FILTERS:
            spec = input_spec(geometry, 96, 109, name)
            for title, pixels in (("coffee", coffee), ("tall", coffee[:, :90].copy()), ("ramp", ramp())):
                found[f"{title} {geometry} {name}"] = hashlib.sha256(resize(pixels, spec).tobytes()).hexdigest()
    assert found == golden["sha256"]


def test_a_few_literal_bytes() -> None:
    """A 5×3 ramp to 2×2, small enough to follow by hand from docs/bundle.md."""
    pixels = (np.arange(45).reshape(3, 5, 3) * 5).astype(np.uint8)
    found = resize(pixels, InputSpec(size=2, resize_to=2, geometry="stretch"))
    assert found.tolist() == json.loads((GOLDEN / "resize.json").read_text())["ramp 5×3 to 2×2"]


def ramp() -> NDArray[np.uint8]:
    """uint8 [211,157,3]: every value occurs, and no photograph or generator is needed to make it in another language."""
    y, x = np.mgrid[0:211, 0:157]
    return np.stack([(3 * x + 5 * y) % 256, (x * y) % 256, (7 * x ^ 11 * y) % 256], axis=2).astype(np.uint8)
