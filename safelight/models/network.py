"""A classifier that takes the contract's pixels: [N,S,S,3] in 0..255 → logits [N,C], normalisation inside."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional


class Network(nn.Module):
    """Normalise → trunk (feature map) → neck (features) → head (logits).

    trunk  [N,3,S,S] → [N,D,h,w]
    neck   [N,D,h,w] → [N,F]: pooling, or pooling and more layers
    head   [N,F] → [N,C], one linear layer: what `train` learns first; for two classes it may be a `BinaryHead`
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


class BinaryHead(nn.Linear):
    """[N,F] → logits [N,2] = (0, z), of one trainable unit: their softmax is exactly (1 − sigmoid(z), sigmoid(z)).

    So a network with one sigmoid keeps its parameters, and its cross entropy is the binary one, while the contract gets
    a probability for each class. A temperature divides z, as it should.
    """

    def __init__(self, features: int) -> None:
        super().__init__(features, 1)

    def forward(self, features: Tensor) -> Tensor:
        """The logit of the first class is 0."""
        return functional.pad(super().forward(features), (1, 0))

    def two_rows(self) -> nn.Linear:
        """The same map as an ordinary linear layer, for export; its first row is zero."""
        layer = nn.Linear(self.in_features, 2).to(self.weight.device)
        with torch.no_grad():
            layer.weight.copy_(functional.pad(self.weight, (0, 0, 1, 0)))
            layer.bias.copy_(functional.pad(self.bias, (1, 0)))
        return layer


def fresh_head(features: int, classes: int) -> nn.Linear:
    """An unlearnt head: one sigmoid for two classes, a softmax for more."""
    return BinaryHead(features) if classes == 2 else nn.Linear(features, classes)
