"""Recipes by name, each a file here that reads like the tutorial's own summary.

To add one write `train/recipes/NAME.py` with a `RECIPE` and a line in NAMES; its parameter count belongs into
tests/train/test_train_recipes.py.
"""

from __future__ import annotations

import difflib
import importlib
from dataclasses import replace
from typing import Any

from safelight.errors import UsageError
from safelight.models import DEFAULT_BACKBONE
from train.options import FineTuneOptions, ScratchOptions, TrainOptions
from train.recipe import Recipe, Transfer

NAMES = (
    *("features", "features-augmented", "fine-tune", "full"),
    *("cnn-binary", "cnn-sgd", "cnn-4block", "cnn-4block-augmented", "small-resnet"),
    *("mnist", "mnist-augmented", "cifar", "cifar-resnet"),
)


def load(name: str) -> Recipe:
    """The recipe of that name. Raises UsageError that suggests a near one."""
    if name not in NAMES:
        close = difflib.get_close_matches(name, NAMES, n=3, cutoff=0.4) or NAMES
        raise UsageError(f"there is no recipe named {name!r}. Did you mean {', '.join(close)}?")
    recipe: Recipe = importlib.import_module(f"train.recipes.{name.replace('-', '_')}").RECIPE
    return recipe


def options(name: str, base: TrainOptions | None = None, **changes: Any) -> TrainOptions:
    """A training by the recipe `name`: `base` with its plan in it, and with `changes` to that plan where they aren't None.

    `changes` are fields of ScratchOptions or FineTuneOptions, and "rate", "fill" or "flips" of what lies within. Raises
    UsageError for one that the recipe has no use for.
    """
    recipe, base = load(name), base or TrainOptions()
    wanted = {field: value for field, value in changes.items() if value is not None}
    change = _change_transfer if isinstance(recipe.plan, Transfer) else _change_scratch
    return change(name, recipe, base, wanted)


def _change_transfer(name: str, recipe: Recipe, base: TrainOptions, wanted: dict[str, Any]) -> TrainOptions:
    assert isinstance(recipe.plan, Transfer)
    head = replace(recipe.plan.head, flips=wanted.pop("flips", recipe.plan.head.flips))
    blocks = wanted.get("blocks", recipe.plan.fine_tune.blocks)
    _refuse(name, set(wanted) - (set(FineTuneOptions.__dataclass_fields__) if blocks else {"blocks"}))
    return replace(base, recipe=name, head=head, fine_tune=replace(recipe.plan.fine_tune, **wanted))


def _change_scratch(name: str, recipe: Recipe, base: TrainOptions, wanted: dict[str, Any]) -> TrainOptions:
    assert isinstance(recipe.plan, ScratchOptions)
    plan = recipe.plan
    if base.backbone != DEFAULT_BACKBONE:
        raise UsageError(f"the recipe {name} has a network of its own, --backbone {base.backbone} can't be that. Leave out one of them.")
    if "rate" in wanted:
        plan = replace(plan, optimiser=replace(plan.optimiser, rate=wanted.pop("rate")))
    if "fill" in wanted:
        plan = replace(plan, augment=replace(plan.augment, fill=wanted.pop("fill")))
    _refuse(name, set(wanted) - set(ScratchOptions.__dataclass_fields__))
    return replace(base, recipe=name, scratch=replace(plan, **wanted))


def _refuse(name: str, fields: set[str]) -> None:
    if fields:
        raise UsageError(f"the recipe {name} has no use for {', '.join(sorted(fields))}. Leave that out, or choose another --recipe.")
