"""Activation fusion: a ReLU or ReLU6 whose only source is a convolution, linear layer or sum becomes part of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from export.lower.graph import Binary, Conv, Dense, Node, Unary, Value


def fuse_activations(nodes: list[Node], outputs: tuple[Value, ...]) -> tuple[Node, ...]:
    """The same computation in fewer nodes."""
    uses = Counter(name for node in nodes for name in node.inputs)
    uses.update(value.name for value in outputs)
    fused: list[Node] = []
    place: dict[str, int] = {}
    for node in nodes:
        source = fused[place[node.inputs[0]]] if node.inputs[0] in place else None
        if (
            isinstance(node, Unary)
            and (node.kind == "relu" or node.kind == "relu6")
            and isinstance(source, Conv | Dense | Binary)
            and source.activation == "none"
            and uses[source.output.name] == 1
            and not (isinstance(source, Binary) and source.kind in ("minimum", "maximum"))
        ):
            index = place.pop(source.output.name)
            fused[index] = replace(source, output=node.output, activation=node.kind)
            place[node.output.name] = index
            continue
        place[node.output.name] = len(fused)
        fused.append(node)
    return tuple(fused)
