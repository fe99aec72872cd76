"""torch → ONNX: the deployable's weights, a free batch, nothing private."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from export.deployable import Deployable
from export.trace import BATCH, trace
from safelight.errors import ExportError
from safelight.models.network import GlobalPool, Network
from tests.export import execute, networks


@pytest.fixture(scope="module")
def grouped() -> tuple[Deployable, onnx.ModelProto]:
    network, size = networks.build("grouped")
    deployable = Deployable(network, temperature=1.25)
    return deployable, trace(deployable, size)


def test_the_weights_are_the_deployables_number_by_number(grouped: tuple[Deployable, onnx.ModelProto]) -> None:
    deployable, model = grouped
    stored = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    layers = {name: layer for name, layer in deployable.named_modules() if isinstance(layer, nn.Conv2d | nn.Linear)}
    assert len(layers) == 6
    for name, layer in layers.items():
        assert np.array_equal(stored[f"{name}.weight"], layer.weight.numpy())


def test_the_names_are_the_contracts_and_the_batch_is_free(grouped: tuple[Deployable, onnx.ModelProto]) -> None:
    deployable, model = grouped
    onnx.checker.check_model(model, full_check=True)
    shapes = {
        value.name: [dim.dim_param or dim.dim_value for dim in value.type.tensor_type.shape.dim]
        for value in (*model.graph.input, *model.graph.output)
    }
    assert shapes == {"pixels": [BATCH, 31, 31, 3], "probabilities": [BATCH, 7], "heatmap": [BATCH, 8, 8, 7]}
    assert model.opset_import[0].version == 20
    pixels = torch.cat([networks.photos(31)] * 2)[:5]
    for count in (1, 5):
        found = execute.run_onnx(model.SerializeToString(), pixels[:count].numpy())["probabilities"]
        assert np.abs(found - deployable(pixels[:count])[0].numpy()).max() < 1e-6


def test_nodes_are_named_after_their_layers(grouped: tuple[Deployable, onnx.ModelProto]) -> None:
    names = [node.name for node in grouped[1].graph.node]
    assert len(set(names)) == len(names)
    assert any(name.startswith("trunk.3/") for name in names)


def test_no_path_of_this_machine_is_left_in_the_file(grouped: tuple[Deployable, onnx.ModelProto]) -> None:
    data = grouped[1].SerializeToString()
    for path in (Path(__file__).parents[2], Path(torch.__file__).parents[1], Path.home()):
        assert str(path).encode() not in data
    assert b".py" not in data


def test_the_same_network_gives_the_same_bytes(grouped: tuple[Deployable, onnx.ModelProto]) -> None:
    again = trace(Deployable(networks.build("grouped")[0], temperature=1.25), 31)
    assert again.SerializeToString(deterministic=True) == grouped[1].SerializeToString(deterministic=True)


def test_tracing_says_nothing_and_keeps_the_filters(capfd: pytest.CaptureFixture[str]) -> None:
    before = list(warnings.filters)
    network = Network(nn.Conv2d(3, 4, 3), GlobalPool(), nn.Linear(4, 3), (0.0,) * 3, (1.0,) * 3)
    trace(Deployable(network), 8)
    assert capfd.readouterr() == ("", "")
    assert warnings.filters == before


class _Asks(nn.Module):
    """Decides by the pixels, which no graph can."""

    def forward(self, x: Tensor) -> Tensor:
        return x if x.sum() > 0 else -x


def test_a_network_that_can_not_be_traced_is_refused_with_the_reason() -> None:
    network = Network(nn.Identity(), nn.Sequential(nn.Flatten()), nn.Linear(192, 3), (0.0,) * 3, (1.0,) * 3)
    deployable = Deployable(network)
    deployable.trunk = _Asks()
    with pytest.raises(ExportError, match=r"PyTorch can't express this network as ONNX: .*choose another backbone"):
        trace(deployable, 8)


class _Remembers(nn.Module):
    """Uses the number of photos, so that the batch can't be set free afterwards."""

    def forward(self, x: Tensor) -> Tensor:
        return x + torch.arange(3.0).view(1, 3, 1, 1).expand(x.shape[0], -1, -1, -1)


def test_an_operator_that_means_the_batch_keeps_its_meaning() -> None:
    network = Network(nn.Identity(), GlobalPool(), nn.Linear(3, 3), (0.0,) * 3, (1.0,) * 3)
    deployable = Deployable(network)
    deployable.trunk = _Remembers()
    pixels = networks.photos(8)[:3]
    found = execute.run_onnx(trace(deployable, 8).SerializeToString(), pixels.numpy())["probabilities"]
    assert np.abs(found - deployable(pixels)[0].numpy()).max() < 1e-6
