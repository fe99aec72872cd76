"""The page of `safelight compare`: figures, curves on common axes, classes and confusions of several runs, in one HTML file."""

from __future__ import annotations

from markupsafe import Markup

from train import plots
from train.compare import ALPHA, Comparison, Entry
from train.report import confused, names_of, phases, templates

MATRIX_CLASSES = 10  # a wider one does not fit beside another
NAMES = 60  # of photos that no run answered rightly, at most


def render(found: Comparison) -> str:
    """The page as HTML; it asks nothing of the network and shows no photos, but names some."""
    entries = found.entries
    classes = tuple(label.id for label in entries[0].spec.labels)
    scales = {
        phase: plots.scale_of(point for entry in entries for point in entry.history if point.phase == phase)
        for phase in dict.fromkeys(point.phase for entry in entries for point in entry.history)
    }
    rows = [(entry.name, entry.figures.test.accuracy, *entry.interval) for entry in entries]
    return (
        templates()
        .get_template("comparison.html.j2")
        .render(
            found=found,
            verdict=verdict(found),
            alpha=ALPHA,
            rows=list(zip(entries, found.paired, strict=True)),
            intervals=Markup(plots.intervals(rows)),
            classes=classes,
            names=names_of(entries[0].spec),
            curves=[(entry, _curves(entry, scales, place)) for place, entry in enumerate(entries)],
            pairs=[confused(entry.figures.test, classes, most=4) for entry in entries],
            show_matrix=len(classes) <= MATRIX_CLASSES,
            most_names=NAMES,
        )
    )


def verdict(found: Comparison) -> str:
    """What the comparison comes to, in one or two sentences."""
    best = found.entries[0]
    said = f"{best.name} is best on its test photos: {100 * best.figures.test.accuracy:.1f} % right."
    judged = [(entry.name, one) for entry, one in zip(found.entries, found.paired, strict=True) if one]
    chance = [name for name, one in judged if one.p >= ALPHA]
    more = [name for name, one in judged if one.p < ALPHA]
    if more:
        said += f" That it beats {', '.join(more)} is more than the luck of these photos."
    if chance:
        said += f" From {', '.join(chance)} it differs by no more than luck explains."
    if not found.is_same_test:
        said += " Not all were tested on the same photos (another seed cuts them otherwise): between those, differences say little."
    return said


def _curves(entry: Entry, scales: dict[str, plots.Scale], place: int) -> list[dict[str, object]]:
    """The charts of each phase. The kept point of a head is the best of all decays: a run does not say which was chosen."""
    shown: list[dict[str, object]] = []
    for phase, scale in scales.items():
        points = [point for point in entry.history if point.phase == phase]
        if points:
            best = min(points, key=lambda point: point.validation_loss)
            shown += phases(points, best.weight_decay, scale, f"{entry.name}, run {place + 1}")
    return shown
