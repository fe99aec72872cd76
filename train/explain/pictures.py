"""Numbers → pictures: grids of feature maps, heat over a photo, one palette for all of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from torch import Tensor

from safelight.data_uri import data_uri

CELL, GAP, COLUMNS = 64, 4, 8  # pixels of a map in a grid, and between two; maps in a row
PALETTE = "magma"  # matplotlib's: as legible in grey and to the colour-blind, black where there is nothing
ENLARGED = 336  # pixels: small inputs (28, 32) are shown larger, in whole steps, so that each of their pixels is a square


def photo(pixels: NDArray[np.uint8]) -> Image.Image:
    """[S,S,3], small ones enlarged."""
    image = Image.fromarray(pixels)
    return image.resize((image.width * _times(image.width),) * 2, Image.Resampling.NEAREST)


def grid(maps: Tensor) -> Image.Image:
    """[D,h,w] as rows of maps with transparent gaps, each from its least to its greatest value; a silent one is black."""
    columns = min(COLUMNS, len(maps))
    rows = -(-len(maps) // columns)
    values = np.full((rows * (CELL + GAP) - GAP, columns * (CELL + GAP) - GAP), 255, np.uint8)  # 255: the gap
    for index, one in enumerate(maps):
        top, left = (index // columns) * (CELL + GAP), (index % columns) * (CELL + GAP)
        values[top : top + CELL, left : left + CELL] = _cell(one)
    image = Image.fromarray(values)
    image.putpalette(_palette().tobytes())
    image.info["transparency"] = 255
    return image


def heat(pixels: NDArray[np.uint8], strength: Tensor) -> Image.Image:
    """[S,S] in 0..1 over the photo [S,S,3], whose colours give way to grey: what glows is the map's alone."""
    share = strength.clamp(0, 1).numpy()[..., None]
    luma = pixels @ np.array([0.299, 0.587, 0.114])
    colours = _palette().reshape(256, 3)[(share[..., 0] * 254).round().astype(np.uint8)]
    cover = np.sqrt(share) * 0.85
    mixed = (0.75 * luma[..., None]) * (1 - cover) + colours * cover
    return photo(mixed.round().clip(0, 255).astype(np.uint8))


def framed(pixels: NDArray[np.uint8], left: int, top: int, side: int) -> Image.Image:
    """The photo with a thin white frame inside a square."""
    times = _times(len(pixels))
    image = photo(pixels)
    box = [left * times, top * times, (left + side) * times - 1, (top + side) * times - 1]
    ImageDraw.Draw(image).rectangle(box, outline="white", width=2)
    return image


def filter_picture(picture: Tensor) -> Image.Image:
    """[3,s,s] in 0..255."""
    return photo(picture.permute(1, 2, 0).round().clamp(0, 255).byte().numpy())


def legend() -> Image.Image:
    """The palette from nothing to most, as a strip."""
    image = Image.fromarray(np.arange(255, dtype=np.uint8)[None].repeat(12, 0))
    image.putpalette(_palette().tobytes())
    return image


def uri(image: Image.Image) -> str:
    """For an HTML page: a palette as PNG, photos as JPEG, which takes a fifth."""
    return data_uri(image, "png", optimize=True) if image.mode == "P" else data_uri(image, "jpeg", quality=88)


def alone(one: Tensor) -> Image.Image:
    """A single map [h,w]."""
    return grid(one[None])


def _cell(one: Tensor) -> NDArray[np.uint8]:
    """[h,w] → [CELL,CELL] of palette entries; pixels stay squares where there are fewer than CELL."""
    values = one.numpy().astype(np.float32)
    low, high = float(values.min()), float(values.max())
    scaled = (values - low) / (high - low) if high - low > 1e-6 else np.zeros_like(values)
    smaller = max(values.shape) > CELL
    image = Image.fromarray(scaled).resize((CELL, CELL), Image.Resampling.BOX if smaller else Image.Resampling.NEAREST)
    return (np.asarray(image) * 254).round().astype(np.uint8)


def _palette() -> NDArray[np.uint8]:
    """256 × RGB, flat; the last one, which only gaps have, is transparent."""
    from matplotlib import colormaps

    return (colormaps[PALETTE](np.arange(256))[:, :3] * 255).round().astype(np.uint8).ravel()


def _times(side: int) -> int:
    return max(1, ENLARGED // side) if side < ENLARGED // 2 else 1
