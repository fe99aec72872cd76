"""Ours for a few thousand photos from scratch: a small residual network, strong augmentation, a rate that rises and falls."""

from __future__ import annotations

from safelight.spec import InputSpec
from train.options import AugmentOptions, OptimiserOptions, ScratchOptions
from train.recipe import Recipe

RECIPE = Recipe(
    "ours from scratch: a small residual network, random crops, mixing, AdamW along a cosine",
    ScratchOptions(
        architecture="small_resnet",
        input=InputSpec(size=128, resize_to=128, geometry="stretch"),
        optimiser=OptimiserOptions("adamw", rate=2e-3, weight_decay=0.05, schedule="cosine", warmup=0.1),
        augment=AugmentOptions(crop=0.35, aspect=4 / 3, flip=True, rotation=10, light=0.3, colour=0.3, fill="reflect"),
        source=160,
        epochs=110,
        batch=32,
        label_smoothing=0.05,
        mixup=0.2,
        average=0.998,
    ),
)
