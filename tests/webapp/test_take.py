"""What leaves the page with the visitor: the heat map as the model gives it, corrections, tables, ZIP and folders."""

from __future__ import annotations

import csv
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest

from safelight.bundle import Bundle, open_bundle
from safelight.decode import decode
from safelight.resize import resize
from safelight.task import predict, say
from tests.webapp.served import PHOTOS, Strict

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("url", [Strict], indirect=True)]

TOLERANCE = 5e-5  # of a probability, as everywhere; 2e-6 was measured for TF.js on wasm
CLASSES = {"coffee.png": ["espresso", "cup"], "rocket.jpg": ["missile", "projectile", "cup"]}
CORRECTIONS = {"camera.png": {"key": "3"}, "astronaut.png": {"text": "Band Aid"}}  # the third most probable class; one by its name


class Visit:
    """What the scenario saw, and what Python says of the same photos."""

    def __init__(self, report: dict[str, Any], out: Path, bundle: Bundle, photos: list[Path]) -> None:
        self.report, self.out, self.bundle = report, out, bundle
        self.photos = {photo.name: photo for photo in photos}
        file = bundle.file("onnx-fp32")
        session = ort.InferenceSession(bundle.path(file.parts[0]))
        names = [output.name for output in file.outputs[:2]]
        self.pixels = {name: resize(decode(self.photos[name]), bundle.spec.input) for name in PHOTOS}
        outputs = {name: session.run(names, {file.input.name: pixels[None].astype(np.float32)}) for name, pixels in self.pixels.items()}
        self.probabilities = {name: probabilities[0] for name, (probabilities, _) in outputs.items()}
        self.heatmaps = {name: heatmap[0] for name, (_, heatmap) in outputs.items()}
        self.labels = [label.id for label in bundle.spec.labels]


