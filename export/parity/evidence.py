"""What a runtime made of one photo, beside the reference: the exhibit behind a figure, shown on the HTML page only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from safelight.spec import Label

Pixels = NDArray[np.uint8]

WRONG = 4  # photos shown of an engine
EXCUSED = 2  # and of those that differ for a known cause


@dataclass(frozen=True)
class Top:
    """The best class of an answer."""

    label: str  # its English name, or its id
    probability: float


@dataclass(frozen=True, eq=False)
class Evidence:
    """A photo that a runtime sees or answers otherwise. It holds pictures: they never go into JSON or JUnit."""

    run: str  # "tfjs-wasm/tfjs-fp32"
    file: str
    is_golden: bool  # it travels with the bundle; other photos are the user's own
    expected: Pixels  # [S,S,3], the reference's
    came: Pixels  # [S,S,3], what the runtime's network was given; [0,0,3] where they did not arrive
    decode: float | None  # what enters at each stage, as a difference of a probability; None where not measured
    resize: float | None
    network: float | None
    off: float  # from the bytes to the answer
    reference: Top
    answer: Top
    cause: str = ""  # of a known difference

    @property
    def max_abs(self) -> int | None:
        """Largest difference of a pixel's value, of 255; None where the pixels did not arrive."""
        if self.came.shape != self.expected.shape:
            return None
        return int(np.abs(self.came.astype(np.int16) - self.expected).max(initial=0))


def off(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    """The largest difference between two answers [C]; infinity where one is no number."""
    difference = np.abs(a.astype(np.float64) - b)
    return float(np.nan_to_num(difference, nan=np.inf, posinf=np.inf).max())


def top(answer: NDArray[np.float32], labels: Sequence[Label]) -> Top:
    """The best class of an answer [C]."""
    best = int(answer.argmax())
    return Top(labels[best].names.get("en", labels[best].id), float(answer[best]))


def worst(found: Iterable[Evidence]) -> tuple[Evidence, ...]:
    """The photos to show, each once, the worst first: those without an excuse, then those with a known cause."""
    of_photo: dict[str, Evidence] = {}
    for one in sorted(found, key=lambda one: (one.off, one.max_abs or 0), reverse=True):
        of_photo.setdefault(one.file, one)
    wrong = [one for one in of_photo.values() if not one.cause]
    excused = [one for one in of_photo.values() if one.cause]
    return (*wrong[:WRONG], *excused[:EXCUSED])
