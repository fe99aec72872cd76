"""The files themselves: what they are called, that they repeat, what they hold and what the runtimes make of them."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from export.exported import Exported
from export.formats import FORMATS, tfjs, tflite
from export.formats.half import as_half
from export.lower.graph import Dense, Graph, Softmax, Value
from safelight.bundle import record_of
from safelight.errors import ExportError
from safelight.spec import Format, ModelFile, Precision
from tests.export import execute, networks

Written = Callable[[str, Format, Precision], tuple[Path, ModelFile]]

WEBAPP = Path(__file__).resolve().parents[3] / "webapp"

# One linear layer and a softmax, small enough to be read byte by byte.
ONE_LAYER = Graph(
    input=Value("pixels", (2,)),
    outputs=(Value("probabilities", (3,)),),
    nodes=(
        Dense(Value("logits", (3,)), "head", ("pixels",), weight="head.weight", bias="head.bias"),
        Softmax(Value("probabilities", (3,)), "softmax", ("logits",)),
    ),
    constants={
        "head.weight": np.array([[1, 2], [3, 4], [5, 6]], np.float32) / 8,
        "head.bias": np.array([0.5, 0, -1], np.float32),
    },
)
TFLITE_BYTES = """
IAAAAFRGTDMAAAAAFAAgABwAGAAUABAADAAAAAgABAAUAAAAHAAAAJQAAADEAAAARAEAAFABAAAoAwAAAwAAAAEAAAAQAAAAAAAKABAADAAIAAQACgAAAAwAAAAcAAAAQAAA
AA8AAABzZXJ2aW5nX2RlZmF1bHQAAQAAAAQAAAC8////BAAAAAQAAAANAAAAcHJvYmFiaWxpdGllcwAAAAEAAAAEAAAAsv7//wQAAAAGAAAAcGl4ZWxzAAABAAAADAAAAAgA
DAAIAAQACAAAAAMAAAAEAAAAEwAAAG1pbl9ydW50aW1lX3ZlcnNpb24ABAAAAHwAAABMAAAAKAAAAAQAAAAO////BAAAABAAAAAxLjE1LjAAAAAAAAAAAAAAAAAAAC7///8E
AAAADAAAAAAAAD8AAAAAAACAvwAAAAAAAAAATv///wQAAAAYAAAAAAAAPgAAgD4AAMA+AAAAPwAAID8AAEA/AAAAAAAAAAA4////CQAAAFNhZmVsaWdodAAAAAEAAAAUAAAA
AAAOABgAFAAQAAwACAAEAA4AAAAUAAAAHAAAALAAAAC0AAAAuAAAAAQAAABtYWluAAAAAAIAAABgAAAAFAAAAAAADgAaABQAEAAMAAsABAAOAAAAHAAAAAAAAAkcAAAAIAAA
AAEAAAAAAAYACAAEAAYAAAAAAIA/AQAAAAQAAAABAAAAAwAAAAAADgAUAAAAEAAMAAsABAAOAAAAFAAAAAAAAAgQAAAAFAAAAAQABAAEAAAAAQAAAAMAAAADAAAAAAAAAAEA
AAACAAAAAQAAAAQAAAABAAAAAAAAAAUAAADQAAAAlAAAAFwAAAA0AAAABAAAAFD///8IAAAAGAAAAA0AAABwcm9iYWJpbGl0aWVzAAAAAgAAAAEAAAADAAAAfP///wgAAAAQ
AAAABgAAAGxvZ2l0cwAAAgAAAAEAAAADAAAA2P///wwAAAACAAAAFAAAAAkAAABoZWFkLmJpYXMAAAABAAAAAwAAAAwAEAAMAAAACAAEAAwAAAAMAAAAAQAAABQAAAALAAAA
aGVhZC53ZWlnaHQAAgAAAAMAAAACAAAADAAMAAgAAAAAAAQADAAAAAgAAAAQAAAABgAAAHBpeGVscwAAAgAAAAEAAAACAAAAAgAAACAAAAAEAAAA9P///xkAAAAAAAAZDAAM
AAsAAAAAAAQADAAAAAkAAAAAAAAJ
"""


def test_there_is_a_module_per_format_with_the_same_names_in_the_same_order() -> None:
    assert list(FORMATS) == ["pytorch", "onnx", "tflite", "tfjs"]
    for name, module in FORMATS.items():
        public = [key for key in vars(module) if key in ("FORMAT", "TOLERANCE", "write")]
        assert public == ["FORMAT", "TOLERANCE", "write"]
        assert name == module.FORMAT


@pytest.mark.parametrize(
    ("format_name", "precision", "entry"),
    [
        ("pytorch", "fp32", "model.safetensors"),
        ("onnx", "fp32", "model.onnx"),
        ("onnx", "fp16", "model-fp16.onnx"),
        ("tflite", "fp32", "model.tflite"),
        ("tflite", "fp16", "model-fp16.tflite"),
        ("tfjs", "fp32", "tfjs/model.json"),
        ("tfjs", "fp16", "tfjs-fp16/model.json"),
    ],
)
def test_a_file_is_described_as_it_is(format_name: Format, precision: Precision, entry: str, written: Written) -> None:
    folder, file = written("grouped", format_name, precision)
    assert (file.format, file.precision, file.parts[0].path) == (format_name, precision, entry)
    assert all(record_of(folder / part.path, folder) == part for part in file.parts)
    batch = 1 if format_name == "tflite" else -1
    assert [(tensor.name, tensor.layout, tensor.shape) for tensor in (file.input, *file.outputs)] == [
        ("pixels", "NHWC", (batch, 31, 31, 3)),
        ("probabilities", "NC", (batch, 7)),
        ("heatmap", "NHWC", (batch, 8, 8, 7)),
    ]


@pytest.mark.parametrize("precision", ["fp32", "fp16"])
@pytest.mark.parametrize("format_name", ["onnx", "tflite", "tfjs"])
def test_the_same_network_gives_the_same_bytes(
    format_name: Format, precision: Precision, exported: Callable[[str], Exported], written: Written, tmp_path: Path
) -> None:
    source = exported("grouped")
    fresh = Exported(source.network, source.spec, source.deployable, source.onnx)
    assert FORMATS[format_name].write(fresh, precision, tmp_path) == written("grouped", format_name, precision)[1]


def test_half_precision_halves_the_weights(written: Written) -> None:
    for format_name in ("onnx", "tflite", "tfjs"):
        full, half = (written("vgg", format_name, precision)[1].size_bytes for precision in ("fp32", "fp16"))  # type: ignore[arg-type]
        assert half < 0.62 * full


def test_weights_too_large_for_half_precision_are_refused() -> None:
    assert as_half(np.array([65504.0, 1e-8]), "w").tolist() == [65504.0, 0.0]
    with pytest.raises(ExportError, match=r"the weight head.weight reaches 7e\+04"):
        as_half(np.array([-70000.0]), "head.weight")


def test_half_precision_rounds_as_pytorch_does() -> None:
    numbers = torch.randn(100_000, generator=torch.Generator().manual_seed(1)) * torch.logspace(-8, 3, 100_000)
    assert np.array_equal(as_half(numbers.numpy(), "w"), numbers.half().numpy())


def test_the_bytes_of_a_one_layer_tflite_file() -> None:
    data = tflite.serialise(ONE_LAYER, "fp32")
    assert base64.b64encode(data).decode() == "".join(TFLITE_BYTES.split())
    answer = execute.run_tflite(data, np.array([[1, 2]], np.float32))["probabilities"]
    logits = np.array([5 / 8 + 0.5, 11 / 8, 17 / 8 - 1])
    assert np.abs(answer - np.exp(logits) / np.exp(logits).sum()).max() < 1e-6


def test_the_json_of_a_one_layer_tfjs_graph() -> None:
    graph, weights = tfjs.topology(ONE_LAYER, "fp16")
    float32 = {"type": "DT_FLOAT"}

    def constant(name: str, *shape: str) -> dict[str, Any]:
        tensor = {"dtype": "DT_FLOAT", "tensorShape": {"dim": [{"size": side} for side in shape]}}
        return {"name": name, "op": "Const", "input": [], "attr": {"dtype": float32, "value": {"tensor": tensor}}}

    assert graph == {
        "node": [
            {
                "name": "pixels",
                "op": "Placeholder",
                "input": [],
                "attr": {"dtype": float32, "shape": {"shape": {"dim": [{"size": "-1"}, {"size": "2"}]}}},
            },
            constant("head.weight", "2", "3"),
            constant("head.bias", "3"),
            {
                "name": "logits",
                "op": "_FusedMatMul",
                "input": ["pixels", "head.weight", "head.bias"],
                "attr": {
                    "T": float32,
                    "num_args": {"i": "1"},
                    "fused_ops": {"list": {"s": ["Qmlhc0FkZA=="]}},
                    "transpose_a": {"b": False},
                    "transpose_b": {"b": False},
                },
            },
            {"name": "probabilities", "op": "Softmax", "input": ["logits"], "attr": {"T": float32}},
        ],
        "library": {},
        "versions": {"producer": 1882},
    }
    stored = b"".join(array.tobytes() for _, array in weights)
    assert stored.hex(" ", 2) == "0030 0036 0039 0034 0038 003a" + " 0000 003f 0000 0000 0000 80bf"


@pytest.mark.parametrize("format_name", ["tflite", "tfjs"])
def test_equal_constants_are_stored_once(format_name: Format, exported: Callable[[str], Exported], written: Written) -> None:
    """The heat map's kernel is the head's weight, 5 MB for ImageNet's classes."""
    folder, file = written("grouped", format_name, "fp32")
    data = b"".join((folder / part.path).read_bytes() for part in file.parts)
    head = exported("grouped").deployable.head.weight.numpy()
    assert data.count(np.ascontiguousarray(head.T if format_name == "tfjs" else head).tobytes()) == 1


