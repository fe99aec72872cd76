"""Digits: convolutions of 32 and 64, a layer of 512, ten classes, on 28 × 28 grey pixels."""

from __future__ import annotations

from safelight.spec import InputSpec
from train.options import OptimiserOptions, ScratchOptions
from train.recipe import Recipe

RECIPE = Recipe(
    "conv blocks 32/64, then 512 and 10; Adam 1e-3; idx files or folders",
    ScratchOptions(
        architecture="mnist_cnn",
        input=InputSpec(size=28, resize_to=28, geometry="stretch"),
        optimiser=OptimiserOptions("adam", rate=1e-3),
        epochs=10,
        batch=128,
    ),
    classes=10,
)
