"""torch → ONNX, the source of every other format: a clean opset-20 graph with the contract's names and nothing private.

torch.onnx.export takes 10–13 s with a dynamic batch and 2.5–7 s with a fixed one (EfficientNet-Lite0, 2 shared cores),
so the network is traced for `TRACED_BATCH` photos and the batch set free afterwards, where that is provably the same.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from safelight.errors import ExportError

if TYPE_CHECKING:
    import onnx

    from export.deployable import Deployable

INPUT = "pixels"
BATCH = "N"  # the name of the free dimension
TRACED_BATCH = 2  # not 1: exporters simplify what has one element
CHATTY = ("torch.onnx", "torch.export", "onnxscript", "onnx_ir")  # loggers

# What these operators do to a photo doesn't depend on how many there are, as long as axis 0 stays the batch.
BATCH_FREE = frozenset(
    {"Add", "AveragePool", "BatchNormalization", "Cast", "Clip", "Concat", "Conv", "Div", "Dropout", "Elu", "Flatten"}
    | {"Gemm", "GlobalAveragePool", "GlobalMaxPool", "HardSigmoid", "HardSwish", "Identity", "LeakyRelu", "MatMul", "MaxPool"}
    | {
        "Mul",
        "Pad",
        "Pow",
        "ReduceMean",
        "Relu",
        "Reshape",
        "Sigmoid",
        "Softmax",
        "Sqrt",
        "Squeeze",
        "Sub",
        "Tanh",
        "Transpose",
        "Unsqueeze",
    }
)


def trace(deployable: Deployable, size: int) -> onnx.ModelProto:
    """ONNX of `deployable`: pixels [N,size,size,3] → what its `outputs` name.

    Its weights are the deployable's, number by number. Raises ExportError where PyTorch can't express the network.
    """
    model = _export(deployable, size, dynamic=False)
    if not _free_batch(model):
        model = _export(deployable, size, dynamic=True)
    _keep_only_scopes(model)
    return model


def _export(deployable: Deployable, size: int, *, dynamic: bool) -> onnx.ModelProto:
    import torch

    # NHWC in shape, NCHW in memory: from channels-last memory PyTorch makes of a global pooling a gather of every element.
    example = torch.zeros(TRACED_BATCH, 3, size, size).permute(0, 2, 3, 1)
    shapes = ({0: torch.export.Dim(BATCH)},) if dynamic else None
    with _quiet():
        try:
            program: Any = torch.onnx.export(
                deployable,
                (example,),
                dynamo=True,
                verbose=False,
                input_names=[INPUT],
                output_names=list(deployable.outputs),
                dynamic_shapes=shapes,
            )
        except Exception as error:  # torch.export raises dozens of types for what it can't trace
            reason = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
            raise ExportError(
                f"PyTorch can't express this network as ONNX: {reason}. "
                "Every format starts there: replace the layer it names, or choose another backbone."
            ) from error
    model: onnx.ModelProto = program.model_proto
    return model


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence the exporter's progress and deprecation notes, here and nowhere else."""
    loggers = [logging.getLogger(name) for name in CHATTY]
    levels = [logger.level for logger in loggers]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        try:
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)


def _free_batch(model: onnx.ModelProto) -> bool:
    """Make axis 0 free, in place. False where an operator might mean the traced batch; `model` is then of no use."""
    import onnx

    graph = model.graph
    if any(node.op_type not in BATCH_FREE for node in graph.node):
        return False
    reshapes = [node for node in graph.node if node.op_type == "Reshape"]
    targets = {node.input[1] for node in reshapes}
    for tensor in graph.initializer:
        if tensor.name in targets:
            shape = onnx.numpy_helper.to_array(tensor).copy()
            if shape.size and shape[0] == TRACED_BATCH:
                shape[0] = 0  # ONNX: copied from the input
                tensor.CopyFrom(onnx.numpy_helper.from_array(shape, tensor.name))
    for node in reshapes:
        del node.attribute[:]  # allowzero, the only one, would take that 0 for a size
    del graph.value_info[:]
    for value in (*graph.input, *graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = BATCH
    inferred = onnx.ModelProto()
    inferred.CopyFrom(model)
    for value in inferred.graph.output:  # inference must find the free batch by itself
        value.type.tensor_type.ClearField("shape")
    try:
        inferred = onnx.shape_inference.infer_shapes(inferred, check_type=True, strict_mode=True, data_prop=True)
    except onnx.shape_inference.InferenceError:
        return False
    return all(_dimensions(found) == _dimensions(declared) for found, declared in zip(inferred.graph.output, graph.output, strict=True))


def _dimensions(value: onnx.ValueInfoProto) -> list[int | str]:
    return [dim.dim_param or dim.dim_value for dim in value.type.tensor_type.shape.dim]


def _keep_only_scopes(model: onnx.ModelProto) -> None:
    """Name each node after its layer and drop the rest: the exporter records stack traces with this machine's paths."""
    taken: dict[str, int] = {}
    for node in model.graph.node:
        scopes = next((entry.value for entry in node.metadata_props if entry.key == "pkg.torch.onnx.name_scopes"), "")
        layers = [part.strip(" '\"") for part in scopes.strip("[]").split(",")]
        name = "/".join(layer for layer in layers if layer) or node.name
        taken[name] = taken.get(name, 0) + 1
        node.name = name if taken[name] == 1 else f"{name}/{taken[name]}"
        del node.metadata_props[:]
        node.doc_string = ""
    for part in (model, model.graph, *model.graph.initializer, *model.graph.input, *model.graph.output):
        del part.metadata_props[:]
        part.doc_string = ""
    del model.graph.value_info[:]
