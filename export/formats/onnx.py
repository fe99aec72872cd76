"""ONNX: the traced graph itself, opset 20, for onnxruntime and onnxruntime-web."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from export.exported import Exported
from export.formats.half import as_half
from safelight.bundle import record_of
from safelight.spec import Format, ModelFile, Precision

if TYPE_CHECKING:
    import onnx

FORMAT: Format = "onnx"
# onnxruntime 1.31: 1.0e-6 with pretrained EfficientNet-Lite0, 2.3e-5 at worst: a random MobileNetV2, which amplifies rounding.
TOLERANCE: dict[Precision, float] = {"fp32": 5e-5, "fp16": 5e-5}


def write(exported: Exported, precision: Precision, folder: Path) -> ModelFile:
    """`model.onnx`, or `model-fp16.onnx` whose weights are float16 initializers, each followed by a Cast."""
    path = folder / ("model.onnx" if precision == "fp32" else f"model-{precision}.onnx")
    model = exported.onnx if precision == "fp32" else _with_half_weights(exported.onnx)
    path.write_bytes(model.SerializeToString(deterministic=True))
    return ModelFile(
        format=FORMAT,
        precision=precision,
        parts=(record_of(path, folder),),
        input=exported.input(),
        outputs=exported.outputs(),
    )


def _with_half_weights(model: onnx.ModelProto) -> onnx.ModelProto:
    """A copy in which the second input of every Conv, Gemm and MatMul is stored as float16."""
    import onnx
    from onnx import helper, numpy_helper

    half = onnx.ModelProto()
    half.CopyFrom(model)
    made_from = {node.output[0]: node.input[0] for node in half.graph.node if node.op_type in ("Unsqueeze", "Transpose", "Reshape")}
    weights = {node.input[1] for node in half.graph.node if node.op_type in ("Conv", "Gemm", "MatMul")}
    weights |= {made_from[name] for name in weights if name in made_from}  # the heat map's kernel is the head's weight, reshaped
    casts = []
    for tensor in half.graph.initializer:
        if tensor.name in weights:
            name = tensor.name
            tensor.CopyFrom(numpy_helper.from_array(as_half(numpy_helper.to_array(tensor), name), f"{name}.float16"))
            casts.append(helper.make_node("Cast", [tensor.name], [name], name=f"{name}/cast", to=onnx.TensorProto.FLOAT))
    nodes = [*casts, *half.graph.node]
    del half.graph.node[:]
    half.graph.node.extend(nodes)
    return half
