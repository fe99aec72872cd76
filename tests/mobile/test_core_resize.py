"""The C core's resized pixels are Pillow's, byte for byte; it turns photos as Python does, and allocates nothing meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from safelight.flatten import over_white
from safelight.resize import resize
from safelight.spec import InputSpec
from tests.mobile.core import Pixels, described, planted, resized
from tests.webapp.test_resize import Case, large_cases, random_cases


def wrong(program: Path, folder: Path, cases: Sequence[Case]) -> list[tuple[tuple[int, ...], InputSpec]]:
    """The cases whose bytes differ from Pillow's."""
    found, counts = resized(program, folder, [(described(*case), (case[1].size, case[1].size, 3)) for case in cases])
    assert counts["cases"] == len(cases)
    return [(pixels.shape, spec) for (pixels, spec), got in zip(cases, found, strict=True) if not np.array_equal(got, resize(pixels, spec))]


def test_the_bytes_are_pillows(core: Path, plain: Path, watched: Path, tmp_path: Path) -> None:
    """1..300 pixels a side, enlarged and reduced, strips beyond 16:1, every geometry and filter; vectors, plain loops, sanitizers."""
    cases = random_cases(400, seed=11)
    assert not wrong(core, tmp_path, cases)
    assert not wrong(plain, tmp_path, cases)
    assert not wrong(watched, tmp_path, cases[:150])


@pytest.mark.slow
def test_ten_thousand_random_cases_are_pillows(core: Path, tmp_path: Path) -> None:
    for seed in range(100, 120):
        assert not wrong(core, tmp_path, random_cases(500, seed=seed))


@pytest.mark.slow
def test_large_photos_and_strips_are_pillows(core: Path, plain: Path, tmp_path: Path) -> None:
    cases = large_cases(seed=12)
    assert not wrong(core, tmp_path, cases)
    assert not wrong(plain, tmp_path, cases[::4])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "right", "wrong_text"),
    [
        ("passes.h", "#define SL_HALF (1 << (SL_BITS - 1))", "#define SL_HALF 0"),  # truncated instead of rounded
        ("taps.c", "middle + reach + 0.5", "middle + reach"),
        ("taps.c", "const double a = -0.5, d", "const double a = -0.75, d"),  # OpenCV's bicubic
        ("resize.c", "slack / 2 + (slack % 2) * (slack / 2 % 2)", "slack / 2"),
        ("resize.c", "MAX_ASPECT = 16,", "MAX_ASPECT = 15,"),
        ("resize.c", "smaller(from.down, rows.most) + BLOCK", "smaller(from.down, rows.most) + BLOCK - 8"),  # rows overwritten too early
    ],
)
def test_a_planted_mistake_is_noticed(tmp_path: Path, file: str, right: str, wrong_text: str) -> None:
    program = planted(tmp_path, file, right, wrong_text)
    tall = [(np.random.default_rng(1).integers(0, 256, (900, 60, 3), np.uint8), InputSpec(size=30, resize_to=30, geometry="stretch"))]
    assert wrong(program, tmp_path, [*random_cases(300, seed=13), *tall])


def turned(stored: Pixels, orientation: int) -> Pixels:
    """The table of docs/bundle.md in numpy."""
    across = stored.transpose(1, 0, 2) if orientation >= 5 else stored
    return across[
        :: -1 if orientation in (3, 4, 7, 8) else 1,
        :: -1 if orientation in (2, 3, 6, 7) else 1,
    ]


@pytest.mark.parametrize("kind", ["rgb", "rgbx", "rgba", "premultiplied"])
def test_every_orientation_and_format(core: Path, plain: Path, watched: Path, tmp_path: Path, kind: str) -> None:
    """Turned whole and turned on the way to the resize, with and without bytes between the rows."""
    generator = np.random.default_rng(5)
    cases, expected = [], []
    for orientation in (*range(1, 9), 0, 99):
        for height, width in [(1, 1), (1, 7), (9, 1), (40, 33), (70, 130), (131, 90)]:
            stored = generator.integers(0, 256, (height, width, 3 if kind == "rgb" else 4), np.uint8)
            opaque = generator.random() < 0.3
            if opaque and kind != "rgb":
                stored[..., 3] = 255
            if kind == "premultiplied":
                stored[..., :3] = np.minimum(stored[..., :3], stored[..., 3:])
            rgb = flat(stored, kind)
            upright = turned(rgb, orientation if 1 <= orientation <= 8 else 1)
            spec = InputSpec(size=20, resize_to=23) if width % 2 else InputSpec(size=24, resize_to=24, geometry="pad", filter="bicubic")
            padding = 1 if width == 1 else int(generator.integers(0, 9))  # RGB columns 4 bytes apart look like RGBX
            cases.append((described(stored, spec, kind=kind, orientation=orientation, padding=padding), (spec.size, spec.size, 3)))
            expected.append(resize(np.ascontiguousarray(upright), spec))
            whole = described(stored, spec, kind=kind, orientation=orientation, padding=padding, upright=True)
            cases.append((whole, upright.shape))
            expected.append(upright)
    for program in (core, plain, watched):
        found, _ = resized(program, tmp_path, cases)
        assert [index for index, (got, right) in enumerate(zip(found, expected, strict=True)) if not np.array_equal(got, right)] == []


def flat(stored: Pixels, kind: str) -> Pixels:
    """Over white, without the fourth byte."""
    if kind == "rgba":
        return over_white(stored)
    if kind == "premultiplied":
        white: Pixels = np.minimum(stored[..., :3].astype(np.uint16) + (255 - stored[..., 3:]), 255).astype(np.uint8)
        return white
    return stored[..., :3]


def test_the_table_of_orientations_is_pillows() -> None:
    """So that the test above holds the core to something that others wrote."""
    from PIL import Image, ImageOps

    stored = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
    for orientation in range(1, 9):
        image = Image.fromarray(stored)
        image.getexif()[0x0112] = orientation
        assert np.array_equal(turned(stored, orientation), np.asarray(ImageOps.exif_transpose(image)))


def test_straight_and_premultiplied_alpha_differ_by_one_at_most() -> None:
    color, alpha = np.meshgrid(np.arange(256), np.arange(256))
    straight = np.stack([color, color, color, alpha], axis=2).astype(np.uint8)
    ready = straight.copy()
    ready[..., :3] = np.round(color * alpha / 255)[..., None]
    assert np.abs(flat(straight, "rgba").astype(int) - flat(ready, "premultiplied")).max() <= 1


def test_nothing_is_allocated_while_resizing(core: Path, tmp_path: Path) -> None:
    cases = [(described(*case), (case[1].size, case[1].size, 3)) for case in random_cases(50, seed=14)]
    _, counts = resized(core, tmp_path, cases)
    assert counts["allocations_while_resizing"] == 0
    assert counts["allocations"] >= 50  # the counter counts: one for each resizer, and the test program's own


@pytest.mark.slow
def test_an_allocation_would_be_counted(tmp_path: Path) -> None:
    place = "  if (resizer == NULL) return SAFELIGHT_BAD_ARGUMENT;\n  char *message"
    program = planted(tmp_path, "resize.c", place, place.replace("  char", "  void *volatile leak = malloc(1);\n  free(leak);\n  char"))
    cases = [(described(*case), (case[1].size, case[1].size, 3)) for case in random_cases(5, seed=14)]
    assert resized(program, tmp_path, cases)[1]["allocations_while_resizing"] == 5
