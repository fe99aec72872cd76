"""Every format × precision × network, in its real runtime, against PyTorch of the same precision."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch
from onnx import numpy_helper

from export.deployable import Deployable, with_half_weights
from export.exported import Exported
from export.formats import FORMATS
from export.lower import lower
from export.parity.compare import MAP_TOLERANCE, map_difference
from safelight import checkpoint
from safelight.spec import Format, ModelFile, Precision
from tests.export import execute, networks

Written = Callable[[str, Format, Precision], tuple[Path, ModelFile]]

QUICK = "plain"  # the one of the quick tests
WITH_MAPS = ("plain+maps", "grouped+maps")
NETWORKS = [QUICK, *(pytest.param(name, marks=pytest.mark.slow) for name in (*networks.SMALL, *networks.ZOO, *WITH_MAPS) if name != QUICK)]
# Logits, up to 21: 5e-5 with the pretrained EfficientNet-Lite0, 5.3e-4 with the random MobileNetV2, where PyTorch's own
# float32 answer is 2.9e-4 from float64's (and its probabilities 2.1e-5).
HEATMAP_TOLERANCE = 1e-3


def run(folder: Path, file: ModelFile, pixels: execute.Array) -> dict[str, execute.Array]:
    entry = folder / file.parts[0].path
    match file.format:
        case "onnx":
            return execute.run_onnx(entry.read_bytes(), pixels)
        case "tflite":
            return execute.run_tflite(entry.read_bytes(), pixels)
        case "tfjs":
            return execute.run_tfjs(entry, pixels)
    raise AssertionError(file.format)


def reference(exported: Exported, precision: Precision, pixels: torch.Tensor) -> dict[str, execute.Array]:
    deployable = exported.deployable if precision == "fp32" else with_half_weights(exported.deployable)
    with torch.no_grad():
        outputs = deployable(pixels)
    return {tensor.name: output.numpy() for tensor, output in zip(exported.outputs(), outputs, strict=True)}


def worst(found: dict[str, execute.Array], expected: dict[str, execute.Array], name: str = "probabilities") -> float:
    assert found.keys() == expected.keys()
    assert found[name].shape == expected[name].shape
    return float(np.abs(found[name] - expected[name]).max())


@pytest.mark.parametrize("precision", ["fp32", "fp16"])
@pytest.mark.parametrize("format_name", ["onnx", "tflite", "tfjs"])
@pytest.mark.parametrize("name", NETWORKS)
def test_a_written_file_agrees_with_pytorch_of_the_same_precision(
    name: str, format_name: Format, precision: Precision, exported: Callable[[str], Exported], written: Written
) -> None:
    source = exported(name)
    pixels = networks.photos(source.spec.input.size)
    expected = reference(source, precision, pixels)
    assert expected["probabilities"].std(0).max() > 0.01, "a network that answers every photo alike proves nothing"
    folder, file = written(name, format_name, precision)
    found = run(folder, file, pixels.numpy())
    print(name, format_name, precision, worst(found, expected))  # noqa: T201 — what the tolerances are set from
    assert worst(found, expected) <= FORMATS[format_name].TOLERANCE[precision]
    if "heatmap" in expected:
        assert worst(found, expected, "heatmap") <= HEATMAP_TOLERANCE
    names = [one.output for one in source.spec.model.feature_maps]
    assert bool(names) is name.endswith(networks.MAPS)
    if names:
        off, which = map_difference({one: expected[one] for one in names}, found)
        print(which, off)  # noqa: T201
        assert off <= MAP_TOLERANCE


@pytest.mark.parametrize("format_name", ["onnx", "tflite", "tfjs"])
def test_half_precision_is_held_to_the_rounded_weights_not_to_a_loose_tolerance(
    format_name: Format, exported: Callable[[str], Exported], written: Written
) -> None:
    source = exported("grouped")
    pixels = networks.photos(source.spec.input.size)
    found = run(*written("grouped", format_name, "fp16"), pixels.numpy())
    tolerance = FORMATS[format_name].TOLERANCE["fp16"]
    assert worst(found, reference(source, "fp16", pixels)) <= tolerance < worst(found, reference(source, "fp32", pixels))


@pytest.mark.parametrize("format_name", ["onnx", "tflite", "tfjs"])
def test_one_perturbed_weight_is_noticed(format_name: Format, exported: Callable[[str], Exported], tmp_path: Path) -> None:
    source = exported("vgg")
    broken = type(source.onnx)()
    broken.CopyFrom(source.onnx)
    kernel = next(tensor for tensor in broken.graph.initializer if tensor.name == "trunk.3.weight")
    weight = numpy_helper.to_array(kernel).copy()
    weight[3, 2, 1, 1] += 0.05
    kernel.CopyFrom(numpy_helper.from_array(weight, kernel.name))
    pixels = networks.photos(source.spec.input.size)
    file = FORMATS[format_name].write(Exported(source.network, source.spec, source.deployable, broken), "fp32", tmp_path)
    assert worst(run(tmp_path, file, pixels.numpy()), reference(source, "fp32", pixels)) > FORMATS[format_name].TOLERANCE["fp32"]


@pytest.mark.parametrize("name", networks.SMALL)
def test_the_checkpoint_answers_like_the_deployable(name: str, exported: Callable[[str], Exported], written: Written) -> None:
    source = exported(name)
    folder, file = written(name, "pytorch", "fp32")
    copy = networks.build(name)[0]
    for parameter in copy.parameters():
        torch.nn.init.zeros_(parameter)
    from safetensors.torch import load_file

    copy.load_state_dict(load_file(folder / checkpoint.WEIGHTS_NAME))
    pixels = networks.photos(source.spec.input.size)
    with torch.no_grad():
        probabilities = (copy.eval()(pixels) / source.spec.output.temperature).softmax(1).numpy()
    tolerance = FORMATS["pytorch"].TOLERANCE["fp32"]
    assert file.parts[0].path == checkpoint.WEIGHTS_NAME
    assert np.abs(probabilities - reference(source, "fp32", pixels)["probabilities"]).max() <= tolerance


def test_a_deployable_without_its_temperature_would_be_noticed(exported: Callable[[str], Exported], written: Written) -> None:
    source = exported("vgg")
    pixels = networks.photos(source.spec.input.size)
    cold = msgspec.structs.replace(source.spec.output, temperature=1.0)
    other = Exported(source.network, source.spec, Deployable(source.network, temperature=cold.temperature), source.onnx)
    found = run(*written("vgg", "onnx", "fp32"), pixels.numpy())
    assert worst(found, reference(other, "fp32", pixels)) > 1e-3


def test_the_graph_is_lowered_once_and_only_on_demand(exported: Callable[[str], Exported]) -> None:
    source = exported("vgg")
    fresh = Exported(source.network, source.spec, source.deployable, source.onnx)
    assert "graph" not in fresh.__dict__
    assert fresh.graph is fresh.graph
    assert fresh.graph.outputs == lower(source.onnx).outputs
