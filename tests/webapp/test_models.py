"""Any model on the page: opened from the disk, examined on its own photos, switched, remembered, forgotten; and which runtime."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from safelight.bundle import open_bundle
from tests.conftest import replace, reseal
from tests.webapp import engines
from tests.webapp.bundles import lean, zipped
from tests.webapp.served import Quiet, serve

pytestmark = [pytest.mark.browser, pytest.mark.slow]

OURS, OTHER, THIRD = "ours", "another model", "a third model"


WRONG_ANSWER = "Wrong answer in this browser: on the model’s own golden photo"

# A worker's answers pass here on their way to the page; `first` is the inference from which on they are wrong, from 1.
WRONG = """{{
  const post = self.postMessage.bind(self);
  let count = 0;
  self.postMessage = (message, options) => {{
    const numbers = message.result?.probabilities;
    if (numbers && ++count >= {first}) numbers[0] += 0.25;
    post(message, options);
  }};
}}
"""
ABSENT = """{
  const listen = self.addEventListener.bind(self);
  const error = { name: "RuntimeUnavailable", message: "It is not in this browser." };
  const refuse = ({ data }) => self.postMessage({ id: data.id, error });
  self.addEventListener = (type, listener) => listen(type, type === "message" ? refuse : listener);
}
"""
# What browsers do that resist fingerprinting: other pixels come back from a canvas, and no error.
NOISE = """{
  const read = OffscreenCanvasRenderingContext2D.prototype.getImageData;
  OffscreenCanvasRenderingContext2D.prototype.getImageData = function (...place) {
    const image = read.apply(this, place);
    for (let i = 0; i < image.data.length; i += 7) image.data[i] ^= 1;
    return image;
  };
}
"""
NO_FRAMES = "self.VideoFrame = undefined;\n"
CANCELS = ("Escape", "button", "at once")  # by which the opening of a bundle is called off; at once: before its runtime starts
SOON = 2000  # ms, in which no exam is passed; 60 were measured
NO_PLANES = "self.ImageDecoder = undefined;\n"
EXAM = 4  # inferences of a runtime that is chosen: the first photo, then both and the first again


@pytest.fixture(scope="module")
def bundles(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """By what is wrong with them: nothing, a byte, the weights, the answers, the end of the archive."""
    root = tmp_path_factory.mktemp("bundles")
    made = {name: lean(bundle, root / name.replace(" ", "-"), name) for name in (OURS, OTHER, THIRD, "changed", "forged", "answers")}
    changed, forged = (next(made[name].glob("tfjs-fp16/*1of3.bin")) for name in ("changed", "forged"))
    data = bytearray(changed.read_bytes())
    data[1000] ^= 1
    replace(changed, bytes(data))
    replace(forged, forged.read_bytes()[:20_000] + bytes(4000) + forged.read_bytes()[24_000:])
    reseal(made["forged"])
    _swap_answers(made["answers"])
    archives = {f"{name}.zip": zipped(made[name], root / f"{made[name].name}.zip", "in/folder/") for name in (OTHER, "changed", "forged")}
    cut = root / "cut.zip"
    cut.write_bytes(archives[f"{OTHER}.zip"].read_bytes()[:-100])
    return {**made, **archives, "cut.zip": cut}


def _swap_answers(folder: Path) -> None:
    """The stored answers of two photos change places, and the spec vouches for it."""
    spec = open_bundle(folder).spec
    assert spec.golden is not None
    path = folder / spec.golden.probabilities.path
    stored = msgspec.json.decode(path.read_bytes())
    answers = stored["probabilities"]["fp16"]
    first, second = (photo.name for photo in spec.golden.photos[:2])
    answers[first], answers[second] = answers[second], answers[first]
    data = msgspec.json.encode(stored)
    replace(path, data)
    record = msgspec.structs.replace(spec.golden.probabilities, bytes=len(data), sha256=hashlib.sha256(data).hexdigest())
    reseal(folder, golden=msgspec.structs.replace(spec.golden, probabilities=record))


@pytest.fixture(scope="module")
def url(built: Path, bundles: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    root = tmp_path_factory.mktemp("site")
    shutil.copytree(built, root / "page")
    (root / "page" / "bundle").symlink_to(bundles[OURS])
    with serve(Quiet, root) as origin:
        yield f"{origin}/page/"


Tampered = Callable[..., AbstractContextManager[str]]


@pytest.fixture
def tampered(built: Path, bundles: dict[str, Path], tmp_path: Path) -> Tampered:
    """The site with a script before each of the named workers."""

    @contextmanager
    def damaged(**scripts: str) -> Iterator[str]:
        shutil.copytree(built, tmp_path / "page")
        (tmp_path / "page" / "bundle").symlink_to(bundles[OURS])
        for name, script in scripts.items():
            (worker,) = (tmp_path / "page").glob(f"assets/{name.replace('_', '-')}.worker-*.js")
            worker.write_text(script + worker.read_text())
        with serve(Quiet, tmp_path) as origin:
            yield f"{origin}/page/"

    return damaged


@pytest.fixture(scope="module")
def visit(browse: Any, url: str, bundles: dict[str, Path], photos: list[Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """One visit; each test looks at its part."""
    holiday = tmp_path_factory.mktemp("drop") / "holiday"
    for path in ("beach/sand.png", "b.png", ".hidden/c.png", "notes.txt"):
        (holiday / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(photos[0], holiday / path)
    shown = [str(photo) for photo in photos[:3]]
    steps = {
        "ours": ["photos", shown],
        "changed": ["archive", bundles["changed.zip"]],
        "forged": ["archive", bundles["forged.zip"]],
        "answers": ["folder", bundles["answers"]],
        "cut": ["drop", bundles["cut.zip"]],
        **{how: ["cancel", [how, str(bundles[f"{OTHER}.zip"])]] for how in CANCELS},
        "other": ["archive", bundles[f"{OTHER}.zip"]],
        "again": ["reload", None],
        "photos": ["photos", shown],
        "third": ["folder", bundles[THIRD]],
        "back": ["choose", OTHER],
        "home": ["choose", OURS],
        "forgotten": ["forget", THIRD],
        "gone": ["forget", OTHER],
        "last": ["drop", bundles[f"{OTHER}.zip"]],
        "dropped": ["drop", bundles[THIRD]],
        "tidied": ["forget", THIRD],
        "holiday": ["dropPhotos", holiday],
    }
    job = [[what, str(value) if isinstance(value, Path) else value] for what, value in steps.values()]
    report: dict[str, Any] = browse("models.mjs", url=url, steps=job)
    return {**dict(zip(steps, report["steps"], strict=True)), "stored": report["stored"], "complaints": report["complaints"]}


def test_a_model_opens_as_archive_and_as_folder_and_is_remembered(visit: dict[str, Any]) -> None:
    currents = {name: visit[name]["current"] for name in ("ours", "other", "again", "third", "back", "home", "last")}
    assert currents == {"ours": OURS, "other": OTHER, "again": OTHER, "third": THIRD, "back": OTHER, "home": OURS, "last": OTHER}
    assert visit["other"]["models"] == visit["again"]["models"] == [OURS, OTHER]
    assert sorted(visit["third"]["models"]) == sorted([OURS, OTHER, THIRD])
    assert visit["again"]["knows"].startswith(f"{OTHER} tells 1,000 classes apart")
    assert visit["ours"]["cells"]
    assert visit["photos"]["cells"] == visit["ours"]["cells"]  # the same network by another name
    assert visit["complaints"] == []


def test_a_folder_and_an_archive_can_be_dropped_on_the_page(visit: dict[str, Any]) -> None:
    for name, model in (("last", OTHER), ("dropped", THIRD)):
        assert (visit[name]["current"], visit[name]["trouble"]) == (model, ""), name
        assert visit[name]["isOpen"]  # so that it is seen what comes of it
    assert "cut.zip was not opened" in visit["cut"]["trouble"]
    assert [name for name, _ in visit["holiday"]["cells"][-2:]] == ["b.png", "sand.png"]
    assert len(visit["holiday"]["cells"]) == len(visit["last"]["cells"]) + 2


@pytest.mark.parametrize("how", CANCELS)
def test_an_opening_can_be_called_off(visit: dict[str, Any], how: str) -> None:
    cancelled = visit[how]["cancelled"]
    assert (cancelled["focusBefore"], visit[how]["said"]) == ("cancel-opening", "Cancelled: another-model.zip was not opened.")
    assert cancelled["ms"] < SOON
    assert cancelled["focusAfter"] not in ("", "cancel-opening")  # the button is gone, the focus is not
    assert visit[how]["isOpen"]  # Escape closes the dialog only where there is nothing to call off
    assert (visit[how]["models"], visit[how]["current"], visit[how]["trouble"]) == ([OURS], OURS, "")
    assert visit[how]["cells"] == visit["ours"]["cells"]


def test_a_forgotten_model_is_gone(visit: dict[str, Any]) -> None:
    assert visit["forgotten"]["models"] == [OURS, OTHER]
    assert (visit["gone"]["models"], visit["gone"]["current"]) == ([OURS], OURS)


def test_a_damaged_or_forged_model_is_refused_with_the_reason(visit: dict[str, Any]) -> None:
    for name in ("changed", "forged", "answers", "cut"):
        assert (visit[name]["models"], visit[name]["current"]) == ([OURS], OURS), name
        assert visit[name]["cells"] == visit["ours"]["cells"]  # and what was there goes on
    assert "changed.zip was not opened: tfjs-fp16/group1-shard1of3.bin was changed" in visit["changed"]["trouble"]
    for name in ("forged", "answers"):
        assert visit[name]["trouble"].startswith(f"{WRONG_ANSWER} cat-420.jpg a probability is off by 0.")
    assert visit["cut"]["trouble"].startswith("cut.zip was not opened: This is no ZIP file, or its end is missing.")


def test_nothing_of_the_photos_is_stored(visit: dict[str, Any], bundles: dict[str, Path], photos: list[Path]) -> None:
    """What is stored are files of the bundle that is kept, by their checksums, and texts that name no photo of the visit."""
    spec = open_bundle(bundles[OTHER]).spec
    assert set(visit["stored"]["files"]) == {record.sha256 for record in spec.records()}
    texts = "\n".join(visit["stored"]["texts"])
    assert OTHER in texts
    assert THIRD not in texts
    assert [photo.name for photo in photos if photo.name in texts] == []


def test_the_fastest_runtime_that_is_right_is_chosen_and_remembered(browse: Any, tampered: Tampered) -> None:
    """LiteRT.js, the fastest of all, gives wrong answers here."""
    with tampered(litert_wasm=WRONG.format(first=2)) as url:
        found = browse("models.mjs", url=url, steps=[["fastest", None], ["reload", None]])["steps"]
    verdicts = found[0]["verdicts"]
    assert verdicts["litertjs-wasm"][0] == "wrong"
    assert "cat-420.jpg a probability is off by 0.25" in verdicts["litertjs-wasm"][1]
    assert {verdicts[name][0] for name in ("tfjs-webgpu", "litertjs-webgpu")} == {"missing"}
    right = {name: float(text.split()[0]) for name, (kind, text) in verdicts.items() if kind == "right"}
    assert {"tfjs-wasm", "tfjs-webgl", "tfjs-cpu"} == set(right)
    assert found[0]["runtime"] == found[1]["runtime"] == min(right, key=right.__getitem__)
    assert found[0]["problem"] == found[0]["notice"] == ""


def test_a_runtime_that_goes_wrong_later_is_replaced_and_its_photos_are_asked_again(
    browse: Any, tampered: Tampered, visit: dict[str, Any], photos: list[Path]
) -> None:
    """It passes its exam; the photos and the golden photo after them get wrong answers."""
    with tampered(litert_wasm=WRONG.format(first=EXAM + 1)) as url:
        steps = [["runtime", "litertjs-wasm"], ["photos", [str(photo) for photo in photos[:3]]], ["fallBack", None]]
        proven, _, later = browse("models.mjs", url=url, steps=steps)["steps"]
    assert (proven["runtime"], proven["notice"]) == ("litertjs-wasm", "")
    assert later["runtime"] == "tfjs-wasm"
    assert later["notice"].startswith(f"LiteRT.js · WebAssembly is no longer used: {WRONG_ANSWER} ")
    assert later["notice"].endswith("is off by 0.25. Going on with TensorFlow.js · WebAssembly.")
    assert later["cells"] == visit["ours"]["cells"]


def test_a_runtime_that_is_not_there_is_replaced_at_the_start(browse: Any, tampered: Tampered, photos: list[Path]) -> None:
    with tampered(tfjs_wasm=ABSENT) as url:
        (found,) = browse("models.mjs", url=url, steps=[["photos", [str(photos[0])]]])["steps"]
    assert found["runtime"] == "litertjs-wasm"
    assert found["notice"] == (
        "TensorFlow.js · WebAssembly is no longer used: It is not in this browser. Going on with LiteRT.js · WebAssembly."
    )
    assert len(found["cells"]) == 1


def test_wrong_answers_of_the_cpu_refuse_the_sites_own_model(browse: Any, tampered: Tampered) -> None:
    with tampered(tfjs_wasm=WRONG.format(first=1)) as url:
        (found,) = browse("models.mjs", url=url, steps=[["reload", None]])["steps"]
    assert found["problem"] == f"{WRONG_ANSWER} cat-420.jpg a probability is off by 0.25."


@pytest.mark.parametrize("way", ["planes", "frames"])
def test_noise_in_canvases_is_bypassed(browse: Any, tampered: Tampered, visit: dict[str, Any], photos: list[Path], way: str) -> None:
    with tampered(tfjs_wasm=NOISE + ("" if way == "planes" else NO_PLANES)) as url:
        (found,) = browse("models.mjs", url=url, steps=[["photos", [str(photo) for photo in photos[:3]]]])["steps"]
    assert (found["notice"], found["problem"]) == ("", "")
    assert found["cells"] == visit["ours"]["cells"]


def test_noise_that_can_not_be_bypassed_is_told_and_png_still_works(
    browse: Any, tampered: Tampered, visit: dict[str, Any], photos: list[Path]
) -> None:
    with tampered(tfjs_wasm=NOISE + NO_FRAMES + NO_PLANES) as url:
        (found,) = browse("models.mjs", url=url, steps=[["photos", [str(photo) for photo in photos[:3]]]])["steps"]
    assert found["notice"].startswith("This browser changes the pixels that a page reads from pictures")
    assert found["problem"] == ""
    assert found["cells"] == [cell for cell in visit["ours"]["cells"] if cell[0].endswith(".png")] != visit["ours"]["cells"]


@pytest.mark.parametrize("name", ["firefox", "webkit"])
def test_other_engines_open_a_model_and_remember_it(name: str, url: str, bundles: dict[str, Path], tmp_path: Path) -> None:
    if why := engines.missing(name):
        pytest.skip(why)
    with engines.start(name, tmp_path) as engine:
        engine.open(url)
        engines.wait(engine, "document.querySelector('#models-list input:checked')")
        engine.upload("#archive-input", [bundles[f"{OTHER}.zip"]])
        for _ in range(2):
            engines.wait(engine, f"document.querySelector('#knows').textContent.startsWith('{OTHER}')")
            engines.wait(engine, "document.querySelectorAll('#models-list .choice').length === 2")
            engines.wait(
                engine, f"document.querySelector('#models-list input:checked').nextElementSibling.firstChild.textContent === '{OTHER}'"
            )
            engine.open(url)


def test_firefox_that_resists_fingerprinting_is_told_and_png_still_works(
    url: str, visit: dict[str, Any], photos: list[Path], tmp_path: Path
) -> None:
    """The noise is its own. It hides video frames, too, so there is no way round; the network is proven on the pixels in the bundle."""
    if why := engines.missing("firefox"):
        pytest.skip(why)
    with engines.start("firefox", tmp_path, {"privacy.resistFingerprinting": True}) as firefox:
        firefox.open(url)
        assert firefox.evaluate(CHANGED) > 0
        engines.wait(firefox, "/Right on all/.test(document.querySelector('#device-body').textContent)")
        firefox.upload("#photos-input", photos[:3])
        engines.wait(firefox, "document.querySelector('#progress.is-done')")
        cells = firefox.evaluate(LABELS)
        notice = firefox.evaluate("return document.querySelector('#notice').textContent")
    assert notice.startswith("This browser changes the pixels that a page reads from pictures")
    assert cells == [cell for cell in visit["ours"]["cells"] if cell[0].endswith(".png")]


# How many of a canvas's values come back as others.
CHANGED = """
const context = new OffscreenCanvas(64, 64).getContext("2d");
const wrote = new ImageData(64, 64);
wrote.data.forEach((_, i) => { wrote.data[i] = i % 4 === 3 ? 255 : (i * 37) % 256; });
context.putImageData(wrote, 0, 0);
return context.getImageData(0, 0, 64, 64).data.filter((value, i) => value !== wrote.data[i]).length;
"""
LABELS = """
return [...document.querySelectorAll(".cell")].sort((a, b) => a.ariaPosInSet - b.ariaPosInSet)
  .map((cell) => [cell.querySelector(".name").textContent, cell.dataset.label]);
"""
