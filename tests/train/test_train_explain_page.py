"""The explanation as a whole: every recipe's network, the page, its pictures, and what is refused."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from safelight import models
from safelight.bundle import read_spec, record_of
from safelight.checkpoint import WEIGHTS_NAME, save_run
from safelight.decode import decode
from safelight.errors import BundleError, PhotoError, UsageError
from safelight.resize import resize
from safelight.spec import DEFAULT_BANDS, InputSpec, Label, ModelFile, ModelSpec, OutputSpec, Provenance, Spec, dump
from safelight.spec import Tensor as TensorSpec
from tests.safelight.test_api import loaded_by
from tests.train.test_train_report import Outline
from train import recipes
from train.contract import input_spec
from train.explain.options import ExplainOptions, FilterOptions, OcclusionOptions
from train.explain.pipeline import PAGE_NAME, default_out, explain

SAME_NETWORK = {"features-augmented", "fine-tune", "full", "cnn-4block-augmented", "mnist-augmented"}  # but for dropout
QUICK = ExplainOptions(filters=FilterOptions(layers=2, filters=2, steps=2, side=64), occlusion=OcclusionOptions(places=3))


def run_of(folder: Path, architecture: str, spec: InputSpec, labels: tuple[str, ...] = ("cat", "dog")) -> Path:
    """An unlearnt network as a run's folder."""
    torch.manual_seed(0)
    network = models.build(architecture, pretrained=False, size=spec.size, classes=len(labels))
    folder.mkdir(parents=True)
    save_run(
        folder,
        network,
        Spec(
            name=folder.name,
            labels=tuple(Label(id=label, names={"en": label}) for label in labels),
            input=spec,
            output=OutputSpec(bands=DEFAULT_BANDS),
            model=ModelSpec(architecture=architecture, parameters=1),
            provenance=Provenance(source="trained"),
        ),
    )
    return folder


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from skimage import data

    path = tmp_path_factory.mktemp("photos") / "chelsea <b>.jpg"
    Image.fromarray(data.chelsea()).save(path, quality=90)
    return path


@pytest.fixture(scope="module")
def small_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    labels = ("<i>cat", "dog")
    return run_of(tmp_path_factory.mktemp("runs") / "small", "cnn_4block", InputSpec(size=96, resize_to=96, geometry="stretch"), labels)


@pytest.fixture(scope="module")
def page(small_run: Path, photo: Path) -> Path:
    return explain(small_run, photo, options=QUICK)


@pytest.mark.parametrize("name", [name for name in recipes.NAMES if name not in SAME_NETWORK])
def test_every_recipes_network_can_be_explained(name: str, photo: Path, tmp_path: Path) -> None:
    options = recipes.options(name)
    spec = input_spec(options)
    found = explain(run_of(tmp_path / name, options.architecture, spec), photo, tmp_path / "out", QUICK)
    figures = json.loads((found.parent / "explain.json").read_text())
    assert figures["heat"]["method"] == (
        "CAM" if options.architecture in {"efficientnet_lite0", "small_resnet", "cifar_resnet"} else "Grad-CAM"
    )
    assert len(figures["filters"]) == 4
    assert len(list((found.parent / "maps").glob("*.png"))) == len(figures["layers"]) > 3


