"""Collected photos are those that the decoder reads, each once; the rest is listed with its reason, and nothing is asked twice."""

from __future__ import annotations

import csv
import hashlib
import io
import shutil
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image

from safelight.cli.collect import command
from safelight.decode import Limits
from safelight.errors import UsageError
from tests.train.website import Website
from train.getting import collect as collecting
from train.getting.collect import Collected, CollectOptions, collect
from train.getting.record import RECORD_NAME
from train.getting.web import Access


def photo(shade: int, kind: str = "JPEG", side: int = 16) -> bytes:
    stream = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").resize((side, side)).point(lambda value: (value + shade) % 256).save(stream, kind)
    return stream.getvalue()


def rows(out: Path) -> list[tuple[str, str, str]]:
    with (out / RECORD_NAME).open(newline="") as stream:
        return [(row["source"], row["outcome"], row["file"]) for row in csv.DictReader(stream)]


def photos(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in out.iterdir() if path.name != RECORD_NAME}


def name_of(data: bytes, suffix: str = ".jpg") -> str:
    return hashlib.sha256(data).hexdigest()[:16] + suffix


@pytest.fixture
def gather(site: Website, tmp_path: Path) -> Callable[..., Collected]:
    """Collect these paths of the server into tmp_path/cats."""

    def gather(*paths: str, private: bool = True, **limits: int) -> Collected:
        (tmp_path / "list.txt").write_text("\n".join(path if ":" in path else site.url(path) for path in paths))
        options = CollectOptions(Limits(**limits), access=Access(private), pause=lambda _: None)
        return collect(tmp_path / "list.txt", tmp_path / "cats", options)

    return gather


def test_only_photos_that_decode_are_taken_each_once_and_named_after_their_content(
    site: Website, gather: Callable[..., Collected], tmp_path: Path
) -> None:
    jpg, png = photo(0), photo(1, "PNG")
    site.files |= {"/a.php": jpg, "/b.jpg": png, "/c": jpg, "/cut.jpg": jpg[:-200], "/page.jpg": b"<!doctype html>" * 9, "/none": b""}
    gather("/a.php", "/b.jpg", "/c", "/cut.jpg", "/page.jpg", "/none", "/lost", "file:///etc/passwd")
    assert photos(tmp_path / "cats") == {name_of(jpg): jpg, name_of(png, ".png"): png}
    assert [(source.rpartition("/")[2], *rest) for source, *rest in rows(tmp_path / "cats")] == [
        ("a.php", "kept", name_of(jpg)),
        ("b.jpg", "kept", name_of(png, ".png")),
        ("c", "copy", name_of(jpg)),
        ("cut.jpg", "truncated", ""),
        ("page.jpg", "not-an-image", ""),
        ("none", "empty", ""),
        ("lost", "address", ""),
        ("passwd", "address", ""),
    ]


def test_what_is_settled_is_not_asked_again_and_what_failed_is(site: Website, gather: Callable[..., Collected], tmp_path: Path) -> None:
    site.files |= {"/a": photo(0), "/b": photo(1), "/page": b"<!doctype html>" * 9}
    site.answers["/b"] = deque([(503, {})] * collecting.TRIES)
    first = gather("/a", "/b", "/page")
    assert first.outcomes == {"kept": 1, "failed": 1, "not-an-image": 1}
    assert site.counts["/b"] == collecting.TRIES
    (tmp_path / "cats" / name_of(photo(0))).unlink()  # thrown away by hand: it stays away
    site.asked.clear()
    site.files["/c"] = photo(2)
    again = gather("/a", "/b", "/page", "/c")
    assert set(site.counts) == {"/b", "/c"}
    assert (again.known, again.outcomes) == (2, {"kept": 2})
    assert set(photos(tmp_path / "cats")) == {name_of(photo(1)), name_of(photo(2))}


