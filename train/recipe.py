"""What a recipe is: everything about a training but the photos, under a name."""

from __future__ import annotations

from dataclasses import dataclass, field

from train.options import FineTuneOptions, HeadOptions, ScratchOptions


@dataclass(frozen=True)
class Transfer:
    """A pretrained backbone: the head on its features, and what is learnt on."""

    head: HeadOptions = field(default_factory=HeadOptions)
    fine_tune: FineTuneOptions = field(default_factory=FineTuneOptions)


@dataclass(frozen=True)
class Recipe:
    """One line for people, and the plan."""

    summary: str
    plan: ScratchOptions | Transfer
    classes: int = 2  # of the tutorial; parameters are counted for so many
