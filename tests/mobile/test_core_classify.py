"""From pixels to the answer: the C core over LiteRT gives the probabilities, labels, bands and abstentions of Python over LiteRT."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from safelight.bundle import Bundle, open_bundle
from safelight.decode import decode
from safelight.errors import PhotoError
from safelight.resize import resize
from safelight.runtimes import litert, load
from safelight.spec import SPEC_NAME, Band, Label, OutputSpec, dump, parse
from safelight.task import predict, say
from tests.conftest import SHARED
from tests.mobile.core import BAD_MODEL, OK, Pixels, batch, launch, litert_library, planted, run

TOLERANCE = 1e-5  # the same library and the same pixels: measured 0 on 13 golden photos (fp32, fp16) and 43 others (fp32)
LANGUAGES = ("en", "zh-Hant", "zh-Hans", "fr")


@pytest.fixture(scope="session")
def opened(bundle: Path) -> Bundle:
    if litert_library() is None:
        pytest.skip("needs LiteRT's shared library, 2.3 or newer: the Python package ai-edge-litert has it on Linux")
    return open_bundle(bundle)


def classified(program: Path, folder: Path, bundle: Bundle, photos: Sequence[Pixels], *options: str, key: str = "tflite-fp32") -> Any:
    """The core's answers, and the pixels that the network saw."""
    file = bundle.file(key)
    arguments: list[object] = ["--spec", bundle.folder / SPEC_NAME, "--model", bundle.path(file.parts[0]), "--precision", file.precision]
    arguments += ["--out", folder / "seen", *options]
    for number, photo in enumerate(photos):
        (folder / f"{number}.rgb").write_bytes(photo.tobytes())
        arguments += ["--pixels", folder / f"{number}.rgb", photo.shape[1], photo.shape[0]]
    answers = json.loads(run(program, *arguments))["photos"]
    size = bundle.spec.input.size
    return answers, np.fromfile(folder / "seen", np.uint8).reshape(len(photos), size, size, 3)


def agree(program: Path, folder: Path, bundle: Bundle, paths: Sequence[Path], key: str) -> float:
    """Hold every photo to Python; returns the largest difference of a probability."""
    photos = [decode(path) for path in paths]
    model = load(litert, bundle, bundle.file(key))
    answers, seen = classified(program, folder, bundle, photos, key=key)
    largest = 0.0
    for path, photo, answer, pixels in zip(paths, photos, answers, seen, strict=True):
        expected_pixels = resize(photo, bundle.spec.input)
        assert np.array_equal(pixels, expected_pixels), path.name
        expected = model(expected_pixels)
        largest = max(largest, float(np.abs(np.array(answer["probabilities"], np.float32) - expected).max()))
        prediction = predict(expected, bundle.spec)
        assert (answer["label"], answer["band"], answer["abstained"]) == (prediction.label, prediction.band, prediction.abstained), (
            path.name
        )
        assert answer["allocations"] == 0, "the library allocated on the way from pixels to answer"
    return largest


@pytest.mark.parametrize("key", ["tflite-fp32", "tflite-fp16"])
def test_the_bundles_exam_is_passed(core: Path, tmp_path: Path, opened: Bundle, key: str) -> None:
    """Golden photos: pixels by their sums in the spec, probabilities, labels, bands, abstentions."""
    assert opened.spec.golden is not None
    paths = [opened.path(golden.photo) for golden in opened.spec.golden.photos]
    assert agree(core, tmp_path, opened, paths, key) <= TOLERANCE
    seen = np.fromfile(tmp_path / "seen", np.uint8).reshape(len(paths), -1)
    sums = [hashlib.sha256(pixels.tobytes()).hexdigest() for pixels in seen]
    assert sums == [golden.pixels_sha256 for golden in opened.spec.golden.photos]


