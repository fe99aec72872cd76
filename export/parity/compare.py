"""Two sets of probabilities → how far apart they are, and whether that is a failure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Answers = NDArray[np.float32]  # [photos, C]
Maps = Mapping[str, NDArray[np.float32]]  # a photo's heat map and feature maps by the names of the outputs, [h,w,…]

# Of a map's largest value, since logits and activations have no common scale. Pretrained EfficientNet-Lite0 is 7.5e-6 off at
# worst, a random MobileNetV2, which amplifies rounding, 9.6e-6; TF.js's WebGL stays below both.
MAP_TOLERANCE = 1e-4


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


def map_difference(reference: Maps, maps: Maps) -> tuple[float, str]:
    """The largest difference of a map as a share of its reference's largest value, and that map's name.

    Infinity for one that is missing, of another shape, or has a NaN.
    """
    return max((_share(expected, maps.get(name)), name) for name, expected in reference.items())


def _share(expected: NDArray[np.float32], came: NDArray[np.float32] | None) -> float:
    if came is None or came.shape != expected.shape:
        return float("inf")
    largest = float(np.abs(expected).max())
    off = float(np.nan_to_num(np.abs(came.astype(np.float64) - expected), nan=np.inf).max())
    return off / largest if largest else off


def map_disagreement(difference: float, name: str) -> str:
    """Why this is a failure, "" if it is none."""
    if difference > MAP_TOLERANCE:
        return f"the output {name} is off by {difference:.3g} of its largest value, the tolerance is {MAP_TOLERANCE:.0e}"
    return ""
