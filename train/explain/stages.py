"""Feature maps: what every convolution and pooling gives, in the order they run.

A *stage* is what a Keras tutorial calls a layer: a convolution with the norm and the activation that follow it, or a
pooling. Which layers follow is seen in a run, not guessed from names, so it works for any network.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn.modules import activation
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.hooks import RemovableHandle

from safelight.models.network import Network

POOLINGS = (nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d)
NORMS = (_BatchNorm, nn.GroupNorm)
ACTIVATIONS: tuple[type[nn.Module], ...] = tuple(getattr(nn, name) for name in activation.__all__ if name != "MultiheadAttention")


@dataclass
class Stage:
    """One convolution or pooling, and what it gave for one photo."""

    name: str  # of its first layer, as `safelight summary` has it
    layers: list[nn.Module]  # convolution, norm, activation
    maps: Tensor  # [D,h,w], after the last of them
    _tail: Tensor = field(repr=False)  # the very tensor that the next layer is given, kept so that its identity is nobody else's
    _version: int = field(repr=False)  # of that tensor: one more after each change in place

    @property
    def kind(self) -> str:
        """The names of its layers."""
        first, *rest = self.layers
        size = getattr(first, "kernel_size", None)
        side = size if isinstance(size, int) else size[0] if size else None
        return " + ".join([type(first).__name__ + (f" {side}×{side}" if side else ""), *(type(layer).__name__ for layer in rest)])

    @property
    def is_convolution(self) -> bool:
        """False for a pooling."""
        return isinstance(self.layers[0], nn.Conv2d)

    @property
    def answer(self) -> nn.Module:
        """The last layer before the activation, whose gradient doesn't vanish where the activation is flat."""
        return next(layer for layer in reversed(self.layers) if not isinstance(layer, ACTIVATIONS))


def look(network: Network, pixels: Tensor) -> list[Stage]:
    """Every stage's maps for [1,S,S,3] in 0..255, in the order they run; those of a single place, which show nothing, left out."""
    stages: list[Stage] = []

    def continued(layer: nn.Module, inputs: tuple[Tensor, ...]) -> Stage | None:
        """The stage that `layer` completes: the one whose unchanged tensor it is given."""
        if not isinstance(layer, (*NORMS, *ACTIVATIONS)) or not inputs:
            return None
        fitting = (stage for stage in stages if stage._tail is inputs[0] and stage._version == inputs[0]._version)
        return next(fitting, None)

    def note(name: str, layer: nn.Module, stage: Stage | None, output: Tensor) -> None:
        if stage is not None:
            stage.layers.append(layer)
            stage.maps, stage._tail, stage._version = output[0].clone(), output, output._version
        elif isinstance(layer, (nn.Conv2d, *POOLINGS)):
            stages.append(Stage(name, [layer], output[0].clone(), output, output._version))

    waiting: dict[nn.Module, Stage | None] = {}  # asked before the layer runs: one that works in place changes the version
    with torch.no_grad(), _hooks() as handles:
        for name, layer in network.named_modules():
            if not any(True for _ in layer.children()):
                handles.append(layer.register_forward_pre_hook(lambda layer, inputs: waiting.update({layer: continued(layer, inputs)})))
                handles.append(
                    layer.register_forward_hook(lambda layer, _, output, name=name: note(name, layer, waiting.pop(layer), output))
                )
        network(pixels)
    return [stage for stage in stages if stage.maps.ndim == 3 and stage.maps.shape[1] * stage.maps.shape[2] > 1]


def silent(maps: Tensor) -> int:
    """How many channels of [D,h,w] are the same everywhere: they saw nothing in this photo."""
    return int((maps.amax((1, 2)) - maps.amin((1, 2)) <= 1e-6).sum())


def liveliest(maps: Tensor, most: int) -> list[int]:
    """At most so many channels of [D,h,w], those that vary most over the photo, in their own order."""
    return sorted(maps.std((1, 2), correction=0).topk(min(most, len(maps))).indices.tolist())


@contextmanager
def _hooks() -> Iterator[list[RemovableHandle]]:
    """Hooks that are gone afterwards, whatever happens."""
    handles: list[RemovableHandle] = []
    try:
        yield handles
    finally:
        for handle in handles:
            handle.remove()
