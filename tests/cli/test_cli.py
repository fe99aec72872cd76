"""The commands as a user types them, each in a process of its own."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from PIL import Image
from skimage import data

from tests.conftest import reseal
from tests.export.parity.test_verify_breaks import edit_weights


def safelight(*words: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "safelight", *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
    )


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    Image.fromarray(data.coffee()).save(folder / "coffee.jpg", quality=90)
    Image.fromarray(data.chelsea()).save(folder / "cat.png")
    (folder / "broken.jpg").write_bytes((folder / "coffee.jpg").read_bytes()[:5000])
    return folder


def test_predict_names_what_is_in_the_photos(bundle: Path, photos: Path) -> None:
    done = safelight("predict", bundle, photos / "coffee.jpg", photos / "cat.png")
    coffee, cat = done.stdout.splitlines()
    assert "espresso" in coffee
    assert "cat" in cat.split(":")[1]
    assert done.returncode == 0


def test_predict_names_photos_outside_the_contract_and_beyond_the_limits(bundle: Path, photos: Path, tmp_path: Path) -> None:
    (tmp_path / "phone.heic").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
    done = safelight("predict", bundle, tmp_path, photos / "coffee.jpg", photos / "cat.png", "--json", "--max-pixels", 451 * 300)
    answers = {Path(one["photo"]).name: one for one in json.loads(done.stdout)}
    assert answers["phone.heic"]["error"] == "unsupported"
    assert "safelight[heic]" in answers["phone.heic"]["message"]
    assert answers["coffee.jpg"]["error"] == "too-large"
    assert "label" in answers["cat.png"]
    small = safelight("predict", bundle, photos / "cat.png", "--json", "--max-bytes", 1000)
    assert json.loads(small.stdout)[0]["error"] == "too-large"


def test_predict_reports_a_broken_photo_and_goes_on(bundle: Path, photos: Path) -> None:
    done = safelight("predict", bundle, photos, "--json")
    answers = {Path(one["photo"]).name: one for one in json.loads(done.stdout)}
    assert answers["broken.jpg"]["error"] == "truncated"
    assert answers["coffee.jpg"]["label"] == "espresso"
    assert answers["coffee.jpg"]["band"] == "sure"
    assert done.returncode == 1


@pytest.mark.parametrize("runtime", ["onnxruntime", "litert", "tensorflow"])
def test_every_runtime_gives_the_same_answer(bundle: Path, photos: Path, runtime: str) -> None:
    (answer,) = json.loads(safelight("predict", bundle, photos / "coffee.jpg", "--json", "--runtime", runtime).stdout)
    assert answer["label"] == "espresso"
    assert answer["probability"] == pytest.approx(0.957, abs=0.01)


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["predict", "nowhere.bundle", "x.jpg"], 1, "nowhere.bundle is not a folder"),
        (["train", "nowhere", "--out", "run"], 1, "nowhere"),
        (["export", "nowhere", "--out", "b"], 1, "neither a folder"),
        (["export", "efficientnet_lite0"], 2, "Missing option '--out'"),
        (["export", "efficientnet_lite0", "--out", "b", "--format", "coreml"], 2, "coreml is not among onnx, tflite, tfjs"),
        (["explain", "nowhere", "x.jpg"], 1, "nowhere is not a folder"),
        (["explain", ".", "x.jpg", "--layers", "0"], 2, "neither a number from 1 nor names of layers"),
        (["verify", "."], 1, "neither a bundle nor a run"),
        (["frobnicate"], 2, "No such command"),
    ],
)
def test_a_mistake_is_one_sentence_and_the_right_exit_code(words: list[str], code: int, sentence: str, tmp_path: Path) -> None:
    done = safelight(*words, cwd=tmp_path)
    assert done.returncode == code
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_verify_exits_with_0_and_writes_all_reports(bundle: Path, photos: Path, tmp_path: Path) -> None:
    written = [tmp_path / name for name in ("r.json", "r.xml", "r.html")]
    done = safelight(
        *("verify", bundle, "--images", photos, "--runtimes", "onnxruntime", "--browsers", "none"),
        *("--json", written[0], "--junit", written[1], "--html", written[2]),
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(written[0].read_text())
    assert report["passed"] is True
    assert report["refused"] == {"broken.jpg": "truncated"}
    row = report["runtimes"]["onnxruntime/onnx-fp32"]
    assert row["status"] == "pass"
    assert row["images"] == 15  # 13 golden, 2 readable of 3
    assert {"reason", "max_abs_probability", "mean_abs_probability", "flips", "near_ties", "median_ms"} <= set(row)
    assert '<testsuite name="safelight verify efficientnet_lite0" tests="2" failures="0"' in written[1].read_text()
    assert "http" not in written[2].read_text().replace("http-equiv", "")
    assert "Proven" in written[2].read_text()


def test_verify_says_what_is_to_blame_and_that_the_page_shows_own_photos(copy: Path, photos: Path, tmp_path: Path) -> None:
    edit_weights(copy, "trunk.1.weight", lambda weights: weights[:, ::-1])
    reseal(copy, golden=None)  # no photos but one's own
    words = ("--runtimes", "onnxruntime/onnx-fp32", "--browsers", "none", "--html", tmp_path / "r.html")
    done = safelight("verify", copy, "--images", photos, *words)
    assert done.returncode == 1
    assert "fail Python's answers differ because the network computes otherwise in onnxruntime/onnx-fp32: 0." in done.stdout
    assert "`safelight diagnose` can name the mistake" in done.stdout
    assert f"{tmp_path / 'r.html'} shows pictures of photos from {photos}: keep it where they may be seen." in done.stderr
    assert "does not belong into a bundle" in (tmp_path / "r.html").read_text()


@pytest.mark.parametrize("kind", ["html", "json", "junit"])
def test_a_report_on_own_photos_is_not_written_into_a_bundle(bundle: Path, photos: Path, kind: str) -> None:
    before = {path: path.stat().st_mtime_ns for path in bundle.rglob("*")}
    done = safelight("verify", bundle, "--images", photos, f"--{kind}", bundle / "golden" / ".." / f"parity.{kind}")
    assert done.returncode == 2
    assert "inside the bundle, which is for publishing" in done.stderr
    assert {path: path.stat().st_mtime_ns for path in bundle.rglob("*")} == before


def test_web_writes_only_what_a_browser_needs(bundle: Path, tmp_path: Path) -> None:
    from safelight import site

    try:
        site.app_folder()
    except Exception as error:
        pytest.skip(str(error))
    done = safelight("web", bundle, "--out", tmp_path / "site", "--precision", "fp16")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "site/index.html").is_file()
    assert (tmp_path / "site/bundle/tfjs-fp16/model.json").is_file()
    assert not (tmp_path / "site/bundle/model.safetensors").exists()
    assert not list((tmp_path / "site").glob("verify*"))
    assert sum(path.stat().st_size for path in (tmp_path / "site/bundle").rglob("*") if path.is_file()) < 40e6


def test_a_port_in_use_is_one_sentence(bundle: Path, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = safelight("web", bundle, "--out", tmp_path / "site", "--serve", "--port", port)
    assert done.returncode == (2 if (tmp_path / "site").exists() else 1)  # 1: the page isn't built
    assert "Traceback" not in done.stderr
    assert f"port {port} can't be opened" in done.stderr or "not built" in done.stderr


def test_the_served_site_answers(bundle: Path, tmp_path: Path) -> None:
    from safelight import site

    if not (site.APP / site.PAGE).is_file():
        pytest.skip("needs the built web app: make webapp")
    words = [sys.executable, "-m", "safelight", "web", str(bundle), "--out", str(tmp_path / "site"), "--serve", "--port", "0"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            said = [process.stdout.readline(), process.stdout.readline()]
            url = said[1].split()[1]
            assert b"Safelight" in urllib.request.urlopen(url).read()
            assert urllib.request.urlopen(f"{url}bundle/spec.json").read() == (tmp_path / "site/bundle/spec.json").read_bytes()
        finally:
            process.terminate()
