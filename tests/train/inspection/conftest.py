"""The planted set, once a session: from cats and dogs where they are beside the checkout, else from what scikit-image brings."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import SHARED
from tests.train.inspection.planting import Planted, plant
from train.inspection.inspection import Inspection, InspectOptions, inspect
from train.options import TrainOptions

EACH = 80  # photos of a class


@pytest.fixture(scope="session", params=["cats and dogs", "surfaces"])
def planted(request: pytest.FixtureRequest, demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Planted:
    """20 exact and 20 near duplicates, 10 corrupt files and 10 wrong labels."""
    folder = tmp_path_factory.mktemp("planted") / "photos"
    if request.param == "surfaces":
        surfaces = {path.name: sorted(path.iterdir())[:40] for path in sorted((demo / "train").iterdir())}
        return plant(surfaces, folder)
    source = SHARED / "cats_and_dogs_small" / "train"
    if not source.is_dir():
        pytest.skip("needs the cats-vs-dogs photos beside the checkout (shared/data/cats_and_dogs_small)")
    return plant({label: sorted((source / label).iterdir())[:EACH] for label in ("cats", "dogs")}, folder)


@pytest.fixture(scope="session")
def inspected(planted: Planted, cache: Path) -> Inspection:
    """All of it, labels too."""
    return inspect(planted.folder, InspectOptions(labels=True, training=TrainOptions(cache=cache)))
