"""Photos are moved and put back, byte for byte, whatever stands in the way."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest

from safelight.errors import CleanError, UsageError
from train.cleaning import moving
from train.cleaning.journal import Journal

SHM = Path("/dev/shm")


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    for name in ("train/cats/1.jpg", "train/cats/deep/2.jpg", "train/dogs/1.jpg", "train/dogs/3.jpg"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"the bytes of {name}")
    return folder


def tree(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_a_photo_is_set_aside_under_its_own_path_and_put_back(photos: Path) -> None:
    before, journal = tree(photos), Journal(photos)
    entry = journal.set_aside(photos / "train/cats/deep/2.jpg", "blurred")
    quarantine = photos.with_name("photos.quarantine")
    assert entry.target == quarantine / "train/cats/deep/2.jpg"
    assert tree(quarantine)["train/cats/deep/2.jpg"] == before["train/cats/deep/2.jpg"]
    assert tree(photos) == {name: text for name, text in before.items() if name != "train/cats/deep/2.jpg"}
    assert Journal(photos).undo() == entry  # another process
    assert tree(photos) == before
    assert Journal(photos).undo() is None


def test_moves_are_undone_last_first_and_once(photos: Path) -> None:
    before, journal = tree(photos), Journal(photos)
    first = journal.set_aside(photos / "train/cats/1.jpg", "")
    second = journal.relabel(photos / "train/dogs/3.jpg", photos / "train/cats/3.jpg", "")
    third = journal.relabel(photos / "train/cats/3.jpg", photos / "train/dogs/3.jpg", "no, a dog")
    assert journal.undo() == third
    fourth = journal.set_aside(photos / "train/dogs/1.jpg", "")
    assert [journal.undo() for _ in range(4)] == [fourth, second, first, None]
    assert tree(photos) == before


def test_nothing_is_overwritten(photos: Path) -> None:
    before, journal = tree(photos), Journal(photos)
    there = journal.quarantine / "train/cats/1.jpg"
    there.parent.mkdir(parents=True)
    there.write_text("an older one")
    assert journal.set_aside(photos / "train/cats/1.jpg", "").target.name == "1~2.jpg"
    (photos / "train/cats/1.jpg").write_text("a third one")
    assert journal.set_aside(photos / "train/cats/1.jpg", "").target.name == "1~3.jpg"
    assert there.read_text() == "an older one"
    moved = journal.relabel(photos / "train/dogs/1.jpg", photos / "train/cats/1.jpg", "")
    assert moved.target.name == "1.jpg"
    (photos / "train/dogs/1.jpg").write_text("a new dog")
    with pytest.raises(CleanError, match="taken by another file"):
        journal.undo()
    assert (photos / "train/dogs/1.jpg").read_text() == "a new dog"
    assert (photos / "train/cats/1.jpg").read_text() == before["train/dogs/1.jpg"]
    assert journal.entries()[-1] == moved  # it can be undone as soon as the place is free


@pytest.mark.skipif(not SHM.is_dir(), reason="needs /dev/shm, a second device")
def test_across_devices_a_photo_is_copied_and_then_removed(photos: Path) -> None:
    quarantine = SHM / f"safelight-test-{os.getpid()}"
    if SHM.stat().st_dev == photos.stat().st_dev:
        pytest.skip("/dev/shm is the same device")
    before, journal = tree(photos), Journal(photos, quarantine)
    try:
        os.utime(photos / "train/cats/1.jpg", (1e9, 1e9))
        entry = journal.set_aside(photos / "train/cats/1.jpg", "")
        assert entry.target.read_text() == before["train/cats/1.jpg"]
        assert entry.target.stat().st_mtime == 1e9
        assert not (photos / "train/cats/1.jpg").exists()
        assert sorted(tree(quarantine)) == ["journal.jsonl", "train/cats/1.jpg"]  # no part of a copy
        journal.undo()
        assert tree(photos) == before
    finally:
        for path in sorted(quarantine.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        quarantine.rmdir()


def test_a_copy_that_differs_is_no_move(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before, journal = tree(photos), Journal(photos)

    def other_device(self: Path, target: Path) -> Path:
        if self.suffix != ".part":
            raise OSError(errno.EXDEV, "another device")
        return self.rename(target)

    monkeypatch.setattr(Path, "replace", other_device)
    monkeypatch.setattr(moving.shutil, "copyfileobj", lambda _, to: to.write(b"something else"))
    with pytest.raises(CleanError, match="It is where it was"):
        journal.set_aside(photos / "train/cats/1.jpg", "")
    assert tree(photos) == before
    assert list(tree(journal.quarantine)) == ["journal.jsonl"]
    assert journal.entries() == []


@pytest.mark.parametrize("stopped", ["before the move", "between copy and removal"])
def test_a_move_that_was_killed_in_the_middle_is_undone(photos: Path, stopped: str) -> None:
    before, journal = tree(photos), Journal(photos)
    entry = journal.set_aside(photos / "train/cats/1.jpg", "")
    entry.source.write_bytes(entry.target.read_bytes())
    if stopped == "before the move":
        entry.target.write_bytes(b"")  # its name was claimed, and the journal written
    assert journal.undo() == entry
    assert tree(photos) == before
    assert not entry.target.exists()


def test_a_last_line_that_a_power_failure_cut_is_passed_over_and_removed(photos: Path) -> None:
    journal = Journal(photos)
    entry = journal.set_aside(photos / "train/cats/1.jpg", "")
    with journal.path.open("ab") as stream:
        stream.write(b'{"number": 2, "acti')
    assert journal.entries() == [entry]
    second = journal.set_aside(photos / "train/dogs/1.jpg", "")
    assert journal.entries() == [entry, second]
    assert len(journal.path.read_text().splitlines()) == 2


@pytest.mark.parametrize("line", ["nonsense", "[]", '{"number": 1, "action": "delete"}', '{"number": "1", "action": "undo", "undoes": 1}'])
def test_a_damaged_journal_moves_nothing(photos: Path, line: str) -> None:
    journal = Journal(photos)
    journal.set_aside(photos / "train/cats/1.jpg", "")
    before = tree(photos)
    journal.path.write_text(line + "\n" + journal.path.read_text())
    with pytest.raises(CleanError, match=r"line 1 of .* is damaged"):
        journal.undo()
    assert tree(photos) == before


@pytest.mark.parametrize(
    ("name", "value"), [("to", "../secret.txt"), ("to", "../../secret.txt"), ("from", "../stolen.jpg"), ("from", "..")]
)
def test_an_edited_journal_moves_nothing_outside(photos: Path, name: str, value: str) -> None:
    journal = Journal(photos)
    journal.set_aside(photos / "train/cats/1.jpg", "")
    (photos.parent / "secret.txt").write_text("secret")
    line = json.loads(journal.path.read_text())
    journal.path.write_text(json.dumps({**line, name: value}) + "\n")
    with pytest.raises(CleanError, match="outside"):
        journal.undo()
    assert (photos.parent / "secret.txt").read_text() == "secret"


def test_links_and_what_lies_outside_are_not_moved(photos: Path) -> None:
    journal = Journal(photos)
    outside = photos.parent / "outside"
    outside.mkdir()
    (outside / "mine.jpg").write_text("mine")
    (photos / "train/cats/link.jpg").symlink_to(outside / "mine.jpg")
    (photos / "train/birds").symlink_to(outside)
    for name in ("train/cats/link.jpg", "train/birds/mine.jpg", "../outside/mine.jpg", "train/cats/gone.jpg", "train/cats"):
        with pytest.raises(CleanError):
            journal.set_aside(photos / name, "")
    with pytest.raises(CleanError, match="outside the photo folder"):
        journal.relabel(photos / "train/cats/1.jpg", photos / "train/birds/1.jpg", "")
    assert (outside / "mine.jpg").read_text() == "mine"
    assert not journal.quarantine.exists()


def test_a_quarantine_among_the_photos_is_refused(photos: Path) -> None:
    with pytest.raises(UsageError, match="inside the photo folder"):
        Journal(photos, photos / "aside")


def test_a_name_of_any_bytes_comes_back(photos: Path) -> None:
    odd = Path(os.fsdecode(bytes(photos) + b"/train/cats/caf\xe9.jpg"))
    odd.write_text("coffee")
    journal = Journal(photos)
    journal.set_aside(odd, "")
    assert not odd.exists()
    journal.undo()
    assert odd.read_text() == "coffee"
