"""The network as it ships: the contract's pixels in, probabilities and a heat map out, nothing left to do outside."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn
from torch.fx.experimental.optimization import fuse

from safelight.models.network import BinaryHead, Network


class Deployable(nn.Module):
    """[N,S,S,3] float32 RGB in 0..255 → probabilities [N,C] and, where the head allows it, heatmap [N,h,w,C].

    Batch norms are folded into their convolutions, so that this module's weights are the files' weights, number by
    number: the fp16 files can be held to PyTorch with the same rounded weights instead of to a loose tolerance.
    """

    def __init__(self, network: Network, *, temperature: float = 1.0) -> None:
        """`network` is copied, not changed."""
        super().__init__()
        network = copy.deepcopy(network).eval()
        self.has_heatmap = network.has_heatmap
        self.register_buffer("mean", network.mean)
        self.register_buffer("std", network.std)
        self.register_buffer("temperature", torch.tensor(temperature))
        self.trunk = fuse(network.trunk)
        self.neck = fuse(network.neck)
        self.head = network.head.two_rows() if isinstance(network.head, BinaryHead) else network.head
        self.eval().requires_grad_(False)

    mean: Tensor
    std: Tensor
    temperature: Tensor

    def forward(self, pixels: Tensor) -> tuple[Tensor, ...]:
        """(probabilities,) or (probabilities, heatmap): the class evidence, in logits, at each place of the feature map."""
        feature_map = self.trunk((pixels.permute(0, 3, 1, 2) - self.mean) / self.std)
        logits = self.head(self.neck(feature_map)) / self.temperature
        probabilities = torch.softmax(logits, dim=1)
        if not self.has_heatmap:
            return (probabilities,)
        kernel = self.head.weight[:, :, None, None]  # the head at every place: a 1×1 convolution
        evidence = nn.functional.conv2d(feature_map, kernel, self.head.bias)
        return probabilities, evidence.permute(0, 2, 3, 1)


def with_half_weights(deployable: Deployable) -> Deployable:
    """A copy whose convolution and linear weights went through float16, as the fp16 files store them."""
    rounded = copy.deepcopy(deployable)
    for layer in rounded.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            layer.weight.data = layer.weight.data.half().float()
    return rounded
