"""Recipes by name: what the tutorials wrote down, how they are changed, and that each becomes a proven bundle."""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

import train
from export.ship import ShipOptions, ship
from safelight.checkpoint import load_run
from safelight.cli import main
from safelight.errors import SafelightError, UsageError
from safelight.models.summary import summarise
from safelight.spec import InputSpec
from safelight.threads import one_thread
from tests.train.conftest import copy_photos
from train import pixels, recipes
from train.contract import input_spec
from train.options import ALL_BLOCKS, OptimiserOptions, ScratchOptions, TrainOptions
from train.scratch import rate_at

PARAMETERS = {
    **dict.fromkeys(("features", "features-augmented", "fine-tune", "full"), 3_373_570),  # EfficientNet-Lite0 and two classes
    "cnn-binary": 9_494_561,
    "cnn-sgd": 1_212_513,
    "cnn-4block": 3_453_121,
    "cnn-4block-augmented": 3_453_121,
    "small-resnet": 1_596_065,
    "mnist": 843_658,
    "mnist-augmented": 843_658,
    "cifar": 9_176_018,
    "cifar-resnet": 1_228_970,
}
SMALL = {"cnn-4block": 48, "small-resnet": 48, "cifar": 16}  # pixels, so that an export takes seconds
# The other recipes' networks are, once learnt, one of these with other widths, a block less or without dropout; that of
# the transfer recipes is what the tests of export export.
PROVEN = ("cnn-4block", "small-resnet", "mnist", "cifar")


def scratch(name: str, **changes: object) -> ScratchOptions:
    plan = recipes.options(name, **changes).scratch
    assert plan is not None
    return plan


@pytest.mark.parametrize("name", recipes.NAMES)
def test_a_recipes_network_has_the_tutorials_parameters(name: str) -> None:
    options = recipes.options(name)
    assert summarise(options.architecture, input_spec(options).size, recipes.load(name).classes).parameters == PARAMETERS[name]


def test_the_tutorials_numbers() -> None:
    """What the texts say beside the network: input, optimiser, batch, augmentation."""
    photo = InputSpec(size=150, resize_to=150, geometry="stretch")
    assert {scratch(name).input for name in ("cnn-binary", "cnn-sgd", "cnn-4block", "cnn-4block-augmented")} == {photo}
    assert scratch("cnn-sgd").optimiser == OptimiserOptions("sgd", rate=0.01, momentum=0.9)
    assert scratch("cnn-sgd").patience is not None
    assert scratch("cnn-4block").optimiser == scratch("cnn-4block-augmented").optimiser == OptimiserOptions("rmsprop", rate=1e-4)
    augment = scratch("cnn-4block-augmented").augment
    assert (augment.rotation, augment.shift, augment.shear, augment.zoom, augment.flip) == (40, 0.2, 0.2, 0.2, True)
    assert recipes.options("fine-tune").fine_tune.blocks == 3
    assert recipes.options("full").fine_tune.blocks == ALL_BLOCKS


def test_what_the_command_line_changes_is_changed_and_nothing_else() -> None:
    plain, changed = scratch("cnn-4block-augmented"), scratch("cnn-4block-augmented", epochs=3, batch=7, rate=0.5, fill="wrap", patience=2)
    assert changed.augment == replace(plain.augment, fill="wrap")
    assert changed.optimiser == replace(plain.optimiser, rate=0.5)
    assert (changed.epochs, changed.batch, changed.patience) == (3, 7, 2)
    assert replace(changed, augment=plain.augment, optimiser=plain.optimiser, epochs=100, batch=32, patience=None) == plain
    assert recipes.options("fine-tune", rate=1e-5, blocks=1).fine_tune.rate == 1e-5
    assert input_spec(recipes.options("cnn-sgd", TrainOptions(size=96))) == InputSpec(size=96, resize_to=96, geometry="stretch")
    assert input_spec(TrainOptions(size=112)) == InputSpec(size=112, resize_to=128)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("features", {"epochs": 3}), "the recipe features has no use for epochs"),
        (("fine-tune", {"fill": "wrap"}), "the recipe fine-tune has no use for fill"),
        (("mnist", {"blocks": 3}), "the recipe mnist has no use for blocks"),
        (("cnn4block", {}), "no recipe named 'cnn4block'. Did you mean cnn-4block"),
        (("cifar", {"base": TrainOptions(backbone="resnet18")}), "has a network of its own, --backbone resnet18 can't be that"),
    ],
)
def test_what_makes_no_sense_is_refused(words: tuple[str, dict[str, object]], sentence: str) -> None:
    with pytest.raises(UsageError) as refused:
        recipes.options(words[0], **words[1])  # type: ignore[arg-type]
    assert sentence in str(refused.value)


