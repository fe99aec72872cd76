"""A training that is killed and goes on ends with the same bytes; what can't go on is refused and nothing is lost."""

from __future__ import annotations

import os
import re
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from rich.console import Console

import train
from safelight.errors import DataError, SafelightError, UsageError
from safelight.threads import one_thread
from tests.train.conftest import copy_photos
from train import recipes
from train.options import TrainOptions
from train.resume import Keeper, keep

RECIPE, SIZE, EPOCHS, BATCH = "small-resnet", 32, 4, 8  # with dropout, mixing, random views and averaged weights: all chance there is


def options(**changes: object) -> TrainOptions:
    return recipes.options(RECIPE, TrainOptions(size=SIZE, device="cpu", **changes), epochs=EPOCHS, batch=BATCH)  # type: ignore[arg-type]


def kill_after(epoch: int, photos: Path, out: Path, *words: str) -> None:
    """Train in a process of its own and kill it, with no time to say farewell, in the epoch after this one."""
    command = [sys.executable, "-m", "safelight", "train", str(photos), "--out", str(out), "--recipe", RECIPE, "--device", "cpu"]
    command += ["--size", str(SIZE), "--epochs", str(EPOCHS), "--batch", str(BATCH), *words]
    alone = {**os.environ, "OMP_NUM_THREADS": "1"}  # see the fixture
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=alone) as process:
        assert process.stderr is not None
        said = []
        for line in process.stderr:
            said.append(line)
            if re.match(rf"\s+epoch {epoch}:", line):
                process.kill()
                break
    assert process.returncode == -signal.SIGKILL, "".join(said)


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def alone() -> Iterator[None]:
    """One thread: on a busy machine two that wait for each other at every layer take 20 times as long."""
    with one_thread():
        yield


