"""How good the answers are: accuracy, per-class figures, confusion, calibration. Probabilities are [N,C], labels [N]."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Probabilities = NDArray[np.float64]
Labels = NDArray[np.int64]

BINS = 15  # of confidence, for the calibration error; as in Guo et al. 2017


@dataclass(frozen=True)
class ClassMetrics:
    """One class; figures in 0..1, zero where nothing was counted."""

    label: str
    precision: float  # of the photos called so, how many are
    recall: float  # of the photos that are, how many were called so
    f1: float
    support: int  # photos


@dataclass(frozen=True)
class Metrics:
    """One split."""

    photos: int
    accuracy: float  # 0..1
    balanced_accuracy: float  # mean recall of the classes that occur
    nll: float  # nats
    calibration_error: float  # expected, 0..1
    calibration_error_before: float  # at temperature 1
    classes: tuple[ClassMetrics, ...]
    confusion: tuple[tuple[int, ...], ...]  # [true][answered]


def measure(logits: NDArray[np.float64], labels: Labels, temperature: float, classes: tuple[str, ...]) -> Metrics:
    """All figures of one split from its logits [N,C]."""
    probabilities = softmax(logits / temperature)
    answers = probabilities.argmax(1)
    confusion = np.zeros((len(classes), len(classes)), np.int64)
    np.add.at(confusion, (labels, answers), 1)
    figures = tuple(_class(label, confusion, index) for index, label in enumerate(classes))
    own = probabilities[np.arange(len(labels)), labels]
    return Metrics(
        photos=len(labels),
        accuracy=float((answers == labels).mean()),
        balanced_accuracy=float(np.mean([figure.recall for figure in figures if figure.support])),
        nll=float(-np.log(np.maximum(own, 1e-300)).mean()),
        calibration_error=calibration_error(probabilities, labels),
        calibration_error_before=calibration_error(softmax(logits), labels),
        classes=figures,
        confusion=tuple(tuple(int(count) for count in row) for row in confusion),
    )


def softmax(logits: NDArray[np.float64]) -> Probabilities:
    """[N,C] logits → probabilities."""
    powers = np.exp(logits - logits.max(1, keepdims=True))
    result: Probabilities = powers / powers.sum(1, keepdims=True)
    return result


def calibration_error(probabilities: Probabilities, labels: Labels) -> float:
    """Expected calibration error: |accuracy − confidence| over equal bins of confidence, weighted by their photos."""
    confidence = probabilities.max(1)
    right = probabilities.argmax(1) == labels
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    gaps = [abs(right[bins == index].mean() - confidence[bins == index].mean()) * (bins == index).mean() for index in np.unique(bins)]
    return float(sum(gaps))


def _class(label: str, confusion: NDArray[np.int64], index: int) -> ClassMetrics:
    hits, called, support = int(confusion[index, index]), int(confusion[:, index].sum()), int(confusion[index].sum())
    precision = hits / called if called else 0.0
    recall = hits / support if support else 0.0
    f1 = 2 * hits / (called + support) if called + support else 0.0
    return ClassMetrics(label, precision, recall, f1, support)
