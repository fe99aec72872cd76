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


def load(bundle: Bundle, file: ModelFile) -> Callable[[NDArray[np.uint8]], NDArray[np.float32]]:
    """A session as a function: RGB uint8 [S,S,3] → probabilities [C]. Raises RuntimeUnavailable."""
    run = _open(bundle, file, file.outputs[:1])
    return lambda pixels: run(pixels)[0]


def load_maps(bundle: Bundle, file: ModelFile) -> Callable[[NDArray[np.uint8]], dict[str, NDArray[np.float32]]]:
    """The same with the other outputs: RGB uint8 [S,S,3] → [h,w,…] by name. Raises RuntimeUnavailable."""
    run = _open(bundle, file, file.outputs[1:])
    return lambda pixels: {output.name: array for output, array in zip(file.outputs[1:], run(pixels), strict=True)}


def _open(bundle: Bundle, file: ModelFile, outputs: Sequence[Tensor]) -> Callable[[NDArray[np.uint8]], list[NDArray[np.float32]]]:
    try:
        import onnxruntime
    except ImportError as error:
        raise RuntimeUnavailable(f"onnxruntime is not installed ({error}). Run: pip install onnxruntime") from error
    session = onnxruntime.InferenceSession(str(bundle.path(file.parts[0])), providers=["CPUExecutionProvider"])
    names = [output.name for output in outputs]

    def run(pixels: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
        return [array[0] for array in session.run(names, {file.input.name: pixels[None].astype(np.float32)})]

    return run
