"""The suggested threshold: a rule that can be recomputed by hand, and bounds that hold."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest

import train
from train.metrics import RISKS, TARGET_RISK, Figures, Labels, Probabilities, abstain_threshold, keep, risk_coverage


def answers(*photos: tuple[float, bool]) -> tuple[Probabilities, Labels]:
    """Two classes; of each photo the confidence and whether it is right."""
    rows = np.array([[sure, 1 - sure] for sure, _ in photos])
    return rows, np.array([0 if right else 1 for _, right in photos])


TEN = answers(*[(0.9, True)] * 6, (0.8004, False), (0.8, True), (0.7, True), (0.6, False))


@pytest.mark.parametrize(
    ("risk", "threshold"),
    [
        (0.2, 0.0),  # 2 of 10 wrong: nothing needs to be left out
        (0.15, 0.601),  # without the photo at 0.6 1 of 9 is wrong
        (0.1, 0.801),  # 1 of 7, 8 or 9 is too many; 0.8004 is below 0.801
        (0.0, 0.801),
    ],
)
def test_the_threshold_is_the_smallest_that_keeps_the_risk(risk: float, threshold: float) -> None:
    assert abstain_threshold(*TEN, risk) == threshold


def test_there_is_no_threshold_where_the_surest_answer_is_wrong() -> None:
    assert abstain_threshold(*answers((0.95, False), (0.9, True)), 0.01) is None


def test_what_a_threshold_leaves_is_counted() -> None:
    kept = keep(*TEN, 0.7)
    assert (kept.answered, kept.wrong, kept.coverage, kept.risk) == (9, 1, 0.9, pytest.approx(1 / 9))


@pytest.mark.parametrize(("right", "wrong"), [(30, 0), (95, 5), (1, 3)])
def test_the_bound_is_clopper_and_pearsons(right: int, wrong: int) -> None:
    from scipy.stats import binomtest

    kept = keep(*answers(*[(0.9, True)] * right, *[(0.9, False)] * wrong), 0.5)
    assert kept.risk_bound == pytest.approx(binomtest(wrong, right + wrong, alternative="less").proportion_ci(0.95).high)


def test_the_bound_of_no_answers_promises_nothing() -> None:
    assert keep(*TEN, 0.95).risk_bound == 1


def test_risk_over_coverage_counts_equal_confidences_together() -> None:
    coverage, risk = risk_coverage(*TEN)
    assert coverage.tolist() == [0.6, 0.7, 0.8, 0.9, 1]
    assert risk.tolist() == pytest.approx([0, 1 / 7, 1 / 8, 1 / 9, 0.2])


def test_a_run_keeps_its_answers_and_the_thresholds_that_follow_from_them(trained: train.TrainResult) -> None:
    with (trained.out / "answers.csv").open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["split"] == "test"]
    assert np.mean([row["label"] == row["answer"] for row in rows]) == trained.test.accuracy
    assert np.mean([float(row["loss"]) for row in rows]) == pytest.approx(trained.test.nll, abs=1e-5)
    figures = json.loads((trained.out / "metrics.json").read_text())
    assert set(figures) == set(Figures.__dataclass_fields__)
    assert [row["target_risk"] for row in figures["abstain"]] == list(RISKS)
    suggested = next(row for row in figures["abstain"] if row["target_risk"] == TARGET_RISK)
    assert suggested["test"]["answered"] == sum(float(row["confidence"]) >= suggested["threshold"] for row in rows)
