"""The command that repeats a training, for its provenance: no path and no name of the user's is in it."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import Any

from safelight.decode import DEFAULT_LIMITS
from safelight.models import DEFAULT_BACKBONE
from train import recipes
from train.options import TrainOptions
from train.recipe import Transfer

PHOTOS, RUN = "PHOTOS", "RUN"  # in place of the folders


def command_of(options: TrainOptions) -> str:
    """What to type; "" where options were given in Python that the command line doesn't have."""
    name = options.recipe_name
    if name not in recipes.NAMES:
        return ""
    usual = TrainOptions()
    base = replace(options, scratch=None, head=usual.head, fine_tune=usual.fine_tune, split=usual.split)
    changes = _changes(name, options)
    if recipes.options(name, base, **changes) != replace(options, recipe=name):
        return ""
    words = ["safelight", "train", PHOTOS, "--out", RUN, "--recipe", name]
    for flag, value in (*_flags(changes), *_flags(_others(options))):
        words += [flag] if value is True else [flag, str(value)]
    return shlex.join(words)


def _changes(name: str, options: TrainOptions) -> dict[str, Any]:
    """What differs from the recipe's plan, by the names that `recipes.options` knows."""
    plan = recipes.load(name).plan
    if isinstance(plan, Transfer):
        tuned, flips = options.fine_tune, options.head.flips
        same = ("blocks", "epochs", "batch", "rate", "patience")
        pairs = {field: (getattr(tuned, field), getattr(plan.fine_tune, field)) for field in same if tuned.blocks or field == "blocks"}
        pairs["flips"] = (flips, plan.head.flips)
    elif options.scratch:
        pairs = {field: (getattr(options.scratch, field), getattr(plan, field)) for field in ("epochs", "batch", "patience")}
        pairs["rate"] = (options.scratch.optimiser.rate, plan.optimiser.rate)
        pairs["fill"] = (options.scratch.augment.fill, plan.augment.fill)
    else:
        pairs = {}
    return {field: found for field, (found, usual) in pairs.items() if found != usual}


def _others(options: TrainOptions) -> dict[str, Any]:
    """What a result depends on beside the plan, where it isn't the default."""
    return {
        "backbone": options.backbone if options.backbone != DEFAULT_BACKBONE else None,
        "size": options.size,
        "filter": options.filter,
        "geometry": options.geometry,
        "seed": options.seed or None,
        "max_pixels": options.limits.pixels if options.limits.pixels != DEFAULT_LIMITS.pixels else None,
        "max_bytes": options.limits.bytes if options.limits.bytes != DEFAULT_LIMITS.bytes else None,
        "heic": options.limits.heic or None,
    }


def _flags(values: dict[str, Any]) -> list[tuple[str, Any]]:
    """Options as they are typed; a flag that is on has the value True."""
    names = {"blocks": "fine-tune"}
    return [
        (f"--no-{field}", True) if value is False else (f"--{names.get(field, field).replace('_', '-')}", value)
        for field, value in values.items()
        if value is not None
    ]
