"""The head first, then everything at a low rate: slow, for photos unlike ImageNet's."""

from __future__ import annotations

from train.options import ALL_BLOCKS, FineTuneOptions
from train.recipe import Recipe, Transfer

RECIPE = Recipe(
    "the head first, then the whole backbone at a low rate",
    Transfer(fine_tune=FineTuneOptions(blocks=ALL_BLOCKS, rate=3e-5)),
)
