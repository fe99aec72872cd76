from __future__ import annotations

import numpy as np
import pytest
import torch
from rich.console import Console

from train.inspection import labels as labels_module
from train.inspection.labels import FOLDS, folds, opinion, suspects

QUIET = Console(quiet=True)


def blobs(each: int, wrong: int, seed: int) -> tuple[torch.Tensor, np.ndarray, np.ndarray]:
    """Three clouds in 16 dimensions; `wrong` labels are false."""
    dice = np.random.default_rng(seed)
    truth = np.repeat(np.arange(3), each)
    features = dice.normal(np.eye(16)[truth] * 6, 1.0).astype(np.float32)
    given = truth.copy()
    false = dice.choice(len(given), wrong, replace=False)
    given[false] = (given[false] + 1) % 3
    return torch.from_numpy(features), given, false


def test_false_labels_are_found() -> None:
    features, given, false = blobs(100, 10, 0)
    found = opinion(features, given, np.arange(300), 3, 0, QUIET)
    assert set(found.suspects) <= set(false)
    assert len(found.suspects) >= 8
    assert set(np.argsort(-found.losses)[:10]) == set(false)


def test_what_is_said_of_a_photo_does_not_depend_on_its_own_label(monkeypatch: pytest.MonkeyPatch) -> None:
    features, given, _ = blobs(20, 0, 1)
    fold = folds(given, np.arange(60), 0)
    monkeypatch.setattr(labels_module, "folds", lambda *_: fold)
    before = opinion(features, given, np.arange(60), 3, 0, QUIET)
    other = given.copy()
    other[7] = (other[7] + 1) % 3
    after = opinion(features, other, np.arange(60), 3, 0, QUIET)
    own = fold == fold[7]
    assert np.array_equal(before.probabilities[own], after.probabilities[own])
    assert not np.array_equal(before.probabilities[~own], after.probabilities[~own])  # others did learn from it


def test_photos_of_one_picture_lie_in_one_fold_and_classes_are_spread() -> None:
    labels = np.repeat([0, 1], [100, 30])
    pictures = np.arange(130)
    pictures[[3, 50, 110]] = 3
    fold = folds(labels, pictures, 0)
    assert len({int(fold[index]) for index in (3, 50, 110)}) == 1
    for label in (0, 1):
        counts = np.bincount(fold[labels == label], minlength=FOLDS)
        assert counts.max() - counts.min() <= 3
    assert not np.array_equal(fold, folds(labels, pictures, 1))


def test_suspects_follow_the_papers_rule() -> None:
    """By hand. The averages of the classes' own probabilities, the thresholds, are 0.6 and 0.75."""
    probabilities = np.array([[0.9, 0.1], [0.65, 0.35], [0.25, 0.75], [0.1, 0.9], [0.4, 0.6], [0.35, 0.65]])
    labels = np.array([0, 0, 0, 1, 1, 1])
    assert probabilities[[0, 1, 2], 0].mean() == pytest.approx(0.6)
    assert probabilities[[3, 4, 5], 1].mean() == pytest.approx(0.7166667)
    assert suspects(probabilities, labels).tolist() == [2]
    probabilities[2] = [0.4, 0.6]  # surer of 1 than of 0, but less than usual for 1: not off the diagonal
    assert suspects(probabilities, labels).tolist() == []


def test_the_surest_suspect_comes_first() -> None:
    probabilities = np.array([[0.99, 0.01]] * 8 + [[0.2, 0.8], [0.01, 0.99]] + [[0.3, 0.7]] * 8)
    labels = np.array([0] * 10 + [1] * 8)
    assert suspects(probabilities, labels).tolist() == [9, 8]
