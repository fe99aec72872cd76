"""Random views: the same pixels as SciPy's in all four fills, and nothing where nothing is asked for."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
import torch
from scipy import ndimage  # type: ignore[import-untyped]
from skimage import data
from skimage.transform import resize

from train.options import AugmentOptions, Fill
from train.warp import random_maps, random_views, warp

SIDE = 48
SCIPYS: dict[Fill, str] = {"constant": "grid-constant", "nearest": "nearest", "reflect": "reflect", "wrap": "grid-wrap"}


def photo() -> torch.Tensor:
    return torch.from_numpy((resize(data.coffee(), (SIDE, SIDE)) * 255).astype(np.uint8))


@pytest.mark.parametrize("fill", SCIPYS)
def test_a_view_is_what_scipy_makes_of_it(fill: Fill) -> None:
    """Keras' ImageDataGenerator samples with SciPy. The difference, up to 0.02 of 255, is float32 against float64 coordinates."""
    options = AugmentOptions(rotation=40, shift=0.4, shear=0.4, zoom=0.4, flip=True, crop=0.5, aspect=1.5)
    for trial in range(8):
        (linear,) = random_maps(1, options, np.random.default_rng(trial))
        found = warp(photo().permute(2, 0, 1)[None].float(), linear[None], SIDE, fill)[0]
        # Rows come first in SciPy, and its pixels' centres lie at whole numbers.
        scale, swap, middle = SIDE / 2, np.array([1, 0]), (SIDE - 1) / 2
        matrix = linear[:2, :2][np.ix_(swap, swap)]
        offset = scale * linear[:2, 2][swap] + middle - matrix @ np.full(2, middle)
        for channel in range(3):
            source = photo()[..., channel].numpy().astype(float)
            expected = ndimage.affine_transform(source, matrix, offset, order=1, mode=SCIPYS[fill])
            assert np.abs(found[channel].numpy() - expected).max() < 0.05


def test_nothing_asked_for_is_nothing_done() -> None:
    pixels = torch.stack([photo(), photo().flip(1)])
    assert torch.equal(random_views(pixels, SIDE, AugmentOptions(), np.random.default_rng(0)), pixels.float())


@pytest.mark.parametrize(
    "options",
    [
        AugmentOptions(rotation=40),
        AugmentOptions(shift=0.2),
        AugmentOptions(shear=0.2),
        AugmentOptions(zoom=0.2),
        AugmentOptions(flip=True),
        AugmentOptions(crop=0.3),
        AugmentOptions(crop=0.3, aspect=2),
        AugmentOptions(light=0.4),
        AugmentOptions(colour=0.4),
    ],
    ids=lambda options: ",".join(field.name for field in fields(options) if getattr(options, field.name) != field.default),
)
def test_each_option_changes_photos_and_the_seed_decides_how(options: AugmentOptions) -> None:
    pixels = torch.stack([photo()] * 8)
    views = [random_views(pixels, SIDE, options, np.random.default_rng(seed)) for seed in (0, 0, 1)]
    assert torch.equal(views[0], views[1])
    assert not torch.equal(views[0], views[2])
    assert not torch.equal(views[0], pixels.float())
    assert views[0].min() >= 0
    assert views[0].max() <= 255


def test_a_crop_lies_within_the_photo() -> None:
    """So no fill is ever seen: a photo of ones stays one."""
    ones = torch.full((64, SIDE, SIDE, 3), 1, dtype=torch.uint8)
    views = random_views(ones, 32, AugmentOptions(crop=0.2, aspect=2, flip=True, fill="constant"), np.random.default_rng(0))
    inner = views[:, 1:-1, 1:-1]  # its rim may lie half a pixel outside
    torch.testing.assert_close(inner, torch.ones_like(inner), rtol=0, atol=1e-5)


def test_a_flip_is_a_flip() -> None:
    views = random_views(torch.stack([photo()] * 16), SIDE, AugmentOptions(flip=True), np.random.default_rng(0))
    mirrored = photo().flip(1).float()
    is_mirrored = [torch.allclose(view, mirrored, atol=1e-2) for view in views]
    assert 0 < sum(is_mirrored) < 16
    for view, turned in zip(views, is_mirrored, strict=True):
        torch.testing.assert_close(view, mirrored if turned else photo().float(), rtol=0, atol=1e-2)
