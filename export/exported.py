"""What every format is written from: the network, its contract, and the two graphs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from safelight.spec import Spec, Tensor

if TYPE_CHECKING:
    import onnx

    from export.deployable import Deployable
    from export.lower.graph import Graph
    from safelight.models.network import Network


@dataclass(frozen=True)
class Exported:
    """A network on its way out; nothing in it is changed by the formats."""

    network: Network
    spec: Spec
    deployable: Deployable
    onnx: onnx.ModelProto

    @cached_property
    def graph(self) -> Graph:
        """The NHWC graph of TFLite and TF.js. Raises UnsupportedOperator, on first use: ONNX can be written all the same."""
        from export.lower import lower

        return lower(self.onnx)

    def input(self, batch: int = -1) -> Tensor:
        """The contract's input tensor; −1 leaves the batch to the caller."""
        size = self.spec.input.size
        return Tensor(name=self.onnx.graph.input[0].name, layout="NHWC", shape=(batch, size, size, 3))

    def outputs(self, batch: int = -1) -> tuple[Tensor, ...]:
        """The contract's output tensors: probabilities, then heatmap where the network has one, then the feature maps."""
        tensors = []
        for value in self.onnx.graph.output:
            shape = (batch, *(dim.dim_value for dim in value.type.tensor_type.shape.dim[1:]))
            tensors.append(Tensor(name=value.name, layout="NHWC" if len(shape) == 4 else "NC", shape=shape))
        return tuple(tensors)


def prepare(network: Network, spec: Spec) -> Exported:
    """Fold, trace, and be ready to write. Raises ExportError where PyTorch can't express the network as ONNX."""
    from export.deployable import Deployable
    from export.trace import trace

    deployable = Deployable(network, temperature=spec.output.temperature, feature_maps=spec.model.feature_maps)
    return Exported(network, spec, deployable, trace(deployable, spec.input.size))
