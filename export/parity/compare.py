"""Two sets of probabilities → how far apart they are, and whether that is a failure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Answers = NDArray[np.float32]  # [photos, C]


@dataclass(frozen=True)
class Comparison:
    """A runtime's answers against the reference's, over the same photos."""

    images: int
    max_abs_probability: float
    mean_abs_probability: float
    flips: int  # labels that differ where the reference is no near tie
    near_ties: int  # photos whose two best classes are closer than twice the tolerance: either label is right
    worst: int  # index of the photo with the largest difference


def compare(reference: Answers, answers: Answers, tolerance: float) -> Comparison:
    """Measure `answers` against `reference`, both float [n,C], n ≥ 1. NaN counts as a difference of infinity."""
    difference = np.nan_to_num(np.abs(answers.astype(np.float64) - reference), nan=np.inf)
    best = np.sort(reference, axis=1)
    near_tie = best[:, -1] - best[:, -2] <= 2 * tolerance
    flipped = reference.argmax(axis=1) != answers.argmax(axis=1)
    return Comparison(
        images=len(reference),
        max_abs_probability=float(difference.max()),
        mean_abs_probability=float(difference.mean()),
        flips=int((flipped & ~near_tie).sum()),
        near_ties=int(near_tie.sum()),
        worst=int(difference.max(axis=1).argmax()),
    )


def disagreement(comparison: Comparison, tolerance: float) -> str:
    """Why this is a failure, "" if it is none."""
    if comparison.max_abs_probability > tolerance:
        return f"a probability is off by {comparison.max_abs_probability:.3g}, the tolerance is {tolerance:.0e}"
    if comparison.flips:
        return f"{comparison.flips} of {comparison.images} labels differ outside near ties"
    return ""
