"""The frozen backbone; the head also learns from mirrored and randomly cropped and lit views of every training photo."""

from __future__ import annotations

from train.options import HeadOptions
from train.recipe import Recipe, Transfer

RECIPE = Recipe(
    "the same, learnt from random views of each photo as well",
    Transfer(head=HeadOptions(flips=True, views=4)),
)
