"""The first network of the tutorials: three convolutions of 16, 32 and 64, a layer of 512, one sigmoid; 150 × 150 pixels."""

from __future__ import annotations

from safelight.spec import InputSpec
from train.options import OptimiserOptions, ScratchOptions
from train.recipe import Recipe

RECIPE = Recipe(
    "three conv blocks 16/32/64, then 512 and one sigmoid; RMSprop 1e-3",
    ScratchOptions(
        architecture="cnn_binary",
        input=InputSpec(size=150, resize_to=150, geometry="stretch"),
        optimiser=OptimiserOptions("rmsprop", rate=1e-3),
        epochs=15,
        batch=20,
    ),
)
