"""Constant folding: what an operator computes from constants alone is a constant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from export.lower.graph import Array, Shape

if TYPE_CHECKING:
    import onnx


def constants_of(graph: onnx.GraphProto) -> dict[str, Array]:
    """The graph's initializers by name."""
    from onnx import numpy_helper

    return {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}


def fold(node: onnx.NodeProto, constants: dict[str, Array], shapes: dict[str, Shape]) -> bool:
    """Add `node`'s outputs to `constants` where they don't depend on the photo; say whether that was so.

    `shapes` are those of computed tensors, without the batch, which counts as 1: all that a Shape operator is used for
    in a network with a free batch is to keep it.
    """
    if node.op_type == "Shape" and node.input[0] in shapes:
        shape = np.array((1, *shapes[node.input[0]]), np.int64)
        attributes = {attribute.name: attribute.i for attribute in node.attribute}
        constants[node.output[0]] = shape[attributes.get("start", 0) : attributes.get("end", shape.size)]
        return True
    if any(name and name not in constants for name in node.input):
        return False
    from onnx.reference import ReferenceEvaluator

    inputs: dict[str, Any] = {name: constants[name] for name in node.input if name}
    results = ReferenceEvaluator(node).run(None, inputs)
    constants.update(zip(node.output, (np.asarray(result) for result in results), strict=True))
    return True
