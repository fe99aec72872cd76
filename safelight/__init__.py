"""The contract of a Safelight bundle: spec, decode, resize, task, bundle. Loads neither torch nor a runtime.

The names of `__all__` are imported on first use, so that the command line answers at once. The stages' verbs live in
the modules of the same names: `from safelight.decode import decode`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from safelight.bundle import Bundle, open_bundle
    from safelight.decode import Limits
    from safelight.errors import PhotoError, SafelightError
    from safelight.spec import Spec
    from safelight.task import Prediction

_HOMES = {
    "Bundle": "bundle",
    "Limits": "decode",
    "PhotoError": "errors",
    "Prediction": "task",
    "SafelightError": "errors",
    "Spec": "spec",
    "open_bundle": "bundle",
}

__all__ = ["Bundle", "Limits", "PhotoError", "Prediction", "SafelightError", "Spec", "open_bundle"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'safelight' has no attribute {name!r}")
    return getattr(importlib.import_module(f"safelight.{_HOMES[name]}"), name)
