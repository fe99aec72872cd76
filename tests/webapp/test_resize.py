"""The TypeScript resize gives Python's bytes, on hundreds of random photos; a planted mistake is noticed."""

from __future__ import annotations

import dataclasses
import itertools
from pathlib import Path
from typing import Any, get_args

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from export.parity.browsers import BROWSERS, ask
from export.parity.browsers.server import pixels_of
from export.parity.photos import Photo, prepare
from safelight import site
from safelight.bundle import open_bundle
from safelight.resize import resize
from safelight.spec import Filter, Geometry, InputSpec
from tests.webapp.conftest import CONTRACT, Node, planted

Case = tuple[NDArray[np.uint8], InputSpec]


@pytest.mark.parametrize("vectors", [False, True], ids=["plain", "vectors"])
def test_typescript_gives_the_same_bytes(node: Node, tmp_path: Path, vectors: bool) -> None:
    """400 cases: 1..300 pixels a side, enlarged and reduced, strips beyond 16:1, every geometry and filter."""
    cases = random_cases(400, seed=1)
    found = typescript(node, CONTRACT, cases, tmp_path, vectors)
    wrong = [index for index, case in enumerate(cases) if not np.array_equal(found[index], resize(*case))]
    assert not wrong, f"{len(wrong)} of {len(cases)}, the first: {cases[wrong[0]][0].shape} {cases[wrong[0]][1]}"


@pytest.mark.slow
@pytest.mark.parametrize("vectors", [False, True], ids=["plain", "vectors"])
def test_typescript_gives_the_same_bytes_of_large_photos_and_strips(node: Node, tmp_path: Path, vectors: bool) -> None:
    """36 cases up to 6000 × 4000 and down to strips of one pixel: every geometry and filter four times."""
    cases = large_cases(seed=3)
    found = typescript(node, CONTRACT, cases, tmp_path, vectors)
    wrong = [
        (pixels.shape, spec) for (pixels, spec), got in zip(cases, found, strict=True) if not np.array_equal(got, resize(pixels, spec))
    ]
    assert not wrong


@pytest.mark.browser
def test_the_browser_gives_the_same_bytes(bundle: Path, tmp_path: Path) -> None:
    """The page in Chromium, every geometry and filter, on photos from one pixel to a panorama and a strip beyond 16:1."""
    if BROWSERS["chromium"].find() is None:
        pytest.skip(BROWSERS["chromium"].MISSING)
    generator = np.random.default_rng(4)
    names = []
    for height, width in [(1, 1), (3, 2), (1, 900), (700, 2), (333, 1999), (1200, 801), (224, 224), (3000, 17)]:
        image = Image.fromarray(generator.integers(0, 256, (height, width, 3), np.uint8))
        for kind in ("png", "jpg") if 700 < width * height < 10**6 else ("png",):  # of a JPEG only the needed part becomes pixels
            names.append(f"{width}x{height}.{kind}")
            image.save(tmp_path / names[-1])
    photos = [Photo(name, tmp_path / name) for name in names]
    opened = open_bundle(bundle)
    for geometry in get_args(Geometry):
        for name in get_args(Filter):
            spec = InputSpec(size=97, resize_to=113 if geometry == "crop" else 97, geometry=geometry, filter=name, pad_color=(9, 128, 250))
            there = dataclasses.replace(opened, spec=msgspec.structs.replace(opened.spec, input=spec))
            expected = list(prepare(photos, spec))
            stages = ask(BROWSERS["chromium"], site.APP, there, expected, []).stages
            assert len(stages) == len(expected)
            wrong = [
                one.photo.name for index, one in enumerate(expected) if not np.array_equal(pixels_of(stages[index], spec.size), one.pixels)
            ]
            assert not wrong, spec


