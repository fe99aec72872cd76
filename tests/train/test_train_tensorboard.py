"""TensorBoard's logs: read back by TensorBoard where it is installed, and refused in one sentence before any work where it isn't."""

from __future__ import annotations

import csv
import importlib.util
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import astuple
from pathlib import Path

import pytest

import train
from safelight.errors import UsageError
from train import pipeline, recipes
from train.fit import Point
from train.options import TrainOptions
from train.tensorboard import logging

HAS = importlib.util.find_spec("tensorboard") is not None
HISTORY = [
    Point("head", 0.1, 1, 1.5, 1.25, 0.5, 0.25),
    Point("head", 0.01, 1, 1.0, 1.125, 0.75, 0.5),
    Point("fine-tune", 0.01, 1, 0.5, 1, 1, 1),
]
READ = """
import json, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
events = EventAccumulator(sys.argv[1]); events.Reload()
print(json.dumps({tag: [[one.step, one.value] for one in events.Scalars(tag)] for tag in events.Tags()["scalars"]}))
"""


def read(folder: Path) -> dict[str, list[list[float]]]:
    """In a process of its own: TensorBoard warns of what it imports."""
    done = subprocess.run([sys.executable, "-c", READ, str(folder)], capture_output=True, text=True, check=True)
    found: dict[str, list[list[float]]] = json.loads(done.stdout.splitlines()[-1])
    return found


def write(folder: Path, history: list[Point]) -> None:
    with logging(folder) as watch:
        for point in history:
            watch(point)


@pytest.mark.skipif(not HAS, reason="TensorBoard is not installed (the extra tensorboard)")
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_tensorboard_reads_each_point_once_and_a_second_log_replaces_the_first(tmp_path: Path) -> None:
    write(tmp_path / "run", HISTORY)
    write(tmp_path / "run", HISTORY[:2])
    assert read(tmp_path / "run" / "train") == {"head/loss": [[1, 1.5], [2, 1.0]], "head/accuracy": [[1, 0.5], [2, 0.75]]}
    assert read(tmp_path / "run" / "validation") == {"head/loss": [[1, 1.25], [2, 1.125]], "head/accuracy": [[1, 0.25], [2, 0.5]]}


@pytest.mark.skipif(HAS, reason="TensorBoard is installed")
def test_without_tensorboard_nothing_is_begun(photos: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"pip install 'safelight\[tensorboard\]'"):
        train.run(photos, tmp_path / "run", TrainOptions(cache=None, tensorboard=tmp_path / "logs"))
    assert {path.name for path in tmp_path.iterdir()} == {"photos"}


@pytest.mark.parametrize("folder", [".", "photos/logs"])
def test_a_log_in_the_run_or_among_the_photos_is_refused(photos: Path, tmp_path: Path, folder: str) -> None:
    with pytest.raises(UsageError, match="Choose another folder"):
        train.run(photos, tmp_path / "run", TrainOptions(cache=None, tensorboard=tmp_path / folder))
    assert {path.name for path in tmp_path.iterdir()} == {"photos"}


@pytest.mark.slow
@pytest.mark.parametrize(("recipe", "epochs"), [("features", None), ("mnist", 2)])
def test_every_point_of_the_history_is_told(
    recipe: str, epochs: int | None, photos: Path, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Point] = []

    @contextmanager
    def listening(folder: Path | None) -> Iterator[Callable[[Point], None]]:
        yield told.append

    monkeypatch.setattr(pipeline, "logging", listening)
    result = train.run(photos, tmp_path / "run", recipes.options(recipe, TrainOptions(cache=cache), epochs=epochs))
    with (result.out / "history.csv").open(encoding="utf-8", newline="") as stream:
        rows = [list(row.values()) for row in csv.DictReader(stream)]
    assert len(rows) >= 2
    assert [[str(value) for value in astuple(point)] for point in told] == rows


def test_nothing_is_logged_unless_asked_for() -> None:
    with logging(None) as watch:
        watch(HISTORY[0])
