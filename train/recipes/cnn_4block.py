"""Cats vs dogs as the tutorials begin it: four convolutions of 32, 64, 128 and 128, a layer of 512, one sigmoid."""

from __future__ import annotations

from safelight.spec import InputSpec
from train.options import OptimiserOptions, ScratchOptions
from train.recipe import Recipe

RECIPE = Recipe(
    "four conv blocks 32/64/128/128, then 512 and one sigmoid; RMSprop 1e-4",
    ScratchOptions(
        architecture="cnn_4block",
        input=InputSpec(size=150, resize_to=150, geometry="stretch"),
        optimiser=OptimiserOptions("rmsprop", rate=1e-4),
        epochs=30,
        batch=20,
    ),
)
