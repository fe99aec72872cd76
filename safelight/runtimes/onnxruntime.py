"""ONNX Runtime on the CPU, for the .onnx files."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from safelight.bundle import Bundle
from safelight.errors import RuntimeUnavailable
from safelight.spec import Format, ModelFile

NAME = "onnxruntime"
FORMATS: tuple[Format, ...] = ("onnx",)


def load(bundle: Bundle, file: ModelFile) -> Callable[[NDArray[np.uint8]], NDArray[np.float32]]:
    """A session as a function: RGB uint8 [S,S,3] → probabilities [C]. Raises RuntimeUnavailable."""
    try:
        import onnxruntime
    except ImportError as error:
        raise RuntimeUnavailable(f"onnxruntime is not installed ({error}). Run: pip install onnxruntime") from error
    session = onnxruntime.InferenceSession(str(bundle.path(file.parts[0])), providers=["CPUExecutionProvider"])
    output = file.outputs[0].name

    def run(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        probabilities: NDArray[np.float32] = session.run([output], {file.input.name: pixels[None].astype(np.float32)})[0][0]
        return probabilities

    return run
