"""The built page in a real Chromium: the same answers as Python, nothing but its own server asked, no complaint."""

from __future__ import annotations

import functools
import json
import shutil
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from export.parity.browsers import chromium
from safelight.bundle import Bundle, open_bundle
from safelight.decode import decode
from safelight.resize import resize
from safelight.runtimes import Model, onnxruntime
from safelight.task import predict, say
from tests.webapp.conftest import WEBAPP, Node

pytestmark = pytest.mark.browser

NAMES = ("coffee.png", "chelsea.png", "rocket.jpg", "camera.png", "astronaut.png")  # RGB, a portrait, JPEG, grey
POLICY: str = json.loads((WEBAPP / "headers.json").read_text())["Content-Security-Policy"]


class Quiet(SimpleHTTPRequestHandler):
    """A plain static server; with a policy as header, which, unlike the page's own, binds workers too."""

    policy: str | None = None

    def end_headers(self) -> None:
        if self.policy is not None:
            self.send_header("content-security-policy", self.policy)
        super().end_headers()

    def log_message(self, *_: object) -> None:
        """Silence: requests are no news."""


class Strict(Quiet):
    policy = POLICY


@pytest.fixture(scope="module")
def site(built: Path, bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page with the bundle beside it, two folders below the server's root."""
    root = tmp_path_factory.mktemp("site")
    shutil.copytree(built, root / "deep" / "er")
    (root / "deep" / "er" / "bundle").symlink_to(bundle)
    return root


@pytest.fixture(params=[Quiet, Strict], ids=["plain server", "policy as header"])
def url(site: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(request.param, directory=str(site))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/deep/er/"
        server.shutdown()


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Photographs from scikit-image, and two files that can't be read."""
    data = pytest.importorskip("skimage.data")
    folder = tmp_path_factory.mktemp("photos")
    found = [Path(data.__file__).parent / name for name in NAMES]
    (folder / "notes.jpg").write_text("Dear diary, this is no photo.")
    (folder / "half.jpg").write_bytes(found[2].read_bytes()[:20_000])
    return [*found, folder / "notes.jpg", folder / "half.jpg"]


@pytest.fixture
def browse(node: Node) -> Any:
    program = chromium.find()
    if program is None:
        pytest.skip(chromium.MISSING)
    if not (WEBAPP / "node_modules" / "playwright-core").is_dir():
        pytest.skip("needs the web app's packages: npm --prefix webapp ci")
    return lambda **job: node("drive.mjs", {"chromium": program, **job})


@pytest.mark.parametrize("runtime", ["tfjs-wasm", "litertjs-wasm", "onnxruntime-web-wasm"])
def test_the_page_gives_pythons_answers(browse: Any, url: str, bundle: Path, photos: list[Path], runtime: str, tmp_path: Path) -> None:
    found = browse(url=url, photos=[str(photo) for photo in photos], runtime=runtime, drop=True, pictures=str(tmp_path))
    opened = open_bundle(bundle)
    session = onnxruntime.load(opened, opened.file("onnx-fp32"))
    expected = {photo.name: answer(opened, session, photo) for photo in photos[: len(NAMES)]}
    assert {card["name"]: (card["label"], card["wording"], card["shares"]) for card in found["cards"]} == expected
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
    assert {path.name for path in tmp_path.glob("*.png")} == {"empty.png", "about.png", "results.png", "whole.png"}


def answer(bundle: Bundle, session: Model, photo: Path) -> tuple[str, str, list[str]]:
    """What the page must show: label, wording, and the three shares in percent."""
    prediction = predict(session(resize(decode(photo), bundle.spec.input)), bundle.spec, top=3)
    shares = [f"{min(share, 0.994) * 100:.0f}%" for _, share in prediction.ranking]
    return prediction.label, say(prediction, bundle.spec), shares


@pytest.mark.parametrize("url", [Quiet], indirect=True)
@pytest.mark.parametrize(
    ("locale", "lang", "first"), [("zh-TW", "zh-Hant", "不確定"), ("zh-CN", "zh-Hans", "不确定"), ("fr-FR", "en", "not sure")]
)
def test_the_page_speaks_the_browsers_language(browse: Any, url: str, photos: list[Path], locale: str, lang: str, first: str) -> None:
    found = browse(url=url, photos=[str(photos[4])], locale=locale, width=390, height=844, scheme="dark")
    assert found["lang"] == lang
    assert [card["wording"] for card in found["cards"]] == [first]


@pytest.mark.parametrize("url", [Quiet], indirect=True)
def test_without_a_bundle_the_page_says_so(browse: Any, url: str, site: Path) -> None:
    link = site / "deep" / "er" / "bundle"
    target = link.readlink()
    link.unlink()
    try:
        found = browse(url=url, photos=[])
    finally:
        link.symlink_to(target)
    assert found["problem"] == "There is no usable model beside this page: bundle/spec.json: 404"
