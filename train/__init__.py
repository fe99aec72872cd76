"""Photos → run: `train.run(photos, out)` learns a classifier from a folder and writes weights, spec and report.

The names of `__all__` are imported on first use: neither the command line's `--help` nor `import train` loads torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from train.options import TrainOptions
    from train.pipeline import TrainResult, run

_HOMES = {"TrainOptions": "options", "TrainResult": "pipeline", "run": "pipeline"}

__all__ = ["TrainOptions", "TrainResult", "run"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'train' has no attribute {name!r}")
    return getattr(importlib.import_module(f"train.{_HOMES[name]}"), name)
