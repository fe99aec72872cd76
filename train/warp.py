"""Random views of a whole batch: one affine map per photo, sampled bilinearly, and light and colour.

Every map goes from the view's places to the photo's, about the middle, as in Keras' ImageDataGenerator: rotation,
shift, shear, zoom, then the random crop and the mirror. Outside the photo one of four fills holds, which a test compares
with SciPy's, from which Keras has them.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from train.options import AugmentOptions, Fill

Maps = NDArray[np.float64]  # [n,3,3], in coordinates where the photo spans −1…1 on both axes, (x, y, 1)

_PADDING: dict[Fill, str] = {"constant": "zeros", "nearest": "border", "reflect": "reflection"}
_LUMA = (0.299, 0.587, 0.114)


def random_views(pixels: Tensor, size: int, options: AugmentOptions, random: np.random.Generator) -> Tensor:
    """uint8 [n,S,S,3] → float32 [n,size,size,3] in 0..255, all chance from `random`."""
    photos = pixels.permute(0, 3, 1, 2).float()
    maps = random_maps(len(photos), options, random)
    if size != photos.shape[-1] or (maps != np.eye(3)).any():
        photos = warp(photos, maps, size, options.fill)
    if options.light or options.colour:
        photos = _relight(photos, options, random)
    return photos.permute(0, 2, 3, 1)


def random_maps(count: int, options: AugmentOptions, random: np.random.Generator) -> Maps:
    """One random map per photo; identities where `options` ask for nothing."""

    def either_way(most: float) -> NDArray[np.float64]:
        return random.uniform(-most, most, count)

    turn = np.radians(either_way(options.rotation))
    across, down = 2 * either_way(options.shift), 2 * either_way(options.shift)
    shear = either_way(options.shear)
    wide, high = 1 + either_way(options.zoom), 1 + either_way(options.zoom)
    area = random.uniform(options.crop, 1.0, count)
    aspect = np.exp(either_way(math.log(options.aspect)))
    window_wide, window_high = np.minimum(np.sqrt(area * aspect), 1), np.minimum(np.sqrt(area / aspect), 1)
    left, top = random.uniform(-1, 1, count) * (1 - window_wide), random.uniform(-1, 1, count) * (1 - window_high)
    mirror = np.where(random.random(count) < 0.5, -1.0, 1.0) if options.flip else np.ones(count)

    rotation = _affine(np.cos(turn), -np.sin(turn), 0, np.sin(turn), np.cos(turn), 0)
    shift = _affine(1, 0, across, 0, 1, down)
    slant = _affine(np.cos(shear), 0, 0, -np.sin(shear), 1, 0)
    zoom = _affine(wide, 0, 0, 0, high, 0)
    window = _affine(window_wide * mirror, 0, left, 0, window_high, top)
    maps: Maps = rotation @ shift @ slant @ zoom @ window
    return maps


def warp(photos: Tensor, maps: Maps, size: int, fill: Fill) -> Tensor:
    """[n,C,S,S] float → [n,C,size,size]: each place of the view takes its value from where the map sends it."""
    theta = torch.from_numpy(maps[:, :2]).to(photos)
    places = functional.affine_grid(theta, [*photos.shape[:2], size, size], align_corners=False)
    if fill == "wrap":  # a ring of one pixel, so that the seam is interpolated as well
        side = photos.shape[-1]
        places = (2 * torch.remainder(((places + 1) * side - 1) / 2, side) + 3) / (side + 2) - 1
        photos = functional.pad(photos, (1, 1, 1, 1), mode="circular")
    return functional.grid_sample(photos, places, "bilinear", _PADDING.get(fill, "border"), align_corners=False)


def _affine(xx: object, xy: object, x: object, yx: object, yy: object, y: object) -> Maps:
    """[n,3,3] from its entries, each a number or [n]."""
    entries = np.broadcast_arrays(*map(np.atleast_1d, (xx, xy, x, yx, yy, y)))  # type: ignore[arg-type]
    maps = np.tile(np.eye(3), (len(entries[0]), 1, 1))
    maps[:, :2] = np.stack(entries, axis=1).reshape(-1, 2, 3)
    return maps


def _relight(photos: Tensor, options: AugmentOptions, random: np.random.Generator) -> Tensor:
    """Brightness, contrast about the mean grey, saturation about each place's grey."""

    def factor(most: float) -> Tensor:
        drawn = random.uniform(1 - most, 1 + most, (len(photos), 1, 1, 1))
        return torch.from_numpy(drawn).to(photos)

    luma = torch.tensor(_LUMA, device=photos.device).view(1, 3, 1, 1)
    photos = photos * factor(options.light)
    middle = (photos * luma).sum(1, keepdim=True).mean((2, 3), keepdim=True)
    photos = middle + (photos - middle) * factor(options.light)
    grey = (photos * luma).sum(1, keepdim=True)
    return (grey + (photos - grey) * factor(options.colour)).clamp(0, 255)
