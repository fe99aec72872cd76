"""The page's GPU runtimes: they are right, one that changes its mind or leaves the work to the CPU is noticed."""

from __future__ import annotations

import functools
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from export.formats import tflite
from export.lower import graph as g
from export.lower import lower
from export.parity import browser_rows
from export.parity.browsers import ask, chromium
from export.parity.photos import golden_photos, prepare
from export.parity.report import Row
from export.parity.verify import VerifyOptions, verify
from safelight import site
from safelight.bundle import open_bundle
from safelight.errors import BundleError
from tests.conftest import replace, reseal
from tests.export import execute

pytestmark = pytest.mark.browser

# A worker's answers pass here on their way to the page; `count` is the inference, from 1.
TAMPER = """{{
  const post = self.postMessage.bind(self);
  let count = 0;
  self.postMessage = (message, options) => {{
    const numbers = message.result?.probabilities;
    if (numbers && ++count === {count}) numbers[0] {change};
    post(message, options);
  }};
}}
"""


@pytest.fixture(autouse=True)
def ready() -> None:
    """Skip where there is no Chromium or no built page."""
    if chromium.find() is None:
        pytest.skip(chromium.MISSING)
    try:
        site.app_folder()
    except BundleError as error:
        pytest.skip(str(error))


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """A copy of the built page, served from now on, and its workers by name: to be damaged."""
    copy = tmp_path / "page"
    shutil.copytree(site.app_folder(), copy)
    monkeypatch.setattr(site, "app_folder", lambda: copy)

    def worker(name: str) -> Path:
        (path,) = copy.glob(f"assets/{name}.worker-*.js")
        return path

    return worker


def row_of(bundle: Path, runtime: str) -> Row:
    report = verify(open_bundle(bundle), VerifyOptions(runtimes=(runtime,)))
    (row,) = report.runtimes.values()
    return row


def test_webgpu_agrees_when_it_is_named(bundle: Path) -> None:
    """One photo, which runs twice: on SwiftShader each time takes seconds."""
    names = {f"chromium/{name}-fp32" for name in ("onnxruntime-web-webgpu/onnx", "tfjs-webgpu/tfjs", "litertjs-webgpu/tflite")}
    report = verify(open_bundle(bundle), VerifyOptions(runtimes=tuple(names), slow_images=1))
    assert report.runtimes.keys() == names
    for name, row in report.runtimes.items():
        assert row.status == "pass", f"{name}: {row.reason}"
        assert row.images == 1
        assert 0 < row.max_abs_probability < 1e-4


def litert_webgpu_on(folder: Path, model: bytes, expected: np.ndarray) -> Row:
    """The row of the first golden photo in LiteRT.js on WebGPU when the bundle has this TFLite file."""
    replace(folder / "model.tflite", model)
    reseal(folder)
    bundle = open_bundle(folder)
    prepared = list(prepare(golden_photos(bundle)[:1], bundle.spec.input))
    rows = browser_rows.measure(
        chromium,
        functools.partial(ask, chromium),
        bundle,
        prepared,
        lambda _: expected,
        None,
        wanted=lambda name: name == "chromium/litertjs-webgpu/tflite-fp32",
        slow_images=1,
        on_progress=lambda *_: None,
    ).rows
    (row,) = rows.values()
    return row


def test_litert_webgpu_normalises_by_a_deviation_for_each_channel(copy: Path) -> None:
    """It divides the empty fourth channel by nothing, so a division by a vector of 3 was off by 0.4 here."""
    model = onnx.load(copy / "model.onnx")
    divided = next(node.input[1] for node in model.graph.node if node.op_type == "Div")
    stored = next(tensor for tensor in model.graph.initializer if tensor.name == divided)
    stored.CopyFrom(numpy_helper.from_array(np.reshape([123.0, 128.0, 130.0], (1, 3, 1, 1)).astype(np.float32), divided))
    bundle = open_bundle(copy)
    (one,) = prepare(golden_photos(bundle)[:1], bundle.spec.input)
    expected = execute.run_onnx(model.SerializeToString(), one.pixels[None].astype(np.float32))["probabilities"]
    row = litert_webgpu_on(copy, tflite.serialise(lower(model), "fp32"), expected)
    assert row.status == "pass", row.reason
    assert row.images == 1


def test_a_file_that_litert_webgpu_would_leave_to_the_cpu_is_skipped(copy: Path) -> None:
    """Its WebGPU knows four axes. It says that such a file is fully accelerated all the same, and answers from the CPU."""
    pixels, halves = g.Value("pixels", (224, 224, 3)), g.Value("halves", (112, 2, 224, 3))
    turned = (g.Value("probabilities", (2, 112, 224, 3)), g.Value("heatmap", (2, 112, 224, 3)))
    nodes = (g.Reshape(halves, "", ("pixels",)), *(g.Transpose(value, "", ("halves",), (0, 2, 1, 3, 4)) for value in turned))
    row = litert_webgpu_on(copy, tflite.serialise(g.Graph(pixels, turned, nodes, {}), "fp32"), np.zeros((1, 1000), np.float32))
    assert (row.status, row.images) == ("skipped", 0)
    assert "all 3 operations will run on the CPU" in row.reason


# The first photo is seen at inferences 1, 2 and 15, after the other twelve.
@pytest.mark.parametrize("count", [2, 15])
def test_a_runtime_that_changes_its_answer_fails(bundle: Path, page: Callable[[str], Path], count: int) -> None:
    worker = page("tfjs-wasm")
    worker.write_text(TAMPER.format(count=count, change="+= 0.25") + worker.read_text())
    row = row_of(bundle, "chromium/tfjs-wasm/tfjs-fp32")
    assert (row.status, row.images) == ("fail", 13)
    assert row.reason == f"the same photo gives another answer at inference {count}, off by 0.25"


def test_a_later_answer_that_is_no_number_fails(bundle: Path, page: Callable[[str], Path]) -> None:
    worker = page("tfjs-wasm")
    worker.write_text(TAMPER.format(count=2, change="= NaN") + worker.read_text())
    row = row_of(bundle, "chromium/tfjs-wasm/tfjs-fp32")
    assert (row.status, row.reason) == ("fail", "the same photo gives another answer at inference 2, off by nan")


def test_a_gpu_that_gives_the_cpus_very_numbers_is_named(bundle: Path, page: Callable[[str], Path]) -> None:
    shutil.copyfile(page("tfjs-wasm"), page("tfjs-webgl"))
    report = verify(
        open_bundle(bundle), VerifyOptions(runtimes=("chromium/tfjs-wasm/tfjs-fp32", "chromium/tfjs-webgl/tfjs-fp32"), slow_images=3)
    )
    wasm, webgl = (report.runtimes[f"chromium/{name}/tfjs-fp32"] for name in ("tfjs-wasm", "tfjs-webgl"))
    assert (wasm.status, wasm.reason) == ("pass", "")
    assert webgl.reason == "bit for bit tfjs-wasm's answers on 3 photos: it may have run on the CPU"
