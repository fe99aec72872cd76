from __future__ import annotations

import numpy as np

from export.parity.compare import compare, disagreement


def rows(*values: list[float]) -> np.ndarray:
    return np.array(values, np.float32)


def test_the_largest_and_the_mean_difference_are_measured() -> None:
    found = compare(rows([0.7, 0.3], [0.2, 0.8]), rows([0.7, 0.3], [0.25, 0.75]), 1e-4)
    assert (round(found.max_abs_probability, 6), round(found.mean_abs_probability, 6), found.worst) == (0.05, 0.025, 1)


def test_another_label_is_a_flip_only_outside_near_ties() -> None:
    clear = compare(rows([0.6, 0.4]), rows([0.4, 0.6]), 1e-4)
    tie = compare(rows([0.50005, 0.49995]), rows([0.49999, 0.50001]), 1e-4)
    assert (clear.flips, clear.near_ties) == (1, 0)
    assert (tie.flips, tie.near_ties) == (0, 1)
    assert disagreement(clear, 1.0)
    assert not disagreement(tie, 1e-4)


def test_nan_is_never_agreement() -> None:
    found = compare(rows([0.6, 0.4]), rows([float("nan"), 0.4]), 1e-4)
    assert found.max_abs_probability == np.inf
    assert disagreement(found, 1.0)
