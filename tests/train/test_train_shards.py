"""A packed set is the folder it came from: the same photos, splits and weights; damaged shards are one sentence."""

from __future__ import annotations

import io
import itertools
import re
import shutil
import tarfile
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

import train
from safelight.cli import clean
from safelight.decode import Limits, decode
from safelight.errors import DataError, PhotoError, UsageError
from tests.train.conftest import copy_photos
from train.data import Found, Span, bytes_of, fingerprint, pixels_of, survey
from train.inspection.listing import listing
from train.inspection.scan import scan
from train.shards.index import INDEX_NAME, Index, key_of, name_of
from train.shards.pack import pack

WEBDATASET_KEY = re.compile(r"^((?:.*/|)[^.]+)[.]([^/]*)$")  # its own words for where a key ends


def contents(folder: Path) -> list[tuple[str, str, str | None, str]]:
    photos, _ = fingerprint(survey(folder).found)
    return [(photo.name, photo.label, photo.split, photo.sha256) for photo in photos]


@pytest.fixture
def shards(photos: Path, tmp_path: Path) -> Path:
    pack(photos, tmp_path / "shards")
    return tmp_path / "shards"


def test_packing_loses_no_photo_name_or_class(messy: Path, tmp_path: Path) -> None:
    packed = pack(messy, tmp_path / "shards")
    assert contents(tmp_path / "shards") == contents(messy)
    assert {item.name for item in packed.skipped} >= {"gravel/gone.jpg", "gravel/phone.heic"}
    assert survey(tmp_path / "shards").classes == survey(messy).classes


def test_photos_of_a_shard_decode_as_their_files_and_fail_as_they_do(messy: Path, tmp_path: Path) -> None:
    pack(messy, tmp_path / "shards")
    failed = []
    for photo in survey(tmp_path / "shards").found:
        try:
            expected = decode(messy / photo.name)
        except PhotoError as error:
            failed.append(error.reason)
            with pytest.raises(type(error)):
                pixels_of(photo)
        else:
            assert (pixels_of(photo) == expected).all()
    assert sorted(failed) == ["empty", "not-an-image", "truncated"]


def test_split_folders_stay_splits_and_name_the_shards(demo: Path, tmp_path: Path) -> None:
    packed = pack(demo, tmp_path / "shards")
    assert contents(tmp_path / "shards") == contents(demo)
    assert [shard.file for shard in packed.index.shards] == ["train-00000.tar", "validation-00000.tar", "test-00000.tar"]


@pytest.mark.slow
def test_training_on_shards_gives_the_very_run_that_the_folder_gives(messy: Path, tmp_path: Path) -> None:
    shards = tmp_path / "shards" / messy.name
    pack(messy, shards, size=300_000)
    assert len(list(shards.glob("*.tar"))) > 1
    options = train.TrainOptions(cache=None, device="cpu")
    folder, packed = train.run(messy, tmp_path / "a" / "run", options), train.run(shards, tmp_path / "b" / "run", options)
    assert packed.decoded == folder.decoded > 30  # no cache in between
    for name in ("model.safetensors", "spec.json", "splits.csv", "metrics.json", "history.csv"):
        assert (packed.out / name).read_bytes() == (folder.out / name).read_bytes(), name
    assert [(item.name, item.reason) for item in packed.skipped if item.reason in ("truncated", "not-an-image")] == [
        (item.name, item.reason) for item in folder.skipped if item.reason in ("truncated", "not-an-image")
    ]


def test_a_sample_is_a_photo_and_the_number_of_its_class_under_one_key(photos: Path, tmp_path: Path) -> None:
    shutil.copy(next((photos / "brick").iterdir()), photos / "brick" / "two.dots.JPG")
    packed = pack(photos, tmp_path / "shards")
    samples: dict[str, dict[str, bytes]] = defaultdict(dict)
    order: list[str] = []
    with tarfile.open(tmp_path / "shards" / "photos-00000.tar") as archive:
        for member in archive:
            parts = WEBDATASET_KEY.match(member.name)
            stream = archive.extractfile(member)
            assert parts is not None
            assert stream is not None
            samples[parts[1]][parts[2]] = stream.read()
            order.append(parts[1])
    assert order == [key for key in dict.fromkeys(order) for _ in range(2)]  # a sample lies together
    assert {tuple(sample) for sample in samples.values()} == {("jpg", "cls")}
    for key, sample in samples.items():
        name = key.replace("%2E", ".")
        assert sample["jpg"] == (photos / name).read_bytes()
        assert packed.index.classes[int(sample["cls"])] == name.split("/")[0]
    labels = [samples[key]["cls"] for key in dict.fromkeys(order)]
    assert sum(one != other for one, other in itertools.pairwise(labels)) > len(packed.index.classes)  # mixed


