"""A folder with one fault of each kind that the page shows, and the page's server."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from safelight.decode import DEFAULT_LIMITS
from tests.train.conftest import copy_photos
from train.cleaning.journal import Journal
from train.cleaning.server import CleanServer
from train.cleaning.workbench import Workbench
from train.inspection.inspection import InspectOptions, inspect


@pytest.fixture
def faulty(demo: Path, tmp_path: Path) -> Path:
    """train and test folders: a leak, a photo in two classes, two copies in one class, a broken file with a name like markup."""
    folder = tmp_path / "photos"
    for split, counts in {"train": {"brick": 6, "gravel": 6}, "test": {"brick": 2, "gravel": 2}}.items():
        copy_photos(demo, folder / split, counts)
    for path in (folder / "test").rglob("*.jpg"):
        path.unlink()
    brick, gravel = sorted((folder / "train/brick").iterdir()), sorted((folder / "train/gravel").iterdir())
    shutil.copy(gravel[0], folder / "test/gravel/leak.jpg")
    shutil.copy(gravel[1], folder / "train/brick/conflict.jpg")
    shutil.copy(brick[2], folder / "train/brick/copy.jpg")
    (folder / "test/brick/<b>broken.jpg").write_bytes(brick[3].read_bytes()[:700])
    return folder


@pytest.fixture
def server(faulty: Path) -> Iterator[CleanServer]:
    found = inspect(faulty, InspectOptions(labels=False))
    with CleanServer(Workbench(found, Journal(faulty), DEFAULT_LIMITS)) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()
