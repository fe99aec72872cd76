"""Random crops, mirror images and lighting for fine-tuning: other views of a photo that keep its label."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torchvision.transforms.v2 import InterpolationMode
from torchvision.transforms.v2 import functional as transform

from safelight.spec import InputSpec

AREA = (0.5, 1.0)  # share of the photo that a crop keeps
ASPECT = (3 / 4, 4 / 3)  # width : height of a crop, against a square
LIGHT = 0.2  # brightness and contrast change by at most this factor

_MODES = {"bilinear": InterpolationMode.BILINEAR, "bicubic": InterpolationMode.BICUBIC, "lanczos": InterpolationMode.BICUBIC}


def augment(pixels: NDArray[np.uint8], spec: InputSpec, random: np.random.Generator) -> torch.Tensor:
    """Upright RGB uint8 [H,W,3] → a random view of it, float32 [S,S,3] in 0..255.

    All chance comes from `random`: torchvision's own generator is shared by the threads.
    """
    image: torch.Tensor = torch.from_numpy(pixels).permute(2, 0, 1)
    top, left, height, width = _window(pixels.shape[0], pixels.shape[1], random)
    image = transform.resized_crop(image, top, left, height, width, [spec.size, spec.size], _MODES[spec.filter], antialias=True)
    if random.random() < 0.5:
        image = transform.horizontal_flip(image)
    image = transform.adjust_brightness(image, random.uniform(1 - LIGHT, 1 + LIGHT))
    image = transform.adjust_contrast(image, random.uniform(1 - LIGHT, 1 + LIGHT))
    return image.permute(1, 2, 0).float()


def _window(height: int, width: int, random: np.random.Generator) -> tuple[int, int, int, int]:
    """Top, left, height and width of a random crop, at most as large as the photo."""
    area = height * width * random.uniform(*AREA)
    aspect = math.exp(random.uniform(math.log(ASPECT[0]), math.log(ASPECT[1])))
    crop_width = max(1, min(width, round(math.sqrt(area * aspect))))
    crop_height = max(1, min(height, round(math.sqrt(area / aspect))))
    return int(random.integers(height - crop_height + 1)), int(random.integers(width - crop_width + 1)), crop_height, crop_width
