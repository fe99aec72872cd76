"""PyTorch: the trained weights as safetensors, the reference that every other format is measured against."""

from __future__ import annotations

from pathlib import Path

from export.exported import Exported
from safelight.bundle import record_of
from safelight.checkpoint import WEIGHTS_NAME, save_weights
from safelight.errors import ExportError
from safelight.spec import Format, ModelFile, Precision

FORMAT: Format = "pytorch"
# The network as trained against the deployable one, whose batch norms are folded: 6e-7 with pretrained EfficientNet-Lite0,
# 2.6e-5 with a random MobileNetV2 at 64 pixels, which amplifies rounding: float32 itself is 2.1e-5 from float64 there.
TOLERANCE: dict[Precision, float] = {"fp32": 5e-5}


def write(exported: Exported, precision: Precision, folder: Path) -> ModelFile:
    """`model.safetensors`, fp32 only. Raises ExportError for another precision."""
    if precision not in TOLERANCE:
        raise ExportError(f"the PyTorch reference is written as fp32, not {precision}: it is what the others are measured against.")
    path = folder / WEIGHTS_NAME
    save_weights(path, exported.network)
    return ModelFile(
        format=FORMAT,
        precision=precision,
        parts=(record_of(path, folder),),
        input=exported.input(),
        outputs=exported.outputs(),
    )
