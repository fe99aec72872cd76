"""A network layer by layer: what a tutorial's `model.summary()` shows. Computes shapes only, on torch's meta device."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from safelight import models
from safelight.models.network import BinaryHead


@dataclass(frozen=True)
class Layer:
    """A layer with no layers inside, in the order they run."""

    name: str
    kind: str
    shape: tuple[int, ...]  # of the output for one photo, without the batch; channels first
    parameters: int


@dataclass(frozen=True)
class Summary:
    """All layers, and the parameters of the whole network."""

    layers: tuple[Layer, ...]
    parameters: int


def summarise(architecture: str, size: int, classes: int) -> Summary:
    """The network for [N,size,size,3] and so many classes; no weights are read. Raises ModelError."""
    with torch.device("meta"):
        network = models.build(architecture, pretrained=False, size=size, classes=classes)
        pixels = torch.zeros(1, size, size, 3)
    layers: list[Layer] = []

    def note(name: str, layer: nn.Module, output: Tensor) -> None:
        count = sum(parameter.numel() for parameter in layer.parameters())
        layers.append(Layer(name, _kind(layer), tuple(output.shape[1:]), count))

    for name, layer in network.named_modules():
        if not any(True for _ in layer.children()) and not isinstance(layer, nn.Identity):
            layer.register_forward_hook(lambda layer, _, output, name=name: note(name, layer, output))
    with torch.inference_mode():
        network(pixels)
    return Summary(tuple(layers), sum(parameter.numel() for parameter in network.parameters()))


def _kind(layer: nn.Module) -> str:
    """The class' name, with what tells two such layers apart."""
    match layer:
        case nn.Conv2d():
            kernel, stride = layer.kernel_size, layer.stride[0]
            return f"Conv2d {kernel[0]}×{kernel[1]}" + (f", stride {stride}" if stride > 1 else "")
        case nn.MaxPool2d():
            return f"MaxPool2d {layer.kernel_size}"
        case nn.Dropout():
            return f"Dropout {layer.p:g}"
        case BinaryHead():
            return "sigmoid, as two logits"
        case _:
            return type(layer).__name__
