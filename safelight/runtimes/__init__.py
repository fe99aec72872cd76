"""Python runtimes that execute a bundle's files. One module each, with the same names in the same order:

    NAME      what reports and the command line call it
    FORMATS   which formats it executes
    load      (Bundle, ModelFile) → Model; raises RuntimeUnavailable where the package isn't installed

To add a runtime write such a module and a line in RUNTIMES; `predict` and the parity tests run over the dict.
Browsers are no Python runtimes: export/parity/browsers drives those.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from safelight.bundle import Bundle
from safelight.runtimes import litert, onnxruntime, tensorflow
from safelight.spec import Format, ModelFile


class Model(Protocol):
    """A loaded model: one photo's pixels in, its probabilities out."""

    def __call__(self, pixels: NDArray[np.uint8], /) -> NDArray[np.float32]:
        """RGB uint8 [S,S,3] → probabilities float32 [C]."""


class Runtime(Protocol):
    """A runtime's module."""

    NAME: str
    FORMATS: tuple[Format, ...]

    def load(self, bundle: Bundle, file: ModelFile) -> Model:
        """Open one file of a bundle. Raises RuntimeUnavailable."""


RUNTIMES: dict[str, Runtime] = {runtime.NAME: runtime for runtime in (onnxruntime, litert, tensorflow)}
