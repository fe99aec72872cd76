"""PyTorch, the reference: the run's own network in fp32, and the same with rounded weights for smaller precisions."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from export.parity.compare import Maps
from safelight.bundle import Bundle
from safelight.checkpoint import load_weights
from safelight.errors import RuntimeUnavailable
from safelight.spec import Precision, Spec

if TYPE_CHECKING:
    from torch import Tensor

    from export.deployable import Deployable
    from safelight.models.network import Network

Answer = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
AnswerMaps = Callable[[NDArray[np.uint8]], Maps]


def of_bundle(bundle: Bundle) -> Callable[[Precision], Answer]:
    """The reference by precision, from the weights that the bundle carries. Raises RuntimeUnavailable without PyTorch."""
    return of_network(_network(bundle), bundle.spec)


def maps_of_bundle(bundle: Bundle) -> Callable[[Precision], AnswerMaps]:
    """The same for the heat map and the feature maps."""
    return maps_of_network(_network(bundle), bundle.spec)


def _network(bundle: Bundle) -> Network:
    if importlib.util.find_spec("torch") is None:
        raise RuntimeUnavailable("PyTorch, the reference, is not installed. In the checkout run: uv sync --extra export")
    return load_weights(bundle.path(bundle.file("pytorch-fp32").parts[0]), bundle.spec)


def of_network(network: Network, spec: Spec) -> Callable[[Precision], Answer]:
    """fp32: the network as it was trained, nothing folded. fp16: the folded network with its weights rounded to half."""

    def of_precision(precision: Precision) -> Answer:
        if precision == "fp32":
            return _answer(lambda x: (network(x) / spec.output.temperature).softmax(1))
        rounded = _rounded(network, spec)
        return _answer(lambda x: rounded(x)[0])

    return of_precision


def maps_of_network(network: Network, spec: Spec) -> Callable[[Precision], AnswerMaps]:
    """fp32: what the trained network's own layers return, and its head at each place. fp16: the folded network's outputs."""

    def of_precision(precision: Precision) -> AnswerMaps:
        if precision == "fp32":
            return _answer_maps(lambda x: _maps(network, spec, x))
        rounded = _rounded(network, spec)
        return _answer_maps(lambda x: dict(zip(rounded.outputs[1:], rounded(x)[1:], strict=True)))

    return of_precision


def _rounded(network: Network, spec: Spec) -> Deployable:
    from export.deployable import Deployable, with_half_weights

    return with_half_weights(Deployable(network, temperature=spec.output.temperature, feature_maps=spec.model.feature_maps))


def _maps(network: Network, spec: Spec, pixels: Tensor) -> dict[str, Tensor]:
    """[1,h,w,…] by output, from the hooks of the layers: a way of its own beside the deployable's."""
    from export.deployable import HEATMAP
    from export.feature_maps import watched

    with watched(network) as returned:
        feature_map = network.trunk(network.normalise(pixels)).permute(0, 2, 3, 1)
    maps = {HEATMAP: network.head(feature_map)} if network.has_heatmap else {}
    for one in spec.model.feature_maps:
        (layer,) = returned[one.layer]
        maps[one.output] = layer[:, list(one.channels)].permute(0, 2, 3, 1)
    return maps


def _answer(network: Callable[..., object]) -> Answer:
    import torch

    from safelight.threads import one_thread

    def answer(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        with one_thread(), torch.inference_mode():  # beside a browser on two cores, more threads were 20 times slower
            probabilities = network(torch.from_numpy(pixels[None].astype(np.float32)))
        assert isinstance(probabilities, torch.Tensor)  # narrows the type; a network returns nothing else
        result: NDArray[np.float32] = probabilities[0].numpy()
        return result

    return answer


def _answer_maps(network: Callable[[Tensor], dict[str, Tensor]]) -> AnswerMaps:
    import torch

    from safelight.threads import one_thread

    def answer(pixels: NDArray[np.uint8]) -> Maps:
        with one_thread(), torch.inference_mode():
            return {name: maps[0].numpy() for name, maps in network(torch.from_numpy(pixels[None].astype(np.float32))).items()}

    return answer
