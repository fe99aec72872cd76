"""Ours for digits: the same parameters with dropout, on slightly turned, shifted and zoomed digits, a rate that falls."""

from __future__ import annotations

from safelight.spec import InputSpec
from train.options import AugmentOptions, OptimiserOptions, ScratchOptions
from train.recipe import Recipe

RECIPE = Recipe(
    "ours: the same with dropout, small rotations, shifts and zooms, AdamW along a cosine",
    ScratchOptions(
        architecture="mnist_cnn_dropout",
        input=InputSpec(size=28, resize_to=28, geometry="stretch"),
        optimiser=OptimiserOptions("adamw", rate=2e-3, weight_decay=0.02, schedule="cosine", warmup=0.1),
        augment=AugmentOptions(rotation=10, shift=0.08, shear=0.1, zoom=0.1, fill="constant"),
        epochs=20,
        batch=128,
        average=0.998,
    ),
    classes=10,
)
