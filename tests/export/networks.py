"""Small networks that have something to say: random weights, batch norms calibrated on real photos."""

from __future__ import annotations

import msgspec
import numpy as np
import torch
from PIL import Image
from skimage import data
from torch import Tensor, nn

from export.feature_maps import AUTO, choose
from safelight import models
from safelight.models.network import GlobalPool, Network
from safelight.spec import DEFAULT_BANDS, InputSpec, Label, ModelSpec, OutputSpec, Provenance, Spec

CLASSES = 7
MAPS = "+maps"  # after a network's name


def photos(size: int) -> Tensor:
    """[4,size,size,3] float32 in 0..255: an astronaut, a cat, a cup of coffee, a rocket."""
    pictures = (data.astronaut(), data.chelsea(), data.coffee(), data.rocket())
    return torch.stack([torch.from_numpy(np.array(Image.fromarray(picture).resize((size, size)), np.float32)) for picture in pictures])


def spec_of(network: Network, size: int, *, temperature: float = 1.0) -> Spec:
    classes = network.head.out_features
    return Spec(
        name="test",
        labels=tuple(Label(id=str(index)) for index in range(classes)),
        input=InputSpec(size=size, resize_to=size),
        output=OutputSpec(bands=DEFAULT_BANDS, temperature=temperature),
        model=ModelSpec(architecture="test", parameters=1),
        provenance=Provenance(source="random"),
    )


def with_maps(network: Network, spec: Spec, layers: tuple[str, ...] = (AUTO,)) -> Spec:
    """The spec with the feature maps of some layers."""
    pixels = [photo.numpy().astype(np.uint8) for photo in photos(spec.input.size)]
    model = msgspec.structs.replace(spec.model, feature_maps=choose(network, spec.input.size, layers, pixels))
    return msgspec.structs.replace(spec, model=model)


def build(name: str) -> tuple[Network, int]:
    """A network in eval mode and the size of its input. Its answers differ from photo to photo and are far from 0 and 1."""
    torch.manual_seed(7)
    if name == "efficientnet_lite0-pretrained":
        return models.build("efficientnet_lite0", pretrained=True), 224
    if name in SMALL:
        trunk, neck, features, size = SMALL[name]()
        network = Network(trunk, neck, nn.Linear(features, CLASSES), (120.0, 110.0, 100.0), (60.0, 61.0, 62.0))
    else:
        size = 65 if name == "resnet18" else 64  # 65: every stride meets an odd side
        network = models.build(name, pretrained=False, size=size, classes=CLASSES)
    return calibrated(network, size), size


def calibrated(network: Network, size: int) -> Network:
    """Batch norms that saw the photos, then a head whose logits spread by about 1: untouched ones may answer 1e-9."""
    pixels = photos(size)
    norms = [layer for layer in network.modules() if isinstance(layer, nn.BatchNorm2d)]
    network.eval()
    for norm in norms:
        norm.train()
        norm.momentum = None  # the plain average
        norm.reset_running_stats()
    with torch.no_grad():
        for _ in range(3):
            network(pixels)
        network.eval()
        logits = network(pixels)
        network.head.weight.mul_(1.0 / logits.std(0).mean().clamp(min=1e-6))
        network.head.bias.sub_(network(pixels).mean(0))
    return network


def _plain() -> tuple[nn.Module, nn.Module, int, int]:
    """What a beginner writes: paddings of every kind, batch norms before the convolution, sigmoid, dropout, flatten."""
    trunk = nn.Sequential(
        nn.BatchNorm2d(3),
        nn.Conv2d(3, 8, 3, stride=2, padding=1),
        nn.MaxPool2d(3, 2, padding=1),  # the input may be negative: −inf, not 0
        nn.ReLU(),
        nn.Conv2d(8, 12, 5, padding=2, dilation=1),
        nn.Sigmoid(),
        nn.AvgPool2d(3, 2, padding=1),
        nn.Conv2d(12, 12, 3, padding=2, dilation=2, bias=False),
        nn.LeakyReLU(0.1),
        nn.AvgPool2d(2, ceil_mode=True, count_include_pad=False),
        nn.Tanh(),
    )
    neck = nn.Sequential(nn.Flatten(), nn.Dropout(), nn.Linear(12 * 3 * 3, 20), nn.ReLU(), nn.BatchNorm1d(20))
    return trunk, neck, 20, 37


class _Attention(nn.Module):
    """Squeeze and excite, with SiLU."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.squeeze, self.excite = nn.Conv2d(channels, 4, 1), nn.Conv2d(4, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        weights = torch.sigmoid(self.excite(nn.functional.silu(self.squeeze(x.mean((2, 3), keepdim=True)))))
        return x * weights


def _grouped() -> tuple[nn.Module, nn.Module, int, int]:
    """Groups, depthwise with a multiplier, and a heat map."""
    trunk = nn.Sequential(
        nn.Conv2d(3, 12, 3, padding=1, bias=False),
        nn.BatchNorm2d(12),
        nn.ReLU6(),
        nn.Conv2d(12, 24, 3, stride=2, padding=1, groups=4, bias=False),
        nn.BatchNorm2d(24),
        nn.ReLU(),
        nn.Conv2d(24, 48, 3, stride=2, padding=1, groups=24),
        _Attention(48),
        nn.Hardswish(),
    )
    return trunk, GlobalPool(), 48, 31


def _vgg() -> tuple[nn.Module, nn.Module, int, int]:
    """VGG in small: the flattened image's order matters."""
    trunk = nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)
    )
    neck = nn.Sequential(nn.AdaptiveAvgPool2d((7, 7)), nn.Flatten(), nn.Linear(16 * 49, 32), nn.ReLU(), nn.Dropout())
    return trunk, neck, 32, 28


SMALL = {"plain": _plain, "grouped": _grouped, "vgg": _vgg}
ZOO = ("mobilenet_v2", "mobilenet_v3_small", "resnet18", "squeezenet1_1", "efficientnet_lite0-pretrained")
