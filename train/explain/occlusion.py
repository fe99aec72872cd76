"""Occlusion: a grey patch slides over the photo, and the probability is asked again at each place.

Source: Zeiler & Fergus 2014 (arXiv 1311.2901). It needs no gradient and no insight into the network: what it shows is cause and effect.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from rich.progress import Progress
from torch import Tensor

from safelight.models.network import Network
from train.explain.options import OcclusionOptions

BATCH = 16  # photos; more gain nothing on a CPU


@dataclass(frozen=True)
class Occlusion:
    """How far one class's probability falls."""

    drops: Tensor  # [places,places], probability without the patch less that with it; below 0 where the patch helps
    corners: list[int]  # pixels: left edges of the patches, and top edges
    patch: int  # side in pixels
    grey: int

    @property
    def worst(self) -> tuple[int, int]:
        """Row and column of the patch that costs most."""
        place = int(self.drops.argmax())
        return place // self.drops.shape[1], place % self.drops.shape[1]

    def map(self, size: int) -> Tensor:
        """[size,size]: at each pixel the mean drop over the patches that cover it."""
        total, count = torch.zeros(size, size), torch.zeros(size, size)
        for row, top in enumerate(self.corners):
            for column, left in enumerate(self.corners):
                window = (slice(top, top + self.patch), slice(left, left + self.patch))
                total[window] += self.drops[row, column]
                count[window] += 1
        return total / count.clamp(min=1)

    def cover(self, pixels: Tensor, row: int, column: int) -> Tensor:
        """A copy of [S,S,3] with the patch at that place."""
        covered = pixels.clone()
        top, left = self.corners[row], self.corners[column]
        covered[top : top + self.patch, left : left + self.patch] = self.grey
        return covered


def occlude(network: Network, pixels: Tensor, label: int, temperature: float, options: OcclusionOptions, bar: Progress) -> Occlusion:
    """Drops of class `label` for [S,S,3] in 0..255. The patches begin at both edges and share the room between evenly."""
    size = len(pixels)
    patch = max(1, round(options.patch * size))
    places = min(options.places, size - patch + 1)
    corners = [round(index * (size - patch) / max(places - 1, 1)) for index in range(places)]
    found = Occlusion(torch.zeros(places, places), corners, patch, options.grey)
    spots = [(row, column) for row in range(places) for column in range(places)]
    task = bar.add_task("Covering places", total=len(spots))
    with torch.inference_mode():
        before = probability(network, pixels[None], label, temperature)[0]
        for start in range(0, len(spots), BATCH):
            some = spots[start : start + BATCH]
            after = probability(network, torch.stack([found.cover(pixels, *spot) for spot in some]), label, temperature)
            for (row, column), value in zip(some, after, strict=True):
                found.drops[row, column] = before - value
            bar.advance(task, len(some))
    return found


def probability(network: Network, pixels: Tensor, label: int, temperature: float) -> Tensor:
    """[N] of class `label` for [N,S,S,3]."""
    return torch.softmax(network(pixels) / temperature, dim=1)[:, label]
