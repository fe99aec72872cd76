"""The convolutional networks of the well-known tutorials, layer by layer and to the unit of their parameter counts.

Convolution, ReLU, max pooling; flatten; hidden layers; one sigmoid for two classes, a softmax for more. To add one,
describe it in `NETWORKS`; its count belongs into tests/safelight/test_tutorial_networks.py.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional

from safelight.errors import ModelError
from safelight.models.network import Network, fresh_head

RANGE = 255.0  # the tutorials divide pixels by it and subtract nothing
KERNEL, POOL = 3, 2
# Luma of an RGB pixel: Rec. 601's 0.299, 0.587, 0.114 to sixteenths. They add up to 1, so grey stays what it is, and
# float16 holds them exactly, so the files of half precision need no exception.
LUMA = (5 / 16, 9 / 16, 2 / 16)


@dataclass(frozen=True)
class Block:
    """Convolutions of equal width, then a 2×2 max pooling."""

    channels: int
    convolutions: int = 1
    dropout: float = 0.0  # after each convolution but the last


@dataclass(frozen=True)
class Tutorial:
    """What is written down of a network: the rest follows from the size of its input."""

    blocks: tuple[Block, ...]
    hidden: tuple[int, ...]  # widths of the dense layers between flatten and head
    same: bool = False  # convolutions keep height and width
    grey: bool = False
    flatten_dropout: float = 0.0
    hidden_dropout: float = 0.0  # after each hidden layer


NETWORKS = {
    "cnn_binary": Tutorial((Block(16), Block(32), Block(64)), hidden=(512,)),
    "cnn_sgd": Tutorial((Block(32), Block(32), Block(64)), hidden=(64,), hidden_dropout=0.5),
    "cnn_4block": Tutorial((Block(32), Block(64), Block(128), Block(128)), hidden=(512,)),
    "cnn_4block_dropout": Tutorial((Block(32), Block(64), Block(128), Block(128)), hidden=(512,), flatten_dropout=0.5),
    "mnist_cnn": Tutorial((Block(32), Block(64)), hidden=(512,), grey=True),
    "mnist_cnn_dropout": Tutorial((Block(32), Block(64)), hidden=(512,), grey=True, flatten_dropout=0.25, hidden_dropout=0.5),
    "cifar_cnn": Tutorial(
        (Block(32, 2, 0.3), Block(64, 2, 0.3), Block(128, 2, 0.3)),
        hidden=(2500, 1500),
        same=True,
        flatten_dropout=0.3,
        hidden_dropout=0.3,
    ),
}


def build(name: str, size: int, classes: int) -> Network:
    """The network for [N,size,size,3], weights as Keras draws them. Raises ModelError where the input is too small."""
    design = NETWORKS[name]
    trunk, channels, side = _convolutions(design, size)
    if side < 1:
        raise ModelError(f"{name} pools {size} pixels down to none. Choose a larger --size, at least {_least(design)}.")
    neck, features = _dense(design, channels * side * side)
    network = Network(nn.Sequential(*trunk), nn.Sequential(*neck), fresh_head(features, classes), (0.0,) * 3, (RANGE,) * 3)
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
    return network


class Grey(nn.Module):
    """[N,3,h,w] → [N,1,h,w] by a fixed weighted sum: the contract's pixels are RGB, the tutorial's network sees grey."""

    weight: Tensor

    def __init__(self) -> None:
        super().__init__()
        import torch

        self.register_buffer("weight", torch.tensor(LUMA).view(1, 3, 1, 1), persistent=False)

    def forward(self, image: Tensor) -> Tensor:
        """The luma of each place."""
        return functional.conv2d(image, self.weight)


def _convolutions(design: Tutorial, size: int) -> tuple[list[nn.Module], int, int]:
    """The layers before flatten, and the channels and side of what leaves them."""
    layers: list[nn.Module] = [Grey()] if design.grey else []
    channels, side = 1 if design.grey else 3, size
    for block in design.blocks:
        for number in range(1, block.convolutions + 1):
            layers += [nn.Conv2d(channels, block.channels, KERNEL, padding="same" if design.same else 0), nn.ReLU()]
            channels, side = block.channels, side if design.same else side - KERNEL + 1
            if block.dropout and number < block.convolutions:
                layers.append(nn.Dropout(block.dropout))
        layers.append(nn.MaxPool2d(POOL))
        side //= POOL
    return layers, channels, side


def _dense(design: Tutorial, features: int) -> tuple[list[nn.Module], int]:
    """The layers from flatten to the head, and how many features leave them."""
    layers: list[nn.Module] = [nn.Flatten()]
    if design.flatten_dropout:
        layers.append(nn.Dropout(design.flatten_dropout))
    for width in design.hidden:
        layers += [nn.Linear(features, width), nn.ReLU()]
        if design.hidden_dropout:
            layers.append(nn.Dropout(design.hidden_dropout))
        features = width
    return layers, features


def _least(design: Tutorial) -> int:
    """The smallest input that leaves a pixel."""
    return next(size for size in range(1, 4096) if _convolutions(design, size)[2] >= 1)
