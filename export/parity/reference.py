"""PyTorch, the reference: the run's own network in fp32, and the same with rounded weights for smaller precisions."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from safelight.bundle import Bundle
from safelight.checkpoint import load_weights
from safelight.errors import RuntimeUnavailable
from safelight.spec import Precision, Spec

if TYPE_CHECKING:
    from safelight.models.network import Network

Answer = Callable[[NDArray[np.uint8]], NDArray[np.float32]]


def of_bundle(bundle: Bundle) -> Callable[[Precision], Answer]:
    """The reference by precision, from the weights that the bundle carries. Raises RuntimeUnavailable without PyTorch."""
    if importlib.util.find_spec("torch") is None:
        raise RuntimeUnavailable("PyTorch, the reference, is not installed. In the checkout run: uv sync --extra export")
    path = bundle.path(bundle.file("pytorch-fp32").parts[0])
    return of_network(load_weights(path, bundle.spec), bundle.spec)


def of_network(network: Network, spec: Spec) -> Callable[[Precision], Answer]:
    """fp32: the network as it was trained, nothing folded. fp16: the folded network with its weights rounded to half."""

    def of_precision(precision: Precision) -> Answer:
        from export.deployable import Deployable, with_half_weights

        if precision == "fp32":
            return _answer(lambda x: (network(x) / spec.output.temperature).softmax(1))
        rounded = with_half_weights(Deployable(network, temperature=spec.output.temperature))
        return _answer(lambda x: rounded(x)[0])

    return of_precision


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