@pytest.fixture(scope="module")
def visit(browse: Any, url: str, photos: list[Path], bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Visit:
    out = tmp_path_factory.mktemp("taken")
    job = {"url": url, "photos": [str(photo) for photo in photos], "out": str(out), "pictures": str(out)}
    return Visit(browse("take.mjs", classes=CLASSES, corrections=CORRECTIONS, **job), out, open_bundle(bundle), photos)


def paths(photos: list[Path]) -> list[str]:
    """As the scenario lays them out: every other photo in a folder of the chosen folder, the first one in both."""
    laid = {f"holiday/{'beach/' if i % 2 else ''}{photo.name}" for i, photo in enumerate(photos)}
    return sorted(laid | {f"holiday/beach/{photos[0].name}"})


def test_the_heat_map_peaks_where_the_models_does(visit: Visit) -> None:
    """Within half a place: the picture is enlarged between the middles of the places."""
    for name, classes in CLASSES.items():
        evidence = visit.heatmaps[name] - visit.heatmaps[name].mean(axis=2, keepdims=True)
        h, w, _ = evidence.shape
        for label in classes:
            of_class = evidence[:, :, visit.labels.index(label)]
            y, x = np.unravel_index(of_class.argmax(), (h, w))
            heat = visit.report["heat"][name][label]
            assert (int(heat["y"] * h), int(heat["x"] * w)) == (y, x), (name, label)
            if label == classes[0]:
                assert heat["most"] > 500  # of 765: the strongest evidence is bright
                assert heat["least"] < 25  # of 255: and elsewhere the photo is left alone
    assert visit.report["hidden"]


def test_what_the_model_sees_is_what_python_resizes(visit: Visit) -> None:
    assert visit.report["seen"] == visit.pixels[list(CLASSES)[-1]].ravel().tolist()


def test_keys_alone_lead_through_the_photos(visit: Visit) -> None:
    assert visit.report["before"] != visit.report["after"]
    assert visit.report["walk"] == [f"{index} of 6" for index in (2, 3, 4, 5, 6, 6, 6, 6, 6, 5)]


def test_the_tables_hold_pythons_probabilities_and_the_corrections(visit: Visit) -> None:
    with (visit.out / "answers.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = {row["photo"]: row for row in csv.DictReader(file)}
    records = {record["photo"]: record for record in json.loads((visit.out / "answers.json").read_text(encoding="utf-8"))}
    assert sorted(rows) == sorted(records) == paths(list(visit.photos.values()))
    for path, row in rows.items():
        name, record = path.rsplit("/", 1)[-1], records[path]
        if name not in PHOTOS:
            reason = {"notes.jpg": "not-an-image", "half.jpg": "truncated"}[name]
            assert (row["verdict"], row["label"], record["error"]) == (reason, "", reason)
            continue
        expected = predict(visit.probabilities[name], visit.bundle.spec)
        assert (row["verdict"], row["label"], row["band"], row["wording"]) == (
            "ok",
            expected.label,
            expected.band,
            say(expected, visit.bundle.spec),
        )
        assert (record["label"], record["band"], record["abstained"]) == (expected.label, expected.band, expected.abstained)
        shares = np.array([float(row[f"probability {label}"]) for label in visit.labels])
        assert np.abs(shares - visit.probabilities[name]).max() < TOLERANCE
        assert list(record["probabilities"]) == visit.labels
        assert np.array_equal(shares, list(record["probabilities"].values()))
        assert float(row["probability"]) == record["probability"] == shares.max()
        assert (row["label_corrected"] or None) == record["label_corrected"] == correction(visit, name)


def correction(visit: Visit, name: str) -> str | None:
    """The label that the scenario gave a photo by hand."""
    if "text" in CORRECTIONS.get(name, {}):
        return CORRECTIONS[name]["text"]
    if name in CORRECTIONS:
        return predict(visit.probabilities[name], visit.bundle.spec).ranking[2][0]
    return None


def expected_folders(visit: Visit) -> dict[str, int]:
    """A folder per class, the label by hand first, one for what it was not sure of; the photo that came twice has two names."""
    files = {}
    for name in PHOTOS:
        prediction = predict(visit.probabilities[name], visit.bundle.spec)
        is_named = prediction.label in say(prediction, visit.bundle.spec)  # "not sure" names none
        label = correction(visit, name) or (prediction.label if is_named else "_unsure")
        files[f"{label}/{name}"] = visit.photos[name].stat().st_size
    twice = next(path for path in files if path.endswith(PHOTOS[0]))
    return files | {twice.replace(".png", " (2).png"): files[twice]}


def test_the_zip_holds_every_photo_in_its_classs_folder(visit: Visit) -> None:
    with zipfile.ZipFile(visit.out / "photos.zip") as archive:
        assert archive.testzip() is None
        names = set(archive.namelist()) - {"results.csv"}
        assert names == set(expected_folders(visit))
        for name in names:
            stem = name.rsplit("/", 1)[-1].replace(" (2)", "")
            assert archive.read(name) == visit.photos[stem].read_bytes()
        assert archive.read("results.csv") == (visit.out / "answers.csv").read_bytes()
    assert visit.report["downloads"] == {"answers.csv": "safelight.csv", "answers.json": "safelight.json", "photos.zip": "safelight.zip"}


def test_copies_go_to_folders_and_overwrite_nothing(visit: Visit) -> None:
    copied, again = visit.report["copied"]["files"], visit.report["copiedAgain"]["files"]
    table = copied.pop("results.csv")
    assert copied == expected_folders(visit)
    assert table == (visit.out / "answers.csv").stat().st_size
    assert visit.report["copied"]["message"] == "Done: 6 photos."
    assert sorted(visit.report["untouched"]) == [path.removeprefix("holiday/") for path in paths(list(visit.photos.values()))]
    assert copied.items() <= again.items()
    assert len(again) == 2 * (len(copied) + 1)


def test_moving_empties_the_folder_of_all_but_the_refused(visit: Visit) -> None:
    moved = visit.report["moved"]["files"]
    moved.pop("results.csv")
    assert moved == expected_folders(visit)
    assert visit.report["moved"]["message"] == "Done: 6 photos, 6 of them moved."
    assert {path.rsplit("/", 1)[-1] for path in visit.report["emptied"]} == {"notes.jpg", "half.jpg"}
