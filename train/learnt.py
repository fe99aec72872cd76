"""What the two ways of learning, from scratch and from a pretrained backbone, are given and give back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from torch import Tensor

from safelight.models.network import Network
from safelight.spec import InputSpec
from train.cache import Refusal
from train.data import SPLITS, Photo, Skipped, Split
from train.fit import Point
from train.options import TrainOptions
from train.resume import Keeper
from train.split import Splits, cut

Logits = NDArray[np.float64]  # [N,C], before the temperature


@dataclass(frozen=True)
class Task:
    """What there is to learn from, and how."""

    photos: Sequence[Photo]  # whose bytes were read
    skipped: Sequence[Skipped]  # what was left out until now
    classes: tuple[str, ...]
    spec: InputSpec
    options: TrainOptions
    device: torch.device
    keeper: Keeper
    console: Console
    watch: Callable[[Point], None]  # told where the training stands, each step or epoch; again from the first after a resume


@dataclass(frozen=True)
class Learnt:
    """A network on the CPU, in eval mode, and how it came about."""

    network: Network
    splits: Splits
    skipped: tuple[Skipped, ...]
    history: tuple[Point, ...]
    logits: dict[Split, Logits]  # in the order of splits.photos
    weight_decay: float = 0.0  # of a head on features, chosen on validation photos
    decoded: int = 0  # photos that went through the decoder now
    interrupted: bool = False  # by hand; the network is the best until then


def share_out(task: Task, refused: dict[str, Refusal]) -> tuple[Splits, tuple[Skipped, ...]]:
    """The splits of the photos that could be read, and everything that was left out; tells both. Raises DataError."""
    readable = [photo for photo in task.photos if photo.sha256 not in refused]
    splits = cut(readable, task.classes, task.options.split, task.options.seed)
    broken = [
        Skipped(photo.name, refused[photo.sha256].reason, refused[photo.sha256].message) for photo in task.photos if photo.sha256 in refused
    ]
    skipped = (*task.skipped, *broken)
    counts = ", ".join(f"{len(splits.photos[split])} {split}" for split in SPLITS)
    task.console.print(f"Photos: {counts}.", highlight=False)
    warnings = {
        "files that can't be used": len(skipped),
        "photos in more than one class": len(splits.conflicts),
        "photos in more than one split, kept in the later one": len(splits.straddling),
    }
    for text, count in warnings.items():
        if count:
            task.console.print(f"[yellow]Left out: {text} ({count}); the report lists them.[/]", highlight=False)
    return splits, skipped


def labels_of(photos: Sequence[Photo], classes: Sequence[str]) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Class indices [N]."""
    place = {label: index for index, label in enumerate(classes)}
    return np.array([place[photo.label] for photo in photos], np.int64)


def as_logits(tensor: Tensor) -> Logits:
    """[N,C] on any device as float64."""
    logits: Logits = tensor.detach().cpu().double().numpy()
    return logits
