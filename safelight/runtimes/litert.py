"""LiteRT (formerly TensorFlow Lite) on the CPU with XNNPACK, for the .tflite files."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from safelight.bundle import Bundle
from safelight.errors import RuntimeUnavailable
from safelight.runtimes.quiet import quiet
from safelight.spec import Format, ModelFile, Tensor

NAME = "litert"
FORMATS: tuple[Format, ...] = ("tflite",)


def open_file(bundle: Bundle, file: ModelFile, outputs: Sequence[Tensor]) -> Callable[[NDArray[np.uint8]], list[NDArray[np.float32]]]:
    """A file as a function of pixels, its interpreter open. Raises RuntimeUnavailable."""
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError as error:
        raise RuntimeUnavailable(f"LiteRT is not installed ({error}). Run: pip install ai-edge-litert") from error
    with quiet():
        interpreter = Interpreter(model_path=str(bundle.path(file.parts[0])))
        interpreter.allocate_tensors()
        runner = interpreter.get_signature_runner()

    def run(pixels: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
        found = runner(**{file.input.name: pixels[None].astype(np.float32)})
        return [found[output.name][0] for output in outputs]

    return run
