"""Python runtimes that execute a bundle's files. One module each, with the same names in the same order:

    NAME       what reports and the command line call it
    FORMATS    which formats it executes
    open_file  (Bundle, ModelFile, outputs) → the function of pixels that gives them; raises RuntimeUnavailable where
               the package isn't installed

To add a runtime write such a module and a line in RUNTIMES; `predict` and the parity tests run over the dict.
Browsers are no Python runtimes: export/parity/browsers drives those.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from safelight.bundle import Bundle
from safelight.runtimes import litert, onnxruntime, tensorflow
from safelight.spec import Format, ModelFile, Tensor


class Model(Protocol):
    """A loaded model: one photo's pixels in, its probabilities out."""

    def __call__(self, pixels: NDArray[np.uint8], /) -> NDArray[np.float32]:
        """RGB uint8 [S,S,3] → probabilities float32 [C]."""


class Mapper(Protocol):
    """A loaded model: one photo's pixels in, its heat map and feature maps out."""

    def __call__(self, pixels: NDArray[np.uint8], /) -> dict[str, NDArray[np.float32]]:
        """RGB uint8 [S,S,3] → the file's outputs after the first by their names, float32 [h,w,…]."""


class Runtime(Protocol):
    """A runtime's module."""

    NAME: str
    FORMATS: tuple[Format, ...]

    def open_file(
        self, bundle: Bundle, file: ModelFile, outputs: Sequence[Tensor]
    ) -> Callable[[NDArray[np.uint8]], list[NDArray[np.float32]]]:
        """RGB uint8 [S,S,3] → `outputs` of the file, without their first axis. Raises RuntimeUnavailable."""


def load(runtime: Runtime, bundle: Bundle, file: ModelFile) -> Model:
    """Open one file of a bundle. Raises RuntimeUnavailable or BundleError."""
    run = runtime.open_file(bundle, file, file.outputs[:1])
    return lambda pixels: run(pixels)[0]


def load_maps(runtime: Runtime, bundle: Bundle, file: ModelFile) -> Mapper:
    """Open one file of a bundle for its other outputs. Raises RuntimeUnavailable or BundleError."""
    outputs = file.outputs[1:]
    run = runtime.open_file(bundle, file, outputs)
    return lambda pixels: {output.name: array for output, array in zip(outputs, run(pixels), strict=True)}


RUNTIMES: dict[str, Runtime] = {runtime.NAME: runtime for runtime in (onnxruntime, litert, tensorflow)}
