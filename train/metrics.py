"""How good the answers are: accuracy, per-class figures, confusion, calibration, and what abstaining would gain.

Probabilities are [N,C], labels [N]. `Figures` is the schema of a run's metrics.json.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv  # type: ignore[import-untyped]

Probabilities = NDArray[np.float64]
Labels = NDArray[np.int64]

BINS = 15  # of confidence, for the calibration error; as in Guo et al. 2017
TARGET_RISK = 0.01  # share of wrong answers, of those given, that the suggested threshold holds to
RISKS = (0.05, 0.02, TARGET_RISK)  # that the report shows side by side
THRESHOLDS = np.arange(1000) / 1000  # that are tried: more digits would say more about the validation photos than about the network
SURE = 0.95  # probability that a bound holds


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


@dataclass(frozen=True)
class Kept:
    """What a threshold leaves of one split: the photos that are still answered."""

    answered: int
    wrong: int
    coverage: float  # share of photos answered
    risk: float  # share of the answered that are wrong, 0 where none is answered
    risk_bound: float  # below which the risk lies with probability SURE, by Clopper and Pearson 1934


@dataclass(frozen=True)
class Abstention:
    """The threshold that a wanted risk asks for, chosen on validation photos, and what it did to photos not used for that."""

    target_risk: float
    threshold: float | None  # of confidence; None: not even the surest answers get there
    validation: Kept | None
    test: Kept | None


@dataclass(frozen=True)
class Figures:
    """A run's metrics.json. To add a field give it a default: `safelight compare` reads runs of earlier versions."""

    temperature: float
    train: Metrics
    validation: Metrics
    test: Metrics
    abstain: tuple[Abstention, ...] = ()  # for each of RISKS


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


def abstentions(validation: Probabilities, truth: Labels, test: Probabilities, test_truth: Labels) -> tuple[Abstention, ...]:
    """For each of RISKS the threshold chosen on validation photos, and what it leaves of both splits."""
    found = []
    for risk in RISKS:
        threshold = abstain_threshold(validation, truth, risk)
        splits = ((validation, truth), (test, test_truth))
        kept = (None, None) if threshold is None else tuple(keep(*split, threshold) for split in splits)
        found.append(Abstention(risk, threshold, *kept))
    return tuple(found)


def abstain_threshold(probabilities: Probabilities, labels: Labels, risk: float) -> float | None:
    """The smallest of THRESHOLDS at which at most `risk` of the answers that reach it are wrong; None where there is none.

    The smallest answers most photos. What it holds to on the photos it was chosen on, it need not hold to on others
    (Geifman and El-Yaniv 2017, arXiv 1705.08500): the test photos tell.
    """
    confidence, wrong = probabilities.max(1), probabilities.argmax(1) != labels
    for threshold in THRESHOLDS:
        answered = confidence >= threshold
        if not answered.any():
            return None
        if wrong[answered].mean() <= risk:
            return float(threshold)
    return None


def keep(probabilities: Probabilities, labels: Labels, threshold: float) -> Kept:
    """What is answered at or above `threshold`, and how often wrongly."""
    answered = probabilities.max(1) >= threshold
    count, wrong = int(answered.sum()), int((probabilities.argmax(1) != labels)[answered].sum())
    bound = 1.0 if wrong == count else float(betaincinv(wrong + 1, count - wrong, SURE))
    return Kept(count, wrong, count / len(labels), wrong / count if count else 0.0, bound)


def risk_coverage(probabilities: Probabilities, labels: Labels) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(coverage, risk) of every threshold that some photo reaches, from the surest photo to all of them; equal confidences go together."""
    confidence, wrong = probabilities.max(1), probabilities.argmax(1) != labels
    order = np.argsort(-confidence, kind="stable")
    last = np.append(np.diff(confidence[order]) != 0, True)  # of photos that are equally sure
    answered = np.arange(1, len(order) + 1)
    return (answered / len(order))[last], (np.cumsum(wrong[order]) / answered)[last]


def _class(label: str, confusion: NDArray[np.int64], index: int) -> ClassMetrics:
    hits, called, support = int(confusion[index, index]), int(confusion[:, index].sum()), int(confusion[index].sum())
    precision = hits / called if called else 0.0
    recall = hits / support if support else 0.0
    f1 = 2 * hits / (called + support) if called + support else 0.0
    return ClassMetrics(label, precision, recall, f1, support)
