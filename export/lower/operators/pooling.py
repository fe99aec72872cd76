"""Pooling, with PyTorch's padding made explicit where TensorFlow's SAME means something else."""

from __future__ import annotations

import math

import numpy as np

from export.lower.builder import NHWC, Builder, Operator, Ref
from export.lower.graph import Array, Binary, Conv, Dense, Mean, Node, Pad, Pads, Pool, Unary, Value, is_same

LOWEST = float(np.finfo(np.float32).min)  # −inf itself upsets WebGL


def max_pool(operator: Operator, builder: Builder) -> None:
    """The padding never wins: PyTorch pads with −inf."""
    image = builder.image(operator)
    window, strides, pads, _ = _geometry(operator, image)
    if is_same(pads, image.shape[:2], window, strides, (1, 1)):
        _finish(operator, builder, image, "max", window, strides, same=True)
        return
    if any(pads):
        # After a ReLU zero is as good as −inf, and XNNPACK knows only padding with zero.
        image = _pad(operator, builder, image, pads, 0.0 if _is_nonnegative(builder, image.name) else LOWEST)
    _finish(operator, builder, image, "max", window, strides)


def average_pool(operator: Operator, builder: Builder) -> None:
    """The mean over each window; padding that doesn't count is corrected by a factor per place."""
    image = builder.image(operator)
    window, strides, pads, declared = _geometry(operator, image)
    if not any(pads):
        _finish(operator, builder, image, "average", window, strides)
        return
    counted = declared if operator.attributes.get("count_include_pad", 0) else (0, 0, 0, 0)
    factors = _factors(image.shape[:2], window, strides, pads, counted)
    image = _pad(operator, builder, image, pads, 0.0)
    if np.all(factors == 1.0):
        _finish(operator, builder, image, "average", window, strides)
        return
    name = operator.outputs[0]
    output = Value(builder.fresh(name), (*factors.shape, image.shape[2]))
    builder.add(Pool(output, operator.layer, (image.name,), kind="average", window=window, strides=strides))
    factor = builder.weight(f"{name}.factor", factors[:, :, None])
    builder.refs[name] = Ref(
        builder.add(Binary(Value(name, output.shape), operator.layer, (output.name, factor), kind="mul")),
        NHWC,
    )


def global_average_pool(operator: Operator, builder: Builder) -> None:
    """The mean over all places, [N,C,1,1]."""
    image = builder.image(operator)
    output = Value(operator.outputs[0], (1, 1, image.shape[2]))
    builder.refs[output.name] = Ref(builder.add(Mean(output, operator.layer, (image.name,), axes=(1, 2), keeps_axes=True)), NHWC)


def reduce_mean(operator: Operator, builder: Builder) -> None:
    """The mean over some axes, never the batch."""
    ref = builder.ref(operator)
    axes = sorted(int(axis) % ref.rank for axis in builder.constant(operator, 1, np.array(operator.attributes.get("axes", ()))).reshape(-1))
    if not axes or 0 in axes:
        raise operator.unsupported("it averages over the photos of a batch")
    if ref.flattened is not None:
        ref = builder.unflattened(operator, ref)
    keeps_axes = bool(operator.attributes.get("keepdims", 1))
    stored = tuple(sorted(ref.stored_axis(axis) for axis in axes))
    left = [axis for axis in logical_axes(ref) if axis not in axes]
    if keeps_axes:
        shape = tuple(1 if axis + 1 in stored else side for axis, side in enumerate(ref.value.shape))
        order = ref.order
    else:
        shape = tuple(side for axis, side in enumerate(ref.value.shape) if axis + 1 not in stored)
        order = tuple(left.index(axis) + 1 for axis in ref.order if axis in left)
    output = Value(operator.outputs[0], shape)
    builder.refs[output.name] = Ref(builder.add(Mean(output, operator.layer, (ref.value.name,), axes=stored, keeps_axes=keeps_axes)), order)


