"""LiteRT (formerly TensorFlow Lite) on the CPU with XNNPACK, for the .tflite files."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from safelight.bundle import Bundle
from safelight.errors import RuntimeUnavailable
from safelight.runtimes.quiet import quiet
from safelight.spec import Format, ModelFile

NAME = "litert"
FORMATS: tuple[Format, ...] = ("tflite",)


def load(bundle: Bundle, file: ModelFile) -> Callable[[NDArray[np.uint8]], NDArray[np.float32]]:
    """An interpreter as a function: RGB uint8 [S,S,3] → probabilities [C]. Raises RuntimeUnavailable."""
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError as error:
        raise RuntimeUnavailable(f"LiteRT is not installed ({error}). Run: pip install ai-edge-litert") from error
    with quiet():
        interpreter = Interpreter(model_path=str(bundle.path(file.parts[0])))
        interpreter.allocate_tensors()
        runner = interpreter.get_signature_runner()
    output = file.outputs[0].name

    def run(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        probabilities: NDArray[np.float32] = runner(**{file.input.name: pixels[None].astype(np.float32)})[output][0]
        return probabilities

    return run
