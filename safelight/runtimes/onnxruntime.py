"""ONNX Runtime on the CPU, for the .onnx files."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from safelight.bundle import Bundle
from safelight.errors import RuntimeUnavailable
from safelight.spec import Format, ModelFile, Tensor

NAME = "onnxruntime"
FORMATS: tuple[Format, ...] = ("onnx",)


def open_file(bundle: Bundle, file: ModelFile, outputs: Sequence[Tensor]) -> Callable[[NDArray[np.uint8]], list[NDArray[np.float32]]]:
    """A file as a function of pixels, its session open. Raises RuntimeUnavailable."""
    try:
        import onnxruntime
    except ImportError as error:
        raise RuntimeUnavailable(f"onnxruntime is not installed ({error}). Run: pip install onnxruntime") from error
    session = onnxruntime.InferenceSession(str(bundle.path(file.parts[0])), providers=["CPUExecutionProvider"])
    names = [output.name for output in outputs]

    def run(pixels: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
        return [array[0] for array in session.run(names, {file.input.name: pixels[None].astype(np.float32)})]

    return run
