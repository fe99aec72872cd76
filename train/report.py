"""A run's papers: history.csv, splits.csv, answers.csv, metrics.json and report.html, one page that asks nothing of the network.

The page shows photos: it stays in the run's folder and never enters a bundle.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, astuple, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from numpy.typing import NDArray
from PIL import Image

from safelight.data_uri import data_uri
from safelight.decode import Limits
from safelight.errors import PhotoError
from safelight.spec import InputSpec, Spec
from train import plots
from train.data import SPLITS, Photo, Split, pixels_of
from train.fit import Point
from train.learnt import Learnt, labels_of
from train.metrics import TARGET_RISK, Figures, Labels, Metrics, Probabilities, softmax
from train.options import ALL_BLOCKS, TrainOptions
from train.preview import preview
from train.split import Splits

REPORT_NAME = "report.html"
HISTORY_NAME, SPLITS_NAME, ANSWERS_NAME, METRICS_NAME = "history.csv", "splits.csv", "answers.csv", "metrics.json"
ANSWERS = ("split", "path", "sha256", "label", "answer", "confidence", "loss")  # columns of answers.csv
THUMBNAIL = 192  # pixels of the longer side, about 7 kB each
MISTAKES, CLOSE_CALLS = 24, 12  # pictures at most
SMALL = 64  # pixels of a side below which pictures are shown with their pixels, uncompressed
MIXED = ", where two photos are also mixed, each with its share of the label"
MATRIX_CLASSES = 24  # a wider confusion matrix can't be read; the most confused pairs stay


@dataclass(frozen=True)
class Run:
    """All that a finished training has to say."""

    spec: Spec
    options: TrainOptions
    folder: Path
    learnt: Learnt
    figures: Figures
    device: str

    @property
    def classes(self) -> tuple[str, ...]:
        """In the order of the outputs."""
        return tuple(label.id for label in self.spec.labels)

    def labels(self, split: Split) -> Labels:
        """The true class indices [N]."""
        return labels_of(self.learnt.splits.photos[split], self.classes)

    def probabilities(self, split: Split) -> Probabilities:
        """The answers [N,C], at the network's temperature."""
        return softmax(self.learnt.logits[split] / self.spec.output.temperature)


@dataclass(frozen=True)
class Verdict:
    """One photo and the answer it got."""

    photo: Photo
    answer: str
    sure: float  # probability of the answer
    loss: float  # nats
    limits: Limits

    @property
    def is_right(self) -> bool:
        """Whether the answer is the photo's label."""
        return self.answer == self.photo.label

    @property
    def picture(self) -> str:
        """A data URI, empty where the photo vanished meanwhile."""
        try:
            return _data_uri(_thumbnail(pixels_of(self.photo, self.limits)))
        except PhotoError:
            return ""


@dataclass(frozen=True)
class Confused:
    """A class and what it was called instead."""

    truth: str
    answer: str
    photos: int
    share: float  # of the class's photos