@pytest.mark.parametrize("folder", ["awkward", "cats_and_dogs_small", "flowers5", "weather4_noisy"])
def test_other_photos_get_pythons_answers(core: Path, tmp_path: Path, opened: Bundle, folder: str) -> None:
    """All photos of a small folder; of one with 50 or more, 25 to 37 from all over it."""
    found = sorted(path for path in (SHARED / folder).rglob("*.jp*g") if path.stat().st_size < 2_000_000)
    if not found:
        pytest.skip(f"needs photos beside the checkout (shared/data/{folder})")
    paths = []
    for path in found[:: max(1, len(found) // 25)]:
        try:
            decode(path)
        except PhotoError:  # awkward on purpose
            continue
        paths.append(path)
    assert agree(core, tmp_path, opened, paths, "tflite-fp32") <= TOLERANCE


def test_a_model_in_memory_answers_the_same(core: Path, tmp_path: Path, opened: Bundle) -> None:
    photo = np.random.default_rng(1).integers(0, 256, (50, 70, 3), np.uint8)
    by_path, _ = classified(core, tmp_path, opened, [photo])
    in_memory, _ = classified(core, tmp_path, opened, [photo], "--from-memory")
    assert by_path == in_memory


def test_a_wrong_model_is_one_sentence(core: Path, tmp_path: Path, opened: Bundle) -> None:
    """No file, half a model, noise of the right length, and models that don't fit the spec."""
    model = opened.path(opened.file("tflite-fp32").parts[0]).read_bytes()
    for name, data in {"empty": b"", "half": model[: len(model) // 2], "noise": bytes(len(model)), "whole": model}.items():
        (tmp_path / f"{name}.tflite").write_bytes(data)
    another = msgspec.structs.replace(opened.spec, labels=(*opened.spec.labels, Label(id="another")))
    smaller = msgspec.structs.replace(opened.spec, input=msgspec.structs.replace(opened.spec.input, size=96))
    for name, spec, message in [
        ("absent", opened.spec, "can't be read"),
        ("empty", opened.spec, f"has 0 bytes, the spec says {len(model)}"),
        ("half", opened.spec, f"has {len(model) // 2} bytes, the spec says {len(model)}"),
        ("noise", opened.spec, "finds no TFLite model there"),
        ("whole", another, "finds no output with the spec's name and number of labels"),
        ("whole", smaller, "finds an input of another type or size than the spec's"),
    ]:
        (tmp_path / SPEC_NAME).write_bytes(dump(spec))
        files = ("--spec", tmp_path / SPEC_NAME, "--model", tmp_path / f"{name}.tflite")
        done = launch(core, *files, "--pixels", tmp_path / "x", 1, 1)
        assert done.returncode == 2, (name, done.stderr)
        assert "safelight-core: open: " in done.stderr
        assert message in done.stderr


def test_a_photo_that_is_too_large_is_refused(core: Path, tmp_path: Path, opened: Bundle) -> None:
    (tmp_path / "x").write_bytes(bytes(300 * 200 * 3))
    files = ("--spec", opened.folder / SPEC_NAME, "--model", opened.path(opened.file("tflite-fp32").parts[0]))
    photo = ("--pixels", tmp_path / "x", 300, 200)
    done = launch(core, *files, "--max-side", 299, *photo)
    assert "the photo has 300 × 200 pixels and this was created for 299 a side" in done.stderr
    assert json.loads(run(core, *files, "--max-side", 300, *photo))["photos"]


def cases_of_answers() -> tuple[bytes, list[np.ndarray[Any, np.dtype[np.float32]]]]:
    """A spec with every kind of name and wording, and vectors with ties, edges of bands and values beyond them."""
    spec = parse((Path(__file__).resolve().parents[1] / "golden" / "spec" / "valid" / "minimal.json").read_bytes())
    names: list[dict[str, str]] = [
        {"en": "cat", "zh-Hant": "貓"},
        {},
        {"zh-Hans": "狗{label}"},
        {"en": "{label}"},
        {"fr": "élan"},
        {"de": "Igel"},
    ]
    labels = tuple(Label(id=f"id-{index}", names=each) for index, each in enumerate(names))
    bands = (
        Band(id="a", at_least=0.75, wording={"en": "{label}{label}!", "zh-Hant": "也許是{label}嗎"}),
        Band(id="b", at_least=0.1, wording={"fr": "peut-être {label}", "en": "perhaps {label"}),
        Band(id="c", at_least=0.05, wording={}),
        Band(id="d", at_least=0.0, wording={"en": "not sure"}),
    )
    spec = msgspec.structs.replace(spec, labels=labels, output=OutputSpec(bands=bands, abstain_below=0.125))
    generator = np.random.default_rng(8)
    vectors = [generator.dirichlet(np.full(6, 0.3)).astype(np.float32) for _ in range(300)]
    vectors += [
        generator.choice([0, 0.05, 0.1, 0.75, 0.2, 1], 6).astype(np.float32) for _ in range(300)
    ]  # float32 0.1 is above 0.1, 0.05 too
    vectors += [np.zeros(6, np.float32), np.full(6, 0.125, np.float32), np.full(6, np.nextafter(np.float32(0.1), np.float32(0)))]
    return dump(spec), vectors


def answers(program: Path, folder: Path) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The core's and Python's."""
    document, vectors = cases_of_answers()
    (folder / SPEC_NAME).write_bytes(document)
    (folder / "vectors").write_bytes(batch(vector.tobytes() for vector in vectors))
    found = [json.loads(line) for line in run(program, "answers", folder / SPEC_NAME, folder / "vectors").splitlines()]
    spec, expected = parse(document), []
    index = {label.id: number for number, label in enumerate(spec.labels)}
    for vector in vectors:
        right = predict(vector, spec)
        says = {language: say(right, spec, language) for language in LANGUAGES}
        expected.append(
            {
                "status": OK,
                "label": right.label,
                "band": right.band,
                "abstained": right.abstained,
                "probability": pytest.approx(right.probability, rel=1e-8),
                "ranking": [index[label] for label, _ in right.ranking],
                "says": says,
                "few": says["zh-Hant"].encode()[:5].decode(errors="ignore"),
            }
        )
    return found, expected


def test_answers_are_pythons(core: Path, watched: Path, tmp_path: Path) -> None:
    for program in (core, watched):
        found, expected = answers(program, tmp_path)
        assert found == expected
    assert len({answer["band"] for answer in expected}) == 4
    assert {answer["abstained"] for answer in expected} == {True, False}


def test_nan_is_no_answer(core: Path, tmp_path: Path) -> None:
    document, _ = cases_of_answers()
    (tmp_path / SPEC_NAME).write_bytes(document)
    (tmp_path / "vectors").write_bytes(batch([np.array([0, np.nan, 0, 0, 0, 1], np.float32).tobytes()]))
    assert json.loads(run(core, "answers", tmp_path / SPEC_NAME, tmp_path / "vectors")) == {"status": BAD_MODEL}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("probabilities[order[place - 1]] < probabilities[label]", "probabilities[order[place - 1]] <= probabilities[label]"),
        ("best < bands[made.band].at_least", "best <= bands[made.band].at_least"),
        ("const double best = made.probability;", "const float best = made.probability + 1e-8f;"),
        ("best < spec->contract.output.abstain_below", "best <= spec->contract.output.abstain_below"),
    ],
)
def test_a_planted_mistake_is_noticed(tmp_path: Path, right: str, wrong: str) -> None:
    found, expected = answers(planted(tmp_path, "answer.c", right, wrong), tmp_path)
    assert found != expected


@pytest.mark.slow
def test_the_library_is_small(core: Path, tmp_path: Path) -> None:
    """Stripped and without the runtime, which is linked dynamically."""
    strip = shutil.which("strip")
    if strip is None:
        pytest.skip("needs strip (binutils)")
    library = next(core.parent.glob("libsafelight.*"))
    subprocess.run([strip, "-o", tmp_path / "stripped", library], check=True)
    size = (tmp_path / "stripped").stat().st_size
    assert size <= 60_000  # measured 55,656 with LiteRT, 51,384 without a runtime
