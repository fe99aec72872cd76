"""What a GPU gets wrong without an error: it changes its answers, or it is not used at all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from export.parity.browsers.server import PlannedRun

GPU = ("webgl", "webgpu")  # the last word of a runtime's name
CPU = ("wasm", "cpu")


def changed(found: Mapping[str, Any], tolerance: float) -> str:
    """How a runtime contradicts itself, "" if it doesn't: right on its first inference, it can be wrong on a later one.

    `found` is the page's report of a run; `again` in it has the same photos at the second and at the last inferences.
    """
    for repeat in found["again"]:
        first = np.array(found["probabilities"][str(repeat["photo"])], np.float32)  # JSON has null for NaN
        off = float(np.abs(np.array(repeat["probabilities"], np.float32) - first).max())
        if not off <= tolerance:
            return f"the same photo gives another answer at inference {repeat['inference']}, off by {off:.3g}"
    return ""


def same_as_cpu(run: PlannedRun, runs: Mapping[str, Mapping[str, Any]]) -> str:
    """That a GPU runtime gave the very numbers of the same library's CPU runtime, "" if it is none or they differ.

    Another order of additions rounds otherwise: equal bits on every photo mean that the library fell back without a word.
    """
    library, _, backend = run.runtime.rpartition("-")
    if backend not in GPU or run.id not in runs:
        return ""
    mine = runs[run.id]["probabilities"]
    for cpu in (f"{library}-{name}" for name in CPU):
        theirs = runs.get(f"{cpu}/{run.file}", {}).get("probabilities", {})
        if mine and all(theirs.get(photo) == numbers for photo, numbers in mine.items()):
            return f"bit for bit {cpu}'s answers on {len(mine)} photos: it may have run on the CPU"
    return ""
