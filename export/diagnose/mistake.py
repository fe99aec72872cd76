"""What a known mistake is: the stage where it is made, the ways in which people make it, and how to undo it.

A tensor is made in six steps, and each has its own kind of way:

    decode   a Photo → upright RGB uint8 [H,W,3]; `photo.upright` itself where this photo can't show the mistake
    frame    (upright RGB, InputSpec, Scale) → the square [S,S,3] that is cut, stretched or padded
    filter   Scale: (RGB uint8 [H,W,3], width, height) → [height,width,3], values 0..255
    values   square […,3] → square […,3]: channels, tone; pixel by pixel, for the search samples them
    range    an Affine: value = scale · pixel + offset, per channel
    order    (elements in memory order, S) → square [S,S,3]: how the dump is *read* if this mistake was made
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from export.diagnose.photo import Photo
from safelight.spec import Geometry, InputSpec

Stage = Literal["decode", "frame", "filter", "values", "range", "order"]
STAGES: tuple[Stage, ...] = ("decode", "frame", "filter", "values", "range", "order")
Platform = Literal["OpenCV", "Pillow", "torchvision", "Android Bitmap", "CoreImage", "canvas"]
PLATFORMS: tuple[Platform, ...] = ("OpenCV", "Pillow", "torchvision", "Android Bitmap", "CoreImage", "canvas")

Pixels = NDArray[np.uint8]
Square = NDArray[np.floating[Any]]  # [S,S,3], in 0..255 unless said otherwise
Decode = Callable[[Photo], Pixels]
Scale = Callable[[Pixels, int, int], Square]
Frame = Callable[[Pixels, InputSpec, Scale], Square]
Values = Callable[[Square], Square]
Order = Callable[[NDArray[np.floating[Any]], int], Square]


@dataclass(frozen=True)
class Affine:
    """value = scale · pixel + offset, each [R,G,B] as the tensor's channels stand."""

    scale: tuple[float, float, float]
    offset: tuple[float, float, float]

    def __call__(self, square: Square) -> Square:
        """Pixels on this scale."""
        return np.asarray(square * np.array(self.scale) + np.array(self.offset))

    def undo(self, square: Square) -> Square:
        """Values on this scale as pixels again."""
        return np.asarray((square - np.array(self.offset)) / np.array(self.scale))


IDENTITY = Affine((1.0, 1.0, 1.0), (0.0, 0.0, 0.0))

Way = Callable[..., Any]  # one of the kinds above; a range is an Affine


@dataclass(frozen=True)
class Mistake:
    """One known mistake. Its ways give slightly different tensors and share a name, a cause and a fix."""

    name: str
    stage: Stage
    sentence: str
    ways: tuple[Way, ...]
    fixes: Mapping[Platform, str]  # one line a platform; a platform that can't make the mistake is left out
    fixes_by_geometry: Mapping[Geometry, Mapping[Platform, str]] = field(default_factory=dict)  # where the contract decides the fix

    def fixes_under(self, spec: InputSpec) -> Mapping[Platform, str]:
        """The fixes for a bundle with this contract."""
        return self.fixes_by_geometry.get(spec.geometry, self.fixes)
