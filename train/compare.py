"""Finished runs side by side: their figures, and whether what lies between them is more than the luck of the test photos.

Reads what train/report.py writes, nothing else; runs of earlier versions lack some of it and are compared by the rest.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import msgspec

from safelight.bundle import read_spec
from safelight.errors import BundleError, DataError, UsageError
from safelight.spec import SPEC_NAME, Spec
from train.data import SPLITS
from train.fit import Point
from train.metrics import Figures
from train.report import ANSWERS_NAME, HISTORY_NAME, METRICS_NAME, SPLITS_NAME

SURE = 0.95  # of the intervals
ALPHA = 0.05  # p-values below are called more than chance

TestPhoto = tuple[str, str]  # SHA-256 of its bytes, label


@dataclass(frozen=True)
class Answered:
    """How one run answered a test photo."""

    name: str
    is_right: bool


@dataclass(frozen=True)
class Entry:
    """One run."""

    folder: Path
    spec: Spec
    figures: Figures
    history: tuple[Point, ...]
    tests: tuple[TestPhoto, ...]  # sorted
    answers: dict[TestPhoto, Answered] | None  # None in runs from before answers.csv

    @property
    def name(self) -> str:
        """The folder's, which people chose."""
        return self.folder.resolve().name

    @property
    def hits(self) -> int:
        """Test photos with the right answer."""
        return sum(row[index] for index, row in enumerate(self.figures.test.confusion))

    @cached_property
    def interval(self) -> tuple[float, float]:
        """Where the accuracy on other photos like these lies, with probability SURE (Wilson 1927)."""
        from scipy.stats import binomtest  # type: ignore[import-untyped]  # half a second

        found = binomtest(self.hits, self.figures.test.photos).proportion_ci(SURE, method="wilson")
        return float(found.low), float(found.high)


@dataclass(frozen=True)
class Paired:
    """A run against the best on the same photos: McNemar's exact test (McNemar 1947)."""

    best_alone: int  # photos that only the best answered rightly
    other_alone: int
    p: float  # that chance alone parts them so far; Holm's correction for as many tests as runs


@dataclass(frozen=True)
class Comparison:
    """Runs by test accuracy, the best first."""

    entries: tuple[Entry, ...]
    paired: tuple[Paired | None, ...]  # None for the best itself, for other test photos, and for runs without answers.csv
    left_out: tuple[str, ...]  # folders that are no runs
    never_right: tuple[str, ...]  # test photos that no run answered rightly, if all were asked the same

    @property
    def is_same_test(self) -> bool:
        """Whether all were judged by the same photos."""
        return len({entry.tests for entry in self.entries}) == 1


def compare(folders: Sequence[Path]) -> Comparison:
    """Read and judge. Raises UsageError for fewer than two runs, BundleError for a damaged one, DataError for different photos."""
    runs = list(dict.fromkeys(folder for folder in folders if (folder / SPEC_NAME).is_file()))
    left_out = tuple(str(folder) for folder in folders if folder not in runs)
    if len(runs) < 2:
        said = f" No runs: {', '.join(left_out)}." if left_out else ""
        raise UsageError(f"{len(runs)} of {len(folders)} folders given are runs, a comparison takes two or more.{said} Try: runs/*")
    entries = sorted(map(read, runs), key=lambda entry: (-entry.figures.test.accuracy, entry.name))
    for entry in entries[1:]:
        _comparable(entries[0], entry)
    return Comparison(tuple(entries), paired_with_best(entries), left_out, _never_right(entries))


