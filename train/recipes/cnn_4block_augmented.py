"""The same network with dropout before its dense layers, on turned, shifted, sheared, zoomed and mirrored photos."""

from __future__ import annotations

from safelight.spec import InputSpec
from train.options import AugmentOptions, OptimiserOptions, ScratchOptions
from train.recipe import Recipe

RECIPE = Recipe(
    "cnn-4block with dropout 0.5 and random rotation, shift, shear, zoom and flip",
    ScratchOptions(
        architecture="cnn_4block_dropout",
        input=InputSpec(size=150, resize_to=150, geometry="stretch"),
        optimiser=OptimiserOptions("rmsprop", rate=1e-4),
        augment=AugmentOptions(rotation=40, shift=0.2, shear=0.2, zoom=0.2, flip=True, fill="nearest"),
        epochs=100,
        batch=32,
    ),
)
