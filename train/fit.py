"""Features → the linear head: multinomial logistic regression by L-BFGS, its weight decay chosen on the validation photos.

Convex, so that a laptop finds the optimum in seconds; on one thread, so that equal input gives equal weights. Classes
weigh the same however many photos they have.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize, minimize_scalar  # type: ignore[import-untyped]  # torch.optim would load torch._dynamo: 9 s
from torch import Tensor, nn
from torch.nn import functional

from safelight.threads import one_thread
from train.options import HeadOptions

Vector = NDArray[np.float64]

TEMPERATURES = (0.05, 20.0)  # outside this range a validation set says more about itself than about the network


@dataclass(frozen=True)
class Point:
    """A row of history.csv: where a training stood. Losses are cross entropies in nats, classes weighing the same."""

    phase: str  # "head" or "fine-tune"
    weight_decay: float
    step: int  # iteration of L-BFGS, or epoch
    train_loss: float
    validation_loss: float  # fine-tuning's is taken at its best temperature
    train_accuracy: float  # 0..1
    validation_accuracy: float


@dataclass(frozen=True)
class Examples:
    """What a head learns from: features [N,F] float32 and class indices [N] int64."""

    features: Tensor
    labels: Tensor


@dataclass(frozen=True)
class Head:
    """A fitted linear layer and how it came about."""

    weight: Tensor  # [C,F]
    bias: Tensor  # [C]
    weight_decay: float
    history: tuple[Point, ...]  # of every weight decay, strongest first

    def logits(self, features: Tensor) -> Tensor:
        """[N,F] → [N,C]."""
        return functional.linear(features, self.weight, self.bias)


@one_thread()
def fit_head(train: Examples, validation: Examples, classes: int, options: HeadOptions) -> Head:
    """The head with the least validation loss over all weight decays and iterations; of about equal ones the strongest decay."""
    mean, deviation = train.features.mean(0), train.features.std(0, correction=0)
    deviation = torch.where(deviation > 1e-6, deviation, 1.0)
    train = Examples((train.features - mean) / deviation, train.labels)
    validation = Examples((validation.features - mean) / deviation, validation.labels)
    start = torch.zeros(classes, train.features.shape[1] + 1)  # the last column is the bias
    best, best_loss, best_decay = start, float("inf"), options.weight_decays[0]
    history: list[Point] = []
    for decay in options.weight_decays:
        start, found, loss, points = _descend(start, train, validation, decay, options)
        history += points
        if loss < best_loss - options.least_gain:
            best, best_loss, best_decay = found, loss, decay
    weight = best[:, :-1] / deviation  # the standardisation moves into the layer
    return Head(weight, best[:, -1] - weight @ mean, best_decay, tuple(history))


def _descend(
    start: Tensor, train: Examples, validation: Examples, decay: float, options: HeadOptions
) -> tuple[Tensor, Tensor, float, list[Point]]:
    """Where L-BFGS ended, its best place by validation loss, that loss, and the way there."""
    weights = balance(train.labels, len(start))
    points: list[Point] = []
    best, best_loss, best_step = start, float("inf"), 0

    def loss(flat: Vector) -> tuple[float, Vector]:
        here = _matrix(flat, start).requires_grad_()
        value = functional.cross_entropy(_apply(here, train), train.labels, weights) + decay / 2 * here[:, :-1].square().sum()
        (slope,) = torch.autograd.grad(value, here)
        return value.item(), slope.double().numpy().ravel()

    def look(flat: Vector) -> None:
        nonlocal best, best_loss, best_step
        here = _matrix(flat, start)
        points.append(_measure(here, train, validation, decay, len(points) + 1))
        if points[-1].validation_loss < best_loss:
            best, best_loss, best_step = here, points[-1].validation_loss, len(points)
        if len(points) - best_step >= options.patience:
            raise StopIteration

    at = start.double().numpy().ravel()
    end = minimize(loss, at, jac=True, method="L-BFGS-B", callback=look, options={"maxiter": options.iterations})
    return _matrix(end.x, start), best, best_loss, points


def _matrix(flat: Vector, like: Tensor) -> Tensor:
    """SciPy's flat float64 parameters as float32 [C,F+1], not sharing its memory."""
    return torch.tensor(flat, dtype=torch.float32).view_as(like)


def balance(labels: Tensor, classes: int) -> Tensor:
    """[C] weights under which every class that occurs counts the same."""
    counts = torch.bincount(labels, minlength=classes)
    return torch.where(counts > 0, len(labels) / (classes * counts.clamp(min=1)), 0.0)


@one_thread()
def temperature_of(logits: Tensor, labels: Tensor) -> float:
    """The temperature with the least negative log likelihood on validation logits [N,C] (Guo et al. 2017, arXiv 1706.04599).

    1.0 where it can't be told: without a single mistake every sharpening looks better, up to certainty.
    """
    if bool((logits.argmax(1) == labels).all()):
        return 1.0
    low, high = map(math.log, TEMPERATURES)
    found = minimize_scalar(lambda scale: nll(logits, labels, math.exp(scale)), bounds=(low, high), method="bounded")
    temperature = math.exp(found.x)
    return temperature if nll(logits, labels, temperature) < nll(logits, labels, 1.0) else 1.0


def nll(logits: Tensor, labels: Tensor, temperature: float) -> float:
    """Mean negative log likelihood in nats."""
    return float(functional.cross_entropy(logits.double() / temperature, labels))


def install(head: Head, layer: nn.Linear) -> None:
    """Copy the fitted weights into a network's layer."""
    with torch.no_grad():
        layer.weight.copy_(head.weight)
        layer.bias.copy_(head.bias)


def _apply(parameters: Tensor, examples: Examples) -> Tensor:
    return functional.linear(examples.features, parameters[:, :-1], parameters[:, -1])


def _measure(parameters: Tensor, train: Examples, validation: Examples, decay: float, step: int) -> Point:
    figures: list[float] = []
    for examples in (train, validation):
        logits = _apply(parameters, examples)
        weights = balance(examples.labels, len(parameters))
        figures.append(float(functional.cross_entropy(logits, examples.labels, weights)))
        figures.append(float((logits.argmax(1) == examples.labels).double().mean()))
    return Point("head", decay, step, figures[0], figures[2], figures[1], figures[3])
