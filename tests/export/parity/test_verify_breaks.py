"""Each fault is planted in a real bundle with valid checksums, and verify must find it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest

from export.parity.compare import MAP_TOLERANCE
from export.parity.report import ParityReport
from export.parity.verify import VerifyOptions, verify
from safelight.bundle import open_bundle
from safelight.errors import BundleError
from safelight.spec import InputSpec
from tests.conftest import replace, reseal


def check(folder: Path, *runtimes: str, **options: object) -> ParityReport:
    return verify(open_bundle(folder), VerifyOptions(runtimes=runtimes, browsers=(), **options))  # type: ignore[arg-type]


def edit_weights(folder: Path, name_part: str, change: object) -> None:
    """Change the first initializer of model.onnx whose name holds `name_part`."""
    path = folder / "model.onnx"
    model = onnx.load(path)
    tensor = next(one for one in model.graph.initializer if name_part in one.name and len(one.dims) == 4)
    values = change(onnx.numpy_helper.to_array(tensor).copy())  # type: ignore[operator]
    tensor.CopyFrom(onnx.numpy_helper.from_array(np.ascontiguousarray(values), tensor.name))
    replace(path, model.SerializeToString())
    reseal(folder)


def test_an_untouched_bundle_passes_in_every_python_runtime(bundle: Path) -> None:
    report = check(bundle)
    assert report.passed
    assert {name: row.status for name, row in report.runtimes.items()} == {
        "pytorch/pytorch-fp32": "pass",
        "onnxruntime/onnx-fp32": "pass",
        "onnxruntime/onnx-fp16": "pass",
        "litert/tflite-fp32": "pass",
        "litert/tflite-fp16": "pass",
        "tensorflow/tfjs-fp32": "pass",
        "tensorflow/tfjs-fp16": "pass",
    }
    measured = [row for name, row in report.runtimes.items() if "pytorch" not in name]
    assert all(row.images == 13 and 0 < row.max_abs_probability < 1e-4 for row in measured)
    assert all(row.max_rel_map is not None and 0 < row.max_rel_map < MAP_TOLERANCE / 5 for row in measured)


def test_a_changed_byte_is_found_before_anything_runs(copy: Path) -> None:
    data = bytearray((copy / "model.tflite").read_bytes())
    data[len(data) // 2] ^= 1
    replace(copy / "model.tflite", bytes(data))
    with pytest.raises(BundleError, match=r"model\.tflite .* was changed"):
        check(copy)


def test_a_perturbed_weight_fails(copy: Path) -> None:
    def one_percent_up(weights: np.ndarray) -> np.ndarray:
        return weights * np.float32(1.01)

    edit_weights(copy, "trunk.1.weight", one_percent_up)
    report = check(copy, "onnxruntime")
    assert report.runtimes["onnxruntime/onnx-fp32"].status == "fail"
    assert "off by" in report.runtimes["onnxruntime/onnx-fp32"].reason
    assert not report.passed


def test_a_feature_map_of_other_channels_fails_though_every_probability_is_right(copy: Path) -> None:
    edit_weights(copy, "picks.2.kernel", lambda kernel: np.roll(kernel, 1, axis=1))
    report = check(copy, "onnxruntime/onnx-fp32")
    row = report.runtimes["onnxruntime/onnx-fp32"]
    assert row.max_abs_probability <= row.tolerance
    assert (row.status, row.blame) == ("fail", "network")
    assert re.fullmatch(r"the output features\.8 is off by [\d.]+ of its largest value, the tolerance is 1e-04", row.reason)
    assert not report.passed


def test_swapped_channels_fail(copy: Path) -> None:
    edit_weights(copy, "trunk.1.weight", lambda weights: weights[:, ::-1])
    assert check(copy, "onnxruntime/onnx-fp32").runtimes["onnxruntime/onnx-fp32"].status == "fail"


def test_a_wrong_label_order_fails(copy: Path) -> None:
    first, second, *rest = open_bundle(copy).spec.labels
    reseal(copy, labels=(second, first, *rest))
    report = check(copy, "onnxruntime")
    assert not report.passed
    assert "not in the order of the network's outputs" in report.problems[0]


def test_a_stretched_resize_fails(copy: Path) -> None:
    reseal(copy, input=InputSpec(size=224, resize_to=224, geometry="stretch"))
    report = check(copy, "onnxruntime")
    assert not report.passed
    assert "other pixels" in report.problems[0]
    assert report.runtimes["onnxruntime/onnx-fp32"].status == "pass"  # the network itself is sound: the contract is to blame


def test_changed_reference_weights_fail_against_the_stored_answers(copy: Path) -> None:
    from safetensors.torch import load_file, save

    state = load_file(copy / "model.safetensors")
    state["head.weight"] = state["head.weight"] * 1.05
    replace(copy / "model.safetensors", save(state))
    reseal(copy)
    assert check(copy, "pytorch").runtimes["pytorch/pytorch-fp32"].status == "fail"


def test_fp16_files_are_held_to_rounded_weights_not_to_a_loose_tolerance(copy: Path) -> None:
    """The fp32 model under the fp16 name is nearer to PyTorch fp32 than fp16 is, and must fail all the same."""
    replace(copy / "model-fp16.tflite", (copy / "model.tflite").read_bytes())
    reseal(copy)
    assert check(copy, "litert/tflite-fp16").runtimes["litert/tflite-fp16"].status == "fail"


def test_a_file_that_no_runtime_can_open_fails_and_the_others_still_run(copy: Path) -> None:
    replace(copy / "model.onnx", b"not a model")
    reseal(copy)
    report = check(copy, "onnxruntime", "litert")
    assert report.runtimes["onnxruntime/onnx-fp32"].status == "fail"
    assert report.runtimes["litert/tflite-fp32"].status == "pass"


@pytest.mark.parametrize("required", ["onnxruntime", "none"])
def test_a_missing_runtime_is_skipped_and_fails_only_when_required(bundle: Path, tmp_path: Path, required: str) -> None:
    """In a process of its own where onnxruntime can't be imported."""
    code = "import sys; sys.modules['onnxruntime'] = None; from safelight.cli import main; main()"
    words = ["verify", str(bundle), "--runtimes", "onnxruntime,litert", "--browsers", "none", "--require", required]
    done = subprocess.run(
        [sys.executable, "-c", code, *words, "--json", str(tmp_path / "r.json")], capture_output=True, text=True, check=False
    )
    report = json.loads((tmp_path / "r.json").read_text())
    assert report["runtimes"]["onnxruntime/onnx-fp32"]["status"] == "skipped"
    assert "not installed" in report["runtimes"]["onnxruntime/onnx-fp32"]["reason"]
    assert report["runtimes"]["litert/tflite-fp32"]["status"] == "pass"
    assert done.returncode == (0 if required == "none" else 1), done.stderr
    assert report["passed"] is (required == "none")


def test_nothing_passed_is_not_a_pass(bundle: Path) -> None:
    assert not check(bundle, "a-runtime-that-does-not-exist").passed
