"""A run's papers: history.csv, splits.csv, metrics.json and report.html, one page that asks nothing of the network.

The page shows photos: it stays in the run's folder and never enters a bundle.
"""

from __future__ import annotations

import base64
import csv
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, astuple, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from numpy.typing import NDArray
from PIL import Image

from safelight.decode import Limits
from safelight.errors import PhotoError
from safelight.spec import InputSpec, Spec
from train import plots
from train.data import SPLITS, Photo, Split, pixels_of
from train.fit import Point
from train.learnt import Learnt
from train.metrics import Metrics, softmax
from train.options import ALL_BLOCKS, TrainOptions
from train.split import Splits

REPORT_NAME = "report.html"
THUMBNAIL = 192  # pixels of the longer side, about 7 kB each
MISTAKES, CLOSE_CALLS = 24, 12  # pictures at most
MATRIX_CLASSES = 24  # a wider confusion matrix can't be read; the most confused pairs stay


@dataclass(frozen=True)
class Run:
    """All that a finished training has to say."""

    spec: Spec
    options: TrainOptions
    folder: Path
    learnt: Learnt
    metrics: dict[Split, Metrics]
    device: str


@dataclass(frozen=True)
class Verdict:
    """One test photo and the answer it got."""

    photo: Photo
    answer: str
    sure: float  # probability of the answer
    limits: Limits

    @property
    def picture(self) -> str:
        """A data URI, empty where the photo vanished meanwhile."""
        try:
            image = Image.fromarray(pixels_of(self.photo, self.limits))
        except PhotoError:
            return ""
        image.thumbnail((THUMBNAIL, THUMBNAIL))
        stream = io.BytesIO()
        image.save(stream, "JPEG", quality=80)
        return "data:image/jpeg;base64," + base64.b64encode(stream.getvalue()).decode()


def write(folder: Path, run: Run) -> None:
    """Write the papers into an existing folder."""
    _csv(folder / "history.csv", [field.name for field in fields(Point)], map(astuple, run.learnt.history))
    rows = ((photo.name, photo.label, split, photo.sha256) for split, photo in run.learnt.splits.everything())
    _csv(folder / "splits.csv", ["path", "label", "split", "sha256"], rows)
    figures: dict[str, Any] = {"temperature": run.spec.output.temperature, **{split: asdict(run.metrics[split]) for split in SPLITS}}
    (folder / "metrics.json").write_text(json.dumps(figures, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    (folder / REPORT_NAME).write_text(render(run), encoding="utf-8")


def render(run: Run) -> str:
    """The page as HTML."""
    environment = Environment(
        loader=PackageLoader("train", "."), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["percent"] = lambda share: f"{100 * share:.1f} %"
    classes = [label.id for label in run.spec.labels]
    test = run.metrics["test"]
    verdicts = _verdicts(run, classes)
    wrong = sorted((v for v in verdicts if v.answer != v.photo.label), key=lambda v: (-v.sure, v.photo.name))
    right = sorted((v for v in verdicts if v.answer == v.photo.label and v.sure < 0.9), key=lambda v: (v.sure, v.photo.name))
    return environment.get_template("report.html.j2").render(
        run=run,
        how=_how(run.options),
        classes=classes,
        names={label.id: label.names["en"] for label in run.spec.labels},
        test=test,
        validation=run.metrics["validation"],
        phases=_phases(run.learnt.history, run.learnt.weight_decay),
        reliability=Markup(plots.reliability(run.learnt.logits["test"], _truth(run, classes), run.spec.output.temperature)),
        pairs=_confused(test, classes),
        show_matrix=len(classes) <= MATRIX_CLASSES,
        mistakes=wrong[:MISTAKES],
        mistake_count=len(wrong),
        close_calls=right[:CLOSE_CALLS],
        counts=_counts(run.learnt.splits, classes),
        left_out=[
            (len(run.learnt.skipped), "files that can't be used"),
            (len(run.learnt.splits.conflicts), "photos in more than one class"),
            (len(run.learnt.splits.straddling), "training photos that are test or validation photos as well"),
        ],
        settings=settings(run.options),
    )


def _how(options: TrainOptions) -> str:
    """What was learnt, in the words of the page's first sentence."""
    if options.scratch:
        return "learnt from scratch"
    blocks = options.fine_tune.blocks
    if blocks == ALL_BLOCKS:
        return "fine-tuned as a whole"
    return f"last {blocks} blocks fine-tuned" if blocks else "frozen, with a linear head learnt on its features"


def _verdicts(run: Run, classes: Sequence[str]) -> list[Verdict]:
    probabilities = softmax(run.learnt.logits["test"] / run.spec.output.temperature)
    return [
        Verdict(photo, classes[int(row.argmax())], float(row.max()), run.options.limits)
        for photo, row in zip(run.learnt.splits.photos["test"], probabilities, strict=True)
    ]


def _truth(run: Run, classes: Sequence[str]) -> NDArray[np.int64]:
    return np.array([classes.index(photo.label) for photo in run.learnt.splits.photos["test"]], np.int64)


def _phases(history: Sequence[Point], decay: float) -> list[dict[str, Any]]:
    """The curves of each phase, and the point that was kept."""
    phases = []
    for name in dict.fromkeys(point.phase for point in history):
        points = [point for point in history if point.phase == name]
        own = [point for point in points if name != "head" or point.weight_decay == decay]
        best = min(own, key=lambda point: point.validation_loss)
        phases.append({"name": name, "best": best, "svg": Markup(plots.curves(points, best)), "steps": len(points)})
    return phases


def _confused(metrics: Metrics, classes: Sequence[str], most: int = 6) -> list[tuple[int, str, str]]:
    """(photos, class, answer) of the commonest mistakes."""
    pairs = [
        (count, classes[truth], classes[answer])
        for truth, row in enumerate(metrics.confusion)
        for answer, count in enumerate(row)
        if count and truth != answer
    ]
    return sorted(pairs, key=lambda pair: (-pair[0], pair[1:]))[:most]


def _counts(splits: Splits, classes: Sequence[str]) -> list[tuple[str, list[int]]]:
    return [(label, [sum(photo.label == label for photo in splits.photos[split]) for split in SPLITS]) for label in classes]


def settings(options: TrainOptions) -> list[tuple[str, str]]:
    """Options as flat (name, value) rows, those that play no part left out; the cache's place is this machine's business."""
    idle = {"cache", "resume"} | ({"backbone", "head", "fine_tune"} if options.scratch else {"scratch"})
    return _flat({name: value for name, value in asdict(options).items() if name not in idle} | {"recipe": options.recipe_name})


def _flat(options: dict[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    for name, value in options.items():
        if isinstance(value, InputSpec):
            value = {part: getattr(value, part) for part in value.__struct_fields__}
        if isinstance(value, dict):
            rows += _flat(value, f"{prefix}{name}.")
        else:
            text = ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
            rows.append((prefix + name, "as the recipe" if value is None else text))
    return rows


def _csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
