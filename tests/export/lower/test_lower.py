"""The shape of the lowered graph: what disappears, what is fused, what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from export.lower import lower
from export.lower.graph import Binary, Conv, Dense, Graph, Node, Pad, Pool, Reshape, Transpose, is_same
from safelight.errors import UnsupportedOperator
from tests.export.lower.test_operators import CASES, ints, model_of, weight


def kinds(graph: Graph) -> list[str]:
    return [type(node).__name__ for node in graph.nodes]


def only(graph: Graph, kind: type[Node]) -> Any:
    (node,) = (node for node in graph.nodes if isinstance(node, kind))
    return node


def test_transpositions_at_both_ends_disappear() -> None:
    nodes, constants = CASES["conv"]
    graph = lower(model_of([*nodes, ("Transpose", ["y0"], {"perm": [0, 2, 3, 1]})], constants))
    assert kinds(graph) == ["Binary", "Conv"]
    assert graph.outputs[0].shape == (7, 9, 5)


def test_a_normalisation_that_is_the_same_for_every_channel_takes_scalars_and_no_division() -> None:
    """As litert-torch writes it: a vector of three channels, or a division, costs XNNPACK 6 % of the whole network."""
    mean, deviation = np.full((1, 4, 1, 1), 127, np.float32), np.full((1, 4, 1, 1), 128, np.float32)
    graph = lower(model_of([("Sub", ["x", "mean"], {}), ("Div", ["y0", "deviation"], {})], {"mean": mean, "deviation": deviation}))
    *_, minus, times = (node for node in graph.nodes if isinstance(node, Binary))
    assert (minus.kind, times.kind) == ("sub", "mul")
    assert [graph.constants[node.inputs[1]].tolist() for node in (minus, times)] == [127.0, 1 / 128]


def divided(by: Any) -> tuple[Binary, Graph]:
    graph = lower(model_of([("Div", ["x", "d"], {})], {"d": np.array(by, np.float32)}))
    *_, node = (node for node in graph.nodes if isinstance(node, Binary))
    return node, graph


def test_a_division_by_one_number_that_would_round_otherwise_stays_one() -> None:
    assert divided(100)[0].kind == "div"


def test_channels_that_differ_stay_a_vector_and_are_multiplied() -> None:
    """LiteRT.js's WebGPU answers NaN after a division by a vector of 3: tests/export/parity/test_gpu.py."""
    node, graph = divided(np.reshape([128, 64, 100, 32], (1, 4, 1, 1)))
    assert (node.kind, node.output.shape) == ("mul", (9, 11, 4))
    assert graph.constants[node.inputs[1]].tolist() == np.reciprocal(np.array([128, 64, 100, 32], np.float32)).tolist()


@pytest.mark.parametrize("divisor", [0.0, 1e-39])
def test_a_division_whose_reciprocal_is_no_number_stays_one(divisor: float) -> None:
    assert divided(np.reshape([1, divisor, 3, 4], (1, 4, 1, 1)))[0].kind == "div"


def test_equal_numbers_that_give_the_result_its_shape_stay() -> None:
    nodes: list[Any] = [("GlobalAveragePool", ["x"], {}), ("Add", ["y0", "wide"], {})]
    graph = lower(model_of(nodes, {"wide": np.ones((1, 4, 3, 5), np.float32)}))
    assert graph.outputs[0].shape == (4, 3, 5)


@pytest.mark.parametrize(("clip", "activation"), [((0, 6), "relu6"), ((0, np.inf), "relu")])
def test_an_activation_is_fused_into_its_convolution(clip: tuple[float, float], activation: str) -> None:
    nodes, constants = CASES["conv"]
    bounds = {"low": np.float32(clip[0]), "high": np.float32(clip[1])}
    graph = lower(model_of([*nodes, ("Clip", ["y0", "low", "high"], {})], {**constants, **bounds}))
    assert only(graph, Conv).activation == activation
    assert "Unary" not in kinds(graph)


def test_an_activation_stays_apart_where_the_sum_before_it_is_used_twice() -> None:
    graph = lower(model_of([("Add", ["x", "half"], {}), ("Relu", ["y0"], {}), ("Mul", ["y0", "y1"], {})], {}))
    assert "Unary" in kinds(graph)


def test_flatten_before_a_linear_layer_permutes_the_weight_instead_of_the_image() -> None:
    graph = lower(model_of(*CASES["flatten-relu-gemm"]))
    assert Transpose not in map(type, graph.nodes)
    columns = CASES["flatten-relu-gemm"][1]["w"].reshape(3, 4, 9, 11).transpose(0, 2, 3, 1).reshape(3, -1)
    assert np.array_equal(graph.constants[only(graph, Dense).weight], columns)