@pytest.mark.parametrize("name", ["a/b.jpg", "a.b/c.d.e.PNG", "a/100%.jpg", "a/%2E.jpg", "花/é ü.jpg"])
def test_keys_give_names_back_and_end_where_webdataset_ends_them(name: str) -> None:
    assert name_of(key_of(name)) == name
    parts = WEBDATASET_KEY.match(key_of(name) + ".jpg")
    assert parts is not None
    assert parts.groups() == (key_of(name), "jpg")


def test_equal_photos_give_equal_bytes_wherever_and_whenever(photos: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        folder = shutil.copytree(photos, tmp_path / name / "photos", copy_function=shutil.copyfile)  # new times
        pack(folder, tmp_path / name / "shards", size=10**6)
    one, two = ({path.name: path.read_bytes() for path in (tmp_path / name / "shards").iterdir()} for name in ("one", "two"))
    assert one == two
    (photos / "brick" / "more.jpg").write_bytes(b"not the same")
    pack(photos, tmp_path / "three", size=10**6)
    assert {path.name: path.read_bytes() for path in (tmp_path / "three").iterdir()} != one


def test_a_shard_is_at_most_as_large_as_asked_for(demo: Path, tmp_path: Path) -> None:
    photos = copy_photos(demo, tmp_path / "photos", {"brick": 30, "gravel": 30})
    total = sum(path.stat().st_size for path in photos.rglob("*.jpg"))
    packed = pack(photos, tmp_path / "shards", size=10**6)
    assert len(packed.index.shards) == total // 10**6 + 1
    assert all(shard.bytes <= 10**6 for shard in packed.index.shards)
    assert contents(tmp_path / "shards") == contents(photos)


def test_shards_of_other_makers_are_read_by_the_texts_of_their_classes(photos: Path, tmp_path: Path) -> None:
    (tmp_path / "others").mkdir()
    for split in ("train", "val"):
        with tarfile.open(tmp_path / "others" / f"{split}-000000.tar", "w", format=tarfile.GNU_FORMAT) as archive:
            for number, path in enumerate(sorted(photos.rglob("*.jpg"))):
                label = str(number % 2).encode() + b"\n"
                for suffix, data in (("cls", label), ("JPG", path.read_bytes()), ("json", b"{}")):
                    member = tarfile.TarInfo(f"./{number:06}.{suffix}")
                    member.size = len(data)
                    archive.addfile(member, io.BytesIO(data))
    found = survey(tmp_path / "others")
    assert found.classes == ("0", "1")
    assert {photo.split for photo in found.found} == {"train", "validation"}
    assert len(found.found) == 60
    assert bytes_of(found.found[1]) == sorted(photos.rglob("*.jpg"))[1].read_bytes()


def test_a_tar_file_beside_class_folders_is_no_shard(photos: Path) -> None:
    (photos / "backup.tar").write_bytes(b"whatever")
    assert survey(photos).classes == ("brick", "grass", "gravel")


def test_a_photo_of_a_shard_is_held_to_the_limits_and_to_its_length(shards: Path) -> None:
    photo = survey(shards).found[0]
    assert fingerprint([photo], Limits(bytes=100))[1][0].reason == "too-large"
    beyond = replace(photo, span=Span(photo.path.stat().st_size - 10, 20))
    message = fingerprint([beyond])[1][0].message
    assert "ends early" in message
    assert str(shards) not in message


def spoil_end(shard: Path) -> None:
    shard.write_bytes(shard.read_bytes()[:-30_000])


def spoil_header(shard: Path) -> None:
    data = bytearray(shard.read_bytes())
    at = data.index(b"ustar", len(data) // 2)
    data[at - 200] ^= 255
    shard.write_bytes(data)


def spoil_label(shard: Path) -> None:
    edit_index(shard.parent, classes=("brick", "grass"))


def spoil_count(shard: Path) -> None:
    index = msgspec.json.decode((shard.parent / INDEX_NAME).read_bytes(), type=Index)
    edit_index(shard.parent, shards=(msgspec.structs.replace(index.shards[0], photos=31),))


def spoil_index(shard: Path) -> None:
    (shard.parent / INDEX_NAME).write_text("{")


def spoil_path(shard: Path) -> None:
    index = msgspec.json.decode((shard.parent / INDEX_NAME).read_bytes(), type=Index)
    edit_index(shard.parent, shards=(msgspec.structs.replace(index.shards[0], file="../shards/" + shard.name),))


def spoil_twice(shard: Path) -> None:
    (shard.parent / INDEX_NAME).unlink()
    shutil.copy(shard, shard.with_name("train-1.tar"))
    with tarfile.open(shard.with_name("train-1.tar"), "a") as archive:
        for suffix, data in ((".cls", b"0"), (".jpg", b"1"), (".png", b"2")):
            member = tarfile.TarInfo("odd" + suffix)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))


