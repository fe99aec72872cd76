"""Ours for thumbnails: a small residual network, shifted and mirrored photos, a rate that rises and falls."""

from __future__ import annotations

from safelight.spec import InputSpec
from train.options import AugmentOptions, OptimiserOptions, ScratchOptions
from train.recipe import Recipe

RECIPE = Recipe(
    "ours: a small residual network, shifts, flips and mixing, SGD along a cosine",
    ScratchOptions(
        architecture="cifar_resnet",
        input=InputSpec(size=32, resize_to=32, geometry="stretch"),
        optimiser=OptimiserOptions("sgd", rate=0.1, momentum=0.9, weight_decay=1e-3, schedule="cosine", warmup=0.15),
        augment=AugmentOptions(shift=0.125, zoom=0.1, flip=True, light=0.2, colour=0.2, fill="reflect"),
        epochs=50,
        batch=64,
        label_smoothing=0.05,
        mixup=0.2,
        average=0.995,
    ),
    classes=10,
)
