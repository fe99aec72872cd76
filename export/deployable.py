"""The network as it ships: the contract's pixels in, probabilities, a heat map and feature maps out, nothing left to do outside."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.fx.experimental.optimization import fuse

from safelight.models.network import BinaryHead, Network
from safelight.spec import FeatureMap

PROBABILITIES, HEATMAP = "probabilities", "heatmap"  # outputs


class Deployable(nn.Module):
    """[N,S,S,3] float32 RGB in 0..255 → probabilities [N,C], where the head allows it heatmap [N,h,w,C], and feature maps [N,h,w,K].

    Batch norms are folded into their convolutions, so that this module's weights are the files' weights, number by
    number: the fp16 files can be held to PyTorch with the same rounded weights instead of to a loose tolerance.
    """

    def __init__(self, network: Network, *, temperature: float = 1.0, feature_maps: Sequence[FeatureMap] = ()) -> None:
        """`network` is copied, not changed."""
        super().__init__()
        network = copy.deepcopy(network).eval()
        self.has_heatmap = network.has_heatmap
        self.outputs = (PROBABILITIES, *([HEATMAP] if self.has_heatmap else []), *(one.output for one in feature_maps))
        self.register_buffer("mean", network.mean)
        self.register_buffer("std", network.std)
        self.register_buffer("temperature", torch.tensor(temperature))
        self.trunk = _tapped(network.trunk, [one.layer for one in feature_maps]) if feature_maps else fuse(network.trunk)
        self.picks = nn.ModuleList(_Pick(one) for one in feature_maps)
        self.neck = fuse(network.neck)
        self.head = network.head.two_rows() if isinstance(network.head, BinaryHead) else network.head
        self.eval().requires_grad_(False)

    mean: Tensor
    std: Tensor
    temperature: Tensor

    def forward(self, pixels: Tensor) -> tuple[Tensor, ...]:
        """What `outputs` names; the heat map is the class evidence, in logits, at each place of the trunk's feature map."""
        answer = self.trunk((pixels.permute(0, 3, 1, 2) - self.mean) / self.std)
        feature_map, *layers = answer if self.picks else (answer,)
        logits = self.head(self.neck(feature_map)) / self.temperature
        outputs = [torch.softmax(logits, dim=1)]
        if self.has_heatmap:
            kernel = self.head.weight[:, :, None, None]  # the head at every place: a 1×1 convolution
            outputs.append(nn.functional.conv2d(feature_map, kernel, self.head.bias).permute(0, 2, 3, 1))
        outputs += [pick(layer).permute(0, 2, 3, 1) for pick, layer in zip(self.picks, layers, strict=True)]
        return tuple(outputs)


class _Pick(nn.Module):
    """[N,D,h,w] → [N,K,h,w], some channels as they are: a 1×1 convolution with ones and zeros.

    A gather would say it more plainly, but a convolution is what every runtime and graphics chip has; x · 1 + y · 0 is
    exact, in float16 too.
    """

    kernel: Tensor

    def __init__(self, feature_map: FeatureMap) -> None:
        super().__init__()
        kernel = nn.functional.one_hot(torch.tensor(feature_map.channels), feature_map.layer_channels).float()
        self.register_buffer("kernel", kernel[:, :, None, None])

    def forward(self, layer: Tensor) -> Tensor:
        return nn.functional.conv2d(layer, self.kernel)


def _tapped(trunk: nn.Module, layers: Sequence[str]) -> nn.Module:
    """The trunk with its batch norms folded, returning (feature map, *what `layers` return)."""
    tracer = _TappingTracer(layers)
    fused: Any = fuse(fx.GraphModule(trunk, tracer.trace(trunk)), no_trace=True)
    taps = {node.args[1]: node for node in fused.graph.nodes if node.target is _tap}
    output = next(node for node in fused.graph.nodes if node.op == "output")
    output.args = ((output.args[0], *(taps[layer] for layer in layers)),)
    fused.recompile()
    tapped: nn.Module = fused
    return tapped


class _TappingTracer(fx.Tracer):
    """Marks what the wanted layers return: folding a batch norm must not go past it."""

    def __init__(self, layers: Sequence[str]) -> None:
        super().__init__()
        self.layers = frozenset(layers)

    def call_module(self, m: nn.Module, forward: Any, args: Any, kwargs: Any) -> Any:
        returned = super().call_module(m, forward, args, kwargs)
        layer = self.path_of_module(m)
        if layer in self.layers:
            self.create_proxy("call_function", _tap, (returned, layer), {})
        return returned


def _tap(returned: Tensor, layer: str) -> Tensor:
    """A copy, since an activation in place would change it afterwards; `layer` is for whoever looks for the node."""
    return returned.clone()


def with_half_weights(deployable: Deployable) -> Deployable:
    """A copy whose convolution and linear weights went through float16, as the fp16 files store them."""
    rounded = copy.deepcopy(deployable)
    for layer in rounded.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            layer.weight.data = layer.weight.data.half().float()
    return rounded
