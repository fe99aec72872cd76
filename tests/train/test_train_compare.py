"""Runs side by side: two real ones on the same photos, and what is refused."""

from __future__ import annotations

import csv
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner
from scipy.stats import binomtest

import train
from safelight.bundle import read_spec
from safelight.cli import cli
from safelight.errors import BundleError, DataError, UsageError
from safelight.spec import SPEC_NAME, dump
from train.compare import compare, holm
from train.comparison import render

Damage = Callable[[Path], None]


@pytest.fixture
def two(trained: train.TrainResult, tmp_path: Path) -> tuple[Path, Path]:
    """A run, and the same with half of its right test answers made wrong."""
    good, bad = tmp_path / "good", tmp_path / "a <b> run"
    for folder in (good, bad):
        shutil.copytree(trained.out, folder)
    rows = table(bad / "answers.csv")
    classes = sorted({row["label"] for row in rows})
    figures = json.loads((bad / "metrics.json").read_text())
    for row in [row for row in rows if row["split"] == "test" and row["answer"] == row["label"]][::2]:
        truth, wrong = classes.index(row["label"]), (classes.index(row["label"]) + 1) % len(classes)
        row["answer"] = classes[wrong]
        figures["test"]["confusion"][truth][truth] -= 1
        figures["test"]["confusion"][truth][wrong] += 1
    hits = sum(row[index] for index, row in enumerate(figures["test"]["confusion"]))
    figures["test"]["accuracy"] = hits / figures["test"]["photos"]
    (bad / "metrics.json").write_text(json.dumps(figures))
    store(bad / "answers.csv", rows)
    return good, bad


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def store(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def other_photos(folder: Path) -> None:
    """As if learnt from and tested on other photos."""
    store(folder / "splits.csv", [row | {"sha256": row["sha256"][::-1]} for row in table(folder / "splits.csv")])
    store(folder / "answers.csv", [row | {"sha256": row["sha256"][::-1]} for row in table(folder / "answers.csv")])
    other_data(folder)


def other_data(folder: Path) -> None:
    spec = read_spec(folder)
    provenance = msgspec.structs.replace(spec.provenance, data_sha256="0" * 64)
    (folder / SPEC_NAME).write_bytes(dump(msgspec.structs.replace(spec, provenance=provenance)))


def test_the_best_comes_first_and_the_test_is_mcnemars(two: tuple[Path, Path]) -> None:
    found = compare([two[1], two[0]])
    assert [entry.name for entry in found.entries] == ["good", "a <b> run"]
    best, paired = found.paired
    assert best is None
    assert paired is not None
    lost = found.entries[0].hits - found.entries[1].hits
    assert (paired.best_alone, paired.other_alone) == (lost, 0)
    assert lost >= 2
    assert paired.p == pytest.approx(binomtest(0, lost).pvalue) == pytest.approx(2 * 0.5**lost)


def test_holms_correction_is_holms() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.9]) == [1.0, 1.0]
    assert holm([]) == []


def test_equal_runs_differ_by_nothing(two: tuple[Path, Path], tmp_path: Path) -> None:
    shutil.copytree(two[0], tmp_path / "same")
    paired = compare([two[0], tmp_path / "same"]).paired[1]
    assert paired is not None
    assert (paired.best_alone, paired.other_alone, paired.p) == (0, 0, 1.0)


def test_runs_of_earlier_versions_are_compared_without_the_paired_test(two: tuple[Path, Path]) -> None:
    for folder in two:
        (folder / "answers.csv").unlink()
        figures = json.loads((folder / "metrics.json").read_text())
        del figures["abstain"]
        (folder / "metrics.json").write_text(json.dumps(figures))
    found = compare(two)
    assert found.paired == (None, None)
    assert "answers.csv is missing" in render(found)


def test_runs_of_different_photos_are_refused(two: tuple[Path, Path]) -> None:
    other_photos(two[1])
    with pytest.raises(DataError, match=r"different photos and were tested on different ones .* 0 in common"):
        compare(two)


def test_runs_that_learnt_from_more_are_compared_where_they_were_tested_on_the_same(two: tuple[Path, Path]) -> None:
    other_data(two[1])
    assert compare(two).paired[1] is not None


def test_another_split_of_the_same_photos_is_compared_with_a_warning(two: tuple[Path, Path]) -> None:
    spec = (two[1] / SPEC_NAME).read_bytes()
    other_photos(two[1])
    (two[1] / SPEC_NAME).write_bytes(spec)
    found = compare(two)
    assert found.paired == (None, None)
    assert "Not all were tested on the same photos" in render(found)


def other_classes(folder: Path) -> None:
    spec = read_spec(folder)
    (folder / SPEC_NAME).write_bytes(dump(msgspec.structs.replace(spec, labels=spec.labels[::-1])))


def cut_short(folder: Path) -> None:
    (folder / "metrics.json").write_bytes((folder / "metrics.json").read_bytes()[:100])


def contradict(folder: Path) -> None:
    store(folder / "splits.csv", table(folder / "splits.csv")[:-1])


@pytest.mark.parametrize(
    ("damage", "error", "message"),
    [
        (other_classes, DataError, "different classes"),
        (cut_short, BundleError, "damaged"),
        (contradict, BundleError, "contradict each other"),
        (lambda folder: (folder / "history.csv").unlink(), BundleError, r"history.csv: No such file"),
        (lambda folder: (folder / "splits.csv").write_text("path\nx\n"), BundleError, "damaged"),
        (lambda folder: shutil.rmtree(folder), UsageError, "1 of 2 folders given are runs"),
    ],
)
def test_what_cannot_be_compared_is_named(two: tuple[Path, Path], damage: Damage, error: type[Exception], message: str) -> None:
    damage(two[1])
    with pytest.raises(error, match=message):
        compare(two)


def test_the_command_prints_a_table_names_what_is_no_run_and_writes_the_page(two: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "good.training").mkdir()
    page = tmp_path / "pages" / "compare.html"
    done = CliRunner().invoke(cli, ["compare", *map(str, sorted(tmp_path.iterdir())), "--html", str(page)], catch_exceptions=False)
    assert done.exit_code == 0
    assert f"Left out, no run: {tmp_path / 'good.training'}" in done.stderr
    rows = [line.split() for line in done.stdout.splitlines() if " features " in line]
    assert [row[0] for row in rows] == ["good", "a"]
    assert "good is best" in done.stdout
    text = page.read_text(encoding="utf-8")
    assert "a &lt;b&gt; run" in text
    assert "<b> run" not in text
    assert not re.search(r"https?:|@import|<script|url\((?!#)", text)
    names = re.findall(r'\bid="([^"]+)"', text)
    assert len(names) == len(set(names)), "charts of several runs must not share identifiers"


def test_photos_that_no_run_gets_right_are_named(two: tuple[Path, Path], tmp_path: Path) -> None:
    shutil.copytree(two[1], tmp_path / "bad too")
    found = compare([two[1], tmp_path / "bad too"])
    wrong = sorted(row["path"] for row in table(two[1] / "answers.csv") if row["split"] == "test" and row["answer"] != row["label"])
    assert len(wrong) >= 2
    assert list(found.never_right) == wrong
    assert all(f"<code>{name}</code>" in render(found) for name in wrong)
    assert set(compare(two).never_right) < set(wrong), "the better run got some of them right"
