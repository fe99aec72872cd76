"""The formats by name. Each is a module with the same three names: FORMAT, TOLERANCE and `write`.

To add one: a module like its siblings and an entry in `FORMATS`; the parity tests run over that dict.
A tolerance is the largest |Δ probability| from PyTorch *of the same precision*. fp16 means the same everywhere: the
weights of convolutions and linear layers are stored as float16, rounded as `export.deployable.with_half_weights` does,
and the arithmetic stays float32. So the fp16 files are held to PyTorch as strictly as the fp32 ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from export.exported import Exported
from export.formats import onnx, pytorch, tfjs, tflite
from safelight.spec import Format, ModelFile, Precision


class FormatModule(Protocol):
    """What a module of this package offers."""

    FORMAT: Format
    TOLERANCE: dict[Precision, float]

    def write(self, exported: Exported, precision: Precision, folder: Path) -> ModelFile:
        """Write the model below `folder`, an existing one, and describe it, without parity. Raises ExportError."""
        ...


FORMATS: Mapping[Format, FormatModule] = {"pytorch": pytorch, "onnx": onnx, "tflite": tflite, "tfjs": tfjs}
