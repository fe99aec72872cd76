"""float16 storage, with the rounding that every format and the PyTorch reference share."""

from __future__ import annotations

import numpy as np

from export.lower.graph import Array
from safelight.errors import ExportError


def as_half(weight: Array, name: str) -> Array:
    """`weight` rounded to the nearest float16, ties to even. Raises ExportError where it is too large for one."""
    with np.errstate(over="ignore"):
        half = np.ascontiguousarray(weight, dtype=np.float16)
    if not np.isfinite(half).all():
        raise ExportError(
            f"the weight {name} reaches {np.abs(weight).max():.3g}, float16 ends at 65504. Export with --precision fp32, or train it again."
        )
    return half
