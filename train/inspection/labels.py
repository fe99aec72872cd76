"""Which labels are probably wrong: confident learning on out-of-fold answers of a linear head on frozen features.

Northcutt, Jiang, Chuang, "Confident learning: estimating uncertainty in dataset labels" (JAIR 2021, arXiv 1911.00068), which the
package cleanlab made known; the method is a page of numpy, and cleanlab's licence, AGPL, does not fit. No photo is
judged by a head that has seen it, or a copy of it: all photos of one picture lie in the same fold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from torch import Tensor

from safelight import models
from train.contract import input_spec
from train.data import Photo
from train.features import extract
from train.fit import Examples, fit_head, temperature_of
from train.metrics import softmax
from train.options import HeadOptions, TrainOptions
from train.pipeline import choose_device
from train.progress import progress

FOLDS = 5
CLAIM = 0.8  # a class that is this probable is claimed, however sure it usually is; see `suspects`
HEAD = HeadOptions(weight_decays=(1e-1, 1e-2))  # strong: a head that bends to a wrong label can't find it

Matrix = NDArray[np.float64]
Vector = NDArray[np.int64]


@dataclass(frozen=True)
class Opinion:
    """What heads that never saw a photo say of it."""

    probabilities: Matrix  # [N,C], calibrated
    labels: Vector  # [N] as the folders say
    suspects: Vector  # indices of photos whose label is probably wrong, the surest first

    @property
    def losses(self) -> Matrix:
        """[N] nats: how surprising each label is."""
        given: Matrix = self.probabilities[np.arange(len(self.labels)), self.labels]
        return -np.log(np.maximum(given, 1e-12))


def ask(
    photos: Sequence[Photo], classes: Sequence[str], pictures: Vector, options: TrainOptions, console: Console
) -> tuple[list[int], Opinion]:
    """Which of `photos` the opinion is about, by index, and the opinion. `pictures` [N]: equal numbers lie in one fold."""
    network = models.build(options.backbone, pretrained=True)
    seen = extract(
        photos,
        network,
        input_spec(options),
        backbone=options.backbone,
        cache=options.cache,
        device=choose_device(options.device),
        console=console,
        limits=options.limits,
    )
    known = [index for index, photo in enumerate(photos) if photo.sha256 in seen.features]
    features = torch.from_numpy(np.stack([seen.features[photos[index].sha256] for index in known]))
    labels = np.array([classes.index(photos[index].label) for index in known], np.int64)
    return known, opinion(features, labels, pictures[known], len(classes), options.seed, console)


def opinion(features: Tensor, labels: Vector, pictures: Vector, classes: int, seed: int, console: Console) -> Opinion:
    """Judge features [N,F] by heads that did not see them: each of FOLDS heads learns from all folds but two.

    The one after its own chooses its weight decay and temperature; its own it judges.
    """
    fold = folds(labels, pictures, seed)
    logits = np.zeros((len(labels), classes))
    with progress(console) as bar:
        task = bar.add_task("Asking about labels", total=FOLDS)
        for number in range(FOLDS):
            own, chooser = fold == number, fold == (number + 1) % FOLDS
            given = torch.from_numpy(labels)
            train, validation = (
                Examples(features[torch.from_numpy(part)], given[torch.from_numpy(part)]) for part in (~own & ~chooser, chooser)
            )
            head = fit_head(train, validation, classes, HEAD)
            temperature = temperature_of(head.logits(validation.features), validation.labels)
            logits[own] = head.logits(features[torch.from_numpy(own)]).double().numpy() / temperature
            bar.advance(task)
    probabilities = softmax(logits)
    return Opinion(probabilities, labels, suspects(probabilities, labels))


def suspects(probabilities: Matrix, labels: Vector) -> Vector:
    """Indices of the labels that confident learning calls wrong, by how much surer another class is.

    A class is claimed for a photo where its probability reaches that class's own average over the photos labelled so (the paper's
    threshold, which makes up for a head that is generally surer of one class than of another), or CLAIM. A photo whose likeliest
    claimed class is not its label is off the diagonal of the "confident joint". CLAIM is ours: where classes are easy the averages
    come close to 1, and without it 8, 8 and 7 of 10 wrong labels among 600 cats and dogs were found, with it 9, 10 and 8.
    """
    counts = np.bincount(labels, minlength=probabilities.shape[1])
    sums = np.bincount(labels, probabilities[np.arange(len(labels)), labels], minlength=len(counts))
    threshold = np.where(counts > 0, sums / np.maximum(counts, 1), np.inf)
    claimed = np.where(probabilities >= np.minimum(threshold, CLAIM), probabilities, 0)
    answer = claimed.argmax(1)
    wrong = np.flatnonzero((claimed.max(1) > 0) & (answer != labels))
    margin = probabilities[wrong, labels[wrong]] - probabilities[wrong, answer[wrong]]
    found: Vector = wrong[np.argsort(margin, kind="stable")]
    return found


def folds(labels: Vector, pictures: Vector, seed: int) -> Vector:
    """[N] 0..FOLDS-1: each class spread evenly in a seeded order, photos of one picture together."""
    order = np.random.default_rng(seed).permutation(len(labels))
    fold = np.zeros(len(labels), np.int64)
    home: dict[int, int] = {}
    dealt = np.zeros(int(labels.max()) + 1, np.int64)
    for index in order:
        picture, label = int(pictures[index]), labels[index]
        fold[index] = home.setdefault(picture, int(dealt[label] % FOLDS))
        dealt[label] += 1
    return fold
