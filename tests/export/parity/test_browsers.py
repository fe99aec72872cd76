"""Real browsers open the self-testing page; faults are planted in what only the browser sees."""

from __future__ import annotations

import functools
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np
import pytest

from export.parity import browser_rows
from export.parity.browsers import BROWSERS, ask, chromium
from export.parity.browsers.server import Server
from export.parity.compare import MAP_TOLERANCE
from export.parity.known import explain
from export.parity.photos import golden_photos, prepare
from export.parity.reference import maps_of_bundle, of_bundle
from export.parity.report import Row
from export.parity.verify import VerifyOptions, verify
from safelight import site
from safelight.bundle import open_bundle
from safelight.errors import BundleError, UsageError
from safelight.spec import InputSpec
from tests.conftest import reseal
from tests.export.parity.test_verify_breaks import edit_weights

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def ready() -> None:
    """Skip where the built page is missing."""
    try:
        site.app_folder()
    except BundleError as error:
        pytest.skip(str(error))


@pytest.fixture
def chrome() -> None:
    """Skip where there is no Chromium."""
    if chromium.find() is None:
        pytest.skip(chromium.MISSING)


def rows_of(folder: Path, seen_by_browser: Path, runtime: str = "") -> dict[str, Row]:
    """The browser's rows when it is served another bundle than the one that Python holds it to."""
    bundle = open_bundle(folder)
    prepared = list(prepare(golden_photos(bundle), bundle.spec.input))
    answer = of_bundle(bundle)("fp32")
    answers = np.array([answer(one.pixels) for one in prepared])
    other = open_bundle(seen_by_browser, check=False)
    return browser_rows.measure(
        chromium,
        functools.partial(ask, chromium),
        other,
        prepared,
        lambda _: answers,
        of_bundle(bundle),
        maps_of_bundle(bundle),
        wanted=lambda name: name.endswith("-fp32") and runtime in name,
        slow_images=3,
        on_progress=lambda *_: None,
    ).rows


@pytest.mark.parametrize("engine", BROWSERS)
def test_every_web_runtime_agrees_from_the_bytes_on(bundle: Path, engine: str) -> None:
    browser = BROWSERS[engine]
    if browser.find() is None:
        pytest.skip(browser.MISSING)
    precisions = ("fp32", "fp16") if engine == "chromium" else ("fp32",)  # which engine it is matters less to a network than to a photo
    names = tuple(
        f"{engine}/{runtime}/{kind}-{precision}"
        for runtime, kind in browser.RUNTIMES.items()
        if runtime not in browser.ON_REQUEST
        for precision in precisions
    )
    report = verify(open_bundle(bundle), VerifyOptions(runtimes=names, browsers=(engine,), slow_images=3))
    assert report.runtimes.keys() == set(names)
    for name, row in report.runtimes.items():
        assert row.status == "pass", f"{name}: {row.reason}"
        assert row.images == (3 if name.split("/")[1] in browser.SLOW_RUNTIMES else 13)
        assert 0 < row.max_abs_probability < 1e-4
        assert row.max_rel_map is not None
        assert 0 < row.max_rel_map < MAP_TOLERANCE / 5
        assert row.stages is not None
        assert row.stages.decode.identical == 13 - len(row.explained)
        assert (row.stages.resize.identical, row.stages.resize.max_abs) == (13, 0)
        assert row.stages.network.max_abs_probability == pytest.approx(row.max_abs_probability, abs=1e-6)
        assert {one.file for one in row.explained} <= {"coffee-alpha.png"}
    assert report.verdicts[engine].agree == 13


@pytest.mark.usefixtures("chrome")
def test_two_threads_agree_when_they_are_named(bundle: Path) -> None:
    report = verify(open_bundle(bundle), VerifyOptions(runtimes=("chromium/onnxruntime-web-wasm-2/onnx-fp32",)))
    ((name, row),) = report.runtimes.items()
    assert row.status == "pass", f"{name}: {row.reason}"
    assert row.images == 13
    assert 0 < row.max_abs_probability < 1e-4


def test_a_difference_is_excused_only_with_its_cause_in_its_engine_and_within_its_bound(bundle: Path) -> None:
    photos = {photo.name: photo for photo in golden_photos(open_bundle(bundle))}
    alpha, plain = photos["coffee-alpha.png"], next(photo for name, photo in photos.items() if name.endswith(".jpg"))
    assert explain("firefox", alpha, 1) is not None
    assert explain("firefox", alpha, 2) is None
    assert explain("firefox", alpha, None) is None  # not measured
    assert explain("chromium", alpha, 1) is None
    assert explain("webkit", plain, 1) is None


