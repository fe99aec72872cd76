"""TFLite: our own flatbuffer, for LiteRT on phones, in browsers and in Python. One photo at a time: static shapes.

Schema: tensorflow/lite/schema/schema.fbs, whose generated classes come with ai-edge-litert. Every operator here is one
that XNNPACK takes over, except PADV2.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from export.exported import Exported
from export.formats.half import as_half
from export.lower import graph as g
from safelight.bundle import record_of
from safelight.spec import Format, ModelFile, Precision

if TYPE_CHECKING:
    import flatbuffers

FORMAT: Format = "tflite"
# LiteRT 2.3: 1.3e-6 with pretrained EfficientNet-Lite0, 2.3e-5 at worst: a random MobileNetV2, which amplifies rounding.
TOLERANCE: dict[Precision, float] = {"fp32": 5e-5, "fp16": 5e-5}

FILE_IDENTIFIER = b"TFL3"
SCHEMA_VERSION = 3
SIGNATURE = "serving_default"
ALIGNMENT = 16  # bytes, of every constant: what the schema's force_align asks for

BINARY = {"add": "ADD", "sub": "SUB", "mul": "MUL", "div": "DIV", "minimum": "MINIMUM", "maximum": "MAXIMUM"}
BINARY_OPTIONS = {"add": "Add", "sub": "Sub", "mul": "Mul", "div": "Div", "minimum": "MaximumMinimum", "maximum": "MaximumMinimum"}
UNARY = {
    "relu": "RELU",
    "relu6": "RELU6",
    "sigmoid": "LOGISTIC",
    "tanh": "TANH",
    "hardswish": "HARD_SWISH",
    "elu": "ELU",
    "leakyrelu": "LEAKY_RELU",
}


def write(exported: Exported, precision: Precision, folder: Path) -> ModelFile:
    """`model.tflite`, or `model-fp16.tflite` whose weights are float16 constants, each followed by a DEQUANTIZE."""
    path = folder / ("model.tflite" if precision == "fp32" else f"model-{precision}.tflite")
    path.write_bytes(serialise(exported.graph, precision))
    return ModelFile(
        format=FORMAT,
        precision=precision,
        parts=(record_of(path, folder),),
        input=exported.input(batch=1),
        outputs=exported.outputs(batch=1),
    )


def serialise(graph: g.Graph, precision: Precision) -> bytes:
    """The file's bytes; the same graph gives the same bytes."""
    import flatbuffers

    writer = _Writer(graph, precision)
    builder = flatbuffers.Builder(sum(len(data) + 64 for data in writer.data) + 2**16)  # else it grows by doubling, with a copy each time
    builder.Finish(writer.model().Pack(builder), FILE_IDENTIFIER)
    return bytes(builder.Output())


