"""The camera in a real Chromium with the browser's own fake device: a file of ours, its test pattern, none, or refused."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit

import numpy as np
import pytest
from PIL import Image

from safelight.bundle import open_bundle
from safelight.resize import resize
from safelight.runtimes import load, onnxruntime
from safelight.task import predict, say
from tests.webapp import engines
from tests.webapp.conftest import planted_page
from tests.webapp.film import ALLOWED, FAKE, Rgb, film, rgb_of, seeing
from tests.webapp.served import SENT, Quiet, Strict, serve

pytestmark = pytest.mark.browser

PHOTO = "coffee.png"  # 600 × 400, a spoon on the left, dark in the upper right: nothing like its mirror image
# A frame has one colour for each 2 × 2 pixels, and YUV of 8 bits: measured, the model's pixels differ by 0.71 in the mean
# and 29 at most, and no probability by more than 0.001. Mirrored, they differ by 39.7 in the mean.
MOST_MEAN_DIFFERENCE = 2.0
MOST_PROBABILITY = 0.02
MOST_RATE = 16  # frames a second: the page takes 15 at most


@pytest.fixture(scope="module")
def url(site: Path) -> Iterator[str]:
    with serve(Strict, site) as origin:
        yield f"{origin}/deep/er/"


@pytest.fixture(scope="module")
def photo(photos: list[Path]) -> Rgb:
    return rgb_of(next(path for path in photos if path.name == PHOTO))


@pytest.fixture(scope="module")
def camera(photo: Rgb, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Chromium's switches for a camera that sees the photo, and for a person who allows it."""
    return seeing(film(tmp_path_factory.mktemp("film") / "photo.y4m", photo))


@pytest.fixture(scope="module")
def visit(browse: Any, url: str, camera: list[str]) -> dict[str, Any]:
    """One visit; each test looks at a part of its report."""
    report: dict[str, Any] = browse("camera.mjs", url=url, args=camera)
    return report


def pixels(text: str, side: int) -> Rgb:
    return np.frombuffer(base64.b64decode(text), np.uint8).reshape(side, side, 3)


def difference(found: Rgb, expected: Rgb) -> float:
    return float(np.abs(found.astype(int) - expected).mean())


def is_mirrored(found: Rgb, expected: Rgb) -> bool:
    return difference(found, expected[:, ::-1]) < difference(found, expected)


def test_the_live_answer_is_pythons(visit: dict[str, Any], bundle: Path, photo: Rgb) -> None:
    opened = open_bundle(bundle)
    given = resize(photo, opened.spec.input)
    live = pixels(visit["pixels"][0], opened.spec.input.size)
    assert difference(live, given) < MOST_MEAN_DIFFERENCE
    network = load(onnxruntime, opened, opened.file("onnx-fp32"))
    assert np.abs(network(live) - network(given)).max() < MOST_PROBABILITY
    expected = predict(network(live), opened.spec, top=3)
    for shown in (visit["averaged"], visit["single"]):  # of a film without movement the mean is each frame's answer
        assert (shown["label"], shown["wording"], shown["spoken"]) == (
            expected.label,
            say(expected, opened.spec),
            say(expected, opened.spec),
        )
        assert shown["shares"] == [f"{min(share, 0.994) * 100:.0f}%" for _, share in expected.ranking]
        assert shown["size"] == [photo.shape[1], photo.shape[0]]  # the browser has scaled nothing


def test_it_is_said_what_is_an_average(visit: dict[str, Any]) -> None:
    assert visit["averaged"]["basis"].startswith("Average of ")
    assert " frames of the last second · " in visit["averaged"]["basis"]
    assert visit["single"]["basis"].startswith("This frame alone · ")


def test_the_preview_is_mirrored_and_the_models_pixels_never(visit: dict[str, Any], bundle: Path, photo: Rgb) -> None:
    spec = open_bundle(bundle).spec.input
    shots = [Image.open(io.BytesIO(base64.b64decode(visit[name]))).convert("RGB") for name in ("mirrored", "plain")]
    sizes = (photo.shape[1], photo.shape[0])
    assert [is_mirrored(np.asarray(shot.resize(sizes)), photo) for shot in shots] == [True, False]
    assert [visit["averaged"]["mirrored"], visit["single"]["mirrored"]] == [True, False]
    assert [is_mirrored(pixels(each, spec.size), resize(photo, spec)) for each in visit["pixels"]] == [False] * 3


def test_a_photo_is_the_very_frame_that_was_seen(visit: dict[str, Any]) -> None:
    live, _, taken = visit["pixels"]
    assert taken == live
    assert visit["taken"] == "Photos taken: 1. They are gone when you clear or close this page."
    assert visit["cell"]["label"] == visit["averaged"]["label"]
    assert visit["cell"]["name"].startswith("camera-")


def test_one_frame_is_under_way_at_a_time(visit: dict[str, Any]) -> None:
    sent = visit["frames"]["sent"]
    assert visit["frames"]["most"] == 1
    assert (len(sent) - 1) * 1000 / (sent[-1] - sent[0]) < MOST_RATE


def test_closing_lets_go_of_the_camera(visit: dict[str, Any]) -> None:
    assert (visit["live"], visit["track"], visit["afterwards"]) == ("live", "ended", 0)
    assert visit["averaged"]["focus"].endswith("camera-take")
    assert visit["focus"] == "more-camera"  # the button that opened it is gone with the first screen