def test_a_run_that_was_killed_goes_on_after_the_last_whole_row(site: Website, gather: Callable[..., Collected], tmp_path: Path) -> None:
    site.files |= {f"/{number}": photo(number) for number in range(6)}
    gather("/0", "/1", "/2")
    record = tmp_path / "cats" / RECORD_NAME
    text = record.read_text()
    record.write_text(text[: text.rindex("kept") + 2])  # the row of /2 is cut; its photo is there
    site.asked.clear()
    again = gather("/0", "/1", "/2", "/3")
    assert set(site.counts) == {"/2", "/3"}
    assert again.outcomes == {"copy": 1, "kept": 1}
    assert len(photos(tmp_path / "cats")) == 4
    assert [outcome for _, outcome, _ in rows(tmp_path / "cats")] == ["kept", "kept", "copy", "kept"]


def test_a_photo_larger_than_the_limits_is_not_read_to_its_end(site: Website, gather: Callable[..., Collected], tmp_path: Path) -> None:
    site.files |= {"/large": photo(0) + bytes(10**6), "/wide": photo(0, side=64)}
    result = gather("/large", "/wide", bytes=100_000, pixels=1000)
    assert result.outcomes == {"too-large": 2}
    assert photos(tmp_path / "cats") == {}


def test_a_cut_answer_is_tried_again(site: Website, gather: Callable[..., Collected]) -> None:
    site.files["/a"] = photo(0)
    site.cuts["/a"] = deque([100, 200])
    assert gather("/a").outcomes == {"kept": 1}
    assert site.counts["/a"] == 3


def test_the_local_network_is_not_asked_unless_allowed(site: Website, gather: Callable[..., Collected]) -> None:
    site.files["/a"] = photo(0)
    result = gather("/a", private=False)
    assert result.outcomes == {"address": 1}
    assert "--private" in result.rows[0].message
    assert site.asked == []


def test_one_host_is_asked_two_at_a_time(site: Website, gather: Callable[..., Collected]) -> None:
    site.files |= {f"/{number}": photo(number) for number in range(12)}
    site.barrier = threading.Barrier(collecting.PER_HOST + 1)  # as many as may not be there together wait for each other
    gather(*site.files)
    assert site.most_at_once == collecting.PER_HOST


def test_the_same_list_gives_the_same_folder_whatever_comes_first(site: Website, gather: Callable[..., Collected], tmp_path: Path) -> None:
    site.files |= {f"/{number}": photo(number % 5) for number in range(20)}
    gather(*site.files)
    assert [outcome for _, outcome, _ in rows(tmp_path / "cats")] == ["kept"] * 5 + ["copy"] * 15
    assert len(photos(tmp_path / "cats")) == 5


def test_a_list_has_remarks_and_names_an_address_once(site: Website, tmp_path: Path) -> None:
    site.files["/a"] = photo(0)
    (tmp_path / "list.txt").write_text(f"\ufeff# cats\n\n{site.url('/a')}\r\n  {site.url('/a')}  \n", encoding="utf-8")
    collect(tmp_path / "list.txt", tmp_path / "cats", CollectOptions(access=Access(private=True)))
    assert site.counts == {"/a": 1}


@pytest.fixture
def card(tmp_path: Path) -> Path:
    """A camera's folder with one of everything."""
    folder = tmp_path / "DCIM"
    (folder / "100").mkdir(parents=True)
    for number in range(3):
        (folder / "100" / f"IMG_{number}.JPG").write_bytes(photo(number))
    (folder / "copy.jpg").write_bytes(photo(0))
    (folder / "cut.jpg").write_bytes(photo(9)[:-200])
    (folder / "raw.cr2").write_bytes(b"II*\0" + bytes(100))
    (folder / "wrong.png").write_bytes(photo(5))
    (folder / "notes.txt").touch()
    return folder


