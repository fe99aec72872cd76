"""The built page in a real Chromium: the same answers as Python, nothing but its own server asked, no complaint."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from safelight.bundle import Bundle, open_bundle
from safelight.decode import decode
from safelight.resize import resize
from safelight.runtimes import Model, load, onnxruntime
from safelight.task import predict, say
from tests.webapp.served import PHOTOS, Quiet

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("runtime", ["tfjs-wasm", "litertjs-wasm", "onnxruntime-web-wasm"])
def test_the_page_gives_pythons_answers(browse: Any, url: str, bundle: Path, photos: list[Path], runtime: str, tmp_path: Path) -> None:
    job = {"url": url, "photos": [str(photo) for photo in photos], "drop": True, "pictures": str(tmp_path)}
    found = browse("drive.mjs", runtime=runtime, **job)
    opened = open_bundle(bundle)
    session = load(onnxruntime, opened, opened.file("onnx-fp32"))
    expected = {photo.name: answer(opened, session, photo) for photo in photos[: len(PHOTOS)]}
    assert {
        cell["name"]: (cell["label"], cell["wording"], cell["shares"][: len(expected[cell["name"]][2])]) for cell in found["cells"]
    } == expected
    assert all(cell["title"] == f"{cell['wording']} {cell['share']}" and cell["share"] == cell["shares"][0] for cell in found["cells"])
    assert found["stored"] == ["safelight models /deep/er/"]  # nothing of a visit is on the disk: test_models.py looks into it
    assert {item["name"]: item["why"] for item in found["refused"]} == {
        "notes.jpg": "Not an image",
        "half.jpg": "The file ends early; copy it again",
    }
    assert (found["problem"], found["status"], found["left"]) == ("", "5 classified", 0)
    # LiteRT.js asks for a WebGPU device even where it is told to use wasm, and warns where there is none.
    assert [text for text in found["complaints"] if "default WebGPU device" not in text] == []
    elsewhere = [address for address in found["requests"] if not address.startswith((url, f"blob:{url.split('/deep')[0]}/"))]
    assert elsewhere == []
    others = {"tfjs-wasm": "tfjs-wasm.worker", "litertjs-wasm": "litert-wasm.worker", "onnxruntime-web-wasm": "ort-wasm.worker"}
    loaded = {name for name, worker in others.items() if any(worker in address for address in found["requests"])}
    assert loaded == {"tfjs-wasm", runtime}  # the first is the default that the page starts with
    assert {path.name for path in tmp_path.glob("*.png")} == {"empty.png", "about.png", "results.png", "whole.png", "look.png"}


def answer(bundle: Bundle, session: Model, photo: Path) -> tuple[str, str, list[str]]:
    """What the page must show: label, wording, and the three largest shares in percent."""
    prediction = predict(session(resize(decode(photo), bundle.spec.input)), bundle.spec, top=3)
    shares = [f"{min(share, 0.994) * 100:.0f}%" for _, share in prediction.ranking]
    return prediction.label, say(prediction, bundle.spec), shares


@pytest.mark.parametrize("url", [Quiet], indirect=True)
@pytest.mark.parametrize(
    ("locale", "lang", "first"), [("zh-TW", "zh-Hant", "不確定"), ("zh-CN", "zh-Hans", "不确定"), ("fr-FR", "en", "not sure")]
)
def test_the_page_speaks_the_browsers_language(browse: Any, url: str, photos: list[Path], locale: str, lang: str, first: str) -> None:
    found = browse("drive.mjs", url=url, photos=[str(photos[4])], locale=locale, width=390, height=844, scheme="dark")
    assert found["lang"] == lang
    assert [cell["wording"] for cell in found["cells"]] == [first]


@pytest.mark.parametrize("url", [Quiet], indirect=True)
def test_without_a_bundle_the_page_says_so(browse: Any, url: str, site: Path) -> None:
    link = site / "deep" / "er" / "bundle"
    target = link.readlink()
    link.unlink()
    try:
        found = browse("drive.mjs", url=url, photos=[])
    finally:
        link.symlink_to(target)
    assert found["problem"] == "There is no usable model beside this page: bundle/spec.json: 404"
