"""What a training may be told. The command line reads its defaults from here."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from safelight.decode import Limits
from safelight.errors import UsageError
from safelight.models import DEFAULT_BACKBONE
from safelight.spec import Filter, Geometry, InputSpec

Device = Literal["auto", "cpu", "cuda", "mps"]
Fill = Literal["constant", "nearest", "reflect", "wrap"]
OptimiserKind = Literal["sgd", "rmsprop", "adam", "adamw"]
Schedule = Literal["constant", "cosine"]

ALL_BLOCKS = -1  # of a trunk, for FineTuneOptions.blocks


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
    views: int = 0  # random crops, flips and light of each training photo to learn from as well; each is one more extraction


@dataclass(frozen=True)
class FineTuneOptions:
    """Training the last blocks of the trunk together with the head, after the head was learnt alone."""

    blocks: int = 0  # how many of the last blocks, or ALL_BLOCKS; 0 leaves the features as they are
    epochs: int = 8  # at most
    patience: int = 3  # epochs without a better validation loss before it stops
    batch: int = 32  # photos a step
    rate: float = 1e-4  # AdamW's learning rate for the blocks; falls to zero along a cosine
    head_rate: float = 1e-4  # for the head, which is nearly right already
    weight_decay: float = 1e-2


@dataclass(frozen=True)
class AugmentOptions:
    """Random views of a training photo; ranges are uniform, and zero leaves the photo as it is."""

    rotation: float = 0.0  # degrees, either way
    shift: float = 0.0  # of the side, either way, along each axis
    shear: float = 0.0  # radians, either way
    zoom: float = 0.0  # along each axis by 1 − zoom … 1 + zoom
    flip: bool = False  # left and right, half of the time
    crop: float = 1.0  # a random window of at least this share of the area, scaled up
    aspect: float = 1.0  # the window's sides differ by at most this factor
    light: float = 0.0  # brightness and contrast, by 1 − light … 1 + light
    colour: float = 0.0  # saturation, the same way
    fill: Fill = "nearest"  # what lies outside the photo


@dataclass(frozen=True)
class OptimiserOptions:
    """How a step follows from a slope."""

    kind: OptimiserKind
    rate: float  # the highest
    momentum: float = 0.0  # of SGD
    weight_decay: float = 0.0  # not of biases and norms
    schedule: Schedule = "constant"  # cosine: down to zero at the last epoch
    warmup: float = 0.0  # share of all steps over which the rate rises to its highest


@dataclass(frozen=True)
class ScratchOptions:
    """A network without pretrained weights, and how it is learnt."""

    architecture: str  # a name of safelight.models.SCRATCH_NETWORKS
    input: InputSpec
    optimiser: OptimiserOptions
    epochs: int  # at most
    batch: int  # photos a step
    augment: AugmentOptions = field(default_factory=AugmentOptions)
    source: int | None = None  # pixels of the side at which training photos are kept, for `augment.crop`; None: the input's
    patience: int | None = None  # epochs without a better validation loss before it stops; None: never
    label_smoothing: float = 0.0
    mixup: float = 0.0  # parameter of the Beta distribution by which two photos are mixed; 0: never
    average: float = 0.0  # decay of the running mean of the weights that is kept instead of them; 0: none


@dataclass(frozen=True)
class TrainOptions:
    """Everything that a training may be told. `train.recipes.options` makes one from a recipe's name."""

    recipe: str = ""  # for the record; "": features or fine-tune, by what follows
    scratch: ScratchOptions | None = None  # None: a pretrained backbone and what follows
    backbone: str = DEFAULT_BACKBONE
    head: HeadOptions = field(default_factory=HeadOptions)
    fine_tune: FineTuneOptions = field(default_factory=FineTuneOptions)
    size: int | None = None  # of the input's side in pixels; None: as the recipe or the backbone's weights were made for
    filter: Filter | None = None
    geometry: Geometry | None = None
    seed: int = 0
    split: SplitOptions = field(default_factory=SplitOptions)
    device: Device = "auto"  # a GPU if there is one
    limits: Limits = field(default_factory=Limits)  # what a photo may cost and be; others are skipped, with the reason
    cache: Path | None = field(default_factory=default_cache)  # of features; None: nothing is kept
    resume: bool = False  # go on where a training into the same folder ended
    tensorboard: Path | None = None  # the folder of TensorBoard's logs; a training writes into the sub-folder of its run's name

    @property
    def recipe_name(self) -> str:
        """How the run's provenance names what was done."""
        return self.recipe or ("fine-tune" if self.fine_tune.blocks else "features")

    @property
    def architecture(self) -> str:
        """The network's name in safelight.models."""
        return self.scratch.architecture if self.scratch else self.backbone