@pytest.mark.parametrize(
    ("file", "right", "wrong"),
    [
        ("resize.ts", "const HALF = 1 << (PRECISION_BITS - 1);", "const HALF = 0;"),  # truncated instead of rounded
        ("resize.ts", "const PRECISION_BITS = 22;", "const PRECISION_BITS = 16;"),
        ("resize.ts", "half + (slack % 2) * (half % 2)", "Math.round(slack / 2)"),  # half up instead of half to even
        ("resize.ts", "const MAX_ASPECT = 16;", "const MAX_ASPECT = 64;"),
        ("resize.ts", "const spread = Math.max(ratio, 1);", "const spread = 1;"),  # no antialiasing
        ("resize.ts", "(first + place + 0.5) * ratio", "(first + place) * ratio"),  # half a pixel aside
        ("resize.ts", "const a = -0.5;", "const a = -0.75;"),  # another cubic: OpenCV's
        ("resize.ts", "data[from + 1]!", "data[from + 2]!"),  # a channel twice
        ("resize.ts", "return [first, length];", "return [0, length];"),  # another part of the photo
        ("kernel.ts", "4 * width * row", "4 * width * (row & ~16)"),  # every second block over the one before
        ("kernel.ts", "(row + line) * stepY", "row * stepY"),  # the same row 16 times
    ],
)
def test_a_planted_mistake_is_noticed(node: Node, tmp_path: Path, file: str, right: str, wrong: str) -> None:
    copy = planted(tmp_path, file, right, wrong)
    cases = random_cases(40, seed=2)
    found = typescript(node, copy, cases, tmp_path, vectors=file == "kernel.ts")
    assert any(not np.array_equal(found[index], resize(*case)) for index, case in enumerate(cases))


def typescript(node: Node, contract: Path, cases: list[Case], folder: Path, vectors: bool) -> list[NDArray[np.uint8]]:
    """What the TypeScript in `contract` makes of the cases, on vectors or in plain loops."""
    (folder / "pixels").write_bytes(b"".join(pixels.tobytes() for pixels, _ in cases))
    described: list[dict[str, Any]] = [
        {"width": pixels.shape[1], "height": pixels.shape[0], "spec": msgspec.to_builtins(spec)} for pixels, spec in cases
    ]
    job = {"cases": described, "pixels": f"{folder}/pixels", "vectors": vectors, "out": f"{folder}/out"}
    node("ports.mjs", {"contract": str(contract), "resize": job})
    data, at, found = (folder / "out").read_bytes(), 0, []
    for _, spec in cases:
        end = at + spec.size**2 * 3
        found.append(np.frombuffer(data[at:end], np.uint8).reshape(spec.size, spec.size, 3))
        at = end
    assert at == len(data)
    return found


def large_cases(seed: int) -> list[Case]:
    """Each geometry and filter on a large photo, a wide one, a strip and a column."""
    generator, cases = np.random.default_rng(seed), []
    shapes = [((800, 4000), (1000, 6000)), ((1, 40), (3000, 6000)), ((1, 4), (1, 6000)), ((1, 6000), (1, 4))]
    for index, (geometry, name) in enumerate(itertools.product(get_args(Geometry), get_args(Filter))):
        for kind, bounds in enumerate(shapes):
            height, width = (int(generator.integers(low, high, endpoint=True)) for low, high in bounds)
            if (index, kind) == (0, 0):
                height, width = 4000, 6000
            tile = generator.integers(0, 256, (min(height, 200), min(width, 211), 3), np.uint8)
            pixels = np.tile(tile, (-(-height // len(tile)), -(-width // len(tile[0])), 1))[:height, :width]
            size = int(generator.integers(1, 257))
            more = int(generator.integers(0, 40)) if geometry == "crop" else 0
            cases.append((pixels, InputSpec(size=size, geometry=geometry, resize_to=size + more, filter=name, pad_color=(9, 128, 250))))
    return cases


def random_cases(count: int, seed: int) -> list[Case]:
    generator = np.random.default_rng(seed)
    cases = []
    for _ in range(count):
        height, width = (int(side) for side in generator.integers(1, 301, 2))
        if generator.random() < 0.2:  # a strip
            height, width = (max(1, height // 60), width) if generator.random() < 0.5 else (height, max(1, width // 60))
        pixels = generator.integers(0, 256, (height, width, 3), np.uint8)
        extreme = generator.random((height, width))  # where over- and undershoot must be clipped
        pixels[extreme < 0.15], pixels[extreme > 0.85] = 0, 255
        geometry: Geometry = get_args(Geometry)[generator.integers(3)]
        filter_name: Filter = get_args(Filter)[generator.integers(3)]
        size = int(generator.integers(1, 97))
        more = int(generator.integers(0, 20)) if geometry == "crop" else 0
        cases.append((pixels, InputSpec(size=size, geometry=geometry, resize_to=size + more, filter=filter_name, pad_color=(9, 128, 250))))
    return cases