@pytest.mark.usefixtures("chrome")
def test_another_resize_in_the_browser_is_caught_and_blamed(bundle: Path, copy: Path) -> None:
    reseal(copy, input=InputSpec(size=224, resize_to=256, filter="bicubic"))
    (row,) = rows_of(bundle, copy, "tfjs-wasm").values()
    assert row.status == "fail"
    assert "resize is to blame" in row.reason
    assert row.stages is not None
    assert row.stages.decode.identical == row.stages.decode.files
    network, resize = row.stages.network.max_abs_probability, row.stages.resize.max_abs_probability
    assert network is not None
    assert resize is not None
    assert network < 1e-4 < resize  # the network is not to blame, and the report can say so
    assert " enters at resize" in row.reason


@pytest.mark.usefixtures("chrome")
def test_a_feature_map_of_other_channels_is_noticed_in_the_browser(bundle: Path, copy: Path) -> None:
    edit_weights(copy, "picks.2.kernel", lambda kernel: np.roll(kernel, 1, axis=1))
    (row,) = rows_of(bundle, copy, "onnxruntime-web-wasm/").values()
    assert (row.status, row.blame) == ("fail", "network")
    assert row.max_abs_probability <= row.tolerance
    assert row.reason.startswith("the output features.8 is off by ")


@pytest.mark.usefixtures("chrome")
def test_a_page_that_checks_checksums_refuses_a_changed_shard(bundle: Path, copy: Path) -> None:
    shard = next((copy / "tfjs").glob("*.bin"))
    data = bytearray(shard.read_bytes())
    data[1000] ^= 0x40
    shard.unlink()
    shard.write_bytes(bytes(data))
    (row,) = rows_of(bundle, copy, "tfjs-wasm").values()
    assert row.status == "fail"


@pytest.mark.usefixtures("chrome")
def test_a_broken_file_gets_a_verdict_and_ends_nothing(bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"this is text")
    report = verify(open_bundle(bundle), VerifyOptions(images=tmp_path, runtimes=("chromium/tfjs-wasm",)))
    assert report.passed
    assert report.refused == {"broken.jpg": "not-an-image"}
    assert report.verdicts["chromium"].files == 14
    assert report.verdicts["chromium"].differ == ()


def test_a_browser_that_is_not_there_is_skipped(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAFELIGHT_CHROMIUM", "no-such-browser")
    report = verify(open_bundle(bundle), VerifyOptions(runtimes=("chromium", "litert"), require=("chromium",)))
    assert {row.status for name, row in report.runtimes.items() if name.startswith("chromium")} == {"skipped"}
    assert "chromium is required and did not pass" in report.problems[0]
    assert not report.passed


def test_a_browser_that_dies_is_a_failure_not_a_skip(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAFELIGHT_CHROMIUM", "false")
    report = verify(open_bundle(bundle), VerifyOptions(runtimes=("chromium/tfjs-wasm",)))
    assert {row.status for row in report.runtimes.values()} == {"fail"}
    assert "ended with status 1" in next(iter(report.runtimes.values())).reason


def test_the_server_hands_out_its_three_folders_and_nothing_else(bundle: Path) -> None:
    photo = golden_photos(open_bundle(bundle))[0]
    prepared = list(prepare([photo], open_bundle(bundle).spec.input))
    with Server(site.app_folder(), open_bundle(bundle), prepared, []) as server:
        base, get = server.url, urllib.request.build_opener(urllib.request.HTTPCookieProcessor()).open
        get(f"{base}claim", data=b"")
        assert get(f"{base}bundle/spec.json").status == 200
        assert get(f"{base}photos/0").read() == photo.path.read_bytes()
        host = base.split("/", 3)[2]
        for wrong in (
            f"{base}photos/1",
            f"{base}bundle/../../../etc/passwd",
            f"{base}bundle/%2e%2e/%2e%2e/etc/passwd",
            f"http://{host}/plan.json",
        ):
            with pytest.raises(urllib.error.HTTPError, match="404"):
                get(wrong)


def test_a_page_that_is_not_built_is_skipped_and_fails_only_where_it_is_required(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site, "APP", tmp_path)
    for require in ((), ("chromium",)):
        report = verify(open_bundle(bundle), VerifyOptions(runtimes=("chromium/tfjs-wasm", "onnxruntime"), require=require))
        rows = {name: row for name, row in report.runtimes.items() if name.startswith("chromium")}
        assert {(row.status, row.reason) for row in rows.values()} == {
            ("skipped", "the web app is not built. In a checkout run: make webapp")
        }
        assert report.passed is (require == ())


def test_an_unknown_browser_is_wrong_usage(bundle: Path) -> None:
    with pytest.raises(UsageError, match="no browser named 'lynx'"):
        verify(open_bundle(bundle), VerifyOptions(browsers=("chromium", "lynx")))