def test_the_rate_rises_and_falls() -> None:
    options = OptimiserOptions("sgd", rate=2.0, schedule="cosine", warmup=0.2)
    assert [round(rate_at(done, options), 6) for done in (0, 0.1, 0.2, 0.6, 1)] == [0.002, 1.0, 2.0, 1.0, 0.0]
    assert {rate_at(done, OptimiserOptions("sgd", rate=0.1)) for done in (0, 0.5, 1)} == {0.1}


@pytest.mark.slow
@pytest.mark.parametrize("name", PROVEN)
def test_a_run_by_each_recipe_becomes_a_proven_bundle(name: str, demo: Path, tmp_path: Path) -> None:
    photos = copy_photos(
        demo, tmp_path / "photos", {"brick": 9, "gravel": 9} if recipes.load(name).classes == 2 else {"brick": 9, "gravel": 9, "grass": 9}
    )
    plan = recipes.options(name, TrainOptions(device="cpu", size=SMALL.get(name)), epochs=2, batch=4)
    with one_thread():
        result = train.run(photos, tmp_path / "run", plan)
        shipped = ship(str(result.out), tmp_path / "run.bundle", ShipOptions(browsers=()))
    assert shipped.left_out == {}
    proven = {key.partition("/")[2] for key, row in shipped.report.runtimes.items() if row.status == "pass"}
    assert proven >= {f"{kind}-{precision}" for kind in ("onnx", "tflite", "tfjs") for precision in ("fp32", "fp16")}
    network, spec = load_run(result.out)
    assert spec.provenance.recipe == name
    noise = torch.rand(8, spec.input.size, spec.input.size, 3, generator=torch.Generator().manual_seed(0)) * torch.arange(32, 257, 32).view(
        8, 1, 1, 1
    )
    with torch.inference_mode():
        assert network(noise).softmax(1)[:, 0].std() > 1e-4  # an answer that depends on nothing would prove nothing


