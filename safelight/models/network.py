"""A classifier that takes the contract's pixels: [N,S,S,3] in 0..255 → logits [N,C], normalisation inside."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class Network(nn.Module):
    """Normalise → trunk (feature map) → neck (features) → head (logits).

    trunk  [N,3,S,S] → [N,D,h,w]
    neck   [N,D,h,w] → [N,F]: pooling, or pooling and more layers
    head   [N,F] → [N,C], one linear layer: what `train` learns first
    """

    mean: Tensor
    std: Tensor

    def __init__(self, trunk: nn.Module, neck: nn.Module, head: nn.Linear, mean: Sequence[float], std: Sequence[float]) -> None:
        """`mean` and `std` per channel, in pixel units 0..255."""
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(std).view(1, 3, 1, 1))
        self.trunk = trunk
        self.neck = neck
        self.head = head

    @property
    def has_heatmap(self) -> bool:
        """True where the head applies at each place of the feature map as well: pooling, then one linear layer."""
        return isinstance(self.neck, GlobalPool)

    def normalise(self, pixels: Tensor) -> Tensor:
        """[N,S,S,3] in 0..255 → [N,3,S,S], zero mean and unit deviation by the backbone's convention."""
        return (pixels.permute(0, 3, 1, 2) - self.mean) / self.std

    def features(self, pixels: Tensor) -> Tensor:
        """[N,S,S,3] in 0..255 → [N,F], what the head sees."""
        features: Tensor = self.neck(self.trunk(self.normalise(pixels)))
        return features

    def forward(self, pixels: Tensor) -> Tensor:
        """[N,S,S,3] in 0..255 → logits [N,C]."""
        logits: Tensor = self.head(self.features(pixels))
        return logits


class GlobalPool(nn.Module):
    """[N,D,h,w] → [N,D], the mean over all places."""

    def forward(self, feature_map: Tensor) -> Tensor:
        """The mean over height and width."""
        return feature_map.mean((2, 3))