def test_a_camera_folder_is_copied_and_stays_as_it_is(card: Path, tmp_path: Path) -> None:
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in card.rglob("*.*")}
    result = collect(card, tmp_path / "photos" / "woman")
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in card.rglob("*.*")} == before
    assert photos(tmp_path / "photos" / "woman") == {name_of(photo(number)): photo(number) for number in (0, 1, 2, 5)}
    outcomes = {source: outcome for source, outcome, _ in rows(tmp_path / "photos" / "woman")}
    assert outcomes == {
        "DCIM/100/IMG_0.JPG": "kept",
        "DCIM/100/IMG_1.JPG": "kept",
        "DCIM/100/IMG_2.JPG": "kept",
        "DCIM/copy.jpg": "copy",
        "DCIM/cut.jpg": "truncated",
        "DCIM/raw.cr2": "unsupported",
        "DCIM/wrong.png": "kept",
    }
    assert not any(str(tmp_path) in row.message for row in result.rows)


def test_a_card_whose_names_begin_again_adds_its_new_photos_alone(card: Path, tmp_path: Path) -> None:
    out = tmp_path / "woman"
    collect(card, out)
    (out / name_of(photo(1))).unlink()  # thrown away by hand: it stays away
    assert collect(card, out).rows == ()
    (card / "100" / "IMG_1.JPG").write_bytes(photo(7))
    assert [(row.source, row.outcome) for row in collect(card, out).rows] == [("DCIM/100/IMG_1.JPG", "kept")]
    assert set(photos(out)) == {name_of(photo(number)) for number in (0, 2, 5, 7)}


def test_near_duplicates_are_left_out_where_that_is_asked_for(demo: Path, tmp_path: Path) -> None:
    source = tmp_path / "card"
    source.mkdir()
    one, other = sorted((demo / "train" / "brick").iterdir())[::9][:2]
    shutil.copy(one, source / "1.jpg")
    image = Image.open(one)
    image.resize((image.width * 2 // 3, image.height * 2 // 3)).save(source / "2.jpg", quality=60)
    shutil.copy(other, source / "3.jpg")
    (tmp_path / "near").mkdir()
    (tmp_path / "near" / "broken.jpg").write_bytes(b"x")
    collect(source, tmp_path / "all")
    collect(source, tmp_path / "near", CollectOptions(near=True))
    assert [outcome for _, outcome, _ in rows(tmp_path / "all")] == ["kept"] * 3
    first = name_of(one.read_bytes())
    assert [row[1:] for row in rows(tmp_path / "near")] == [("kept", first), ("near", first), ("kept", name_of(other.read_bytes()))]


def test_photos_that_were_there_before_are_not_doubled(card: Path, tmp_path: Path) -> None:
    out = tmp_path / "woman"
    out.mkdir()
    (out / "mine.jpg").write_bytes(photo(1))
    collect(card, out)
    assert ("DCIM/100/IMG_1.JPG", "copy", "mine.jpg") in rows(out)
    assert (out / "mine.jpg").read_bytes() == photo(1)


def test_what_is_no_source_gets_one_sentence(card: Path, tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_text("# nothing\n")
    (tmp_path / "nothing").mkdir()
    for source, sentence in (
        (tmp_path / "empty.txt", "has no address"),
        (tmp_path / "nothing", "has no photo in it"),
        (card / "copy.jpg", "is a photo"),
        (card, "lie inside each other"),
    ):
        with pytest.raises(UsageError, match=sentence):
            collect(source, card / "out")


def test_the_command_counts_and_says_what_to_do_next(site: Website, tmp_path: Path) -> None:
    site.files["/a"] = photo(0)
    (tmp_path / "list.txt").write_text(site.url("/a"))
    arguments = [str(tmp_path / "list.txt"), "--out", str(tmp_path / "cats")]
    refused = CliRunner().invoke(command, arguments)
    assert f"added to {tmp_path / 'cats'}: 0; 1 address" in refused.output
    (tmp_path / "cats" / RECORD_NAME).unlink()
    done = CliRunner().invoke(command, [*arguments, "--private"])
    assert done.exit_code == 0
    assert f"added to {tmp_path / 'cats'}: 1." in done.output
    site.answers["/b"] = deque([(500, {"Retry-After": "0"})] * collecting.TRIES)
    (tmp_path / "list.txt").write_text(site.url("/b"))
    failed = CliRunner().invoke(command, [*arguments, "--private"])
    assert failed.exit_code == 1
    assert "same command again" in failed.output
