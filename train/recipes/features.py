"""The frozen backbone as it comes, and a linear head on what it sees: seconds, and hard to beat on a few thousand photos."""

from __future__ import annotations

from train.recipe import Recipe, Transfer

RECIPE = Recipe("a linear head on a frozen backbone's features", Transfer())
