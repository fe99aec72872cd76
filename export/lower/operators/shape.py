"""Operators that move numbers and change none."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from export.lower.builder import NHWC, Builder, Operator, Ref, logical, preferred
from export.lower.graph import Concat, Pad, Pads, Reshape, Shape, Slice, Value


def identity(operator: Operator, builder: Builder) -> None:
    """Nothing, at inference."""
    builder.refs[operator.outputs[0]] = builder.ref(operator)


def transpose(operator: Operator, builder: Builder) -> None:
    """A different reading of the same value."""
    ref = builder.ref(operator)
    axes = list(operator.attributes.get("perm", reversed(range(ref.rank))))
    if axes[0] != 0:
        raise operator.unsupported("it moves the batch")
    builder.refs[operator.outputs[0]] = replace(ref, order=tuple(axes.index(axis) for axis in ref.order))


def reshape(operator: Operator, builder: Builder) -> None:
    """To a constant shape that keeps the batch; 0 copies a side, −1 is what is left."""
    ref = builder.ref(operator)
    target = [int(side) for side in builder.constant(operator, 1).reshape(-1)]
    old, size = ref.shape, math.prod(ref.shape)
    copied = [old[axis - 1] if side == 0 and 0 < axis < ref.rank else side for axis, side in enumerate(target)]
    if copied[0] > 1 or len(copied) < 2:
        raise operator.unsupported(f"it makes {target} of {['N', *old]} and mixes the photos of a batch")
    known = math.prod(side for side in copied[1:] if side != -1)
    if copied[0] == -1 and -1 in copied[1:]:
        raise operator.unsupported(f"its target {target} is ambiguous")
    shape = tuple(size // known if side == -1 else side for side in copied[1:])
    if math.prod(shape) != size:
        raise operator.unsupported(f"it makes {target} of {['N', *old]} and mixes the photos of a batch")
    _reshape(operator, builder, ref, shape)


def flatten(operator: Operator, builder: Builder) -> None:
    """[N, …] → [N, F]."""
    ref = builder.ref(operator)
    if operator.attributes.get("axis", 1) % ref.rank != 1:
        raise operator.unsupported("it flattens more than the axes after the batch")
    _reshape(operator, builder, ref, (math.prod(ref.shape),))


def squeeze(operator: Operator, builder: Builder) -> None:
    """Drop axes of one element."""
    ref = builder.ref(operator)
    default = np.array([axis for axis, side in enumerate(ref.shape, start=1) if side == 1])
    axes = {int(axis) % ref.rank for axis in builder.constant(operator, 1, default).reshape(-1)}
    if 0 in axes:
        raise operator.unsupported("it drops the batch")
    _reshape(operator, builder, ref, tuple(side for axis, side in enumerate(ref.shape, start=1) if axis not in axes))


def unsqueeze(operator: Operator, builder: Builder) -> None:
    """Insert axes of one element."""
    ref = builder.ref(operator)
    inserted = builder.constant(operator, 1).reshape(-1)
    rank = ref.rank + inserted.size
    axes = {int(axis) % rank for axis in inserted}
    if 0 in axes:
        raise operator.unsupported("it puts an axis before the batch")
    sides = iter(ref.shape)
    _reshape(operator, builder, ref, tuple(1 if axis in axes else next(sides) for axis in range(1, rank)))


def _reshape(operator: Operator, builder: Builder, ref: Ref, shape: Shape) -> None:
    """To `shape` as ONNX sees it, without the batch."""
    output = Value(operator.outputs[0], shape)
    if shape == ref.shape:
        builder.refs[output.name] = ref
        return
    flattened: tuple[int, int, int] | None = None
    if ref.order == NHWC and len(shape) == 1:  # its elements stay where they are; whoever reads them knows
        height, width, channels = ref.value.shape
        source, flattened = ref.value, None if height * width == 1 or channels == 1 else (height, width, channels)
    else:
        source = builder.ordered(operator, ref, logical(ref.rank))
    builder.refs[output.name] = Ref(builder.add(Reshape(output, operator.layer, (source.name,))), logical(len(shape) + 1), flattened)


def concat(operator: Operator, builder: Builder) -> None:
    """Along one axis, never the batch."""
    refs = [builder.ref(operator, index) for index in range(len(operator.inputs))]
    order = preferred(refs[0].rank)
    values = [builder.ordered(operator, ref, order) for ref in refs]
    axis = operator.attributes["axis"] % refs[0].rank
    if axis == 0:
        raise operator.unsupported("it joins batches")
    stored = order.index(axis)
    shape = list(values[0].shape)
    shape[stored] = sum(value.shape[stored] for value in values)
    output = Value(operator.outputs[0], tuple(shape))
    node = Concat(output, operator.layer, tuple(value.name for value in values), axis=stored + 1)
    builder.refs[output.name] = Ref(builder.add(node), order)


def split(operator: Operator, builder: Builder) -> None:
    """Parts of one axis, never the batch."""
    ref = builder.ref(operator)
    if ref.flattened is not None:
        ref = builder.unflattened(operator, ref)
    axis = operator.attributes.get("axis", 0) % ref.rank
    if axis == 0:
        raise operator.unsupported("it splits the batch")
    stored = ref.stored_axis(axis)
    whole, parts = ref.value.shape[stored - 1], len(operator.outputs)
    even = np.array([min(-(-whole // parts), whole - part * -(-whole // parts)) for part in range(parts)])
    begin = 0
    for name, size in zip(operator.outputs, builder.constant(operator, 1, even), strict=True):
        shape = tuple(int(size) if index + 1 == stored else side for index, side in enumerate(ref.value.shape))
        node = Slice(Value(name, shape), operator.layer, (ref.value.name,), axis=stored, begin=begin)
        builder.refs[name] = Ref(builder.add(node), ref.order)
        begin += int(size)


def pad(operator: Operator, builder: Builder) -> None:
    """Height and width, with a constant."""
    mode = operator.attributes.get("mode", b"constant")
    amounts = [int(amount) for amount in builder.constant(operator, 1).reshape(-1)]
    value = float(builder.constant(operator, 2, np.zeros((), np.float32)))
    image = builder.image(operator)
    if len(operator.inputs) > 3 and operator.inputs[3]:
        axes = [int(axis) % 4 for axis in builder.constant(operator, 3)]
        full = [0] * 8
        for index, axis in enumerate(axes):
            full[axis], full[axis + 4] = amounts[index], amounts[index + len(axes)]
        amounts = full
    if mode != b"constant" or any((amounts[0], amounts[1], amounts[4], amounts[5])) or min(amounts) < 0:
        raise operator.unsupported(f"padding {amounts} in mode {mode.decode()}")
    pads: Pads = (amounts[2], amounts[3], amounts[6], amounts[7])
    height, width, channels = image.shape
    output = Value(operator.outputs[0], (height + pads[0] + pads[2], width + pads[1] + pads[3], channels))
    builder.refs[output.name] = Ref(builder.add(Pad(output, operator.layer, (image.name,), pads=pads, value=value)), NHWC)


LOWERINGS = {
    "Identity": identity,
    "Dropout": identity,
    "Transpose": transpose,
    "Reshape": reshape,
    "Flatten": flatten,
    "Squeeze": squeeze,
    "Unsqueeze": unsqueeze,
    "Concat": concat,
    "Split": split,
    "Pad": pad,
}
