"""The NHWC graph between ONNX and the mobile and web formats: few kinds of node, nothing left to decide.

Every value has the batch as its first axis; shapes here are of one photo, without it. Weights are constants in one
layout per kind; a writer transposes them to its own. To add a kind: a dataclass here, a lowering in `operators/`, a
writer's method in each of `export/formats/{tflite,tfjs}.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Shape = tuple[int, ...]
Pads = tuple[int, int, int, int]  # top, left, bottom, right
Activation = Literal["none", "relu", "relu6"]


@dataclass(frozen=True)
class Value:
    """A tensor that is computed: float32 [batch, *shape]."""

    name: str
    shape: Shape


@dataclass(frozen=True)
class Node:
    """One operation. `layer` is where it stands in the PyTorch module, for messages."""

    output: Value
    layer: str
    inputs: tuple[str, ...]  # names of values, or of constants where a kind allows it


@dataclass(frozen=True)
class Conv(Node):
    """2-D convolution [h,w,I] → [h',w',O], plus bias, then the activation; zero padding.

    weight  [O,kh,kw,I/groups]; where `depthwise` [kh,kw,I,M], and O = I·M
    bias    [O]
    """

    weight: str
    bias: str
    strides: tuple[int, int]
    dilations: tuple[int, int]
    pads: Pads
    groups: int = 1
    depthwise: bool = False
    activation: Activation = "none"


@dataclass(frozen=True)
class Dense(Node):
    """Linear layer [I] → [O]; weight [O,I], bias [O]."""

    weight: str
    bias: str
    activation: Activation = "none"


@dataclass(frozen=True)
class Binary(Node):
    """Element by element with broadcasting; one of the two inputs may be a constant."""

    kind: Literal["add", "sub", "mul", "div", "minimum", "maximum"]
    activation: Activation = "none"


@dataclass(frozen=True)
class Unary(Node):
    """Element by element."""

    kind: Literal["relu", "relu6", "sigmoid", "tanh", "hardswish", "elu", "leakyrelu"]
    alpha: float = 0.0  # leakyrelu's slope


@dataclass(frozen=True)
class Pool(Node):
    """Pooling [h,w,C] → [h',w',C] without padding, or with `same` as TensorFlow's SAME (the padding never wins a maximum)."""

    kind: Literal["max", "average"]
    window: tuple[int, int]
    strides: tuple[int, int]
    same: bool = False


@dataclass(frozen=True)
class Pad(Node):
    """Surround [h,w,C] with `value`."""

    pads: Pads
    value: float = 0.0


@dataclass(frozen=True)
class Mean(Node):
    """Mean over `axes`, counted with the batch as axis 0."""

    axes: tuple[int, ...]
    keeps_axes: bool


@dataclass(frozen=True)
class Reshape(Node):
    """The same numbers in the output's shape."""


@dataclass(frozen=True)
class Transpose(Node):
    """Output axis i is input axis `axes[i]`, counted with the batch as axis 0."""

    axes: tuple[int, ...]


@dataclass(frozen=True)
class Concat(Node):
    """All inputs one after the other along `axis`, counted with the batch as axis 0."""

    axis: int


@dataclass(frozen=True)
class Slice(Node):
    """A part of `axis`, counted with the batch as axis 0, from `begin` on, as long as the output's shape says."""

    axis: int
    begin: int


@dataclass(frozen=True)
class Softmax(Node):
    """Softmax over the last axis."""


@dataclass(frozen=True)
class Graph:
    """Nodes in an order that can be run; immutable, shared by the writers of all formats."""

    input: Value
    outputs: tuple[Value, ...]
    nodes: tuple[Node, ...]
    constants: Mapping[str, Array]  # float32


def is_same(pads: Pads, size: Shape, window: tuple[int, int], strides: tuple[int, int], dilations: tuple[int, int]) -> bool:
    """Whether `pads` of a [h,w] input are what TensorFlow's SAME means there: the odd pixel goes below and right."""
    for axis in (0, 1):
        reach = (window[axis] - 1) * dilations[axis] + 1
        total = max((-(-size[axis] // strides[axis]) - 1) * strides[axis] + reach - size[axis], 0)
        if (pads[axis], pads[axis + 2]) != (total // 2, total - total // 2):
            return False
    return True


def float32(array: Array) -> Array:
    """Contiguous float32, as `Graph.constants` holds."""
    return np.asarray(array, dtype=np.float32, order="C")  # ascontiguousarray would make a scalar one-dimensional
