from __future__ import annotations

import numpy as np
import pytest
import torch

from train.fit import Examples, balance, fit_head, nll, temperature_of
from train.metrics import calibration_error, measure, softmax
from train.options import HeadOptions


def blobs(counts: tuple[int, ...], seed: int, spread: float = 1.0) -> Examples:
    """Overlapping clouds in 8 dimensions, one per class, on an odd scale and place."""
    random = np.random.default_rng(seed)
    rows = [random.normal(np.eye(8)[label] * 2, spread, (count, 8)) * 30 + 100 for label, count in enumerate(counts)]
    labels = np.repeat(np.arange(len(counts)), counts)
    return Examples(torch.from_numpy(np.concatenate(rows)).float(), torch.from_numpy(labels))


def test_the_head_separates_what_can_be_separated() -> None:
    head = fit_head(blobs((100, 100, 100), 0, 0.3), blobs((50, 50, 50), 1, 0.3), 3, HeadOptions())
    test = blobs((50, 50, 50), 2, 0.3)
    assert (head.logits(test.features).argmax(1) == test.labels).float().mean() == 1.0


def test_the_kept_head_is_the_best_by_validation_loss() -> None:
    train, validation = blobs((30, 30), 0), blobs((200, 200), 1)
    head = fit_head(train, validation, 2, HeadOptions())
    best = min(point.validation_loss for point in head.history)
    assert best <= nll(head.logits(validation.features), validation.labels, 1.0) + 1e-5 <= best + HeadOptions().least_gain + 2e-5  # float32
    assert best < head.history[-1].validation_loss  # weak decay overfits 60 photos: stopping early was worth it


def test_equal_input_gives_equal_weights_to_the_bit() -> None:
    one, other = (fit_head(blobs((60, 40), 0), blobs((50, 50), 1), 2, HeadOptions()) for _ in range(2))
    assert torch.equal(one.weight, other.weight)
    assert torch.equal(one.bias, other.bias)


def test_a_rare_class_is_not_given_up() -> None:
    train, validation, test = blobs((600, 20), 0), blobs((300, 10), 1), blobs((200, 200), 2)
    head = fit_head(train, validation, 2, HeadOptions())
    recall = (head.logits(test.features).argmax(1)[200:] == 1).float().mean()
    unbalanced = torch.linalg.lstsq(torch.cat([train.features, torch.ones(620, 1)], 1), train.labels.float()[:, None]).solution
    ignored = (torch.cat([test.features, torch.ones(400, 1)], 1) @ unbalanced)[200:] > 0.5
    assert recall > 0.8 > ignored.float().mean()  # a plain least-squares fit on the same photos calls nearly all of them common


def test_balanced_classes_weigh_the_same() -> None:
    labels = torch.tensor([0] * 90 + [1] * 10)
    weights = balance(labels, 3)
    assert float(weights[0] * 90) == pytest.approx(float(weights[1] * 10))
    assert float(weights[2]) == 0


@pytest.mark.parametrize("sharpness", [0.2, 4.0])
def test_temperature_reduces_the_loss_of_an_unsure_or_overconfident_network(sharpness: float) -> None:
    validation = blobs((300, 300), 1, 1.5)
    logits = fit_head(blobs((300, 300), 0, 1.5), validation, 2, HeadOptions()).logits(validation.features) * sharpness
    temperature = temperature_of(logits, validation.labels)
    assert temperature == pytest.approx(sharpness, rel=0.25)
    assert nll(logits, validation.labels, temperature) < nll(logits, validation.labels, 1.0)
    probabilities = [softmax(logits.double().numpy() / t) for t in (1.0, temperature)]
    before, after = (calibration_error(each, validation.labels.numpy()) for each in probabilities)
    assert after < before


def test_temperature_stays_at_one_where_validation_has_no_mistake() -> None:
    assert temperature_of(torch.tensor([[9.0, 0.0], [0.0, 1.0]]), torch.tensor([0, 1])) == 1.0


def test_temperature_stays_in_its_range() -> None:
    labels = torch.tensor([0, 1] * 50)
    assert 1.0 < temperature_of(torch.tensor([[1e4, 0.0]] * 100), labels) <= 20.0


def test_metrics_agree_with_a_count_by_hand() -> None:
    logits = np.log(np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.7, 0.3]]))
    metrics = measure(logits, np.array([0, 0, 1, 1]), 1.0, ("cats", "dogs"))
    assert metrics.confusion == ((2, 0), (1, 1))
    assert metrics.accuracy == 0.75
    cats, dogs = metrics.classes
    assert (cats.precision, cats.recall, cats.f1) == pytest.approx((2 / 3, 1.0, 0.8))
    assert (dogs.precision, dogs.recall, dogs.f1) == pytest.approx((1.0, 0.5, 2 / 3))
    assert metrics.nll == pytest.approx(-np.log([0.9, 0.6, 0.8, 0.3]).mean())
    assert metrics.calibration_error == pytest.approx((0.1 + 0.4 + 0.2 + 0.7) / 4)  # each alone in its bin: |right − confidence|
