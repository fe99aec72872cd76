"""Run a written file in its real runtime: [N,S,S,3] float32 pixels in, {output name: array} out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from safelight.runtimes.tensorflow import open_graph

Array = NDArray[np.float32]


def run_onnx(data: bytes, pixels: Array) -> dict[str, Array]:
    import onnxruntime

    session = onnxruntime.InferenceSession(data)
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, {session.get_inputs()[0].name: pixels}), strict=True))


def run_tflite(data: bytes, pixels: Array) -> dict[str, Array]:
    """One photo after the other: the file's batch is 1."""
    from ai_edge_litert.interpreter import Interpreter

    runner = Interpreter(model_content=data, num_threads=1).get_signature_runner("serving_default")
    answers = [{name: array.copy() for name, array in runner(pixels=photo[None]).items()} for photo in pixels]
    return {name: np.concatenate([answer[name] for answer in answers]) for name in answers[0]}


def run_tfjs(entry: Path, pixels: Array) -> dict[str, Array]:
    """In TensorFlow, which knows nothing of the writer; Node's TF.js runs the same files in test_tfjs_in_node."""
    model: dict[str, Any] = json.loads(entry.read_bytes())
    names = list(model["signature"]["outputs"])
    (source,) = model["signature"]["inputs"]
    return dict(zip(names, open_graph(entry, source, names)(pixels), strict=True))