def test_tflite_constants_are_aligned(written: Written) -> None:
    from ai_edge_litert import schema_py_generated as schema

    folder, file = written("grouped", "tflite", "fp16")
    data = (folder / file.parts[0].path).read_bytes()
    assert data[4:8] == b"TFL3"
    model = schema.Model.GetRootAs(data, 0)
    for index in range(1, model.BuffersLength()):
        content = model.Buffers(index).DataAsNumpy().tobytes()
        if len(content) >= 64:  # long enough to be found by what it holds
            assert any(at % tflite.ALIGNMENT == 0 for at in _places(data, content))


def _places(data: bytes, content: bytes) -> list[int]:
    places, at = [], data.find(content)
    while at >= 0:
        places.append(at)
        at = data.find(content, at + 1)
    return places


@pytest.mark.parametrize(
    "name", ["grouped", pytest.param("resnet18", marks=pytest.mark.slow), pytest.param("mobilenet_v3_small", marks=pytest.mark.slow)]
)
@pytest.mark.parametrize("precision", ["fp32", "fp16"])
def test_xnnpack_takes_over_the_whole_tflite_graph(name: str, precision: Precision, written: Written) -> None:
    from ai_edge_litert.interpreter import Interpreter

    folder, file = written(name, "tflite", precision)
    interpreter = Interpreter(model_path=str(folder / file.parts[0].path))
    interpreter.allocate_tensors()
    (delegate,) = (node for node in interpreter._get_ops_details() if node["op_name"] == "DELEGATE")
    assert interpreter.get_input_details()[0]["index"] in delegate["inputs"]
    assert {output["index"] for output in interpreter.get_output_details()} <= set(delegate["outputs"].tolist())


