"""Every known mistake in one tuple, and the tensor that one or several of them would give.

To add a mistake write its way into the module of its stage, a line into that module's MISTAKES, and a test that
plants it by other means and requires its name.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from export.diagnose import decoding, filtering, framing, orders, ranges, values
from export.diagnose.mistake import Mistake, Square, Stage, Way
from safelight.decode import decode
from safelight.resize import resize
from safelight.spec import InputSpec

MISTAKES: tuple[Mistake, ...] = (
    *orders.MISTAKES,
    *values.MISTAKES,
    *ranges.MISTAKES,
    *decoding.MISTAKES,
    *framing.MISTAKES,
    *filtering.MISTAKES,
)

Choice = tuple[Mistake, Way]  # a mistake, and one way of making it


def of_stage(stage: Stage) -> tuple[Choice, ...]:
    """Every way of every mistake of one stage."""
    return tuple((mistake, way) for mistake in MISTAKES if mistake.stage == stage for way in mistake.ways)


def picture(data: bytes, spec: InputSpec, ways: dict[Stage, Way]) -> Square:
    """The square [S,S,3] in 0..255 that a photo's bytes give with these ways of decode, frame and filter, else the contract's."""
    pixels = ways.get("decode", decode)(data)
    return square_of(pixels, spec, ways)


def square_of(pixels: NDArray[np.uint8], spec: InputSpec, ways: dict[Stage, Way]) -> Square:
    """Upright RGB uint8 [H,W,3] → the square [S,S,3] in 0..255 with these ways of frame and filter, else the contract's."""
    if not ways.keys() & {"frame", "filter"}:
        return resize(pixels, spec).astype(np.float32)
    scale = ways.get("filter", filtering.contract_scale(spec.filter))
    return np.asarray(ways.get("frame", framing.contract_frame)(pixels, spec, scale), np.float32)


def tensor(data: bytes, spec: InputSpec, ways: dict[Stage, Way]) -> Square:
    """What would be fed with these mistakes of decode, frame, filter, values and range: [S,S,3], on the range's scale.

    Order is left out: it is a way of reading memory, not of making values.
    """
    square = picture(data, spec, ways)
    if "values" in ways:
        square = ways["values"](square)
    return ways["range"](square) if "range" in ways else square
