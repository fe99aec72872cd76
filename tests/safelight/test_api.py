"""The public names, and what importing them costs."""

from __future__ import annotations

import subprocess
import sys

import pytest

import safelight

HEAVY = (
    "torch",
    "torchvision",
    "numpy",
    "PIL",
    "msgspec",
    "onnx",
    "onnxruntime",
    "ai_edge_litert",
    "tensorflow",
    "skimage",
    "matplotlib",
    "rich",
)


def loaded_by(code: str) -> list[str]:
    """Which of the heavy packages a fresh interpreter has loaded after `code`."""
    probe = f"import sys\n{code}\nprint(*[name for name in {HEAVY!r} if name in sys.modules])"
    return subprocess.run([sys.executable, "-c", probe], check=True, capture_output=True, text=True).stdout.splitlines()[-1].split()


def test_public_names() -> None:
    assert safelight.__all__ == ["Bundle", "Limits", "PhotoError", "Prediction", "SafelightError", "Spec", "open_bundle"]


@pytest.mark.parametrize("name", safelight.__all__)
def test_each_public_name_is_the_thing_of_that_name(name: str) -> None:
    assert getattr(safelight, name).__name__ == name


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = safelight.nothing


def test_import_safelight_loads_nothing_heavy() -> None:
    assert loaded_by("import safelight") == []


def test_help_loads_no_command_and_nothing_heavy() -> None:
    assert loaded_by("from safelight.cli import cli\ncli(['--help'], standalone_mode=False)") == []


def test_the_contract_loads_neither_torch_nor_a_runtime() -> None:
    loaded = loaded_by(
        "import safelight.bundle, safelight.checkpoint, safelight.decode, safelight.models, safelight.resize, safelight.task"
    )
    assert loaded == ["numpy", "PIL", "msgspec"]
