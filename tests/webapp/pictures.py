"""Screenshots that continuous integration can keep, and what tells a picture of the page from a blank one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

FOLDER = Path(__file__).resolve().parents[2] / "build" / "screenshots"
LEAST_COLOURS = 60  # the plainest view of the page has 250, most of them the edges of its letters
LEAST_DETAIL = 0.01  # of the pixels differ from their left neighbour; an empty gradient has none, the plainest view 0.02


@pytest.fixture(scope="session")
def pictures() -> Path:
    """The folder, without an earlier run's pictures."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.glob("*.png"):
        old.unlink()
    return FOLDER


def faults(image: Image.Image, width: int, height: int) -> list[str]:
    """Why an image is no screenshot of a page of that size."""
    pixels = np.asarray(image.convert("RGB")).astype(np.int32)
    found = []
    if pixels.shape != (height, width, 3):
        found.append(f"{pixels.shape[1]} × {pixels.shape[0]} pixels, not {width} × {height}")
    colours = len(np.unique(pixels @ (1 << 16, 1 << 8, 1)))
    if colours < LEAST_COLOURS:
        found.append(f"{colours} colours")
    detail = float((np.abs(np.diff(pixels, axis=1)).max(axis=2) > 8).mean())
    if detail < LEAST_DETAIL:
        found.append(f"{detail:.4f} of it is detail")
    return found
