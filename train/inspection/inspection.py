"""The verb: a folder of photos in, everything that was found out. Nothing is written and nothing moved."""

from __future__ import annotations

import importlib.util
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from train.data import SPLITS
from train.inspection.duplicates import Group, duplicates, group_numbers
from train.inspection.listing import LOOSE, Listing, listing
from train.inspection.quality import Remark, remarks
from train.inspection.scan import Broken, Shot, scan
from train.inspection.shortcuts import Shortcut, shortcuts
from train.options import TrainOptions
from train.progress import progress

LEAST_PHOTOS = 10  # of a class, to ask about its labels: two for each fold
IMBALANCE = 3.0  # largest class by smallest: beyond, it is worth a word


@dataclass(frozen=True)
class InspectOptions:
    """What an inspection may be told."""

    labels: bool | None = None  # look for wrong labels; None: where torch is installed
    training: TrainOptions = field(default_factory=TrainOptions)  # backbone, cache, limits, device and seed of that


@dataclass(frozen=True)
class Suspect:
    """A photo and what heads that never saw it say of its label."""

    shot: Shot
    answer: str  # the likeliest other class
    sure: float  # its probability
    given: float  # probability of the label that the folder says


@dataclass(frozen=True)
class ClassRow:
    """A class in figures."""

    label: str
    counts: dict[str, int]  # split, or "all" where the folder has none → photos that can be read
    broken: int
    width: int  # medians
    height: int
    formats: dict[str, int]

    @property
    def photos(self) -> int:
        """All that can be read."""
        return sum(self.counts.values())


@dataclass(frozen=True)
class Inspection:
    """Everything that was found out about a folder."""

    folder: Path
    listing: Listing
    shots: tuple[Shot, ...]
    broken: tuple[Broken, ...]
    groups: tuple[Group, ...]  # duplicates: leaks, conflicts, others
    remarks: tuple[Remark, ...]
    shortcuts: tuple[Shortcut, ...]
    suspects: tuple[Suspect, ...]  # the surest first
    losses: tuple[Suspect, ...]  # every photo that was judged, the most surprising label first
    no_labels: str  # why labels were not asked about, "" where they were
    seconds: float

    @property
    def leaks(self) -> list[Group]:
        """Pictures in more than one split."""
        return [group for group in self.groups if group.is_leak]

    @property
    def conflicts(self) -> list[Group]:
        """Pictures in more than one class."""
        return [group for group in self.groups if group.is_conflict]

    @property
    def copies(self) -> list[Group]:
        """Pictures more than once in one class and split: harmless but for their weight."""
        return [group for group in self.groups if not (group.is_leak or group.is_conflict)]

    @property
    def passed(self) -> bool:
        """What `--strict` asks: no leak, nothing broken, no photo under two labels."""
        return not (self.leaks or self.broken or any(group.kind == "exact" for group in self.conflicts))

    @property
    def classes(self) -> list[ClassRow]:
        """A row for each class, in their order."""
        own: dict[str, list[Shot]] = {label: [] for label in self.listing.classes}
        for shot in self.shots:
            own[shot.found.label].append(shot)
        broken = Counter(item.found.label for item in self.broken)
        return [_row(label, shots, broken[label]) for label, shots in own.items()]

    @property
    def imbalance(self) -> float:
        """The largest class by the smallest, in training photos where there is a train folder; at least 1."""
        sizes = [row.counts.get("train", row.photos) for row in self.classes]
        return max(sizes, default=1) / max(1, min(sizes, default=1))


def inspect(folder: Path, options: InspectOptions | None = None, console: Console | None = None) -> Inspection:
    """Look at every photo in `folder`.

    Raises DataError where there is none, and UsageError or ModelError where labels are asked about and can't be.
    """
    began = time.monotonic()
    options = options or InspectOptions()
    limits = options.training.limits
    console = console or Console(quiet=True)
    seen = listing(folder, limits.suffixes)
    with progress(console) as bar:
        task = bar.add_task("Looking at files", total=len(seen.found))
        shots, broken = scan(seen.found, limits, lambda count: bar.advance(task, count))
    groups = duplicates(shots)
    losses, suspects, reason = _ask(shots, groups, options, console)
    return Inspection(
        folder=folder,
        listing=seen,
        shots=tuple(shots),
        broken=tuple(broken),
        groups=tuple(groups),
        remarks=tuple(remarks(shots)),
        shortcuts=tuple(shortcuts(shots)),
        suspects=tuple(suspects),
        losses=tuple(losses),
        no_labels=reason,
        seconds=time.monotonic() - began,
    )


def _ask(
    shots: Sequence[Shot], groups: Sequence[Group], options: InspectOptions, console: Console
) -> tuple[list[Suspect], list[Suspect], str]:
    """(all judged, worst label first; the suspects, surest first; why not)."""
    if options.labels is False:
        return [], [], "not asked for"
    if options.labels is None and importlib.util.find_spec("torch") is None:
        return [], [], "torch is not installed: pip install 'safelight[train]'"
    counts = Counter(shot.found.label for shot in shots if shot.found.label != LOOSE)
    classes = sorted(label for label, count in counts.items() if count >= LEAST_PHOTOS)
    if len(classes) < 2:
        return [], [], f"fewer than two classes have {LEAST_PHOTOS} photos"
    asked = [index for index, shot in enumerate(shots) if shot.found.label in classes]
    pictures = group_numbers(shots, groups)[asked]
    from train.inspection import labels  # brings torch

    try:
        known, opinion = labels.ask([shots[index].photo for index in asked], classes, pictures, options.training, console)
    except KeyboardInterrupt:  # the scan took long, too, and features are kept: the report is worth having
        return [], [], "stopped by hand; what was computed is kept, and another run goes on from there"
    judged = []
    for row, index in enumerate(known):
        probabilities, label = opinion.probabilities[row], int(opinion.labels[row])
        other = max((each for each in range(len(classes)) if each != label), key=lambda each: probabilities[each])
        judged.append(Suspect(shots[asked[index]], classes[other], float(probabilities[other]), float(probabilities[label])))
    return sorted(judged, key=lambda one: one.given), [judged[index] for index in opinion.suspects], ""


def _row(label: str, shots: Sequence[Shot], broken: int) -> ClassRow:
    counts: Counter[str] = Counter(shot.found.split or "all" for shot in shots)
    order: list[str] = [*SPLITS, "all"]
    return ClassRow(
        label=label,
        counts={split: counts[split] for split in order if split in counts},
        broken=broken,
        width=_median([shot.width for shot in shots]),
        height=_median([shot.height for shot in shots]),
        formats=dict(Counter(shot.format for shot in shots).most_common()),
    )


def _median(values: list[int]) -> int:
    return sorted(values)[len(values) // 2] if values else 0
