"""What a training may be told. The command line reads its defaults from here."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from safelight.decode import Limits
from safelight.errors import UsageError
from safelight.models import DEFAULT_BACKBONE
from safelight.spec import Filter, Geometry

Device = Literal["auto", "cpu", "cuda", "mps"]


def default_cache() -> Path:
    """Where features are kept between runs: `$XDG_CACHE_HOME/safelight`, else `~/.cache/safelight`."""
    home = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(home) if Path(home).is_absolute() else Path.home() / ".cache") / "safelight"


@dataclass(frozen=True)
class SplitOptions:
    """How photos that don't lie in train/, validation/ and test/ folders are shared out, class by class."""

    train: float = 0.70
    validation: float = 0.15  # chooses weight decay, stopping point and temperature
    test: float = 0.15  # touched once, for the figures

    def __post_init__(self) -> None:
        """Raise UsageError unless the three are positive and add up to 1."""
        shares = (self.train, self.validation, self.test)
        if min(shares) <= 0 or abs(sum(shares) - 1) > 1e-6:
            raise UsageError(f"the shares of train, validation and test must be positive and add up to 1, they are {shares}.")


@dataclass(frozen=True)
class HeadOptions:
    """The linear head on frozen features: L-BFGS on cross entropy, weight decay chosen on the validation photos."""

    weight_decays: tuple[float, ...] = (1e-1, 3e-2, 1e-2, 3e-3, 1e-3, 3e-4, 1e-4)  # tried strongest first, each from the last
    iterations: int = 60  # at most, for each weight decay
    patience: int = 8  # iterations without a better validation loss before it stops
    least_gain: float = 1e-3  # nats of validation loss that a weaker decay must win: easy photos don't end in overconfidence
    flips: bool = False  # learn from mirrored views as well: twice the extraction


@dataclass(frozen=True)
class FineTuneOptions:
    """Training the last blocks of the trunk together with the head, after the head was learnt alone."""

    blocks: int = 0  # how many of the last blocks; 0 leaves the features as they are
    epochs: int = 8  # at most
    patience: int = 3  # epochs without a better validation loss before it stops
    batch: int = 32  # photos a step
    rate: float = 1e-4  # AdamW's learning rate for the blocks; falls to zero along a cosine
    head_rate: float = 1e-4  # for the head, which is nearly right already
    weight_decay: float = 1e-2


@dataclass(frozen=True)
class TrainOptions:
    """Everything that a training may be told."""

    backbone: str = DEFAULT_BACKBONE
    filter: Filter | None = None  # None: as the backbone's weights were learnt
    geometry: Geometry | None = None
    seed: int = 0
    split: SplitOptions = field(default_factory=SplitOptions)
    head: HeadOptions = field(default_factory=HeadOptions)
    fine_tune: FineTuneOptions = field(default_factory=FineTuneOptions)
    device: Device = "auto"  # a GPU if there is one
    limits: Limits = field(default_factory=Limits)  # what a photo may cost and be; others are skipped, with the reason
    cache: Path | None = field(default_factory=default_cache)  # None: nothing is kept
