"""One operator at a time: onnxruntime says what it means, TFLite and TF.js must say the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from export.formats import tfjs, tflite
from export.lower import lower
from export.lower.graph import Graph
from tests.export import execute

TOLERANCE = 2e-5  # outputs of order 1 to 10; the worst measured was 5e-6, a 3×3 convolution over 12 channels
RANDOM = np.random.default_rng(5)

Node = tuple[str, list[str], dict[str, Any]]


def model_of(nodes: list[Node], constants: dict[str, Any], shape: tuple[int, ...] = (9, 11, 4)) -> onnx.ModelProto:
    """pixels [N,H,W,C] → transpose to NCHW as `x`, minus 0.5 → the nodes → "probabilities"."""
    constants = {"half": np.array(0.5, np.float32), **constants}
    made = [helper.make_node("Transpose", ["pixels"], ["planes"], perm=[0, 3, 1, 2]), helper.make_node("Sub", ["planes", "half"], ["x"])]
    for index, (kind, inputs, attributes) in enumerate(nodes):
        output = "probabilities" if index == len(nodes) - 1 else f"y{index}"
        made.append(helper.make_node(kind, inputs, [output], name=f"layer{index}", **attributes))
    tensors = [numpy_helper.from_array(np.asarray(array), name) for name, array in constants.items()]
    source = helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["N", *shape])
    target = helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, None)
    graph = helper.make_graph(made, "one", [source], [target], tensors)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


def weight(*shape: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    return RANDOM.standard_normal(shape).astype(np.float32) * np.float32(0.5)


def ints(*numbers: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    return np.array(numbers, np.int64)


def conv(kernel: tuple[int, int], out: int, inside: int = 4, **attributes: Any) -> tuple[list[Node], dict[str, Any]]:
    constants = {"w": weight(out, inside // attributes.get("group", 1), *kernel), "b": weight(out)}
    return [("Conv", ["x", "w", "b"], {"kernel_shape": list(kernel), **attributes})], constants


def pool(kind: str, **attributes: Any) -> tuple[list[Node], dict[str, Any]]:
    return [(kind, ["x"], attributes)], {}


CASES: dict[str, tuple[list[Node], dict[str, Any]]] = {
    "conv": conv((3, 3), 5),
    "conv-even-kernel": conv((2, 4), 5),
    "conv-symmetric-stride": conv((3, 3), 5, strides=[2, 2], pads=[1, 1, 1, 1]),
    "conv-tensorflow-same": conv((3, 3), 5, strides=[2, 3], pads=[1, 0, 1, 1]),
    "conv-one-sided": conv((3, 3), 5, pads=[2, 0, 0, 1]),
    "conv-dilated": conv((3, 3), 5, dilations=[2, 3], pads=[2, 3, 2, 3]),
    "conv-without-bias": ([("Conv", ["x", "w"], {"kernel_shape": [3, 3]})], {"w": weight(5, 4, 3, 3)}),
    "conv-grouped": conv((3, 3), 6, group=2, pads=[1, 1, 1, 1]),
    "conv-grouped-relu": (
        [("Conv", ["x", "w", "b"], {"kernel_shape": [3, 3], "group": 2, "strides": [2, 2]}), ("Relu", ["y0"], {})],
        {"w": weight(6, 2, 3, 3), "b": weight(6)},
    ),
    "depthwise": conv((3, 3), 4, group=4, pads=[1, 1, 1, 1]),
    "depthwise-multiplier": conv((3, 5), 12, group=4, strides=[2, 2], pads=[1, 2, 1, 2]),
    "depthwise-dilated": conv((3, 3), 4, group=4, dilations=[2, 2], pads=[2, 2, 2, 2]),
    "depthwise-one-filter": ([("Conv", ["x", "w"], {"kernel_shape": [1, 1]})], {"w": weight(1, 4, 1, 1)}),
    "divided-by-equal-powers-of-two": ([("Div", ["x", "d"], {})], {"d": np.full((1, 4, 1, 1), 128, np.float32)}),
    "divided-by-other-numbers": ([("Div", ["x", "d"], {})], {"d": np.array([128, 3, 7, 0.1], np.float32).reshape(1, 4, 1, 1)}),
    "max-pool": pool("MaxPool", kernel_shape=[2, 2], strides=[2, 2]),
    "max-pool-padded": pool("MaxPool", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1]),
    "max-pool-lopsided": pool("MaxPool", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 0, 0]),
    "max-pool-ceil": pool("MaxPool", kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1),
    "max-pool-ceil-even": pool("MaxPool", kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1),
    "max-pool-of-negatives": (
        [
            ("Neg", ["half"], {}),
            ("Add", ["x", "y0"], {}),
            ("MaxPool", ["y1"], {"kernel_shape": [3, 3], "pads": [1] * 4, "strides": [2, 2]}),
        ],
        {},
    ),
    "max-pool-after-relu": ([("Relu", ["x"], {}), ("MaxPool", ["y0"], {"kernel_shape": [3, 3], "strides": [3, 3], "pads": [1] * 4})], {}),
    "average-pool": pool("AveragePool", kernel_shape=[2, 3], strides=[2, 2]),
    "average-pool-counted": pool("AveragePool", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1], count_include_pad=1),
    "average-pool-uncounted": pool("AveragePool", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1]),
    "average-pool-ceil": pool("AveragePool", kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1),
    "global-average-pool": pool("GlobalAveragePool"),
    "mean-of-places": ([("ReduceMean", ["x", "axes"], {"keepdims": 0})], {"axes": ints(2, 3)}),
    "mean-of-places-from-behind": ([("ReduceMean", ["x", "axes"], {"keepdims": 1})], {"axes": ints(-1, -2)}),
    "mean-of-channels": ([("ReduceMean", ["x", "axes"], {"keepdims": 0})], {"axes": ints(1)}),
    "relu6": ([("Clip", ["x", "zero", "six"], {})], {"zero": np.float32(0), "six": np.float32(6)}),
    "clip": ([("Clip", ["x", "low", "high"], {})], {"low": np.float32(-0.2), "high": np.float32(0.3)}),
    "hard-swish": pool("HardSwish"),
    "hard-sigmoid-of-pytorch": pool("HardSigmoid", alpha=1 / 6, beta=0.5),
    "hard-sigmoid-of-onnx": pool("HardSigmoid"),
    "silu": ([("Sigmoid", ["x"], {}), ("Mul", ["x", "y0"], {})], {}),
    "tanh": pool("Tanh"),
    "elu": pool("Elu"),
    "leaky-relu": pool("LeakyRelu", alpha=0.2),
    "per-channel": ([("Div", ["x", "c"], {}), ("Sub", ["c", "y0"], {})], {"c": np.abs(weight(1, 4, 1, 1)) + 1}),
    "per-place": ([("Mul", ["x", "c"], {})], {"c": weight(9, 1)}),
    "minimum-and-maximum": ([("Max", ["x", "c"], {}), ("Min", ["y0", "half"], {})], {"c": weight(4, 1, 1)}),
    "attention": ([("GlobalAveragePool", ["x"], {}), ("Mul", ["x", "y0"], {})], {}),
    "two-layouts-meet": (
        [("Transpose", ["x"], {"perm": [0, 1, 3, 2]}), ("MatMul", ["m", "m"], {}), ("Add", ["y0", "z"], {})],
        {"m": np.eye(2, dtype=np.float32), "z": weight(4, 11, 9)},
    ),
    "concat-channels": ([("Relu", ["x"], {}), ("Concat", ["y0", "x", "y0"], {"axis": 1})], {}),
    "concat-rows": ([("Relu", ["x"], {}), ("Concat", ["y0", "x"], {"axis": 2})], {}),
    "softmax-channels": pool("Softmax", axis=1),
    "softmax-columns": pool("Softmax", axis=3),
    "pad": ([("Pad", ["x", "p"], {})], {"p": ints(0, 0, 1, 2, 0, 0, 3, 0)}),
    "pad-with-a-value": ([("Pad", ["x", "p", "half"], {})], {"p": ints(0, 0, 1, 2, 0, 0, 3, 0)}),
    "pad-some-axes": ([("Pad", ["x", "p", "", "axes"], {})], {"p": ints(1, 2, 3, 0), "axes": ints(2, 3)}),
    "batch-norm": (
        [("BatchNormalization", ["x", "s", "b", "m", "v"], {"epsilon": 1e-3})],
        {"s": weight(4), "b": weight(4), "m": weight(4), "v": np.abs(weight(4)) + np.float32(0.1)},
    ),
    "transpose": ([("Transpose", ["x"], {"perm": [0, 3, 1, 2]})], {}),
    "flatten": pool("Flatten"),
    "flatten-relu-gemm": (
        [("Flatten", ["x"], {}), ("Relu", ["y0"], {}), ("Add", ["y1", "c"], {}), ("Gemm", ["y2", "w", "b"], {"transB": 1})],
        {"c": weight(396), "w": weight(3, 396) / 10, "b": weight(3)},
    ),
    "flatten-softmax": ([("Flatten", ["x"], {}), ("Softmax", ["y0"], {"axis": 1})], {}),
    "reshape-matmul": ([("Reshape", ["x", "s"], {}), ("MatMul", ["y0", "w"], {})], {"s": ints(0, -1), "w": weight(396, 3) / 10}),
    "pooled-reshape": (
        [("GlobalAveragePool", ["x"], {}), ("Reshape", ["y0", "s"], {}), ("Gemm", ["y1", "w"], {})],
        {"s": ints(-1, 4), "w": weight(4, 3)},
    ),
    "squeeze": (
        [("GlobalAveragePool", ["x"], {}), ("Squeeze", ["y0", "a"], {}), ("Unsqueeze", ["y1", "a2"], {})],
        {"a": ints(2, 3), "a2": ints(1)},
    ),
    "channel-shuffle": (
        [("Reshape", ["x", "s"], {}), ("Transpose", ["y0"], {"perm": [0, 2, 1, 3, 4]}), ("Reshape", ["y1", "t"], {})],
        {"s": ints(-1, 2, 2, 9, 11), "t": ints(-1, 4, 9, 11)},
    ),
    "identity-dropout": ([("Identity", ["x"], {}), ("Dropout", ["y0"], {}), ("Relu", ["y1"], {})], {}),
}


def as_tfjs(graph: Graph, folder: Path) -> Path:
    """A folder like `tfjs.write` makes, of a graph without a bundle."""
    nodes, weights = tfjs.topology(graph, "fp32")
    (folder / "weights.bin").write_bytes(b"".join(stored.tobytes() for _, stored in weights))
    signature = {
        "inputs": {graph.input.name: {"name": f"{graph.input.name}:0"}},
        "outputs": {value.name: {"name": f"{value.name}:0"} for value in graph.outputs},
    }
    manifest = [{"paths": ["weights.bin"], "weights": [tfjs._entry(name, stored) for name, stored in weights]}]
    entry = folder / "model.json"
    entry.write_text(json.dumps({"signature": signature, "modelTopology": nodes, "weightsManifest": manifest}))
    return entry


@pytest.mark.parametrize("case", CASES)
def test_an_operator_means_what_onnx_means(case: str, tmp_path: Path) -> None:
    model = model_of(*CASES[case])
    pixels = RANDOM.random((2, 9, 11, 4), np.float32) * 4 - 2
    expected = execute.run_onnx(model.SerializeToString(), pixels)["probabilities"]
    graph = lower(model)
    assert (2, *graph.outputs[0].shape) == expected.shape
    for found in (execute.run_tflite(tflite.serialise(graph, "fp32"), pixels), execute.run_tfjs(as_tfjs(graph, tmp_path), pixels)):
        assert found["probabilities"].shape == expected.shape
        assert np.abs(found["probabilities"] - expected).max() <= TOLERANCE


def test_max_pooling_of_negative_numbers_would_notice_padding_with_zero() -> None:
    model = model_of(*CASES["max-pool-of-negatives"])
    pixels = np.full((1, 9, 11, 4), -3, np.float32)
    assert execute.run_onnx(model.SerializeToString(), pixels)["probabilities"].max() == -4.0
    assert execute.run_tflite(tflite.serialise(lower(model), "fp32"), pixels)["probabilities"].max() == -4.0
