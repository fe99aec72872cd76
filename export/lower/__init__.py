"""ONNX → the NHWC graph of `graph.py`, from which TFLite and TF.js are written."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from export.lower.builder import Builder, Operator, Ref, logical
from export.lower.fold import constants_of, fold
from export.lower.fuse import fuse_activations
from export.lower.graph import Graph, Node, Reshape, Value
from export.lower.operators import LOWERINGS
from safelight.errors import UnsupportedOperator

if TYPE_CHECKING:
    import onnx

__all__ = ["Graph", "lower"]


def lower(model: onnx.ModelProto) -> Graph:
    """The NHWC graph of an ONNX model whose input and outputs have the batch as their first axis.

    Raises UnsupportedOperator that names the first operator it doesn't know, its layer and what still works.
    """
    builder = Builder(constants_of(model.graph))
    source = model.graph.input[0]
    value = Value(source.name, tuple(dim.dim_value for dim in source.type.tensor_type.shape.dim[1:]))
    builder.refs[value.name] = Ref(value, logical(len(value.shape) + 1))
    for node in model.graph.node:
        if fold(node, builder.constants, {name: ref.shape for name, ref in builder.refs.items()} if node.op_type == "Shape" else {}):
            continue
        operator = _read(node)
        if node.op_type not in LOWERINGS:
            raise UnsupportedOperator(
                f"the operator {operator.kind} at {operator.layer} is unknown to the lowering, so TFLite and TF.js can't be written. "
                "ONNX is not affected: export with --format onnx, or replace that layer."
            )
        LOWERINGS[node.op_type](operator, builder)
    outputs = _name_outputs([output.name for output in model.graph.output], builder)
    nodes = _needed(fuse_activations(builder.nodes, outputs), outputs)
    used = {name for node in nodes for name in (*node.inputs, getattr(node, "weight", ""), getattr(node, "bias", ""))}
    return Graph(value, outputs, nodes, {name: array for name, array in builder.weights.items() if name in used})


def _read(node: onnx.NodeProto) -> Operator:
    from onnx import helper

    attributes = {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}
    return Operator(node.op_type, node.name or node.output[0], tuple(node.input), tuple(node.output), attributes)


def _name_outputs(names: list[str], builder: Builder) -> tuple[Value, ...]:
    """Give the graph's outputs, in ONNX's order of axes, their names from the contract."""
    outputs = []
    for name in names:
        ref = builder.refs[name]
        value = builder.ordered(Operator("Output", name, (name,), (name,), {}), ref, logical(ref.rank))
        made = {node.output.name for node in builder.nodes}
        if value.name in made and value.name not in names:
            # What is called `name` so far holds the same tensor in another order of axes.
            _rename(builder, {value.name: name, name: builder.fresh(name)})
        elif value.name != name:  # the input itself, or a value that is an output already
            builder.add(Reshape(Value(name, value.shape), name, (value.name,)))
        outputs.append(Value(name, value.shape))
    return tuple(outputs)


def _rename(builder: Builder, names: dict[str, str]) -> None:
    """Rename values wherever they are made and used."""
    for index, node in enumerate(builder.nodes):
        output = replace(node.output, name=names.get(node.output.name, node.output.name))
        builder.nodes[index] = replace(node, output=output, inputs=tuple(names.get(name, name) for name in node.inputs))
    for tensor, ref in builder.refs.items():
        value = replace(ref.value, name=names.get(ref.value.name, ref.value.name))
        builder.refs[tensor] = replace(ref, value=value)


def _needed(nodes: tuple[Node, ...], outputs: tuple[Value, ...]) -> tuple[Node, ...]:
    """The nodes that an output depends on."""
    wanted = {value.name for value in outputs}
    kept = []
    for node in reversed(nodes):
        if node.output.name in wanted:
            kept.append(node)
            wanted.update(node.inputs)
    return tuple(reversed(kept))