def test_a_flattened_image_that_is_an_output_is_put_in_onnx_order() -> None:
    assert kinds(lower(model_of(*CASES["flatten"]))).count("Transpose") == 1


def test_padding_of_a_max_pool_is_zero_only_after_a_relu() -> None:
    assert only(lower(model_of(*CASES["max-pool-after-relu"])), Pad).value == 0.0
    assert only(lower(model_of(*CASES["max-pool-lopsided"])), Pad).value < -1e38


def test_padding_that_tensorflow_calls_same_costs_no_pad() -> None:
    graph = lower(model_of(*CASES["max-pool-padded"]))  # 9 × 11 with a 3 × 3 window and stride 2: one pixel on every side
    assert only(graph, Pool).same
    assert "Pad" not in kinds(graph)


@pytest.mark.parametrize(
    ("pads", "side", "kernel", "stride", "same"),
    [
        ((1, 1, 1, 1), 8, 3, 1, True),
        ((1, 1, 1, 1), 8, 3, 2, False),  # PyTorch's; TensorFlow pads below and right only
        ((0, 0, 1, 1), 8, 3, 2, True),
        ((1, 1, 1, 1), 9, 3, 2, True),
        ((1, 1, 2, 2), 8, 5, 2, True),
        ((0, 0, 0, 0), 8, 1, 1, True),
        ((2, 2, 2, 2), 8, 3, 1, False),
    ],
)
def test_same_padding_is_recognised(pads: tuple[int, int, int, int], side: int, kernel: int, stride: int, same: bool) -> None:
    assert is_same(pads, (side, side), (kernel, kernel), (stride, stride), (1, 1)) is same


def test_dilation_widens_same_padding() -> None:
    assert is_same((2, 2, 2, 2), (8, 8), (3, 3), (1, 1), (2, 2))


def test_what_no_output_needs_is_left_out() -> None:
    graph = lower(model_of([("Conv", ["x", "w"], {"kernel_shape": [1, 1]}), ("Relu", ["x"], {})], {"w": weight(5, 4, 1, 1)}))
    assert "Conv" not in kinds(graph)
    assert set(graph.constants) == {"half"}


def test_shape_arithmetic_is_folded() -> None:
    nodes = [
        ("Shape", ["x"], {"start": 0, "end": 1}),
        ("Concat", ["y0", "rest"], {"axis": 0}),
        ("Reshape", ["x", "y1"], {}),
    ]
    graph = lower(model_of(nodes, {"rest": ints(396)}))  # type: ignore[arg-type]
    assert graph.outputs[0].shape == (396,)
    assert Reshape in map(type, graph.nodes)


def test_an_unknown_operator_is_named_with_its_layer_and_what_still_works() -> None:
    with pytest.raises(UnsupportedOperator, match=r"LayerNormalization at layer0 is unknown.*ONNX is not affected"):
        lower(model_of([("LayerNormalization", ["x", "w"], {})], {"w": weight(11)}))


@pytest.mark.parametrize(
    ("nodes", "constants", "message"),
    [
        ([("Reshape", ["x", "s"], {})], {"s": ints(-1, 11)}, "Reshape at layer0: .*mixes the photos of a batch"),
        ([("Transpose", ["x"], {"perm": [1, 0, 2, 3]})], {}, "Transpose at layer0: it moves the batch"),
        ([("ReduceMean", ["x", "a"], {})], {"a": ints(0)}, "averages over the photos"),
        ([("Softmax", ["x"], {"axis": 0})], {}, "across the photos of a batch"),
        ([("Concat", ["x", "x"], {"axis": 0})], {}, "joins batches"),
        ([("Conv", ["x", "x"], {})], {}, "its input 1 .x. is not a constant"),
        ([("Flatten", ["x"], {}), ("MatMul", ["y0", "y0"], {})], {}, "not a constant"),
        ([("Pad", ["x", "p"], {"mode": "reflect"})], {"p": ints(0, 0, 1, 1, 0, 0, 1, 1)}, "in mode reflect"),
        ([("Elu", ["x"], {"alpha": 0.5})], {}, "its alpha is 0.5"),
        ([("MaxPool", ["x"], {"kernel_shape": [2, 2], "dilations": [2, 2]})], {}, "dilates its window"),
    ],
)
def test_what_a_known_operator_can_not_be_is_refused(nodes: list[Any], constants: dict[str, Any], message: str) -> None:
    with pytest.raises(UnsupportedOperator, match=message):
        lower(model_of(nodes, constants))