@pytest.mark.slow
def test_training_from_scratch_learns_and_writes_down_how(demo: Path, tmp_path: Path) -> None:
    plan = recipes.options("small-resnet", TrainOptions(device="cpu", size=48), epochs=10, batch=16, rate=4e-3)
    with one_thread():
        result = train.run(demo, tmp_path / "run", plan)
    assert result.test.accuracy >= 0.8  # measured 0.98; a third is chance
    with (result.out / "history.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [(row["phase"], row["step"]) for row in rows] == [("scratch", str(epoch)) for epoch in range(1, 11)]
    best = min(range(10), key=lambda at: float(rows[at]["validation_loss"]))
    assert result.validation.accuracy == float(rows[best]["validation_accuracy"])
    assert load_run(result.out)[1].model.heatmap == (2, 2)
    page = result.report.read_text(encoding="utf-8")
    assert "learnt from scratch" in page
    assert f"From scratch: 10 epochs, training figures on augmented photos. Best epoch {best + 1}," in page


@pytest.mark.slow
def test_early_stopping_stops(demo: Path, tmp_path: Path) -> None:
    photos = copy_photos(demo, tmp_path / "photos", {"brick": 9, "gravel": 9})
    plan = recipes.options("cnn-sgd", TrainOptions(device="cpu", size=32), epochs=30, batch=4, rate=1e-12, patience=2)
    with one_thread():
        result = train.run(photos, tmp_path / "run", plan)
    assert len((result.out / "history.csv").read_text().splitlines()) - 1 < 30  # nothing gets better at that rate


@pytest.mark.slow
def test_a_training_that_diverges_says_so(demo: Path, tmp_path: Path) -> None:
    photos = copy_photos(demo, tmp_path / "photos", {"brick": 9, "gravel": 9})
    plan = recipes.options("cnn-sgd", TrainOptions(device="cpu", size=32), epochs=3, batch=4, rate=1e12)
    with (
        one_thread(),
        pytest.raises(
            SafelightError, match=r"diverged in epoch 1: its loss is (nan|inf)\. Remove .*run\.training, and choose a --rate below 1e\+12"
        ),
    ):
        train.run(photos, tmp_path / "run", plan)
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_photos_beyond_the_memory_lie_in_a_file_and_teach_the_same(demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    photos = copy_photos(demo, tmp_path / "photos", {"brick": 9, "gravel": 9})
    weights = []
    for memory in (2**30, 0):
        monkeypatch.setattr(pixels, "MEMORY", memory)
        with one_thread():
            result = train.run(
                photos, tmp_path / str(memory), recipes.options("small-resnet", TrainOptions(device="cpu", size=32), epochs=1)
            )
        weights.append((result.out / "model.safetensors").read_bytes())
    assert weights[0] == weights[1]
    assert not list(tmp_path.glob("*.training"))


@pytest.mark.slow
def test_random_views_teach_the_head_and_are_kept(demo: Path, cache: Path, tmp_path: Path) -> None:
    photos = copy_photos(demo, tmp_path / "photos", {"brick": 9, "gravel": 9})
    decoded, weights = [], []
    for name in ("features", "features-augmented"):
        result = train.run(photos, tmp_path / name, recipes.options(name, TrainOptions(device="cpu", cache=cache)))
        decoded.append(result.decoded)
        weights.append((result.out / "model.safetensors").read_bytes())
    assert weights[0] != weights[1]
    assert decoded[1] == 0  # the plain views are kept, whoever computed them


@pytest.fixture
def say(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """What a command prints; in this process, for torch is loaded here already."""

    def say(*words: object) -> str:
        monkeypatch.setattr(sys, "argv", ["safelight", *map(str, words)])
        main()
        return capsys.readouterr().out

    return say


def test_recipes_are_listed_a_line_each(say: Callable[..., str]) -> None:
    listed = say("recipes").splitlines()
    assert [line.split()[0] for line in listed[:-1]] == list(recipes.NAMES)
    assert "  9,494,561 parameters  three conv blocks" in next(line for line in listed if line.startswith("cnn-binary "))


def test_a_recipes_and_a_backbones_network_are_shown(say: Callable[..., str]) -> None:
    shown = say("summary", "cnn-4block")
    assert "128 × 15 × 15      147,584" in shown
    assert shown.split()[-1] == "3,453,121"
    assert say("summary", "cnn-4block", "--classes", 5).split()[-1] == "3,455,173"  # 512 weights and a bias for each of 4 more
    assert say("summary", "efficientnet_lite0").split()[-1] == "4,652,008"


@pytest.mark.slow
def test_a_runs_network_is_shown(say: Callable[..., str], trained: train.TrainResult) -> None:
    shown = say("summary", trained.out)
    assert shown.startswith("efficientnet_lite0, 224 × 224 pixels, 3 classes")
    assert "1280 × 7 × 7" in shown


def test_what_is_nothing_is_not_shown(say: Callable[..., str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        say("summary", "nowhere")
    assert left.value.code == 2
    assert "neither a recipe nor a run's folder nor a backbone" in capsys.readouterr().err
