"""The head first, then the backbone's last three blocks with it at a low rate; VGG16's are the tutorials' block 5."""

from __future__ import annotations

from train.options import FineTuneOptions
from train.recipe import Recipe, Transfer

RECIPE = Recipe("the head first, then the backbone's last blocks at a low rate", Transfer(fine_tune=FineTuneOptions(blocks=3)))