def test_shards_are_of_four_megabytes(exported: Callable[[str], Exported], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert tfjs.SHARD_BYTES == 4_194_304
    monkeypatch.setattr(tfjs, "SHARD_BYTES", 1000)
    file = tfjs.write(exported("grouped"), "fp16", tmp_path)
    *full, last = file.parts[1:]
    assert full
    assert {part.bytes for part in full} == {1000}
    assert 0 < last.bytes <= 1000
    assert last.path == f"tfjs-fp16/group1-shard{len(file.parts) - 1}of{len(file.parts) - 1}.bin"
    pixels = networks.photos(31)
    whole = execute.run_tfjs(tmp_path / file.parts[0].path, pixels.numpy())["probabilities"]
    assert whole.shape == (4, 7)


@pytest.mark.parametrize("precision", ["fp32", "fp16"])
def test_tfjs_in_node(precision: Precision, written: Written, exported: Callable[[str], Exported]) -> None:
    if not (WEBAPP / "node_modules/@tensorflow/tfjs-converter").is_dir() or shutil.which("node") is None:
        pytest.skip("needs Node and webapp/node_modules; run: npm ci --prefix webapp")
    folder, file = written("grouped", "tfjs", precision)
    pixels = networks.photos(31)
    (folder / "pixels.bin").write_bytes(pixels.numpy().tobytes())
    script = Path(__file__).with_name("run_tfjs.mjs")
    command = ["node", str(script), str(folder / file.parts[0].path), str(folder / "pixels.bin"), "4,31,31,3"]
    done = subprocess.run(command, cwd=WEBAPP, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    answers = json.loads(done.stdout)
    assert set(answers) == {"cpu", "wasm"}
    expected = execute.run_tfjs(folder / file.parts[0].path, pixels.numpy())
    for backend, found in answers.items():
        for name, tolerance in (("probabilities", tfjs.TOLERANCE[precision]), ("heatmap", 2e-4)):
            assert np.abs(np.array(found[name]) - expected[name].reshape(-1)).max() <= tolerance, backend
