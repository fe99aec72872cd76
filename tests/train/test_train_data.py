from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from safelight.decode import Limits
from safelight.errors import DataError
from train.data import fingerprint, survey


def test_subfolders_are_the_classes_and_hidden_ones_are_not(messy: Path) -> None:
    found = survey(messy)
    assert found.classes == ("brick", "gravel", "wet-grass")
    assert not any("hidden" in photo.name for photo in found.found)


def test_nested_photos_belong_to_their_class(messy: Path) -> None:
    assert [photo.label for photo in survey(messy).found if photo.name == "brick/deep/found.JPG"] == ["brick"]


def test_heic_is_a_photo_where_that_is_asked_for(messy: Path) -> None:
    found = survey(messy, Limits(heic=True).suffixes)
    assert "gravel/phone.heic" in [photo.name for photo in found.found]
    assert "gravel/phone.heic" not in [item.name for item in found.skipped]


def test_limits_refuse_files_while_they_are_read(photos: Path) -> None:
    read, skipped = fingerprint(survey(photos).found, Limits(bytes=100))
    assert (read, {item.reason for item in skipped}) == ([], {"too-large"})


def test_links_back_are_listed_and_not_followed(messy: Path) -> None:
    found = survey(messy)
    assert [(item.name, item.reason) for item in found.skipped if item.reason == "link"] == [("loop", "link")]
    assert not any("/up/" in photo.name for photo in found.found)


def test_a_photo_outside_the_contract_is_listed(messy: Path) -> None:
    assert ("gravel/phone.heic", "suffix") in [(item.name, item.reason) for item in survey(messy).skipped]


def test_a_file_that_cannot_be_read_is_listed_without_its_place_on_this_machine(messy: Path) -> None:
    photos, skipped = fingerprint(survey(messy).found)
    assert [(item.name, item.reason) for item in skipped] == [("gravel/gone.jpg", "not-a-file")]
    assert str(messy) not in skipped[0].message
    assert len(photos) == len(survey(messy).found) - 1


@pytest.mark.parametrize("names", [("train", "validation", "test"), ("Train", "VAL", "Test"), ("train", "valid"), ("train", "test")])
def test_split_folders_are_recognised_whatever_their_case(demo: Path, tmp_path: Path, names: tuple[str, ...]) -> None:
    for name in names:
        shutil.copytree(demo / "validation", tmp_path / name)
    found = survey(tmp_path)
    assert found.classes == ("brick", "grass", "gravel")
    home = {"val": "validation", "valid": "validation"}
    assert {photo.split for photo in found.found} == {home.get(name.lower(), name.lower()) for name in names}


def test_a_class_may_be_called_train(photos: Path) -> None:
    (photos / "grass").rename(photos / "train")
    assert survey(photos).classes == ("brick", "gravel", "train")


def test_what_stands_beside_two_splits_is_listed(demo: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(demo, tmp_path / "set")
    (folder / "predict").mkdir()
    assert [(item.name, item.reason) for item in survey(folder).skipped] == [("predict", "folder")]


def test_a_name_of_any_bytes_stays_valid_text(photos: Path) -> None:
    odd = bytes(photos / "brick") + b"/caf\xe9.jpg"
    shutil.copy(next((photos / "brick").iterdir()), odd)
    assert any(photo.name == "brick/caf\N{REPLACEMENT CHARACTER}.jpg" for photo in survey(photos).found)


def spoil_nothing_there(folder: Path) -> None:
    shutil.rmtree(folder)


def spoil_a_file(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.write_text("hello")


def spoil_one_class(folder: Path) -> None:
    shutil.rmtree(folder / "brick")
    shutil.rmtree(folder / "grass")


def spoil_no_class(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.mkdir()


def spoil_empty_class(folder: Path) -> None:
    (folder / "glass").mkdir()


def spoil_loose_photo(folder: Path) -> None:
    shutil.move(next((folder / "brick").iterdir()), folder / "loose.jpg")


def spoil_two_folders_for_a_split(folder: Path) -> None:
    for name in ("val", "validation", "train"):
        shutil.copytree(folder / "brick", folder / name / "brick")


def spoil_no_train(folder: Path) -> None:
    for name in ("brick", "grass"):
        (folder / name).rename(folder / {"brick": "test", "grass": "val"}[name])


def spoil_stranger_in_test(folder: Path) -> None:
    for name in ("brick", "grass"):
        shutil.copytree(folder / name, folder / "train" / name)
    shutil.copytree(folder / "gravel", folder / "test" / "gravel")


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (spoil_nothing_there, "does not exist"),
        (spoil_a_file, "is a file, not a folder"),
        (spoil_one_class, "has one class, gravel"),
        (spoil_no_class, "has no class"),
        (spoil_empty_class, "the class 'glass' is empty"),
        (spoil_loose_photo, "has photos lying directly in it, in no class: loose.jpg"),
        (spoil_two_folders_for_a_split, "two folders for validation: val and validation"),
        (spoil_no_train, "but none named train"),
        (spoil_stranger_in_test, "photos of gravel, but no training photos"),
    ],
)
def test_a_folder_that_cannot_be_learnt_from_gets_one_sentence(photos: Path, spoil: object, sentence: str) -> None:
    spoil(photos)  # type: ignore[operator]
    with pytest.raises(DataError, match="photos") as caught:
        survey(photos)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)
