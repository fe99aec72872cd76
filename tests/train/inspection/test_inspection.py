from __future__ import annotations

import json
import shutil
import signal
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from safelight.decode import decode
from safelight.errors import DataError, PhotoError
from tests.train.conftest import copy_photos
from tests.train.test_train_report import Outline
from train.data import survey
from train.inspection import report
from train.inspection.inspection import Inspection, InspectOptions, inspect
from train.inspection.listing import LOOSE, listing
from train.inspection.scan import scan
from train.inspection.shortcuts import shortcuts
from train.inspection.steps import steps
from train.options import TrainOptions

NO_LABELS = InspectOptions(labels=False)


def safelight(*words: object, blocked: str = "", cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """The command line, on a machine without the package `blocked`."""
    code = (
        f"import sys; sys.modules[{blocked!r}] = None; from safelight.cli import main; main()"
        if blocked
        else "from safelight.cli import main; main()"
    )
    return subprocess.run([sys.executable, "-c", code, *map(str, words)], capture_output=True, text=True, check=False, cwd=cwd)


@pytest.fixture(scope="module")
def found(messy: Path) -> Inspection:
    return inspect(messy, NO_LABELS)


def state_of(folder: Path) -> dict[str, tuple[int, int]]:
    return {str(path): (path.lstat().st_mtime_ns, path.lstat().st_size) for path in folder.rglob("*")}


def test_an_inspection_changes_nothing(messy: Path) -> None:
    before = state_of(messy)
    inspect(messy, NO_LABELS)
    assert state_of(messy) == before


def test_a_messy_folder_is_described_as_it_is(found: Inspection) -> None:
    assert {item.found.name: item.reason for item in found.broken} == {
        "gravel/cut.jpg": "truncated",
        "gravel/empty.png": "empty",
        "gravel/<script>alert(1)<script>.jpg": "not-an-image",
        "gravel/gone.jpg": "not-a-file",
    }
    assert {frozenset(shot.found.name for shot in group.shots) for group in found.conflicts} == {
        frozenset({"gravel/wrong-label.jpg", next(s.found.name for g in found.conflicts for s in g.shots if s.found.label == "brick")})
    }
    assert [{"brick/again.jpg"} <= {shot.found.name for shot in group.shots} for group in found.copies] == [True]
    assert ("gravel/phone.heic", "suffix") in [(item.name, item.reason) for item in found.listing.skipped]
    assert not found.passed


def test_the_scan_judges_as_training_does(messy: Path, found: Inspection) -> None:
    def verdict(path: Path) -> str:
        try:
            decode(path)
        except PhotoError as error:
            return error.reason
        return ""

    judged = {item.found.name: item.reason for item in found.broken}
    assert {item.name: verdict(item.path) for item in survey(messy).found} == {
        item.name: judged.get(item.name, "") for item in survey(messy).found
    }


def test_what_training_refuses_is_inspected_all_the_same(photos: Path) -> None:
    shutil.move(next((photos / "brick").iterdir()), photos / "loose.jpg")
    found = inspect(photos, NO_LABELS)
    assert "in no class: loose.jpg" in found.listing.refusal
    assert LOOSE in found.listing.classes
    assert len(found.shots) == 30
    assert steps(found)[0].is_grave


@pytest.mark.parametrize("kind", ["nothing", "file", "empty"])
def test_no_photos_are_one_sentence(tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "photos"
    if kind == "file":
        folder.touch()
    elif kind == "empty":
        (folder / "cats").mkdir(parents=True)
    with pytest.raises(DataError, match="photos"):
        listing(folder)


def test_ctrl_c_ends_a_scan_and_leaves_nothing(ctrl_c: Callable[[], None], photos: Path) -> None:
    before = state_of(photos)
    seen = 0

    def advance(count: int) -> None:
        nonlocal seen
        seen += count
        if seen == 5:
            ctrl_c()

    with pytest.raises(KeyboardInterrupt):
        scan(survey(photos).found, advance=advance)
    assert seen == 5
    assert state_of(photos) == before


def test_ctrl_c_while_labels_are_asked_about_keeps_the_rest(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from train.inspection import labels

    monkeypatch.setattr(labels, "extract", lambda *_, **__: signal.raise_signal(signal.SIGINT))
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        found = inspect(photos, InspectOptions(labels=True, training=TrainOptions(cache=None)))
    finally:
        signal.signal(signal.SIGINT, before)
    assert found.no_labels.startswith("stopped by hand")
    assert len(found.shots) == 30


def test_a_format_that_gives_the_class_away_is_named(photos: Path) -> None:
    from PIL import Image

    assert inspect(photos, NO_LABELS).shortcuts == ()
    for path in list((photos / "brick").iterdir()):
        with Image.open(path) as image:
            image.save(path.with_suffix(".png"))
        path.unlink()
    (found,) = shortcuts(inspect(photos, NO_LABELS).shots)
    assert found.trait == "file format"
    assert found.values == {"JPEG": {"grass": 10, "gravel": 10}, "PNG": {"brick": 10}}
    assert found.accuracy == pytest.approx(2 / 3)
    assert found.chance == pytest.approx(1 / 3)


def test_imbalance_is_said(demo: Path, tmp_path: Path) -> None:
    found = inspect(copy_photos(demo, tmp_path / "photos", {"brick": 24, "gravel": 6}), NO_LABELS)
    assert found.imbalance == 4.0
    assert any("4.0 times" in step.finding for step in steps(found))
    assert [(row.label, row.photos) for row in found.classes] == [("brick", 24), ("gravel", 6)]


def test_the_page_asks_nothing_of_the_network_and_escapes_names(found: Inspection) -> None:
    page = report.render(found, TrainOptions().limits)
    outline = Outline(page)
    assert not [address[:40] for address in outline.addresses if not address.startswith(("data:image/", "#"))]
    assert "script" not in outline.tags
    assert "default-src 'none'" in page
    assert "&lt;script&gt;alert(1)" in page
    assert "my &lt;b&gt;photos" in page
    assert len(outline.pictures) > 3
    assert all(picture.get("alt") for picture in outline.pictures)
    anchors = {address for address in outline.addresses if address.startswith("#")}
    assert anchors
    assert all(f'id="{anchor[1:]}"' in page for anchor in anchors)


def test_the_page_is_bounded(found: Inspection, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = len(Outline(report.render(found, TrainOptions().limits)).pictures)
    monkeypatch.setattr(report, "MOST_PICTURES", 1)
    monkeypatch.setattr(report, "MOST_SHEETS", 1)
    assert len(Outline(report.render(found, TrainOptions().limits)).pictures) <= 3 < whole


def test_the_command_says_what_to_do_and_strict_fails(messy: Path, tmp_path: Path) -> None:
    written = [tmp_path / "page.html", tmp_path / "found.json"]
    done = safelight("inspect", messy, "--no-labels", "--strict", "--html", written[0], "--json", written[1])
    assert done.returncode == 1, done.stderr
    assert "broken files. Copy them again" in done.stdout
    assert "safelight clean" in done.stdout
    content = json.loads(written[1].read_text(encoding="utf-8"))
    assert (content["format"], content["version"], content["passed"]) == ("safelight-inspection", 1, False)
    assert {item["reason"] for item in content["broken"]} == {"truncated", "empty", "not-an-image", "not-a-file"}
    assert content["duplicates"][0]["conflict"] is True
    assert str(messy) not in written[1].read_text(encoding="utf-8")
    assert "Safelight inspection" in written[0].read_text(encoding="utf-8")


def test_the_scan_works_without_torch(photos: Path) -> None:
    done = safelight("inspect", photos, "--strict", blocked="torch")
    assert done.returncode == 0, done.stderr
    assert "Labels were not checked: torch is not installed" in done.stdout


@pytest.mark.parametrize(
    ("words", "sentence"), [(["nowhere"], "does not exist"), ([".", "--html", "no/where.html"], "there is no folder no")]
)
def test_a_mistake_is_one_sentence(words: list[str], sentence: str, tmp_path: Path) -> None:
    done = safelight("inspect", *words, cwd=tmp_path)
    assert done.returncode in (1, 2)
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_idx_files_are_inspected_and_not_moved(tmp_path: Path) -> None:
    dice = np.random.default_rng(0)
    shared = dice.integers(0, 255, (28, 28), np.uint8)
    for prefix, count in (("train", 40), ("t10k", 10)):
        pixels, labels = dice.integers(0, 255, (count, 28, 28), np.uint8), np.arange(count, dtype=np.uint8) % 10
        pixels[3] = shared  # a leak
        (tmp_path / f"{prefix}-images-idx3-ubyte").write_bytes(struct.pack(">IIII", 0x803, count, 28, 28) + pixels.tobytes())
        (tmp_path / f"{prefix}-labels-idx1-ubyte").write_bytes(struct.pack(">II", 0x801, count) + labels.tobytes())
    found = inspect(tmp_path, NO_LABELS)
    assert len(found.shots) == 50
    assert [group.splits for group in found.leaks] == [("test", "train")]
    assert "data:image/jpeg" in report.render(found, TrainOptions().limits)
    done = safelight("clean", tmp_path, "--no-labels")
    assert done.returncode == 2
    assert "idx files" in done.stderr