def write(folder: Path, run: Run) -> None:
    """Write the papers into an existing folder."""
    _csv(folder / HISTORY_NAME, [field.name for field in fields(Point)], map(astuple, run.learnt.history))
    rows = ((photo.name, photo.label, split, photo.sha256) for split, photo in run.learnt.splits.everything())
    _csv(folder / SPLITS_NAME, ["path", "label", "split", "sha256"], rows)
    answers = ((split, verdict) for split in ("validation", "test") for verdict in _verdicts(run, split))
    _csv(folder / ANSWERS_NAME, ANSWERS, (_answer(split, verdict) for split, verdict in answers))
    (folder / METRICS_NAME).write_text(json.dumps(asdict(run.figures), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    (folder / REPORT_NAME).write_text(render(run), encoding="utf-8")


def render(run: Run) -> str:
    """The page as HTML."""
    test = run.figures.test
    verdicts = _verdicts(run, "test")
    wrong = sorted((v for v in verdicts if not v.is_right), key=lambda v: (-v.loss, v.photo.name))
    unsure = sorted((v for v in verdicts if v.is_right and v.sure < 0.9), key=lambda v: (v.sure, v.photo.name))
    suggestion = next(row for row in run.figures.abstain if row.target_risk == TARGET_RISK)
    both = [(run.probabilities(split), run.labels(split)) for split in ("validation", "test")]
    return (
        templates()
        .get_template("report.html.j2")
        .render(
            run=run,
            how=how(run.options),
            photo_count=sum(len(photos) for photos in run.learnt.splits.photos.values()),
            classes=run.classes,
            names=names_of(run.spec),
            test=test,
            validation=run.figures.validation,
            mean={what: float(np.mean([getattr(one, what) for one in test.classes])) for what in ("precision", "recall", "f1")},
            phases=phases(run.learnt.history, run.learnt.weight_decay),
            reliability=Markup(plots.reliability(run.learnt.logits["test"], run.labels("test"), run.spec.output.temperature)),
            risks=Markup(plots.risks(both[0], both[1], suggestion.threshold)),
            abstain=run.figures.abstain,
            suggestion=suggestion,
            pairs=confused(test, run.classes),
            show_matrix=len(run.classes) <= MATRIX_CLASSES,
            mistakes=wrong[:MISTAKES],
            mistake_count=len(wrong),
            close_calls=unsure[:CLOSE_CALLS],
            previews=_previews(run),
            mixed=MIXED if run.options.scratch and run.options.scratch.mixup else "",
            counts=_counts(run.learnt.splits, run.classes),
            left_out=[
                (len(run.learnt.skipped), "files that can't be used"),
                (len(run.learnt.splits.conflicts), "photos in more than one class"),
                (len(run.learnt.splits.straddling), "training photos that are test or validation photos as well"),
            ],
            settings=settings(run.options),
        )
    )


def templates() -> Environment:
    """Our pages; what is put into them is text unless it says that it is markup."""
    environment = Environment(
        loader=PackageLoader("train", "."), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["percent"] = lambda share: f"{100 * share:.1f} %"
    return environment


def names_of(spec: Spec) -> dict[str, str]:
    """Class id → what people read."""
    return {label.id: label.names.get("en", label.id) for label in spec.labels}


def how(options: TrainOptions) -> str:
    """What was learnt, in the words of the page's first sentence."""
    if options.scratch:
        return "learnt from scratch"
    blocks = options.fine_tune.blocks
    if blocks == ALL_BLOCKS:
        return "fine-tuned as a whole"
    return f"last {blocks} blocks fine-tuned" if blocks else "frozen, with a linear head learnt on its features"


def _verdicts(run: Run, split: Split) -> list[Verdict]:
    photos, truth = run.learnt.splits.photos[split], run.labels(split)
    return [
        Verdict(photo, run.classes[int(row.argmax())], float(row.max()), -math.log(max(row[label], 1e-300)), run.options.limits)
        for photo, label, row in zip(photos, truth, run.probabilities(split), strict=True)
    ]


def _answer(split: str, verdict: Verdict) -> tuple[str, ...]:
    photo = verdict.photo
    return split, photo.name, photo.sha256, photo.label, verdict.answer, f"{verdict.sure:.6f}", f"{verdict.loss:.6f}"


def phases(history: Sequence[Point], decay: float, scale: plots.Scale | None = None, name: str = "") -> list[dict[str, Any]]:
    """The curves of each phase, and the point that was kept: of a head, one with the `decay` that was chosen."""
    found = []
    for phase in dict.fromkeys(point.phase for point in history):
        points = [point for point in history if point.phase == phase]
        own = [point for point in points if phase != "head" or point.weight_decay == decay]
        best = min(own, key=lambda point: point.validation_loss)
        found.append({"name": phase, "best": best, "svg": Markup(plots.curves(points, best, scale, name)), "steps": len(points)})
    return found


def confused(metrics: Metrics, classes: Sequence[str], most: int = 6) -> list[Confused]:
    """The commonest mistakes."""
    pairs = [
        Confused(classes[truth], classes[answer], count, count / sum(row))
        for truth, row in enumerate(metrics.confusion)
        for answer, count in enumerate(row)
        if count and truth != answer
    ]
    return sorted(pairs, key=lambda pair: (-pair.photos, pair.truth, pair.answer))[:most]


def _previews(run: Run) -> list[dict[str, Any]]:
    """The augmentation's rows as pictures."""
    rows = preview(run.learnt.splits.photos["train"], run.spec.input, run.options)
    return [
        {
            "label": row.photo.label,
            "small": len(row.plain) < SMALL,
            "plain": _data_uri(_thumbnail(row.plain)),
            "views": [_data_uri(_thumbnail(view)) for view in row.views],
        }
        for row in rows
    ]


def _thumbnail(pixels: NDArray[np.uint8]) -> Image.Image:
    image = Image.fromarray(pixels)
    image.thumbnail((THUMBNAIL, THUMBNAIL))
    return image


def _data_uri(image: Image.Image) -> str:
    """For an `<img>`."""
    return data_uri(image, "png") if max(image.size) < SMALL else data_uri(image, "jpeg", quality=80)


def _counts(splits: Splits, classes: Sequence[str]) -> list[tuple[str, list[int]]]:
    return [(label, [sum(photo.label == label for photo in splits.photos[split]) for split in SPLITS]) for label in classes]


def settings(options: TrainOptions) -> list[tuple[str, str]]:
    """Options as flat (name, value) rows, those that play no part left out; the cache's place is this machine's business."""
    idle = {"cache", "resume", "tensorboard"} | ({"backbone", "head", "fine_tune"} if options.scratch else {"scratch"})
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
