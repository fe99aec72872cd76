"""What the page is for, in Firefox and WebKitGTK: many photos, found and sorted, one understood, the table taken away, as Python says."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest

from safelight.bundle import Bundle, open_bundle
from safelight.decode import decode
from safelight.resize import resize
from safelight.task import predict
from tests.webapp import engines
from tests.webapp.served import PHOTOS, Strict

pytestmark = [
    pytest.mark.browser,
    pytest.mark.parametrize("url", [Strict], indirect=True),
    pytest.mark.parametrize("engine", ["firefox", "webkit"], indirect=True),
]

COPIES = 8  # of each photo under another name: more photos than workers, and than the screen shows
TOLERANCE = 5e-5  # of a probability, as everywhere
SHOWN = "Array.from(document.querySelectorAll('.cell')).sort((a, b) => a.ariaPosInSet - b.ariaPosInSet)"
HEAT = """
const canvas = document.querySelector("#look .heat");
const { width, height } = canvas;
const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
let [peak, most] = [0, -1];
for (let i = 0; i < data.length; i += 4) {
  const light = data[i + 3] === 0 ? 0 : data[i] + data[i + 1] + data[i + 2];
  if (light > most) [peak, most] = [i / 4, light];
}
const { label } = document.querySelector("#look .probability").dataset;
return { x: (peak % width) / width, y: Math.floor(peak / width) / height, label };
"""
KEEP = "const make = URL.createObjectURL; URL.createObjectURL = (blob) => { window.saved = blob; return make.call(URL, blob); };"
READ = "window.saved.text().then((text) => { window.table = text; });"


class Said:
    """What Python says of the photos."""

    def __init__(self, bundle: Bundle, photos: list[Path]) -> None:
        self.labels = [label.id for label in bundle.spec.labels]
        file = bundle.file("onnx-fp32")
        session = ort.InferenceSession(bundle.path(file.parts[0]))
        self.probabilities: dict[str, Any] = {}
        self.heatmaps: dict[str, Any] = {}
        self.label: dict[str, str] = {}
        for photo in photos[: len(PHOTOS)]:
            pixels = resize(decode(photo), bundle.spec.input)[None].astype(np.float32)
            outputs = session.run([output.name for output in file.outputs], {file.input.name: pixels})
            self.probabilities[photo.name], self.heatmaps[photo.name] = outputs[0][0], outputs[1][0]
            self.label[photo.name] = predict(outputs[0][0], bundle.spec).label


@pytest.fixture(scope="module")
def said(bundle: Path, photos: list[Path]) -> Said:
    return Said(open_bundle(bundle), photos)


@pytest.fixture(scope="module")
def many(photos: list[Path], tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Every photo several times, and the two that can't be read."""
    folder = tmp_path_factory.mktemp("many")
    for copy in range(COPIES):
        for photo in photos[: len(PHOTOS)]:
            (folder / f"{copy} {photo.name}").symlink_to(photo)
    return [*sorted(folder.iterdir()), *photos[len(PHOTOS) :]]


@pytest.fixture(scope="module")
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[engines.Engine]:
    if why := engines.missing(request.param):
        pytest.skip(why)
    with engines.start(request.param, tmp_path_factory.mktemp("profile")) as engine:
        yield engine


def change(engine: engines.Engine, selector: str, value: str, event: str) -> None:
    """As a person does in a field, and until the page is drawn."""
    engine.evaluate(
        f"const field = document.querySelector('{selector}'); field.value = '{value}'; field.dispatchEvent(new Event('{event}'))"
    )
    engine.evaluate("window.isDrawn = false; requestAnimationFrame(() => requestAnimationFrame(() => { window.isDrawn = true; }))")
    engines.wait(engine, "window.isDrawn")


def original(name: str) -> str:
    return name.split(" ", 1)[1]


def test_many_photos_are_classified_understood_and_taken_away(engine: engines.Engine, url: str, many: list[Path], said: Said) -> None:
    engine.open(url)
    engines.wait(engine, "!document.querySelector('#open-about').disabled")
    engine.upload("#photos-input", many)
    engines.wait(engine, "document.querySelector('#progress.is-done') && !document.querySelector('#results').hidden", 120)

    change(engine, "#order", "name", "change")
    names = engine.evaluate(f"return {SHOWN}.map((cell) => cell.querySelector('.name').textContent)")
    assert names == [path.name for path in many[: len(names)]]  # those in sight
    change(engine, "#find", "3 rock", "input")
    assert engine.evaluate(f"return {SHOWN}.map((cell) => cell.querySelector('.name').textContent)") == ["3 rocket.jpg"]

    engine.evaluate("document.querySelector('.cell').click()")
    engines.wait(engine, "document.querySelector('#look .frame:not(.is-loading) .heat')")
    heat = engine.evaluate(HEAT)
    assert heat["label"] == said.label["rocket.jpg"]
    evidence = said.heatmaps["rocket.jpg"] - said.heatmaps["rocket.jpg"].mean(axis=2, keepdims=True)
    of_class = evidence[:, :, said.labels.index(heat["label"])]
    h, w = of_class.shape
    assert (int(heat["y"] * h), int(heat["x"] * w)) == np.unravel_index(of_class.argmax(), (h, w))
    engine.evaluate("document.querySelector('#look .close').click()")

    engine.evaluate(KEEP)
    engine.evaluate("document.querySelector('#take').click()")
    engines.wait(engine, "document.querySelector('#takeaway[open] input[value=all]')")
    engine.evaluate("document.querySelector('#takeaway input[value=all]').click(); document.querySelector('#take-csv').click()")
    engines.wait(engine, "window.saved")
    engine.evaluate(READ)
    engines.wait(engine, "window.table")
    rows = list(csv.DictReader(io.StringIO(engine.evaluate("return window.table").removeprefix("\ufeff"))))
    assert {row["photo"]: row["verdict"] for row in rows if row["verdict"] != "ok"} == {
        "notes.jpg": "not-an-image",
        "half.jpg": "truncated",
    }
    classified = {row["photo"]: row for row in rows if row["verdict"] == "ok"}
    assert sorted(classified) == [path.name for path in many[: COPIES * len(PHOTOS)]]
    for name, row in classified.items():
        assert row["label"] == said.label[original(name)]
        shares = np.array([float(row[f"probability {label}"]) for label in said.labels])
        assert np.abs(shares - said.probabilities[original(name)]).max() < TOLERANCE
