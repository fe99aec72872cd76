"""Small residual networks of ours, for learning from scratch on a few thousand photos without a GPU.

Whole convolutions, not depthwise ones: for as many multiplications a step of these takes a CPU a quarter of the time
(docs/decisions.md). Batch norm, ReLU and a pooled linear head, so that the heat map comes for free. Source of the
block: He et al. 2016 (arXiv 1512.03385).
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from safelight.models.network import GlobalPool, Network, fresh_head

MEAN, STD = (124.0, 117.0, 104.0), (60.0, 60.0, 60.0)  # pixel units: about those of photographs


@dataclass(frozen=True)
class Variant:
    """A network of the family: the stem, then a stage for each width; each but the first halves the side."""

    stem: int  # channels
    stride: int  # of the stem's convolution: 2 for photographs, 1 for thumbnails
    widths: tuple[int, ...]
    blocks: tuple[int, ...]  # in each stage
    dropout: float  # before the head


NETWORKS = {
    "small_resnet": Variant(32, 2, (32, 64, 128, 256), (1, 2, 2, 1), 0.2),
    "cifar_resnet": Variant(32, 1, (32, 64, 128, 256), (1, 1, 1, 1), 0.2),
}


def build(name: str, classes: int) -> Network:
    """The network for any [N,S,S,3], with He's initial weights; each block starts as the identity."""
    variant = NETWORKS[name]
    layers: list[nn.Module] = [*_convolution(3, variant.stem, variant.stride), nn.ReLU()]
    if variant.stride == 2:
        layers.append(nn.MaxPool2d(2))
    channels = variant.stem
    for stage, (width, blocks) in enumerate(zip(variant.widths, variant.blocks, strict=True)):
        for block in range(blocks):
            layers.append(Block(channels, width, stride=2 if stage > 0 and block == 0 else 1))
            channels = width
    network = Network(nn.Sequential(*layers), _Neck(variant.dropout), fresh_head(channels, classes), MEAN, STD)
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
        if isinstance(layer, Block):
            nn.init.zeros_(layer.norm.weight)
    return network


class Block(nn.Module):
    """Two 3×3 convolutions, added to the input; where the shapes differ the input is pooled and projected first."""

    def __init__(self, channels: int, width: int, stride: int) -> None:
        super().__init__()
        self.first = nn.Sequential(*_convolution(channels, width, stride), nn.ReLU())
        self.second, self.norm = _convolution(width, width, 1)
        shortcut: list[nn.Module] = [nn.AvgPool2d(stride, ceil_mode=True)] if stride > 1 else []
        if stride > 1 or channels != width:
            shortcut += [nn.Conv2d(channels, width, 1, bias=False), nn.BatchNorm2d(width)]
        self.shortcut = nn.Sequential(*shortcut)
        self.activation = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        """[N,C,h,w] → [N,W,h/stride,w/stride]."""
        y: Tensor = self.activation(self.norm(self.second(self.first(x))) + self.shortcut(x))
        return y


class _Neck(GlobalPool):
    """Global pooling, and dropout while it learns."""

    def __init__(self, dropout: float) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)

    def forward(self, feature_map: Tensor) -> Tensor:
        pooled: Tensor = self.dropout(super().forward(feature_map))
        return pooled


def _convolution(channels: int, width: int, stride: int) -> tuple[nn.Conv2d, nn.BatchNorm2d]:
    return nn.Conv2d(channels, width, 3, stride, padding=1, bias=False), nn.BatchNorm2d(width)
