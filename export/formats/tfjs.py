"""TF.js: our own graph model, a TensorFlow GraphDef in JSON beside shards of weights. The batch stays free.

Format: github.com/tensorflow/tfjs, tfjs-converter, `IGraphModelJSON`; operators: its `op_list`, of which only those are
used that the cpu, wasm and webgl back ends all have. TensorFlow itself runs the same graph, once
FusedDepthwiseConv2dNative, TF.js's own name, is split into TensorFlow's convolution, BiasAdd and activation.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from export.exported import Exported
from export.formats.half import as_half
from export.lower import graph as g
from safelight.bundle import record_of
from safelight.spec import Format, ModelFile, Precision

FORMAT: Format = "tfjs"
# TensorFlow 2.21: 2e-6 at worst; TF.js 4.22 wasm: 1.7e-6 with EfficientNet-Lite0. A random MobileNetV2 costs its siblings 2.3e-5.
TOLERANCE: dict[Precision, float] = {"fp32": 5e-5, "fp16": 5e-5}

SHARD_BYTES = 4 * 2**20  # browsers cache files of this size well
PRODUCER = 1882  # GraphDef version, TensorFlow 2.17's
NODE_NAME = re.compile(r"^[A-Za-z0-9.][A-Za-z0-9_.\\/>-]*$")  # TensorFlow's rule

BINARY = {"add": "AddV2", "sub": "Sub", "mul": "Mul", "div": "RealDiv", "minimum": "Minimum", "maximum": "Maximum"}
UNARY = {"relu": "Relu", "relu6": "Relu6", "sigmoid": "Sigmoid", "tanh": "Tanh", "elu": "Elu", "leakyrelu": "LeakyRelu"}
FUSED = {"none": [], "relu": ["Relu"], "relu6": ["Relu6"]}

Attributes = dict[str, Any]


def write(exported: Exported, precision: Precision, folder: Path) -> ModelFile:
    """`tfjs/model.json` and shards; in `tfjs-fp16/` the weights are float16, which TF.js widens while loading."""
    graph, weights = topology(exported.graph, precision)
    place = folder / ("tfjs" if precision == "fp32" else f"tfjs-{precision}")
    place.mkdir()
    data = b"".join(stored.tobytes() for _, stored in weights)
    count = max(1, -(-len(data) // SHARD_BYTES))
    shards = [place / f"group1-shard{index + 1}of{count}.bin" for index in range(count)]
    for index, shard in enumerate(shards):
        shard.write_bytes(data[index * SHARD_BYTES : (index + 1) * SHARD_BYTES])
    model = {
        "format": "graph-model",
        "generatedBy": "Safelight",
        "convertedBy": None,
        "signature": _signature(exported.graph),
        "modelTopology": graph,
        "weightsManifest": [{"paths": [shard.name for shard in shards], "weights": [_entry(name, stored) for name, stored in weights]}],
    }
    path = place / "model.json"
    path.write_text(json.dumps(model, separators=(",", ":")), encoding="utf-8")
    return ModelFile(
        format=FORMAT,
        precision=precision,
        parts=tuple(record_of(part, folder) for part in (path, *shards)),
        input=exported.input(),
        outputs=exported.outputs(),
    )


def topology(graph: g.Graph, precision: Precision) -> tuple[dict[str, Any], list[tuple[str, g.Array]]]:
    """The GraphDef as JSON, and the constants in the order of the shards, in the type they are stored in."""
    writer = _Writer(graph, precision)
    return {"node": writer.nodes, "library": {}, "versions": {"producer": PRODUCER}}, list(writer.weights.items())


def _signature(graph: g.Graph) -> dict[str, Any]:
    def describe(value: g.Value) -> dict[str, Any]:
        dims = [{"size": str(side)} for side in (-1, *value.shape)]
        return {"name": f"{value.name}:0", "dtype": "DT_FLOAT", "tensorShape": {"dim": dims}}

    return {"inputs": {graph.input.name: describe(graph.input)}, "outputs": {value.name: describe(value) for value in graph.outputs}}


def _entry(name: str, stored: g.Array) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": name, "shape": list(stored.shape), "dtype": "int32" if stored.dtype == np.int32 else "float32"}
    if stored.dtype == np.float16:
        entry["quantization"] = {"dtype": "float16", "original_dtype": "float32"}
    return entry


class _Writer:
    """The GraphDef under construction."""

    def __init__(self, graph: g.Graph, precision: Precision) -> None:
        self.graph = graph
        self.precision = precision
        self.nodes: list[dict[str, Any]] = []
        self.weights: dict[str, g.Array] = {}
        self.stored: dict[bytes, str] = {}  # content → constant, so that equal ones are stored once
        self.reshaped: dict[tuple[str, g.Shape], str] = {}  # constant and shape → its Reshape
        self.shapes = {graph.input.name: graph.input.shape}
        dims = [{"size": str(side)} for side in (-1, *graph.input.shape)]
        self._node("Placeholder", graph.input.name, (), dtype=_type("DT_FLOAT"), shape={"shape": {"dim": dims}})
        for node in graph.nodes:
            self._lower(node)
            self.shapes[node.output.name] = node.output.shape

    def _lower(self, node: g.Node) -> None:
        name, rank = node.output.name, len(node.output.shape) + 1
        match node:
            case g.Conv(groups=1):
                self._conv(node)
            case g.Conv():
                self._grouped_conv(node)
            case g.Dense():
                weight = self._weight(node.weight, self.graph.constants[node.weight].T)
                self._fused("_FusedMatMul", name, (node.inputs[0], weight), node, transpose_a=_bool(False), transpose_b=_bool(False))
            case g.Binary(kind=kind, activation="none"):
                self._node(BINARY[kind], name, self._inputs(node), T=_type("DT_FLOAT"))
            case g.Binary(kind=kind):
                self._node(BINARY[kind], f"{name}.sum", self._inputs(node), T=_type("DT_FLOAT"))
                self._node(FUSED[node.activation][0], name, (f"{name}.sum",), T=_type("DT_FLOAT"))
            case g.Unary(kind="hardswish"):
                self._hardswish(node)
            case g.Unary(kind=kind):
                alpha = {"alpha": {"f": node.alpha}} if kind == "leakyrelu" else {}
                self._node(UNARY[kind], name, node.inputs, T=_type("DT_FLOAT"), **alpha)
            case g.Pool():
                self._node(
                    "MaxPool" if node.kind == "max" else "AvgPool",
                    name,
                    node.inputs,
                    T=_type("DT_FLOAT"),
                    ksize=_integers((1, *node.window, 1)),
                    strides=_integers((1, *node.strides, 1)),
                    padding=_text("SAME" if node.same else "VALID"),
                    data_format=_text("NHWC"),
                )
            case g.Pad():
                top, left, bottom, right = node.pads
                amounts = self._int32(f"{name}/paddings", [[0, 0], [top, bottom], [left, right], [0, 0]])
                types = {"T": _type("DT_FLOAT"), "Tpaddings": _type("DT_INT32")}
                filler = () if node.value == 0.0 else (self._constant(f"{name}/value", np.array(node.value, np.float32)),)
                self._node("PadV2" if filler else "Pad", name, (*node.inputs, amounts, *filler), **types)
            case g.Mean():
                axes = self._int32(f"{name}/axes", node.axes)
                types = {"T": _type("DT_FLOAT"), "Tidx": _type("DT_INT32")}
                self._node("Mean", name, (*node.inputs, axes), keep_dims=_bool(node.keeps_axes), **types)
            case g.Reshape():
                shape = self._int32(f"{name}/shape", (-1, *node.output.shape))
                self._node("Reshape", name, (*node.inputs, shape), T=_type("DT_FLOAT"), Tshape=_type("DT_INT32"))
            case g.Transpose():
                axes = self._int32(f"{name}/perm", node.axes)
                self._node("Transpose", name, (*node.inputs, axes), T=_type("DT_FLOAT"), Tperm=_type("DT_INT32"))
            case g.Concat():
                self._concat(name, node.inputs, node.axis)
            case g.Slice():
                begin = [node.begin if axis == node.axis else 0 for axis in range(rank)]
                self._slice(name, node.inputs[0], begin, (-1, *node.output.shape))
            case g.Softmax():
                self._node("Softmax", name, node.inputs, T=_type("DT_FLOAT"))
            case _:
                raise TypeError(f"no TF.js operator for {type(node).__name__}")

    def _conv(self, node: g.Conv) -> None:
        weight = self.graph.constants[node.weight]
        kernel = weight if node.depthwise else weight.transpose(1, 2, 3, 0)  # OHWI → HWIO
        inputs = (node.inputs[0], self._weight(node.weight, kernel))
        attributes = self._convolution(node, (kernel.shape[0], kernel.shape[1]))
        self._fused("FusedDepthwiseConv2dNative" if node.depthwise else "_FusedConv2D", node.output.name, inputs, node, **attributes)

    def _grouped_conv(self, node: g.Conv) -> None:
        """TF.js has no groups: slices, a convolution each, and all of them side by side."""
        name, weight = node.output.name, self.graph.constants[node.weight]
        height, width, channels = self.shapes[node.inputs[0]]
        attributes = self._convolution(node, (weight.shape[1], weight.shape[2]))
        step, parts = channels // node.groups, []
        for group, part in enumerate(np.split(weight, node.groups)):
            scope = f"{name}/group{group}"
            self._slice(f"{scope}/slice", node.inputs[0], (0, 0, 0, group * step), (-1, height, width, step))
            kernel = self._weight(f"{node.weight}/group{group}", part.transpose(1, 2, 3, 0))
            self._node("Conv2D", scope, (f"{scope}/slice", kernel), T=_type("DT_FLOAT"), **attributes)
            parts.append(scope)
        self._concat(f"{name}/groups", parts, 3)
        biased = name if node.activation == "none" else f"{name}/biased"
        self._node("AddV2", biased, (f"{name}/groups", self._constant(node.bias, self.graph.constants[node.bias])), T=_type("DT_FLOAT"))
        if biased != name:
            self._node(FUSED[node.activation][0], name, (biased,), T=_type("DT_FLOAT"))

    def _convolution(self, node: g.Conv, window: tuple[int, int]) -> Attributes:
        height, width, _ = self.shapes[node.inputs[0]]
        attributes: Attributes = {
            "strides": _integers((1, *node.strides, 1)),
            "dilations": _integers((1, *node.dilations, 1)),
            "data_format": _text("NHWC"),
        }
        if not any(node.pads):
            return {**attributes, "padding": _text("VALID")}
        if g.is_same(node.pads, (height, width), window, node.strides, node.dilations):
            return {**attributes, "padding": _text("SAME")}
        top, left, bottom, right = node.pads
        return {**attributes, "padding": _text("EXPLICIT"), "explicit_paddings": _integers((0, 0, top, bottom, left, right, 0, 0))}

    def _fused(self, operator: str, name: str, inputs: Sequence[str], node: g.Conv | g.Dense, **attributes: Any) -> None:
        """An operator with its bias and activation."""
        bias = self._constant(node.bias, self.graph.constants[node.bias])
        steps = [base64.b64encode(step.encode()).decode() for step in ("BiasAdd", *FUSED[node.activation])]
        if operator == "_FusedConv2D":
            attributes["TArgs"] = {"list": {"type": ["DT_FLOAT"]}}
        fused = {"num_args": {"i": "1"}, "fused_ops": {"list": {"s": steps}}}
        self._node(operator, name, (*inputs, bias), T=_type("DT_FLOAT"), **fused, **attributes)

    def _hardswish(self, node: g.Unary) -> None:
        """Hard swish is x · relu6(x + 3) / 6, as PyTorch computes it: the wasm back end has no HardSwish."""
        name, source, float32 = node.output.name, node.inputs[0], _type("DT_FLOAT")
        three, six = (self._constant(f"constant/{number}", np.array(number, np.float32)) for number in (3, 6))
        self._node("AddV2", f"{name}/shift", (source, three), T=float32)
        self._node("Relu6", f"{name}/relu6", (f"{name}/shift",), T=float32)
        self._node("Mul", f"{name}/product", (source, f"{name}/relu6"), T=float32)
        self._node("RealDiv", name, (f"{name}/product", six), T=float32)

    def _slice(self, name: str, source: str, begin: Sequence[int], size: Sequence[int]) -> None:
        start, extent = self._int32(f"{name}/begin", begin), self._int32(f"{name}/size", size)
        self._node("Slice", name, (source, start, extent), T=_type("DT_FLOAT"), Index=_type("DT_INT32"))

    def _concat(self, name: str, parts: Sequence[str], axis: int) -> None:
        inputs = (*parts, self._int32(f"{name}/axis", axis))
        self._node("ConcatV2", name, inputs, T=_type("DT_FLOAT"), Tidx=_type("DT_INT32"), N={"i": str(len(parts))})

    def _inputs(self, node: g.Node) -> list[str]:
        constants = self.graph.constants
        return [self._constant(name, constants[name]) if name in constants else name for name in node.inputs]

    def _weight(self, name: str, array: g.Array) -> str:
        """A convolution's or linear layer's weight, stored in the precision of the file."""
        return self._constant(name, as_half(array, name) if self.precision == "fp16" else array)

    def _int32(self, name: str, numbers: int | Sequence[int] | Sequence[Sequence[int]]) -> str:
        return self._constant(name, np.array(numbers, np.int32))

    def _constant(self, name: str, array: g.Array) -> str:
        """The name of a Const that holds `array`; if the same bytes are there in another shape, of a Reshape of it."""
        array = np.asarray(array, order="C")
        key = array.dtype.char.encode() + array.tobytes()
        if key not in self.stored:
            self.stored[key] = name
            self.weights[name] = array
            kind = _type("DT_INT32" if array.dtype == np.int32 else "DT_FLOAT")
            tensor = {"dtype": kind["type"], "tensorShape": {"dim": [{"size": str(side)} for side in array.shape]}}
            self._node("Const", name, (), dtype=kind, value={"tensor": tensor})
            return name
        found = self.stored[key]
        if self.weights[found].shape == array.shape:
            return found
        if (found, array.shape) not in self.reshaped:
            shape = self._int32(f"{name}/shape", array.shape)
            kind = _type("DT_INT32" if array.dtype == np.int32 else "DT_FLOAT")
            self._node("Reshape", f"{name}/reshaped", (found, shape), T=kind, Tshape=_type("DT_INT32"))
            self.reshaped[found, array.shape] = f"{name}/reshaped"
        return self.reshaped[found, array.shape]

    def _node(self, operator: str, name: str, inputs: Sequence[str], **attributes: Any) -> None:
        self.nodes.append({"name": _safe(name), "op": operator, "input": [_safe(source) for source in inputs], "attr": attributes})


def _safe(name: str) -> str:
    return name if NODE_NAME.match(name) else f"n{name}"


def _type(name: str) -> Attributes:
    return {"type": name}


def _text(text: str) -> Attributes:
    """Protobuf's JSON has bytes in base64."""
    return {"s": base64.b64encode(text.encode()).decode()}


def _integers(numbers: Sequence[int]) -> Attributes:
    """Protobuf's JSON has 64-bit integers as strings."""
    return {"list": {"i": [str(number) for number in numbers]}}


def _bool(flag: bool) -> Attributes:
    return {"b": flag}
