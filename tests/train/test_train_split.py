from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safelight.errors import DataError, UsageError
from train.data import SPLITS, Photo, Split
from train.options import SplitOptions
from train.split import cut, data_sha256

CLASSES = ("cats", "dogs")


def photo(label: str, content: int, copy: int = 0, split: Split | None = None) -> Photo:
    name = f"{split or ''}/{label}/{content}-{copy}.jpg"
    return Photo(Path(name), name, label, split, f"{content:064x}")


def hundred(label: str, first: int) -> list[Photo]:
    return [photo(label, first + index) for index in range(100)]


PHOTOS = [*hundred("cats", 0), *hundred("dogs", 1000)]


def test_each_class_is_shared_out_70_15_15() -> None:
    splits = cut(PHOTOS, CLASSES, SplitOptions(), seed=0)
    counts = {split: Counter(photo.label for photo in splits.photos[split]) for split in SPLITS}
    assert counts == {split: {"cats": share, "dogs": share} for split, share in zip(SPLITS, (70, 15, 15), strict=True)}


@given(st.lists(st.tuples(st.sampled_from(CLASSES), st.integers(0, 40), st.sampled_from([None, *SPLITS])), max_size=120), st.integers(0, 9))
def test_no_content_is_ever_on_two_sides(rows: list[tuple[str, int, Split | None]], seed: int) -> None:
    rows = [*rows, *[(label, 100 + index + 10 * (label == "dogs"), None) for label in CLASSES for index in range(9)]]
    splits = cut([photo(label, content, copy, split) for copy, (label, content, split) in enumerate(rows)], CLASSES, SplitOptions(), seed)
    contents = {split: {photo.sha256 for photo in splits.photos[split]} for split in SPLITS}
    assert all(not contents[one] & contents[other] for one, other in itertools.combinations(SPLITS, 2))
    labels = {(photo.sha256, photo.label) for _, photo in splits.everything()}
    assert len(labels) == len({digest for digest, _ in labels})


def test_the_split_depends_on_the_seed_and_not_on_names_or_order() -> None:
    renamed = [replace(photo, name=f"{photo.label}/{999 - index}") for index, photo in enumerate(PHOTOS)][::-1]
    sides = [{(split, photo.sha256) for split, photo in cut(each, CLASSES, SplitOptions(), 3).everything()} for each in (PHOTOS, renamed)]
    assert sides[0] == sides[1]
    assert sides[0] != {(split, photo.sha256) for split, photo in cut(PHOTOS, CLASSES, SplitOptions(), 4).everything()}


def test_copies_stay_together_and_are_reported() -> None:
    copies = [photo("cats", 5, copy) for copy in range(1, 8)]
    splits = cut([*PHOTOS, *copies], CLASSES, SplitOptions(), seed=0)
    assert len({split for split, each in splits.everything() if each.sha256 == copies[0].sha256}) == 1
    assert [len(group) for group in splits.copies] == [8]


def test_one_photo_under_two_labels_is_left_out_and_reported() -> None:
    splits = cut([*PHOTOS, photo("dogs", 5)], CLASSES, SplitOptions(), seed=0)
    assert [[each.label for each in group] for group in splits.conflicts] == [["cats", "dogs"]]
    assert photo("cats", 5).sha256 not in {each.sha256 for _, each in splits.everything()}


def test_given_splits_are_kept_and_the_missing_one_comes_from_train() -> None:
    tests = [photo(label, 5000 + index + 100 * (label == "dogs"), split="test") for label in CLASSES for index in range(30)]
    splits = cut([*[replace(each, split="train") for each in PHOTOS], *tests], CLASSES, SplitOptions(), seed=0)
    assert sorted(splits.photos["test"], key=lambda each: each.name) == sorted(tests, key=lambda each: each.name)
    assert (len(splits.photos["train"]), len(splits.photos["validation"])) == (170, 30)


def test_a_photo_in_two_given_splits_stays_in_the_later_one_alone() -> None:
    rows = [*[replace(each, split="train") for each in PHOTOS], photo("cats", 7, split="test"), photo("dogs", 5000, split="test")]
    splits = cut(rows, CLASSES, SplitOptions(), seed=0)
    assert [split for split, each in splits.everything() if each.sha256 == photo("cats", 7).sha256] == ["test"]
    assert len(splits.straddling) == 1


def test_a_class_with_too_few_photos_is_named() -> None:
    with pytest.raises(DataError, match="'dogs' has 2 different usable photos; it needs at least 3"):
        cut([*hundred("cats", 0), photo("dogs", 500), photo("dogs", 501), photo("dogs", 501, 1)], CLASSES, SplitOptions(), seed=0)


def test_three_photos_are_one_for_each_split() -> None:
    splits = cut([photo(label, index + 10 * (label == "dogs")) for label in CLASSES for index in range(3)], CLASSES, SplitOptions(), seed=0)
    assert [len(splits.photos[split]) for split in SPLITS] == [2, 2, 2]


def test_the_fingerprint_is_of_contents_and_labels_alone() -> None:
    splits = cut(PHOTOS, CLASSES, SplitOptions(), seed=0)
    again = cut([replace(each, name=each.name + "x") for each in PHOTOS], CLASSES, SplitOptions(), seed=1)
    other = cut([*PHOTOS, photo("cats", 9999)], CLASSES, SplitOptions(), seed=0)
    assert data_sha256(splits.everything()) == data_sha256(again.everything()) != data_sha256(other.everything())


def test_shares_that_do_not_add_up_are_refused() -> None:
    with pytest.raises(UsageError, match="add up to 1"):
        SplitOptions(train=0.9)
