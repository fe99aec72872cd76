"""ONNX operators by name → what appends their nodes to the graph.

To teach the lowering an operator, write a function here that is like its neighbours and name it in a `LOWERINGS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from export.lower.builder import Builder, Operator
from export.lower.operators import convolution, pointwise, pooling, shape

Lowering = Callable[[Operator, Builder], None]

LOWERINGS: Mapping[str, Lowering] = {**convolution.LOWERINGS, **pointwise.LOWERINGS, **pooling.LOWERINGS, **shape.LOWERINGS}
