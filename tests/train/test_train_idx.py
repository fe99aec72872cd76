"""MNIST's four files are a photo set: the right digits with the right labels; damaged ones are one sentence."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import train
from safelight.errors import DataError
from safelight.threads import one_thread
from tests.conftest import SHARED
from train import recipes
from train.data import fingerprint, pixels_of, survey
from train.idx import read_idx
from train.options import TrainOptions


def idx(values: NDArray[np.uint8]) -> bytes:
    """The format, written down a second time: the magic number's last byte counts the axes."""
    return struct.pack(f">HBB{values.ndim}I", 0, 8, values.ndim, *values.shape) + values.tobytes()


def digits(folder: Path, suffix: str = ".gz", count: int = 30) -> Path:
    """Pictures of three classes that a network can tell apart: bright rows at three heights, noise around them."""
    folder.mkdir(exist_ok=True)
    for stem, seed in (("train", 0), ("t10k", 1)):
        random = np.random.default_rng(seed)
        labels = np.arange(count, dtype=np.uint8) % 3
        pictures = random.integers(0, 60, (count, 28, 28), np.uint8)
        for label, picture in zip(labels, pictures, strict=True):
            picture[4 + 8 * label : 8 + 8 * label, 4:24] = 255
        for what, values in (("images-idx3", pictures), ("labels-idx1", labels)):
            data = idx(values)
            (folder / f"{stem}-{what}-ubyte{suffix}").write_bytes(gzip.compress(data) if suffix else data)
    return folder


@pytest.mark.parametrize("suffix", [".gz", ""])
def test_the_four_files_are_a_photo_set_with_its_splits(tmp_path: Path, suffix: str) -> None:
    found = survey(digits(tmp_path, suffix))
    assert found.classes == ("0", "1", "2")
    assert [(one.split, one.label) for one in found.found[:4]] == [("train", "0"), ("train", "1"), ("train", "2"), ("train", "0")]
    assert sum(one.split == "test" for one in found.found) == 30
    photos, skipped = fingerprint(found.found)
    assert not skipped
    assert len({photo.sha256 for photo in photos}) == 60
    pixels = pixels_of(photos[1])
    assert pixels.shape == (28, 28, 3)
    assert (pixels[12:16, 4:24] == 255).all()
    assert (pixels[4:8].mean(), pixels[20:24].mean()) < (100, 100)


@pytest.mark.slow
def test_the_mnist_recipe_learns_from_idx_files_and_reports_them(tmp_path: Path) -> None:
    plan = recipes.options("mnist", TrainOptions(device="cpu"), epochs=6, batch=8)
    with one_thread():
        result = train.run(digits(tmp_path / "digits"), tmp_path / "run", plan)
    assert result.test.accuracy == 1.0
    assert "train-images-idx3-ubyte.gz/00001,1,train," in (result.out / "splits.csv").read_text()


SPOILT: dict[str, tuple[str, Callable[[Path], object], str]] = {
    "a label too many": (
        "train-labels-idx1-ubyte",
        lambda path: path.write_bytes(idx(np.zeros(31, np.uint8))),
        "30 pictures, .* 31 labels",
    ),
    "no labels": ("t10k-labels-idx1-ubyte", Path.unlink, "not its pair"),
    "cut": ("train-images-idx3-ubyte", lambda path: path.write_bytes(path.read_bytes()[:-1]), "fewer than the 23,520 values"),
    "too long": ("train-images-idx3-ubyte", lambda path: path.write_bytes(path.read_bytes() + b"x"), "more than the 23,520 values"),
    "something else": ("train-images-idx3-ubyte", lambda path: path.write_bytes(b"\x89PNG\r\n"), "is not an idx file of bytes with 3 axes"),
    "huge": ("train-images-idx3-ubyte", lambda path: path.write_bytes(b"\0\0\x08\x03" + b"\xff" * 12), "the limit is 2,147,483,648"),
    "no header": ("train-images-idx3-ubyte", lambda path: path.write_bytes(b"\0\0\x08\x03\0"), "can't be read"),
    "empty": ("train-images-idx3-ubyte", lambda path: path.write_bytes(idx(np.zeros((0, 28, 28), np.uint8))), "holds no pictures"),
}


@pytest.mark.parametrize("name", SPOILT)
def test_damaged_files_are_one_sentence(tmp_path: Path, name: str) -> None:
    file, spoil, sentence = SPOILT[name]
    digits(tmp_path, suffix="")
    spoil(tmp_path / file)
    with pytest.raises(DataError, match=sentence):
        survey(tmp_path)


def test_a_damaged_archive_is_one_sentence(tmp_path: Path) -> None:
    for path in sorted(digits(tmp_path).iterdir()):
        path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(DataError, match=r"can't be read: .*Download it again"):
        survey(tmp_path)


def test_mnist_itself_is_read() -> None:
    folder = SHARED / "mnist"
    if not folder.is_dir():
        pytest.skip("needs MNIST's files beside the checkout (shared/data/mnist)")
    pictures, labels = (read_idx(folder / f"t10k-{what}-ubyte.gz", axes) for what, axes in (("images-idx3", 3), ("labels-idx1", 1)))
    assert pictures.shape == (10_000, 28, 28)
    assert labels[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]  # as everybody prints them
