"""The views that a network learns from, beside the photos they were made of: what augmentation does, to look at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray

from safelight.errors import PhotoError
from safelight.resize import resize
from safelight.spec import InputSpec
from train.data import Photo, pixels_of
from train.options import AugmentOptions, ScratchOptions, TrainOptions

PHOTOS, VIEWS = 4, 5  # rows, and views in each

Pixels = NDArray[np.uint8]  # [S,S,3] RGB


@dataclass(frozen=True)
class Views:
    """One training photo as the network will see it in use, and as it saw it while it learnt."""

    photo: Photo
    plain: Pixels
    views: tuple[Pixels, ...]


def preview(photos: Sequence[Photo], spec: InputSpec, options: TrainOptions) -> tuple[Views, ...]:
    """Some training photos, of different classes as far as there are; none where nothing is augmented.

    Views of pretrained backbones are those that were learnt from, in the first epochs; from scratch they are others of
    the same chances, since those depend on the photos beside them.
    """
    view = _maker(spec, options)
    if view is None:
        return ()
    rows: list[Views] = []
    for photo in _across_classes(photos):
        try:
            pixels = pixels_of(photo, options.limits)
        except PhotoError:  # gone since it was learnt from
            continue
        rows.append(Views(photo, resize(pixels, spec), view(photo, pixels)))
        if len(rows) == PHOTOS:
            break
    return tuple(rows)


def is_augmented(options: TrainOptions) -> bool:
    """Whether anything but the photos themselves is learnt from."""
    if options.scratch:
        return replace(options.scratch.augment, fill=AugmentOptions.fill) != AugmentOptions()
    return bool(options.fine_tune.blocks or options.head.views or options.head.flips)


def _maker(spec: InputSpec, options: TrainOptions) -> Callable[[Photo, Pixels], tuple[Pixels, ...]] | None:
    """Photo and upright pixels [H,W,3] → views."""
    if not is_augmented(options):
        return None
    if options.scratch:
        return partial(_scratch, spec, options.scratch, options.seed)
    if options.fine_tune.blocks:
        return partial(_fine_tune, spec, options.seed)
    if options.head.views:
        return partial(_extracted, spec, options.head.views)
    return lambda _, pixels: (resize(pixels, spec)[:, ::-1],)


def _scratch(spec: InputSpec, plan: ScratchOptions, seed: int, photo: Photo, pixels: Pixels) -> tuple[Pixels, ...]:
    from train.pixels import at_side
    from train.warp import random_views

    large = torch.from_numpy(resize(pixels, at_side(spec, plan.source)))
    views = random_views(large.repeat(VIEWS, 1, 1, 1), spec.size, plan.augment, np.random.default_rng([seed, _number(photo)]))
    return tuple(_bytes(view) for view in views)


def _fine_tune(spec: InputSpec, seed: int, photo: Photo, pixels: Pixels) -> tuple[Pixels, ...]:
    from train.augment import augment  # brings torchvision: seconds

    chances = (np.random.default_rng([seed, epoch, _number(photo)]) for epoch in range(1, VIEWS + 1))
    return tuple(_bytes(augment(pixels, spec, random)) for random in chances)


def _extracted(spec: InputSpec, views: int, photo: Photo, pixels: Pixels) -> tuple[Pixels, ...]:
    from train.augment import augment

    chances = (np.random.default_rng([view, _number(photo)]) for view in range(min(views, VIEWS)))
    return tuple(_bytes(augment(pixels, spec, random)) for random in chances)


def _number(photo: Photo) -> int:
    """The photo's own part of a seed, as train/finetune.py and train/features.py take it."""
    return int(photo.sha256[:16], 16)


def _bytes(view: torch.Tensor) -> Pixels:
    pixels: Pixels = view.round().clamp(0, 255).byte().numpy()
    return pixels


def _across_classes(photos: Sequence[Photo]) -> Iterator[Photo]:
    """A photo of each class in turn."""
    classes: dict[str, list[Photo]] = {}
    for photo in photos:
        classes.setdefault(photo.label, []).append(photo)
    for turn in range(max(map(len, classes.values()), default=0)):
        yield from (own[turn] for own in classes.values() if turn < len(own))
