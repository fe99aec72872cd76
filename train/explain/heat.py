"""Class-activation maps: which places of the last feature map speak for a class.

CAM (Zhou et al. 2016, arXiv 1512.04150) where the head is pooling and one linear layer; Grad-CAM (Selvaraju et al. 2017,
arXiv 1610.02391) elsewhere. Both take a class's logit less the mean of all: a softmax ignores what all classes share, and
a network of one sigmoid has a constant for one of its two logits. For pooling + linear, Grad-CAM is CAM divided by the
number of places, which a test asserts. The bias, which has no place, is in neither.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from safelight.models.network import BinaryHead, Network
from train.explain.stages import POOLINGS


@dataclass(frozen=True)
class Heat:
    """What speaks for each of some classes, at each place."""

    method: str  # "CAM" or "Grad-CAM"
    layer: str  # whose feature map was weighed
    maps: Tensor  # [C,h,w], at least 0: what speaks against a class is not shown


def heat(network: Network, pixels: Tensor, classes: list[int]) -> Heat | None:
    """Maps of so many classes for [1,S,S,3] in 0..255; None where the network has no feature map with places (a plain ViT)."""
    if network.has_heatmap:
        return Heat("CAM", "trunk", cam(network, pixels)[classes].relu())
    found = last_map(network, pixels)
    return None if found is None else Heat("Grad-CAM", found, grad_cam(network, pixels, classes, found))


def cam(network: Network, pixels: Tensor) -> Tensor:
    """[C,h,w] for [1,S,S,3]: the head's weights, less their mean over all classes, at each place of the trunk's map."""
    head = network.head.two_rows() if isinstance(network.head, BinaryHead) else network.head
    with torch.no_grad():
        weights = head.weight - head.weight.mean(0)
        return torch.einsum("cd,dhw->chw", weights, network.trunk(network.normalise(pixels))[0])


def grad_cam(network: Network, pixels: Tensor, classes: list[int], layer: str) -> Tensor:
    """[len(classes),h,w] for [1,S,S,3]: channels of `layer` weighed by their mean gradient, added, negative places cut."""
    with torch.enable_grad():
        kept: list[Tensor] = []

        def keep(_module: nn.Module, _inputs: object, output: Tensor) -> Tensor:
            kept.append(output if output.requires_grad else output.requires_grad_())  # no parameter before it need be learnt
            return kept[-1].clone()  # what follows may work in place

        handle = network.get_submodule(layer).register_forward_hook(keep)
        try:
            logits = network(pixels)[0]
        finally:
            handle.remove()
        scores = logits - logits.mean()
        gradients = [torch.autograd.grad(scores[index], kept[-1], retain_graph=True)[0][0] for index in classes]
    weights = torch.stack(gradients).mean((2, 3))
    return torch.einsum("cd,dhw->chw", weights, kept[-1].detach()[0]).relu()


def last_map(network: Network, pixels: Tensor) -> str | None:
    """The layer that gives the last feature map [1,D,h,w] before the final pooling, or None."""
    found: str | None = None
    pooled: list[Tensor] = []  # outputs of poolings, which the containers around them hand on

    def note(name: str, module: nn.Module, output: object) -> None:
        nonlocal found
        if not isinstance(output, Tensor) or output.ndim != 4 or output.shape[2] * output.shape[3] == 1:
            return
        if isinstance(module, POOLINGS):
            pooled.append(output)
        elif not any(output is one for one in pooled):
            found = name

    modules = [(name, module) for name, module in network.named_modules() if name and not isinstance(module, nn.Identity)]
    handles = [module.register_forward_hook(lambda module, _, output, name=name: note(name, module, output)) for name, module in modules]
    try:
        with torch.no_grad():
            network(pixels)
    finally:
        for handle in handles:
            handle.remove()
    return found


def spread(maps: Tensor, size: int) -> Tensor:
    """[C,h,w] → [C,size,size] in 0..1, smoothly, on one scale: a class that nothing speaks for stays dark."""
    large = functional.interpolate(maps[None], size=(size, size), mode="bilinear", align_corners=False)[0]
    return large / large.max().clamp(min=1e-12)
