"""Element by element: arithmetic with broadcasting, and activations."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from export.lower.builder import Builder, Operator, Ref, logical, preferred
from export.lower.graph import Array, Binary, Shape, Softmax, Unary, Value

ARITHMETIC = {"Add": "add", "Sub": "sub", "Mul": "mul", "Div": "div", "Min": "minimum", "Max": "maximum"}
ACTIVATIONS = {"Relu": "relu", "Sigmoid": "sigmoid", "Tanh": "tanh", "HardSwish": "hardswish", "Elu": "elu", "LeakyRelu": "leakyrelu"}


def arithmetic(operator: Operator, builder: Builder) -> None:
    """Two tensors, or a tensor and a constant on either side."""
    if len(operator.inputs) != 2:
        raise operator.unsupported(f"it takes {len(operator.inputs)} inputs instead of 2")
    computed = [builder.refs[name] for name in operator.inputs if name in builder.refs]
    rank = max((ref.rank for ref in computed), default=0)
    if any(ref.rank != rank for ref in computed):
        raise operator.unsupported(f"it broadcasts tensors of ranks {computed[0].rank} and {computed[-1].rank}")
    first = computed[0]
    if any((ref.order, ref.flattened) != (first.order, first.flattened) for ref in computed):
        computed = [Ref(builder.ordered(operator, ref, preferred(rank)), preferred(rank)) for ref in computed]
        first = computed[0]
    names, shapes, rest = [], [], iter(computed)
    for name in operator.inputs:
        if name in builder.refs:
            value = next(rest).value
            names.append(value.name)
            shapes.append(value.shape)
        else:
            constant = _as_scalar(_stored(operator, builder.constants[name], first), first.value.shape)
            names.append(builder.weight(name, constant))
            shapes.append(constant.shape)
    output = Value(operator.outputs[0], np.broadcast_shapes(*shapes))
    kind = ARITHMETIC[operator.kind]
    if kind == "div" and operator.inputs[1] in builder.constants and _multiplies(constant):
        kind, names[1] = "mul", builder.weight(f"{operator.inputs[1]}.reciprocal", np.reciprocal(constant))
    node = Binary(output, operator.layer, (names[0], names[1]), kind=kind)  # type: ignore[arg-type]
    builder.refs[output.name] = Ref(builder.add(node), first.order, first.flattened)


def _stored(operator: Operator, constant: Array, like: Ref) -> Array:
    """A constant operand with its axes, or elements, in the order of `like`, without leading ones."""
    if constant.size == 1:
        return constant.reshape(())
    full = constant.reshape((1,) * (like.rank - constant.ndim) + constant.shape) if constant.ndim <= like.rank else constant
    if full.ndim != like.rank or full.shape[0] != 1:
        raise operator.unsupported(f"its constant of shape {constant.shape} meets a tensor of rank {like.rank}")
    if like.flattened is not None:
        height, width, channels = like.flattened
        full = full.reshape(channels, height, width).transpose(1, 2, 0).reshape(1, -1)
    stored: Array = full.transpose(0, *like.order)[0]
    while stored.ndim and stored.shape[0] == 1:
        stored = stored[0]
    return stored


def _as_scalar(constant: Array, beside: Shape) -> Array:
    """One number where all are the same and none is needed to give the result its shape.

    XNNPACK broadcasts a scalar at the speed of the memory and a vector of 3 channels far slower: with the mean and
    deviation of EfficientNet-Lite as vectors its file took 1.06 times as long as with scalars (bench/formats.py).
    """
    if np.broadcast_shapes(constant.shape, beside) != beside or (constant != constant.flat[0]).any():
        return constant
    return constant.reshape(-1)[:1].reshape(())


def _multiplies(divisor: Array) -> bool:
    """Whether to multiply by 1 / divisor: where that gives the same bits as dividing, and for vectors even if it does not.

    LiteRT.js 2.5's WebGPU works on four channels at a time and divides the empty ones of an image of 3 by nothing:
    0 / 0 is NaN, and the next convolution spreads it over the photo. A product of its zeros stays zero.
    """
    mantissa, exponent = np.frexp(divisor)
    is_exact = bool((np.abs(mantissa) == 0.5).all())  # a power of two
    return bool((np.abs(exponent) < 100).all()) and (is_exact or divisor.ndim > 0) and bool(divisor.all())


def activation(operator: Operator, builder: Builder) -> None:
    """The same function of every element."""
    alpha: float = operator.attributes.get("alpha", 0.01 if operator.kind == "LeakyRelu" else 1.0)
    if operator.kind == "Elu" and alpha != 1.0:
        raise operator.unsupported(f"its alpha is {alpha}, not 1")
    ref = builder.ref(operator)
    output = Value(operator.outputs[0], ref.value.shape)
    node = Unary(output, operator.layer, (ref.value.name,), kind=ACTIVATIONS[operator.kind], alpha=alpha)  # type: ignore[arg-type]
    builder.refs[output.name] = replace(ref, value=builder.add(node))


def clip(operator: Operator, builder: Builder) -> None:
    """ReLU, ReLU6, or a maximum and a minimum."""
    nothing = np.asarray(np.inf, np.float32)
    low, high = float(builder.constant(operator, 1, -nothing)), float(builder.constant(operator, 2, nothing))
    ref = builder.ref(operator)
    output = Value(operator.outputs[0], ref.value.shape)
    if low == 0.0 and high in (6.0, np.inf):
        builder.add(Unary(output, operator.layer, (ref.value.name,), kind="relu6" if high == 6.0 else "relu"))
        builder.refs[output.name] = replace(ref, value=output)
        return
    _clamp(operator, builder, ref, low, high)


def _clamp(operator: Operator, builder: Builder, ref: Ref, low: float, high: float) -> None:
    name = operator.outputs[0]
    above = Value(builder.fresh(name), ref.value.shape)
    builder.add(Binary(above, operator.layer, (ref.value.name, builder.weight(f"{name}.low", np.array(low))), kind="maximum"))
    below = Value(name, ref.value.shape)
    builder.add(Binary(below, operator.layer, (above.name, builder.weight(f"{name}.high", np.array(high))), kind="minimum"))
    builder.refs[name] = replace(ref, value=below)


def hard_sigmoid(operator: Operator, builder: Builder) -> None:
    """clip(alpha·x + beta, 0, 1); PyTorch's, where alpha = 1/6 and beta = 1/2, as relu6(x + 3) / 6, which it computes itself."""
    alpha, beta = operator.attributes.get("alpha", 0.2), operator.attributes.get("beta", 0.5)
    ref = builder.ref(operator)
    name, shape = operator.outputs[0], ref.value.shape
    if np.float32(alpha) == np.float32(1 / 6) and beta == 0.5:
        three, sixth = builder.weight("three", np.array(3.0)), builder.weight("sixth", np.array(1 / 6))
        ramp = builder.add(
            Binary(Value(builder.fresh(name), shape), operator.layer, (ref.value.name, three), kind="add", activation="relu6")
        )
        output = builder.add(Binary(Value(name, shape), operator.layer, (ramp.name, sixth), kind="mul"))
        builder.refs[name] = replace(ref, value=output)
        return
    scale, shift = builder.weight(f"{name}.alpha", np.array(alpha)), builder.weight(f"{name}.beta", np.array(beta))
    scaled = builder.add(Binary(Value(builder.fresh(name), shape), operator.layer, (ref.value.name, scale), kind="mul"))
    shifted = builder.add(Binary(Value(builder.fresh(name), shape), operator.layer, (scaled.name, shift), kind="add"))
    _clamp(operator, builder, replace(ref, value=shifted), 0.0, 1.0)


def softmax(operator: Operator, builder: Builder) -> None:
    """Over one axis, brought to the end."""
    ref = builder.ref(operator)
    axis = operator.attributes.get("axis", -1) % ref.rank
    if axis == 0:
        raise operator.unsupported("it runs across the photos of a batch")
    if ref.order[-1] != axis or ref.flattened is not None:
        order = (*(other for other in logical(ref.rank) if other != axis), axis)
        ref = Ref(builder.ordered(operator, ref, order), order)
    node = Softmax(Value(operator.outputs[0], ref.value.shape), operator.layer, (ref.value.name,))
    builder.refs[operator.outputs[0]] = Ref(builder.add(node), ref.order)


LOWERINGS = {
    **dict.fromkeys(ARITHMETIC, arithmetic),
    **dict.fromkeys(ACTIVATIONS, activation),
    "Clip": clip,
    "HardSigmoid": hard_sigmoid,
    "Softmax": softmax,
}