@pytest.fixture(scope="module")
def few(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_photos(demo, tmp_path_factory.mktemp("few") / "photos", {"brick": 16, "gravel": 16})


@pytest.mark.slow
@pytest.mark.usefixtures("alone")
def test_killed_twice_it_ends_with_the_bytes_of_a_training_that_was_not(few: Path, tmp_path: Path) -> None:
    whole = train.run(few, tmp_path / "whole" / "run", options())
    out = tmp_path / "killed" / "run"
    kill_after(1, few, out)
    kill_after(2, few, out, "--resume")
    assert not out.exists()
    resumed = train.run(few, out, options(resume=True))
    assert files(resumed.out) == files(whole.out)
    assert not out.with_name("run.training").exists()


@pytest.mark.slow
@pytest.mark.usefixtures("alone")
def test_another_seed_gives_other_weights(few: Path, tmp_path: Path) -> None:
    """Or the test above would compare nothing."""
    weights = [train.run(few, tmp_path / str(seed), options(seed=seed)).out / "model.safetensors" for seed in (0, 1)]
    assert weights[0].read_bytes() != weights[1].read_bytes()


class Impatient(Console):
    """Presses Ctrl-C when an epoch is told."""

    def __init__(self, press: Callable[[], None], epoch: int) -> None:
        super().__init__(quiet=True)
        self.press, self.epoch = press, epoch

    def print(self, *words: object, **style: object) -> None:  # type: ignore[override]
        if f"epoch {self.epoch}:" in str(words):
            self.press()


@pytest.mark.slow
@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize("recipe", ["fine-tune", "cifar-resnet"])
def test_stopped_by_hand_it_leaves_the_best_run_and_goes_on(
    recipe: str, ctrl_c: Callable[[], None], few: Path, cache: Path, tmp_path: Path
) -> None:
    base = TrainOptions(device="cpu", cache=cache)
    plan = recipes.options(recipe, base, epochs=2, batch=8)
    whole = train.run(few, tmp_path / "whole" / "run", plan)
    out = tmp_path / "stopped" / "run"
    stopped = train.run(few, out, plan, Impatient(ctrl_c, 1))
    assert stopped.interrupted
    assert "stopped by hand" in stopped.report.read_text()
    with pytest.raises(UsageError, match=r"unfinished training\. Go on with --resume"):
        train.run(few, out, plan)
    resumed = train.run(few, out, recipes.options(recipe, TrainOptions(device="cpu", cache=cache, resume=True), epochs=2, batch=8))
    assert files(resumed.out) == files(whole.out)


@pytest.mark.slow
@pytest.mark.usefixtures("alone")
def test_other_photos_or_options_are_not_resumed(ctrl_c: Callable[[], None], few: Path, tmp_path: Path) -> None:
    photos, out = tmp_path / "photos", tmp_path / "run"
    shutil.copytree(few, photos)
    train.run(photos, out, options(), Impatient(ctrl_c, 1))
    before = files(out.with_name("run.training"))
    with pytest.raises(UsageError, match=r"with other options: seed was 0, is 3\. Resume with the same"):
        train.run(photos, out, options(seed=3, resume=True))
    next((photos / "brick").iterdir()).unlink()
    with pytest.raises(DataError, match="a training on other photos"):
        train.run(photos, out, options(resume=True))
    assert files(out.with_name("run.training")) == before


def test_what_is_finished_is_not_resumed_and_what_never_began_begins(tmp_path: Path) -> None:
    assert keep(tmp_path / "new", {}, resume=True).begin("") is None
    (tmp_path / "spec.json").touch()
    with pytest.raises(UsageError, match="nothing to resume"):
        keep(tmp_path, {}, resume=True)


@pytest.fixture
def kept(tmp_path: Path) -> Keeper:
    keeper = keep(tmp_path / "run", {"seed": "0"}, resume=False)
    keeper.begin("photos")
    keeper.save({"epoch": 1, "network": {"weight": torch.arange(1000.0)}})
    return keeper


def test_a_checkpoint_comes_back_as_it_was(kept: Keeper, tmp_path: Path) -> None:
    state = keep(tmp_path / "run", {"seed": "0"}, resume=True).begin("photos")
    assert state is not None
    assert state["epoch"] == 1
    assert torch.equal(state["network"]["weight"], torch.arange(1000.0))


def test_only_what_is_ours_is_removed(kept: Keeper) -> None:
    (kept.folder / "thesis.txt").touch()
    kept.clear()
    assert list(files(kept.folder)) == ["thesis.txt"]
    (kept.folder / "thesis.txt").unlink()
    kept.clear()
    assert not kept.folder.exists()


def test_a_disk_that_takes_no_more_leaves_the_last_checkpoint(kept: Keeper) -> None:
    """A limit on the size of files is as real as a full disk: the write ends in the middle with an OSError."""
    before, (soft, hard) = files(kept.folder), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(SafelightError, match=r"can't be kept in .*run\.training: File too large\. The checkpoint before is intact"):
            kept.save({"epoch": 2, "network": {"weight": torch.zeros(100_000)}})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert files(kept.folder) == before


@pytest.mark.parametrize(
    "spoil", [lambda data: data[:-200], lambda data: b"", lambda data: b"no checkpoint", lambda data: data[:900] + data[1000:]]
)
def test_a_damaged_checkpoint_is_one_sentence(kept: Keeper, tmp_path: Path, spoil: Callable[[bytes], bytes]) -> None:
    kept.path.write_bytes(spoil(kept.path.read_bytes()))
    with pytest.raises(SafelightError, match=r"checkpoint\.pt can't be read: .*\. Remove .*run\.training to begin again"):
        keep(tmp_path / "run", {"seed": "0"}, resume=True)


def test_a_checkpoint_runs_no_code(kept: Keeper, tmp_path: Path) -> None:
    torch.save({"options": {}, "photos": "", "threads": Path}, kept.path)
    with pytest.raises(SafelightError, match="can't be read"):
        keep(tmp_path / "run", {"seed": "0"}, resume=True)
