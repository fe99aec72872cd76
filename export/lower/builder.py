"""What the operators' lowerings share: which value holds which ONNX tensor, in which order of axes.

Transposes cost nothing here. A `Ref` says that a value holds an ONNX tensor with its axes in another order; only an
operation that needs one certain order makes a real transposition. So the leading NHWC → NCHW of the contract's pixels
and the trailing NCHW → NHWC of the heat map disappear, and a network is NHWC from end to end.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from export.lower.graph import Array, Node, Reshape, Shape, Transpose, Value, float32
from safelight.errors import UnsupportedOperator

NHWC = (2, 3, 1)  # the ONNX axes of an image [N,C,H,W] in the order that the targets store them


@dataclass(frozen=True)
class Ref:
    """An ONNX tensor as it is stored: axis j (without the batch) of `value` is ONNX axis `order[j]`.

    A flattened image keeps its [H,W,C] in `flattened`: its elements still lie in that order, ONNX means C·H·W.
    """

    value: Value
    order: tuple[int, ...]
    flattened: tuple[int, int, int] | None = None

    @property
    def rank(self) -> int:
        """The ONNX tensor's, with the batch."""
        return len(self.order) + 1

    @property
    def shape(self) -> Shape:
        """The ONNX tensor's, without the batch."""
        return tuple(self.value.shape[self.order.index(axis)] for axis in logical(self.rank))

    def stored_axis(self, axis: int) -> int:
        """Where ONNX `axis` (negative ones count from the end; never the batch) is stored, the batch being 0."""
        return self.order.index(axis % self.rank) + 1


def logical(rank: int) -> tuple[int, ...]:
    """ONNX's own order of the axes, without the batch."""
    return tuple(range(1, rank))


def preferred(rank: int) -> tuple[int, ...]:
    """The order in which tensors of different orders meet."""
    return NHWC if rank == 4 else logical(rank)


@dataclass(frozen=True)
class Operator:
    """An ONNX node, read."""

    kind: str
    layer: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any]

    def unsupported(self, what: str) -> UnsupportedOperator:
        """The error for `what` this operator does and the lowering can't."""
        return UnsupportedOperator(
            f"{self.kind} at {self.layer}: {what}, which TFLite and TF.js can't be given. "
            "ONNX is not affected: export with --format onnx, or replace that layer."
        )


@dataclass
class Builder:
    """The graph under construction."""

    constants: dict[str, Array]  # by ONNX name, any dtype
    refs: dict[str, Ref] = field(default_factory=dict)
    nodes: list[Node] = field(default_factory=list)
    weights: dict[str, Array] = field(default_factory=dict)  # what the nodes use, by its new name
    counts: dict[str, int] = field(default_factory=dict)

    def constant(self, operator: Operator, index: int, default: Array | None = None) -> Array:
        """The value of an operator's constant input. Raises UnsupportedOperator where it is computed from the photo."""
        name = operator.inputs[index] if index < len(operator.inputs) else ""
        if not name:
            if default is None:
                raise operator.unsupported(f"its input {index} is missing")
            return default
        if name not in self.constants:
            raise operator.unsupported(f"its input {index} ({name}) is not a constant")
        return self.constants[name]

    def ref(self, operator: Operator, index: int = 0) -> Ref:
        """An operator's computed input."""
        name = operator.inputs[index]
        if name not in self.refs:
            raise operator.unsupported(f"its input {index} ({name}) is a constant")
        return self.refs[name]

    def weight(self, name: str, array: Array) -> str:
        """Register a constant in its final form and return its name."""
        array = float32(array)
        if name in self.weights and not np.array_equal(self.weights[name], array):
            name = self.fresh(name)
        self.weights[name] = array
        return name

    def fresh(self, name: str) -> str:
        """`name` with a number after it that nothing else has."""
        self.counts[name] = self.counts.get(name, 0) + 1
        return f"{name}.{self.counts[name]}"

    def add(self, node: Node) -> Value:
        """Append a node."""
        self.nodes.append(node)
        return node.output

    def ordered(self, operator: Operator, ref: Ref, order: tuple[int, ...]) -> Value:
        """The value of `ref` with its axes in `order`; transposed only where the bytes would differ."""
        if ref.flattened is not None:
            ref = self.unflattened(operator, ref)
        if ref.order == order:
            return ref.value
        axes = tuple(ref.order.index(axis) for axis in order)
        output = Value(self.fresh(ref.value.name), tuple(ref.value.shape[axis] for axis in axes))
        long_axes = [axis for axis in axes if ref.value.shape[axis] != 1]
        if long_axes == sorted(long_axes):
            return self.add(Reshape(output, operator.layer, (ref.value.name,)))
        return self.add(Transpose(output, operator.layer, (ref.value.name,), axes=(0, *(axis + 1 for axis in axes))))

    def unflattened(self, operator: Operator, ref: Ref) -> Ref:
        """A flattened image in ONNX's own order of elements."""
        height, width, channels = ref.flattened or (1, 1, 1)
        name = ref.value.name
        image = self.add(Reshape(Value(self.fresh(name), (height, width, channels)), operator.layer, (name,)))
        planes = self.add(Transpose(Value(self.fresh(name), (channels, height, width)), operator.layer, (image.name,), axes=(0, 3, 1, 2)))
        return Ref(self.add(Reshape(Value(self.fresh(name), (math.prod(planes.shape),)), operator.layer, (planes.name,))), (1,))

    def image(self, operator: Operator, index: int = 0) -> Value:
        """An operator's computed input as [h,w,C]. Raises UnsupportedOperator for anything but images."""
        ref = self.ref(operator, index)
        if ref.rank != 4:
            raise operator.unsupported(f"it works on a tensor of rank {ref.rank} instead of images")
        return self.ordered(operator, ref, NHWC)
