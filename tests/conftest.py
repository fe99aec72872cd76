"""Fixtures that several packages' tests share: one real bundle, proven by the Python runtimes, for the whole session."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import msgspec
import pytest

from export.ship import ShipOptions, ship
from safelight.bundle import open_bundle, record_of
from safelight.spec import SPEC_NAME, ModelFile, Spec, dump

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What needs a whole export is slow, so that the quick tests stay within two minutes."""
    for item in items:
        if {"bundle", "exported_run"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """EfficientNet-Lite0 with its 1000 ImageNet classes and feature maps, every format and precision."""
    out = tmp_path_factory.mktemp("bundles") / "imagenet.bundle"
    ship("efficientnet_lite0", out, ShipOptions(browsers=(), feature_maps=("auto",)))
    return out


@pytest.fixture
def copy(bundle: Path, tmp_path: Path) -> Path:
    """A copy of the bundle to damage; untouched files are hard links, so replace files, never write into them."""
    out = tmp_path / "copy.bundle"
    shutil.copytree(bundle, out, copy_function=os.link)
    return out


@pytest.fixture(scope="session")
def cats_and_dogs() -> Path:
    """The classic small cats-vs-dogs split; the test skips where the shared photo sets are not beside the checkout."""
    folder = SHARED / "cats_and_dogs_small"
    if not folder.is_dir():
        pytest.skip("needs the cats-vs-dogs photos beside the checkout (shared/data/cats_and_dogs_small)")
    return folder


def replace(path: Path, data: bytes) -> None:
    """Put new bytes in a file's place without touching what it may be linked to."""
    path.unlink()
    path.write_bytes(data)


def reseal(folder: Path, **changes: object) -> Spec:
    """Write the spec with `changes` and the checksums of the files as they are now: a forger's bundle."""
    spec = msgspec.structs.replace(open_bundle(folder, check=False).spec, **changes)
    files = tuple(_with_checksums(file, folder) for file in spec.files)
    spec = msgspec.structs.replace(spec, files=files)
    replace(folder / SPEC_NAME, dump(spec))
    return spec


def _with_checksums(file: ModelFile, folder: Path) -> ModelFile:
    return msgspec.structs.replace(file, parts=tuple(record_of(folder / part.path, folder) for part in file.parts))
