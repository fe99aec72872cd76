"""Layers with weights: convolutions, linear layers, and batch norms that stand alone."""

from __future__ import annotations

import numpy as np

from export.lower.builder import NHWC, Builder, Operator, Ref
from export.lower.graph import Array, Binary, Conv, Dense, Pads, Value


def conv(operator: Operator, builder: Builder) -> None:
    """[N,I,h,w] → [N,O,h',w']; weight [O,I/g,kh,kw]."""
    image = builder.image(operator)
    weight = builder.constant(operator, 1)
    if weight.ndim != 4 or operator.attributes.get("auto_pad", b"NOTSET") != b"NOTSET":
        raise operator.unsupported(f"a convolution with weights of rank {weight.ndim} and automatic padding")
    out, kernel = weight.shape[0], (weight.shape[2], weight.shape[3])
    groups: int = operator.attributes.get("group", 1)
    strides: tuple[int, int] = tuple(operator.attributes.get("strides", (1, 1)))
    dilations: tuple[int, int] = tuple(operator.attributes.get("dilations", (1, 1)))
    pads: Pads = tuple(operator.attributes.get("pads", (0, 0, 0, 0)))
    height, width = (
        (image.shape[axis] + pads[axis] + pads[axis + 2] - (kernel[axis] - 1) * dilations[axis] - 1) // strides[axis] + 1 for axis in (0, 1)
    )
    depthwise = groups > 1 and weight.shape[1] == 1 and groups == image.shape[2]
    by_channel = (groups, out // groups, *kernel)  # channel c's M filters are ONNX outputs c·M … c·M+M−1
    stored = weight.reshape(by_channel).transpose(2, 3, 0, 1) if depthwise else weight.transpose(0, 2, 3, 1)
    output = Value(operator.outputs[0], (height, width, out))
    node = Conv(
        output,
        operator.layer,
        (image.name,),
        weight=builder.weight(operator.inputs[1], stored),
        bias=_bias(operator, builder, out),
        strides=strides,
        dilations=dilations,
        pads=pads,
        groups=1 if depthwise else groups,
        depthwise=depthwise,
    )
    builder.refs[operator.outputs[0]] = Ref(builder.add(node), NHWC)


def gemm(operator: Operator, builder: Builder) -> None:
    """[N,I] → [N,O], with PyTorch's weight [O,I] or its transpose."""
    attributes = operator.attributes
    if attributes.get("transA", 0) or attributes.get("alpha", 1.0) != 1.0 or attributes.get("beta", 1.0) != 1.0:
        raise operator.unsupported("it transposes or scales its input")
    weight = builder.constant(operator, 1)
    _dense(operator, builder, weight if attributes.get("transB", 0) else weight.T)


def matmul(operator: Operator, builder: Builder) -> None:
    """[N,I] × constant [I,O] → [N,O]."""
    weight = builder.constant(operator, 1)
    if weight.ndim != 2:
        raise operator.unsupported(f"it multiplies by a constant of rank {weight.ndim}")
    _dense(operator, builder, weight.T)


def _dense(operator: Operator, builder: Builder, weight: Array) -> None:
    ref = builder.ref(operator)
    if ref.rank != 2:
        raise operator.unsupported(f"it multiplies a tensor of rank {ref.rank}")
    if ref.flattened is not None:  # the features lie as H·W·C, the weight's columns as C·H·W
        height, width, channels = ref.flattened
        weight = weight.reshape(-1, channels, height, width).transpose(0, 2, 3, 1).reshape(weight.shape)
    out = weight.shape[0]
    output = Value(operator.outputs[0], (out,))
    name, bias = builder.weight(operator.inputs[1], weight), _bias(operator, builder, out)
    builder.refs[operator.outputs[0]] = Ref(builder.add(Dense(output, operator.layer, (ref.value.name,), weight=name, bias=bias)), (1,))


def _bias(operator: Operator, builder: Builder, out: int) -> str:
    """The third input's name; zeros where there is none, for every target wants one."""
    bias = builder.constant(operator, 2, np.zeros(out, np.float32))
    if bias.size != out:
        bias = np.broadcast_to(bias.reshape(-1), (out,))
    name = operator.inputs[2] if len(operator.inputs) > 2 and operator.inputs[2] else f"zeros.{out}"
    return builder.weight(name, bias.reshape(out))


def batch_norm(operator: Operator, builder: Builder) -> None:
    """A batch norm that follows no convolution: x · scale + shift per channel, computed in float64, kept in float32."""
    ref = builder.ref(operator)
    scale, shift, mean, variance = (builder.constant(operator, index).astype(np.float64) for index in (1, 2, 3, 4))
    factor = scale / np.sqrt(variance + operator.attributes.get("epsilon", 1e-5))
    axis = ref.stored_axis(1)
    tail = (1,) * (len(ref.order) - axis)
    name = operator.outputs[0]
    for kind, constant in (("mul", factor), ("add", shift - mean * factor)):
        output = Value(name if kind == "add" else builder.fresh(name), ref.value.shape)
        weight = builder.weight(f"{name}.{kind}", constant.reshape(-1, *tail))
        ref = Ref(builder.add(Binary(output, operator.layer, (ref.value.name, weight), kind=kind)), ref.order)  # type: ignore[arg-type]
    builder.refs[name] = ref


LOWERINGS = {"Conv": conv, "Gemm": gemm, "MatMul": matmul, "BatchNormalization": batch_norm}