def spoil_number(shard: Path) -> None:
    edit_index(shard.parent, version=2)


def edit_index(folder: Path, **changes: object) -> None:
    index = msgspec.json.decode((folder / INDEX_NAME).read_bytes(), type=Index)
    (folder / INDEX_NAME).write_bytes(msgspec.json.encode(msgspec.structs.replace(index, **changes)))


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (spoil_end, r"shards\.json says .* Copy it again"),
        (spoil_header, "the header at byte .* is damaged"),
        (Path.unlink, "which is not in the folder"),
        (spoil_label, "has a photo of class '2'"),
        (spoil_count, r"has 30 photos; shards\.json says 31"),
        (spoil_index, r"shards\.json can't be read"),
        (spoil_path, "which is not in the folder"),
        (spoil_number, "has version 2"),
    ],
)
def test_damaged_shards_are_one_sentence(shards: Path, spoil: Callable[[Path], object], sentence: str) -> None:
    spoil(shards / "photos-00000.tar")
    with pytest.raises(DataError, match=sentence) as caught:
        survey(shards)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("spoil", [spoil_end, spoil_header])
def test_damaged_shards_are_known_without_the_index_too(shards: Path, spoil: Callable[[Path], object]) -> None:
    (shards / INDEX_NAME).unlink()
    spoil(shards / "photos-00000.tar")
    with pytest.raises(DataError, match="is no whole tar file"):
        survey(shards)


def test_a_sample_with_two_photos_is_listed(shards: Path) -> None:
    spoil_twice(shards / "photos-00000.tar")
    assert [(item.name, item.reason) for item in survey(shards).skipped] == [("train-1/odd", "shard")]


def test_what_cannot_be_packed_is_refused_before_anything_is_written(photos: Path, shards: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="lie inside each other"):
        pack(photos, photos / "shards")
    with pytest.raises(DataError, match="is packed already"):
        pack(shards, tmp_path / "again")
    for odd in (b"caf\xe9.jpg", b"caf\xe8.jpg"):
        shutil.copy(next((photos / "brick").iterdir()), bytes(photos / "brick") + b"/" + odd)
    with pytest.raises(DataError, match="two photos are called"):
        pack(photos, tmp_path / "again")
    assert not (tmp_path / "again").exists()


def test_found_photos_that_are_files_read_as_before(photos: Path) -> None:
    path = next((photos / "brick").iterdir())
    assert bytes_of(Found(path, "x", "brick", None)) == path.read_bytes()


def test_shards_are_inspected_as_their_folder_is(messy: Path, tmp_path: Path) -> None:
    pack(messy, tmp_path / "shards")
    seen = []
    for folder in (messy, tmp_path / "shards"):
        shots, broken = scan(listing(folder).found)
        seen.append(
            ([(shot.found.name, shot.sha256, shot.hash, shot.format) for shot in shots], [(one.found.name, one.reason) for one in broken])
        )
    assert seen[0][0] == seen[1][0]
    assert [one for one in seen[0][1] if one[1] != "not-a-file"] == seen[1][1]
    assert seen[1][1]
    assert shots[0].photo.span is not None


def test_shards_are_not_cleaned_for_that_would_move_all_their_photos(shards: Path) -> None:
    before = sorted(shards.iterdir())
    done = CliRunner().invoke(clean.command, [str(shards), "--no-labels"])
    assert isinstance(done.exception, UsageError)
    assert "Clean the folder, then pack it again" in str(done.exception)
    assert sorted(shards.iterdir()) == before
