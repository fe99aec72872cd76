"""Every known mistake in one tuple, and the tensor that one or several of them would give.

To add a mistake write its way into the module of its stage, a line into that module's MISTAKES, and a test that
plants it by other means and requires its name.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from export.diagnose import decoding, filtering, framing, orders, ranges, values
from export.diagnose.mistake import Mistake, Square, Stage, Way
from export.diagnose.squares import Squares

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


def tensor(squares: Squares, ways: Mapping[Stage, Way]) -> Square | None:
    """What would be fed with these mistakes: [S,S,3] on the range's scale; None where this photo can't show them."""
    square = squares.of(ways)
    if square is None:
        return None
    if "values" in ways:
        square = ways["values"](square)
    made: Square = ways["range"](square) if "range" in ways else square
    return relaid(made, ways["order"]) if "order" in ways else made


def relaid(square: Square, order: Way) -> Square:
    """Laid out by a mistake of order and read as the contract does. `order` says how to read such memory; its inverse writes it."""
    size = square.shape[0]
    places = order(np.arange(square.size, dtype=np.float64), size).astype(int)
    memory = np.empty(square.size, square.dtype)
    memory[places.ravel()] = square.ravel()
    return memory.reshape(square.shape)