def test_the_page_is_whole_and_asks_nothing_of_the_network(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    outline = Outline(text)
    assert not [address[:40] for address in outline.addresses if not address.startswith("data:image/")]
    assert not re.search(r"https?:|@import|url\(", text)
    assert "default-src 'none'" in text
    assert "script" not in outline.tags
    assert all("alt" in picture and picture["width"] for picture in outline.pictures if picture.get("alt"))
    assert re.findall(r'<h2 id="h-(\w+)"', text) == ["answer", "heat", "occlusion", "maps", "filters", "settings"]


def test_names_are_text_and_never_markup(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert "chelsea &lt;b&gt;.jpg" in text
    assert "&lt;i&gt;cat" in text
    assert "<i>cat" not in text


def test_every_picture_is_a_png_beside_the_page(page: Path) -> None:
    names = sorted(path.relative_to(page.parent).as_posix() for path in page.parent.rglob("*.png"))
    for path in page.parent.rglob("*.png"):
        with Image.open(path) as image:
            image.load()
            assert image.format == "PNG"
    assert names[:8] == [
        *("filters/trunk.0/" + name for name in sorted(path.name for path in (page.parent / "filters" / "trunk.0").iterdir())),
        *(name for name in names if name.startswith("filters/trunk.9/")),
    ]
    layers = enumerate((0, 2, 3, 5, 6, 8, 9, 11), 1)
    assert [name for name in names if name.startswith("maps/")] == [f"maps/{number:03}-trunk.{layer}.png" for number, layer in layers]
    assert {"photo.png", "occlusion/drop.png", "occlusion/worst.png"} <= set(names)
    assert len([name for name in names if name.startswith("heat/")]) == 2


def test_the_photo_on_the_page_is_the_contracts(page: Path, photo: Path) -> None:
    with Image.open(page.parent / "photo.png") as image:
        shown: NDArray[np.uint8] = np.asarray(image)
    expected = resize(decode(photo), InputSpec(size=96, resize_to=96, geometry="stretch"))
    times = shown.shape[0] // 96
    assert np.array_equal(shown[::times, ::times], expected)


def test_the_pages_own_place_is_beside_the_run(page: Path, small_run: Path) -> None:
    assert page == small_run.with_name("small.explain") / "chelsea <b>" / PAGE_NAME
    assert default_out(Path("runs/pets"), Path("a/cat.1.jpg")).parts[-2:] == ("pets.explain", "cat.1")


def test_another_class_than_the_answer_can_be_explained(small_run: Path, photo: Path, tmp_path: Path) -> None:
    for label in ("<i>cat", "dog"):
        found = explain(small_run, photo, tmp_path / label[-3:], replace(QUICK, label=label))
        figures = json.loads((found.parent / "explain.json").read_text())
        assert figures["explained"] == label
        assert figures["heat"]["classes"][0] == label


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (replace(QUICK, label="dgo"), "no class 'dgo'. Did you mean dog"),
        (
            replace(QUICK, filters=FilterOptions(layers=("trunk.99",))),
            "no convolution named 'trunk.99' in this network. Did you mean",
        ),
    ],
)
def test_a_wrong_name_says_which_there_are(options: ExplainOptions, sentence: str, small_run: Path, photo: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=re.escape(sentence)):
        explain(small_run, photo, tmp_path / "out", options)
    assert not any(tmp_path.iterdir())


def test_nothing_is_written_where_something_is_wrong(small_run: Path, photo: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.jpg").write_bytes(photo.read_bytes()[:900])
    with pytest.raises(PhotoError, match="broken"):
        explain(small_run, tmp_path / "broken.jpg", tmp_path / "out", QUICK)
    with pytest.raises(BundleError, match="neither a bundle nor a run"):
        explain(tmp_path, photo, tmp_path / "out", QUICK)
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "letter.txt").touch()
    with pytest.raises(BundleError, match="was not written by Safelight"):
        explain(small_run, photo, mine, QUICK)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["broken.jpg", "mine"]


def test_a_bundle_is_explained_by_its_weights_and_never_written_into(small_run: Path, photo: Path, tmp_path: Path) -> None:
    bundle = tmp_path / "pets.bundle"
    run_of(bundle, "cnn_4block", InputSpec(size=96, resize_to=96, geometry="stretch"))
    weights = bundle / WEIGHTS_NAME
    seal_as_bundle(bundle)
    assert explain(bundle, photo, options=QUICK).is_file()
    with pytest.raises(UsageError, match="inside the bundle, which is for publishing"):
        explain(bundle, photo, bundle / "golden" / ".." / "out", QUICK)
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(bytes(data))
    with pytest.raises(BundleError, match=f"{WEIGHTS_NAME} in .* was changed"):
        explain(bundle, photo, options=QUICK)


def seal_as_bundle(folder: Path) -> None:
    """Let the spec vouch for the weights, as an exported bundle's does."""
    pixels = TensorSpec(name="pixels", dtype="float32", layout="NHWC", shape=(-1, 96, 96, 3))
    answer = TensorSpec(name="probabilities", dtype="float32", layout="NC", shape=(-1, 2))
    file = ModelFile(format="pytorch", precision="fp32", parts=(record_of(folder / WEIGHTS_NAME, folder),), input=pixels, outputs=(answer,))
    (folder / "spec.json").write_bytes(dump(msgspec.structs.replace(read_spec(folder), files=(file,))))


def test_the_commands_help_loads_no_torch() -> None:
    assert "torch" not in loaded_by("from safelight.cli import cli\ncli(['explain', '--help'], standalone_mode=False)")
