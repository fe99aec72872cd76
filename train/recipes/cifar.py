"""CIFAR-10: pairs of convolutions of 32, 64 and 128 with dropout, layers of 2500 and 1500, ten classes; 32 × 32 pixels."""

from __future__ import annotations

from safelight.spec import InputSpec
from train.options import OptimiserOptions, ScratchOptions
from train.recipe import Recipe

RECIPE = Recipe(
    "conv pairs 32/64/128 with dropout, then 2500, 1500 and 10; Adam 1e-3",
    ScratchOptions(
        architecture="cifar_cnn",
        input=InputSpec(size=32, resize_to=32, geometry="stretch"),
        optimiser=OptimiserOptions("adam", rate=1e-3),
        epochs=50,
        batch=128,
    ),
    classes=10,
)