def test_the_camera_asks_for_nothing_and_nobody_complains(visit: dict[str, Any], url: str) -> None:
    own = [address for address in visit["asked"] if address.startswith((f"{url}assets/", f"{url}bundle/"))]
    assert [address for address in visit["asked"] if address not in own and not address.startswith("blob:")] == []
    assert [address for address in own if "camera" in address] == []  # fetched when the page was opened
    assert visit["complaints"] == []


def test_a_hidden_page_lets_go_of_the_camera_until_it_is_back(browse: Any, url: str) -> None:
    found = browse("camera_hidden.mjs", url=url, args=[FAKE, ALLOWED])
    assert [found[when]["visibility"] for when in ("seen", "hidden", "back")] == ["visible", "hidden", "visible"]
    assert [found[when]["track"] for when in ("seen", "hidden", "back")] == ["live", "ended", "live"]
    assert (found["hidden"]["message"], found["hidden"]["answer"]) == ("Paused while this page is hidden.", "")
    assert found["back"]["answer"] == found["seen"]["answer"] != ""


def test_another_camera_can_be_chosen_on_a_phone_in_chinese(browse: Any, url: str, tmp_path: Path) -> None:
    phone = {"width": 390, "height": 844, "locale": "zh-TW", "scheme": "dark", "pictures": str(tmp_path)}
    found = browse("camera_choice.mjs", url=url, args=[f"{FAKE}=device-count=2", ALLOWED], **phone)
    assert len(found["names"]) == 2
    assert found["first"]["id"] != found["second"]["id"]
    assert [found[which]["chosen"] for which in ("first", "second")] == [found[which]["id"] for which in ("first", "second")]
    assert found["states"] == ["ended", "live"]
    assert found["size"]["take"]  # the button is on the first screen, and nothing is wider than it
    assert found["size"]["scrollWidth"] == found["size"]["clientWidth"]
    assert "最近一秒" in found["texts"]
    assert (tmp_path / "camera-phone.png").is_file()


def test_firefox_classifies_takes_and_lets_go(url: str, tmp_path: Path) -> None:
    """With the camera that Firefox brings for tests: colours that change, in 1280 × 720."""
    if why := engines.missing("firefox"):
        pytest.skip(why)
    allowed = {"media.navigator.streams.fake": True, "media.navigator.permission.disabled": True}
    with engines.start("firefox", tmp_path, allowed) as browser:
        browser.open(url)
        engines.wait(browser, "!document.querySelector('#open-about').disabled")
        browser.evaluate("document.querySelector('#open-camera').click()")
        engines.wait(browser, "document.querySelector('.camera-verdict .muted')?.textContent.startsWith('Average of ')")
        browser.evaluate("document.querySelector('.camera-take').click()")
        engines.wait(browser, "document.querySelector('.camera-shot output').textContent.startsWith('Photos taken: 1.')")
        browser.evaluate("window.track = document.querySelector('#camera video').srcObject.getVideoTracks()[0]")
        browser.evaluate("document.querySelector('.camera-head button').click()")
        engines.wait(browser, "window.track.readyState === 'ended'")
        engines.wait(browser, "document.querySelector('.cell[data-state=answered] .name')?.textContent.startsWith('camera-')")


class NoCamera(Quiet):
    sent: ClassVar[dict[str, str]] = SENT | {"Permissions-Policy": SENT["Permissions-Policy"].replace("camera=(self)", "camera=()")}


@pytest.fixture(scope="module")
def forbidding(site: Path) -> Iterator[str]:
    """The same site from a host whose policy keeps the camera from pages."""
    with serve(NoCamera, site) as origin:
        yield f"{origin}/deep/er/"


def test_what_keeps_the_camera_away_is_said(browse: Any, url: str, forbidding: str) -> None:
    port = urlsplit(url).port
    plain = {"url": f"http://photos.test:{port}/deep/er/", "args": [FAKE, ALLOWED, "--host-resolver-rules=MAP photos.test 127.0.0.1"]}
    cases = {
        "refused": {"url": url, "args": [FAKE]},  # nobody is there to allow it
        "forbidden": {"url": forbidding, "args": [FAKE, ALLOWED]},
        "none": {"url": url, "args": [f"{FAKE}=device-count=0", ALLOWED]},
        "plain http": plain,
    }
    found = browse("camera_trouble.mjs", cases=cases)
    refused = "The camera was refused. Allow it for this page, beside its address or in the browser’s settings, then try again."
    said = {
        "refused": refused,
        "forbidden": refused,
        "none": "No camera was found. Connect one, then try again.",
        "plain http": "Browsers give the camera only to pages on https or on this machine. Open this page by an https address.",
    }
    assert found == {name: {"said": text, "again": text, "answer": ""} for name, text in said.items()}


def test_planted_mistakes_are_noticed(packages: str, browse: Any, bundle: Path, camera: list[str], photo: Rgb, tmp_path: Path) -> None:
    page = planted_page(
        packages,
        tmp_path,
        *("contract/decode.ts", "return readBack(bitmap);", "return oriented(await readBack(bitmap), 2);"),  # mirrors what the network sees
        ("app/camera/camera.ts", "if (this.#stream) stop(this.#stream);", ""),  # leaves the camera on
        ("app/camera/live.ts", "const result = await", "ask();\n        const result = await"),  # asks for the next frame too early
    )
    (page / "bundle").symlink_to(bundle)
    with serve(Strict, page) as origin:
        found = browse("camera.mjs", url=f"{origin}/", args=camera)
    spec = open_bundle(bundle).spec.input
    assert is_mirrored(pixels(found["pixels"][0], spec.size), resize(photo, spec))
    assert found["track"] == "live"
    assert found["frames"]["most"] > 1
