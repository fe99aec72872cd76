"""A pretrained backbone: a linear head on its frozen features, and where asked its last blocks learnt on at a low rate."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import torch
from torch import nn

from safelight import models
from safelight.models.network import Network
from safelight.threads import one_thread
from train.cache import Features
from train.data import SPLITS, Photo
from train.features import extract
from train.fit import Examples, fit_head, install
from train.learnt import Learnt, Logits, Task, as_logits, labels_of, share_out


def learn(task: Task) -> Learnt:
    """Features, head, fine-tuning. Raises DataError, ModelError or UsageError."""
    options, classes = task.options, task.classes
    network = models.build(options.backbone, pretrained=True, size=task.spec.size)
    look = partial(
        extract,
        network=network,
        spec=task.spec,
        backbone=options.backbone,
        device=task.device,
        console=task.console,
        limits=options.limits,
    )
    seen = look(task.photos, cache=options.cache)
    splits, skipped = share_out(task, seen.refused)

    learner = splits.photos["train"]
    others = [*(["flipped"] if options.head.flips else []), *map(str, range(options.head.views))]
    views = [seen.features, *(look(learner, cache=options.cache, view=view).features for view in others)]
    validation = _examples(splits.photos["validation"], classes, [seen.features])
    head = fit_head(_examples(learner, classes, views), validation, len(classes), options.head)
    for point in head.history:
        task.watch(point)
    network.head = nn.Linear(network.head.in_features, len(classes))
    install(head, network.head)
    history, interrupted, features = head.history, False, seen.features

    if options.fine_tune.blocks:
        from train.finetune import fine_tune  # brings torchvision: seconds that frozen features don't need

        tuned = fine_tune(network, task, splits)
        network, history, interrupted = tuned.network, (*history, *tuned.history), tuned.interrupted
        used = [photo for _, photo in splits.everything()]
        features = look(used, network=network, cache=None).features

    return Learnt(
        network=network,
        splits=splits,
        skipped=skipped,
        history=history,
        logits={split: _logits(network, splits.photos[split], features) for split in SPLITS},
        weight_decay=head.weight_decay,
        decoded=seen.computed,
        interrupted=interrupted,
    )


def _examples(photos: Sequence[Photo], classes: tuple[str, ...], views: Sequence[dict[str, Features]]) -> Examples:
    rows = np.stack([view[photo.sha256] for view in views for photo in photos])
    return Examples(torch.from_numpy(rows), torch.from_numpy(np.tile(labels_of(photos, classes), len(views))))


@one_thread()
def _logits(network: Network, photos: Sequence[Photo], features: dict[str, Features]) -> Logits:
    with torch.inference_mode():
        return as_logits(network.head(torch.from_numpy(np.stack([features[photo.sha256] for photo in photos]))))