def read(folder: Path) -> Entry:
    """One run's papers. Raises BundleError where one is missing or damaged, SpecError for its spec."""
    spec = read_spec(folder)
    if spec.files:
        raise BundleError(f"{folder} is a bundle, which has no training's papers. Name the run that it was exported from.")
    try:
        figures = msgspec.json.decode((folder / METRICS_NAME).read_bytes(), type=Figures)
        history = tuple(_point(row) for row in _rows(folder / HISTORY_NAME))
        tests = tuple(sorted((row["sha256"], row["label"]) for row in _rows(folder / SPLITS_NAME) if row["split"] == "test"))
        answers = _answers(_rows(folder / ANSWERS_NAME)) if (folder / ANSWERS_NAME).exists() else None
    except OSError as error:
        raise BundleError(f"{folder} lacks one of its papers: {error.filename}: {error.strerror}. Train it again.") from error
    except (msgspec.MsgspecError, UnicodeDecodeError, KeyError, ValueError, TypeError) as error:
        raise BundleError(f"the papers in {folder} are damaged: {error}. Train it again.") from error
    if len(tests) != figures.test.photos or (answers is not None and set(answers) != set(tests)):
        raise BundleError(f"the papers in {folder} contradict each other about the test photos. Train it again.")
    return Entry(folder, spec, figures, history, tests, answers)


def paired_with_best(entries: Sequence[Entry]) -> tuple[Paired | None, ...]:
    """Each run's test against the first."""
    best = entries[0]
    raw = [None if other is best else _mcnemar(best, other) for other in entries]
    corrected = iter(holm([one.p for one in raw if one]))
    return tuple(one and Paired(one.best_alone, one.other_alone, next(corrected)) for one in raw)


def holm(values: Sequence[float]) -> list[float]:
    """p-values of several tests so that one below ALPHA by chance is as rare as in a single test (Holm 1979)."""
    corrected, highest = [0.0] * len(values), 0.0
    for rank, index in enumerate(sorted(range(len(values)), key=values.__getitem__)):
        highest = max(highest, min(1.0, (len(values) - rank) * values[index]))
        corrected[index] = highest
    return corrected


def _mcnemar(best: Entry, other: Entry) -> Paired | None:
    if best.tests != other.tests or best.answers is None or other.answers is None:
        return None
    from scipy.stats import binomtest

    pairs = [(best.answers[photo].is_right, other.answers[photo].is_right) for photo in best.tests]
    ours, theirs = pairs.count((True, False)), pairs.count((False, True))
    return Paired(ours, theirs, float(binomtest(ours, ours + theirs).pvalue) if ours + theirs else 1.0)


def _comparable(best: Entry, other: Entry) -> None:
    """Raise DataError unless both know the same classes, and the same photos or at least the same test photos."""
    classes = [[label.id for label in entry.spec.labels] for entry in (best, other)]
    if classes[0] != classes[1]:
        raise DataError(
            f"{best.folder} and {other.folder} have different classes: {', '.join(classes[0][:9])} and {', '.join(classes[1][:9])}. "
            "Compare runs of one set of photos."
        )
    if best.tests == other.tests or best.spec.provenance.data_sha256 == other.spec.provenance.data_sha256:
        return
    shared = len(set(best.tests) & set(other.tests))
    raise DataError(
        f"{best.folder} and {other.folder} learnt from different photos and were tested on different ones "
        f"({len(best.tests)} and {len(other.tests)}, {shared} in common): which is better, their figures can't say. "
        "Train both on the same folder, or give both the same test/ folder."
    )


def _never_right(entries: Sequence[Entry]) -> tuple[str, ...]:
    if len({entry.tests for entry in entries}) > 1:
        return ()
    answered = [entry.answers for entry in entries if entry.answers is not None]
    if len(answered) < len(entries):
        return ()
    wrong = {photo for photo in entries[0].tests if not any(answers[photo].is_right for answers in answered)}
    return tuple(sorted(answered[0][photo].name for photo in wrong))


def _answers(rows: Iterable[dict[str, str]]) -> dict[TestPhoto, Answered]:
    return {
        (row["sha256"], row["label"]): Answered(row["path"], row["answer"] == row["label"]) for row in rows if row["split"] == SPLITS[2]
    }


def _point(row: dict[str, str]) -> Point:
    losses = {name: float(row[name]) for name in ("weight_decay", "train_loss", "validation_loss", "train_accuracy", "validation_accuracy")}
    return Point(phase=row["phase"], step=int(row["step"]), **losses)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))
