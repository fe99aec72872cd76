"""Feature maps: which layers of the trunk can show what they answer, and which of their channels a bundle carries.

A layer goes by its name in `network.trunk`, as `named_modules` has it ("layer2", "4.layers.3"). At most `MOST_CHANNELS`
of its channels become an output: 16 of EfficientNet-Lite0's first stage take 0.8 MB a photo, and the 1280 of its last
layer would be a wall of pictures. Those are taken that vary most over the golden photos. Behind a ReLU many channels answer
alike everywhere, which is a black picture: in that last layer the chosen ones vary 3.3 times as much as evenly spaced ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from safelight.errors import UsageError
from safelight.spec import FeatureMap
from safelight.threads import one_thread

if TYPE_CHECKING:
    from safelight.models.network import Network

Shape = tuple[int, int, int]  # channels, height, width

AUTO = "auto"
MOST_LAYERS = 4  # of `auto`
MOST_CHANNELS = 16  # of a layer
SHRUNK = 0.75  # of a stage's height: lower maps are the next stage's; padded ones differ by a few pixels
PREFIX = "features."  # of an output's name; the layer's follows


@contextmanager
def watched(network: Network) -> Iterator[dict[str, list[Tensor]]]:
    """While the block runs: what each layer of the trunk returned, one tensor a call, for those that return [N,D,h,w]."""
    returned: dict[str, list[Tensor]] = {}

    def watch(name: str) -> Any:
        def keep(_: object, __: object, output: object) -> None:
            if isinstance(output, Tensor) and output.ndim == 4:
                returned.setdefault(name, []).append(output.clone())  # an activation in place would change it afterwards

        return keep

    hooks = [layer.register_forward_hook(watch(name)) for name, layer in network.trunk.named_modules() if name]
    try:
        yield returned
    finally:
        for hook in hooks:
            hook.remove()


def shapes(network: Network, size: int) -> dict[str, Shape]:
    """The layers that can be shown, in the order in which they answer: name → shape."""
    with watched(network) as returned, torch.inference_mode():
        network.trunk(network.normalise(torch.zeros(1, size, size, 3)))
    once = {name: outputs[0].shape for name, outputs in returned.items() if len(outputs) == 1}
    return {name: (channels, height, width) for name, (_, channels, height, width) in once.items() if height * width > 1}


def choose(network: Network, size: int, layers: Sequence[str], photos: Sequence[NDArray[np.uint8]]) -> tuple[FeatureMap, ...]:
    """The feature maps of `layers`, or of `auto`'s, in the order in which the layers answer.

    `photos` are RGB uint8 [size,size,3]. Raises UsageError that lists the layers where one of them can't be shown.
    """
    known = shapes(network, size)
    named = {*layers} if tuple(layers) != (AUTO,) else {*_ends_of_stages(network, known)}
    unknown = sorted(named - known.keys())
    if unknown or not named:
        raise UsageError(f"there is no layer {', '.join(unknown) or 'to show'} with feature maps in the trunk. {_listed(known)}")
    spreads = _spreads(network, [name for name in known if name in named], photos)
    return tuple(
        FeatureMap(layer=name, output=PREFIX + name, layer_channels=len(spread), channels=_most(spread)) for name, spread in spreads.items()
    )


def _ends_of_stages(network: Network, known: dict[str, Shape]) -> list[str]:
    """The last of the trunk's own layers before its maps shrink by half, the finest first.

    The coarsest are left out first, since the heat map has their size. Layers before the first weights, such as a
    padding, show but the photo.
    """
    children = dict(network.trunk.named_children())
    weighted = next((index for index, name in enumerate(children) if any(True for _ in children[name].parameters())), 0)
    ends: list[tuple[int, str]] = []  # height, layer
    for name in list(children)[weighted:]:
        if name not in known:
            continue
        height = known[name][1]
        if ends and height > SHRUNK * ends[-1][0]:
            ends[-1] = (ends[-1][0], name)
        else:
            ends.append((height, name))
    return [name for _, name in ends[:MOST_LAYERS]]


def _spreads(network: Network, layers: Sequence[str], photos: Sequence[NDArray[np.uint8]]) -> dict[str, NDArray[np.float64]]:
    """How much each channel varies over the places of each photo: the mean of its standard deviations, [D]."""
    sums: dict[str, NDArray[np.float64]] = {}
    with one_thread():  # the same on every number of cores
        for photo in photos:
            with watched(network) as returned, torch.inference_mode():
                network.trunk(network.normalise(torch.from_numpy(photo[None].astype(np.float32))))
            for name in layers:
                sums[name] = sums.get(name, 0.0) + returned[name][0][0].double().std((1, 2)).numpy() / len(photos)
    return sums


def _most(spread: NDArray[np.float64]) -> tuple[int, ...]:
    """The channels that vary most, in their own order; of equal ones the first."""
    return tuple(sorted(int(channel) for channel in np.argsort(-spread, kind="stable")[:MOST_CHANNELS]))


def _listed(known: dict[str, Shape]) -> str:
    if not known:
        return "This network keeps its layers in one piece, without a trunk: export it without --feature-maps."
    own = {name: shape for name, shape in known.items() if "." not in name} or known
    names = ", ".join(f"{name} ({height} × {width}, {channels} channels)" for name, (channels, height, width) in own.items())
    inner = [name for name in known if name not in own]
    return f"It has {names}" + (f", and {len(inner)} inside these, from {inner[0]} to {inner[-1]}." if inner else ".")