def logical_axes(ref: Ref) -> range:
    """The ONNX axes of `ref` but the batch."""
    return range(1, ref.rank)


def _geometry(operator: Operator, image: Value) -> tuple[tuple[int, int], tuple[int, int], Pads, Pads]:
    """Window, strides, the padding with ceil_mode's extra row and column written out, and the padding as declared."""
    attributes = operator.attributes
    if any(dilation != 1 for dilation in attributes.get("dilations", (1, 1))) or len(operator.outputs) > 1:
        raise operator.unsupported("it dilates its window or returns indices")
    window = tuple(attributes["kernel_shape"])
    strides = tuple(attributes.get("strides", (1, 1)))
    declared: Pads = tuple(attributes.get("pads", (0, 0, 0, 0)))
    pads = list(declared)
    if attributes.get("ceil_mode", 0):
        for axis in (0, 1):
            side = image.shape[axis] + pads[axis] + pads[axis + 2]
            out = math.ceil((side - window[axis]) / strides[axis]) + 1
            if (out - 1) * strides[axis] >= image.shape[axis] + pads[axis]:
                out -= 1  # PyTorch: the last window starts inside the image or its left padding
            pads[axis + 2] += max((out - 1) * strides[axis] + window[axis] - side, 0)
    return (window[0], window[1]), (strides[0], strides[1]), (pads[0], pads[1], pads[2], pads[3]), declared


def _pad(operator: Operator, builder: Builder, image: Value, pads: Pads, value: float) -> Value:
    height, width, channels = image.shape
    output = Value(builder.fresh(operator.outputs[0]), (height + pads[0] + pads[2], width + pads[1] + pads[3], channels))
    return builder.add(Pad(output, operator.layer, (image.name,), pads=pads, value=value))


def _finish(
    operator: Operator, builder: Builder, image: Value, kind: str, window: tuple[int, int], strides: tuple[int, int], *, same: bool = False
) -> None:
    height, width = (
        -(-image.shape[axis] // strides[axis]) if same else (image.shape[axis] - window[axis]) // strides[axis] + 1 for axis in (0, 1)
    )
    output = Value(operator.outputs[0], (height, width, image.shape[2]))
    node = Pool(output, operator.layer, (image.name,), kind=kind, window=window, strides=strides, same=same)  # type: ignore[arg-type]
    builder.refs[output.name] = Ref(builder.add(node), NHWC)


def _factors(size: tuple[int, ...], window: tuple[int, int], strides: tuple[int, int], pads: Pads, counted: Pads) -> Array:
    """[h',w']: window size ÷ how many pixels of each window count, those of the image and of the `counted` padding."""
    sides = []
    for axis in (0, 1):
        inside = np.zeros(size[axis] + pads[axis] + pads[axis + 2])
        inside[pads[axis] - counted[axis] : pads[axis] + size[axis] + counted[axis + 2]] = 1
        starts = range(0, inside.size - window[axis] + 1, strides[axis])
        sides.append(window[axis] / np.array([inside[start : start + window[axis]].sum() for start in starts]))
    return np.outer(*sides)


def _is_nonnegative(builder: Builder, name: str) -> bool:
    """Whether a value is certainly ≥ 0: a ReLU, or max pools and paddings with zero of one."""
    node: Node | None = next((node for node in reversed(builder.nodes) if node.output.name == name), None)
    match node:
        case Unary(kind="relu" | "relu6" | "sigmoid"):
            return True
        case Conv(activation="relu" | "relu6") | Dense(activation="relu" | "relu6") | Binary(activation="relu" | "relu6"):
            return True
        case Pool() | Pad(value=0.0):
            return _is_nonnegative(builder, node.inputs[0])
        case _:
            return bool(node and type(node).__name__ == "Concat" and all(_is_nonnegative(builder, part) for part in node.inputs))


LOWERINGS = {"MaxPool": max_pool, "AveragePool": average_pool, "GlobalAveragePool": global_average_pool, "ReduceMean": reduce_mean}
