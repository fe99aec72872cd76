"""Three convolutions of 32, 32 and 64, two dense layers with dropout between them; SGD that stops when it gets worse."""

from __future__ import annotations

from safelight.spec import InputSpec
from train.options import OptimiserOptions, ScratchOptions
from train.recipe import Recipe

RECIPE = Recipe(
    "three conv blocks 32/32/64, two dense layers with dropout; SGD 0.01, momentum 0.9, early stopping",
    ScratchOptions(
        architecture="cnn_sgd",
        input=InputSpec(size=150, resize_to=150, geometry="stretch"),
        optimiser=OptimiserOptions("sgd", rate=0.01, momentum=0.9),
        epochs=50,
        batch=32,
        patience=5,
    ),
)
