"""The augmentation's preview shows what the recipe does, and what was learnt from where that can be told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from safelight.decode import decode
from safelight.resize import resize
from train import recipes
from train.augment import augment
from train.contract import input_spec
from train.data import Photo, fingerprint, survey
from train.options import TrainOptions
from train.preview import PHOTOS, VIEWS, preview


def hashed(photos: Path) -> list[Photo]:
    return fingerprint(survey(photos).found)[0]


@pytest.mark.parametrize(
    ("recipe", "views"),
    [("cnn-4block-augmented", VIEWS), ("small-resnet", VIEWS), ("mnist-augmented", VIEWS), ("fine-tune", VIEWS), ("features-augmented", 4)],
)
def test_photos_of_different_classes_are_shown_with_different_views(photos: Path, recipe: str, views: int) -> None:
    options = recipes.options(recipe)
    spec = input_spec(options)
    rows = preview(hashed(photos), spec, options)
    assert [row.photo.label for row in rows] == ["brick", "grass", "gravel", "brick"]
    assert len(rows) == PHOTOS
    for row in rows:
        assert np.array_equal(row.plain, resize(decode(row.photo.path), spec))
        assert len(row.views) == views
        pictures = [row.plain, *row.views]
        assert {picture.shape for picture in pictures} == {(spec.size, spec.size, 3)}
        assert len({picture.tobytes() for picture in pictures}) == views + 1, "each is another"


@pytest.mark.parametrize("recipe", ["cnn-4block", "features"])
def test_recipes_without_augmentation_show_none(photos: Path, recipe: str) -> None:
    options = recipes.options(recipe)
    assert preview(hashed(photos), input_spec(options), options) == ()


def test_fine_tunings_views_are_those_of_its_first_epochs(photos: Path) -> None:
    options = recipes.options("fine-tune", TrainOptions(seed=3))
    spec = input_spec(options)
    row = preview(hashed(photos), spec, options)[0]
    random = np.random.default_rng([3, 2, int(row.photo.sha256[:16], 16)])  # seed, epoch, photo
    assert np.array_equal(row.views[1], augment(decode(row.photo.path), spec, random).round().byte().numpy())


def test_flips_alone_show_the_mirrored_photo(photos: Path) -> None:
    options = recipes.options("features", flips=True)
    row = preview(hashed(photos), input_spec(options), options)[0]
    assert np.array_equal(row.views[0], row.plain[:, ::-1])


def test_a_photo_that_vanished_is_passed_over(photos: Path) -> None:
    options = recipes.options("cnn-4block-augmented")
    found = hashed(photos)
    gone = [replace(photo, path=photo.path.with_name("gone.jpg")) if photo.label == "brick" else photo for photo in found]
    assert [row.photo.label for row in preview(gone, input_spec(options), options)] == ["grass", "gravel", "grass", "gravel"]