class _Writer:
    """The flatbuffer under construction: tensors, buffers and operators refer to each other by index."""

    def __init__(self, graph: g.Graph, precision: Precision) -> None:
        from ai_edge_litert import schema_py_generated as schema

        self.schema: Any = schema
        self.graph = graph
        self.precision = precision
        self.data: list[bytes] = [b""]  # the schema wants buffer 0 to be empty
        self.data_index: dict[bytes, int] = {b"": 0}  # equal constants are stored once
        self.tensors: list[Any] = []
        self.tensor_index: dict[str, int] = {}
        self.operators: list[Any] = []
        self.codes: dict[tuple[int, int], int] = {}  # (builtin operator, version) → index
        self.input = self._value(graph.input)
        for node in graph.nodes:
            self._node(node)

    def model(self) -> Any:
        """The root object."""
        s = self.schema
        outputs = [self.tensor_index[value.name] for value in self.graph.outputs]
        subgraph = s.SubGraphT(name="main", tensors=self.tensors, inputs=[self.input], outputs=outputs, operators=self.operators)
        signature = s.SignatureDefT(
            inputs=[s.TensorMapT(name=self.graph.input.name, tensorIndex=self.input)],
            outputs=[s.TensorMapT(name=value.name, tensorIndex=index) for value, index in zip(self.graph.outputs, outputs, strict=True)],
            signatureKey=SIGNATURE,
            subgraphIndex=0,
        )
        metadata = s.MetadataT(name="min_runtime_version", buffer=self._buffer(struct.pack("16s", self._minimal_runtime().encode())))
        codes = [s.OperatorCodeT(deprecatedBuiltinCode=min(code, 127), builtinCode=code, version=version) for code, version in self.codes]
        return s.ModelT(
            version=SCHEMA_VERSION,
            operatorCodes=codes,
            subgraphs=[subgraph],
            description="Safelight",
            buffers=[_Buffer(data) for data in self.data],
            metadata=[metadata],
            signatureDefs=[signature],
        )

    def _minimal_runtime(self) -> str:
        """The first TensorFlow that runs every operator: grouped convolutions need 2.9, float16 weights and HARD_SWISH 1.15."""
        grouped = any(isinstance(node, g.Conv) and node.groups > 1 for node in self.graph.nodes)
        return "2.9.0" if grouped else "1.15.0"

    def _node(self, node: g.Node) -> None:
        match node:
            case g.Conv():
                self._conv(node)
            case g.Dense():
                inputs = [self._input(node.inputs[0]), self._weight(node.weight), self._constant(node.bias)]
                options = self.schema.FullyConnectedOptionsT(fusedActivationFunction=self._activation(node.activation))
                self._operator("FULLY_CONNECTED", inputs, node.output, options)
            case g.Binary(kind=kind):
                options = getattr(self.schema, f"{BINARY_OPTIONS[kind]}OptionsT")()
                if kind not in ("minimum", "maximum"):
                    options.fusedActivationFunction = self._activation(node.activation)
                self._operator(BINARY[kind], self._inputs(node), node.output, options)
            case g.Unary(kind="leakyrelu"):
                self._operator("LEAKY_RELU", self._inputs(node), node.output, self.schema.LeakyReluOptionsT(alpha=node.alpha))
            case g.Unary(kind=kind):
                self._operator(UNARY[kind], self._inputs(node), node.output)
            case g.Pool():
                self._pool(node)
            case g.Pad():
                self._pad(self._input(node.inputs[0]), node.pads, node.value, node.output)
            case g.Mean():
                axes = self._integers(np.array(node.axes))
                options = self.schema.ReducerOptionsT(keepDims=node.keeps_axes)
                self._operator("MEAN", [*self._inputs(node), axes], node.output, options)
            case g.Reshape():
                shape = np.array((1, *node.output.shape))
                options = self.schema.ReshapeOptionsT(newShape=shape.astype(np.int32))
                self._operator("RESHAPE", [*self._inputs(node), self._integers(shape)], node.output, options)
            case g.Transpose():
                axes = self._integers(np.array(node.axes))
                self._operator("TRANSPOSE", [*self._inputs(node), axes], node.output, self.schema.TransposeOptionsT())
            case g.Concat():
                self._operator("CONCATENATION", self._inputs(node), node.output, self.schema.ConcatenationOptionsT(axis=node.axis))
            case g.Slice():
                begin = np.zeros(len(node.output.shape) + 1)
                begin[node.axis] = node.begin
                size = np.array((1, *node.output.shape))
                inputs = [*self._inputs(node), self._integers(begin), self._integers(size)]
                self._operator("SLICE", inputs, node.output, self.schema.SliceOptionsT())
            case g.Softmax():
                self._operator("SOFTMAX", self._inputs(node), node.output, self.schema.SoftmaxOptionsT(beta=1.0))
            case _:
                raise TypeError(f"no TFLite operator for {type(node).__name__}")

    def _conv(self, node: g.Conv) -> None:
        s = self.schema
        image = self._shape(node.inputs[0])
        weight = self.graph.constants[node.weight]
        window = (weight.shape[0], weight.shape[1]) if node.depthwise else (weight.shape[1], weight.shape[2])
        source = self._input(node.inputs[0])
        same = any(node.pads) and g.is_same(node.pads, (image[0], image[1]), window, node.strides, node.dilations)
        if any(node.pads) and not same:
            top, left, bottom, right = node.pads
            padded = g.Value(f"{node.output.name}.padded", (image[0] + top + bottom, image[1] + left + right, image[2]))
            source = self._pad(source, node.pads, 0.0, padded)
        options = s.DepthwiseConv2DOptionsT(depthMultiplier=weight.shape[3]) if node.depthwise else s.Conv2DOptionsT()
        options.padding = s.Padding.SAME if same else s.Padding.VALID
        options.strideH, options.strideW = node.strides
        options.dilationHFactor, options.dilationWFactor = node.dilations
        options.fusedActivationFunction = self._activation(node.activation)
        if node.depthwise:
            inputs = [source, self._weight(node.weight, (1, *window, node.output.shape[2])), self._constant(node.bias)]
            self._operator("DEPTHWISE_CONV_2D", inputs, node.output, options, version=1 if node.dilations == (1, 1) else 2)
        else:
            inputs = [source, self._weight(node.weight), self._constant(node.bias)]
            self._operator("CONV_2D", inputs, node.output, options, version=1 if node.groups == 1 else 6)

    def _pool(self, node: g.Pool) -> None:
        padding = self.schema.Padding.SAME if node.same else self.schema.Padding.VALID
        options = self.schema.Pool2DOptionsT(
            padding=padding, filterHeight=node.window[0], filterWidth=node.window[1], strideH=node.strides[0], strideW=node.strides[1]
        )
        self._operator("MAX_POOL_2D" if node.kind == "max" else "AVERAGE_POOL_2D", self._inputs(node), node.output, options)

    def _pad(self, source: int, pads: g.Pads, value: float, output: g.Value) -> int:
        top, left, bottom, right = pads
        amounts = self._integers(np.array([[0, 0], [top, bottom], [left, right], [0, 0]]))
        if value == 0.0:
            return self._operator("PAD", [source, amounts], output, self.schema.PadOptionsT())
        filler = self._tensor(f"{output.name}.value", (), np.array(value, np.float32))
        return self._operator("PADV2", [source, amounts, filler], output, self.schema.PadV2OptionsT())

    def _operator(self, code: str, inputs: Sequence[int], output: g.Value, options: Any = None, *, version: int = 1) -> int:
        s = self.schema
        index = self._value(output)
        key = (getattr(s.BuiltinOperator, code), version)
        operator = s.OperatorT(opcodeIndex=self.codes.setdefault(key, len(self.codes)), inputs=list(inputs), outputs=[index])
        if options is not None:
            operator.builtinOptionsType = getattr(s.BuiltinOptions, type(options).__name__.removesuffix("T"))
            operator.builtinOptions = options
        self.operators.append(operator)
        return index

    def _activation(self, activation: g.Activation) -> int:
        return int(getattr(self.schema.ActivationFunctionType, activation.upper()))

    def _shape(self, name: str) -> g.Shape:
        """Of a value that is already there, without the batch."""
        return tuple(int(side) for side in self.tensors[self.tensor_index[name]].shape[1:])

    def _inputs(self, node: g.Node) -> list[int]:
        return [self._input(name) for name in node.inputs]

    def _input(self, name: str) -> int:
        return self._constant(name) if name in self.graph.constants else self.tensor_index[name]

    def _value(self, value: g.Value) -> int:
        return self._tensor(value.name, (1, *value.shape), None)

    def _constant(self, name: str) -> int:
        """A float32 constant as it is."""
        array = self.graph.constants[name]
        return self._tensor(name, array.shape, array)

    def _weight(self, name: str, shape: g.Shape | None = None) -> int:
        """A convolution's or linear layer's weight, stored in the precision of the file, read as float32."""
        array = self.graph.constants[name]
        array = array if shape is None else array.reshape(shape)
        if self.precision == "fp32":
            return self._tensor(name, array.shape, array)
        if name in self.tensor_index:
            return self.tensor_index[name]
        half = self._tensor(f"{name}.float16", array.shape, as_half(array, name))
        index = self._tensor(name, array.shape, None)
        s = self.schema
        key = (s.BuiltinOperator.DEQUANTIZE, 3)
        self.operators.append(s.OperatorT(opcodeIndex=self.codes.setdefault(key, len(self.codes)), inputs=[half], outputs=[index]))
        return index

    def _integers(self, array: g.Array) -> int:
        array = array.astype(np.int32)
        text = "_".join(str(number) for number in array.reshape(-1))
        return self._tensor(f"int32.{array.ndim}d.{text}", array.shape, array)

    def _tensor(self, name: str, shape: g.Shape, array: g.Array | None) -> int:
        if name in self.tensor_index:
            return self.tensor_index[name]
        types = self.schema.TensorType
        kinds = {"float32": types.FLOAT32, "float16": types.FLOAT16, "int32": types.INT32}
        tensor = self.schema.TensorT(
            name=name,
            shape=np.array(shape, np.int32),
            type=kinds["float32" if array is None else array.dtype.name],
            buffer=0 if array is None else self._buffer(array.tobytes()),
        )
        self.tensor_index[name] = len(self.tensors)
        self.tensors.append(tensor)
        return self.tensor_index[name]

    def _buffer(self, data: bytes) -> int:
        if data not in self.data_index:
            self.data_index[data] = len(self.data)
            self.data.append(data)
        return self.data_index[data]


class _Buffer:
    """A buffer whose bytes are aligned; the generated class ignores the schema's force_align."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def Pack(self, builder: flatbuffers.Builder) -> int:  # noqa: N802 — the generated classes' name
        from ai_edge_litert import schema_py_generated as schema

        vector = None
        if self.data:
            builder.StartVector(1, len(self.data), ALIGNMENT)
            builder.head -= len(self.data)
            builder.Bytes[builder.head : builder.head + len(self.data)] = self.data
            vector = builder.EndVector()
        schema.BufferStart(builder)
        if vector is not None:
            schema.BufferAddData(builder, vector)
        return int(schema.BufferEnd(builder))
