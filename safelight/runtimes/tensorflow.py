"""TensorFlow, the independent referee: it had no part in writing the files that it executes.

A TF.js graph model is a TensorFlow GraphDef in JSON whose constants lie in shards; put back together it runs in
TensorFlow itself. The format: github.com/tensorflow/tfjs, tfjs-converter, `IGraphModelJSON`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from safelight.bundle import Bundle
from safelight.errors import BundleError, RuntimeUnavailable
from safelight.runtimes.quiet import quiet
from safelight.spec import Format, ModelFile, Tensor

NAME = "tensorflow"
FORMATS: tuple[Format, ...] = ("tfjs",)


def open_file(bundle: Bundle, file: ModelFile, outputs: Sequence[Tensor]) -> Callable[[NDArray[np.uint8]], list[NDArray[np.float32]]]:
    """A file as a function of pixels, its graph pruned to `outputs`. Raises RuntimeUnavailable or BundleError."""
    function = open_graph(bundle.path(file.parts[0]), file.input.name, [output.name for output in outputs])
    return lambda pixels: [array[0] for array in function(pixels[None].astype(np.float32))]


def open_graph(entry: Path, source: str, outputs: Sequence[str]) -> Callable[[NDArray[np.float32]], list[NDArray[np.float32]]]:
    """A model.json as a function: `source` float32 [N,S,S,3] → the named outputs. Raises RuntimeUnavailable or BundleError."""
    try:
        with quiet():
            import tensorflow
    except ImportError as error:
        raise RuntimeUnavailable(f"TensorFlow is not installed ({error}). In the checkout run: uv sync --extra referee") from error
    # As written, without the optimiser, which aborts the process on a depthwise convolution after a grouped one (2.21).
    tensorflow.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    with quiet():  # it looks for a GPU here, and complains where there is none
        graph_def = _graph_def(tensorflow, json.loads(entry.read_bytes()), entry.parent)
        wrapped = tensorflow.compat.v1.wrap_function(lambda: tensorflow.import_graph_def(graph_def, name=""), [])
    feed, *fetches = (wrapped.graph.as_graph_element(f"{name}:0") for name in (source, *outputs))
    function = wrapped.prune(feed, fetches)
    return lambda pixels: [tensor.numpy() for tensor in function(tensorflow.constant(pixels))]


def _graph_def(tensorflow: Any, model: dict[str, Any], folder: Path) -> Any:
    """The GraphDef of a model.json, its constants filled in from the shards."""
    from google.protobuf import json_format

    graph_def = json_format.ParseDict(model["modelTopology"], tensorflow.compat.v1.GraphDef(), ignore_unknown_fields=True)
    weights = dict(_weights(model["weightsManifest"], folder))
    for node in graph_def.node:
        if node.op == "Const":
            if node.name not in weights:
                raise BundleError(f"{folder}: the constant {node.name!r} stands in no shard of model.json. Export the bundle again.")
            node.attr["value"].tensor.CopyFrom(tensorflow.make_tensor_proto(weights[node.name]))
    return _in_tensorflow_operators(graph_def)


def _in_tensorflow_operators(graph_def: Any) -> Any:
    """FusedDepthwiseConv2dNative is TF.js's own: here it is TensorFlow's convolution, BiasAdd and activation."""
    split = type(graph_def)(versions=graph_def.versions, library=graph_def.library)
    for node in graph_def.node:
        if node.op != "FusedDepthwiseConv2dNative":
            split.node.append(node)
            continue
        convolution = split.node.add(op="DepthwiseConv2dNative", name=f"{node.name}/convolution", input=node.input[:2])
        for name in ("T", "strides", "padding", "explicit_paddings", "data_format", "dilations"):
            if name in node.attr:
                convolution.attr[name].CopyFrom(node.attr[name])
        operators = [operator.decode() for operator in node.attr["fused_ops"].list.s]  # BiasAdd, and perhaps an activation
        names = [f"{node.name}/{operator}" for operator in operators[:-1]] + [node.name]
        inputs = [[convolution.name, *node.input[2:]], *([name] for name in names[:-1])]
        for operator, name, sources in zip(operators, names, inputs, strict=True):
            split.node.add(op=operator, name=name, input=sources).attr["T"].CopyFrom(node.attr["T"])
    return split


def _weights(manifest: list[dict[str, Any]], folder: Path) -> Iterator[tuple[str, NDArray[Any]]]:
    for group in manifest:
        data = b"".join((folder / path).read_bytes() for path in group["paths"])
        offset = 0
        for weight in group["weights"]:
            dtype = np.dtype(weight["dtype"])
            stored = np.dtype(weight.get("quantization", {}).get("dtype", weight["dtype"]))
            count = int(np.prod(weight["shape"], dtype=np.int64))
            values = np.frombuffer(data, stored, count, offset).reshape(weight["shape"])
            offset += values.nbytes
            yield weight["name"], values.astype(dtype)
