"""Charts as inline SVG that take the page's colours and font: legible light, dark, printed and read aloud.

matplotlib draws them; what is ours is the style and the way into the page. A new chart is a function that fills a
`_figure` inside `_style()` and returns `_inline(figure, alt)`; colours are the ones named here, no others.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from train.fit import Point
from train.metrics import BINS, TARGET_RISK, Labels, Probabilities, risk_coverage, softmax

if TYPE_CHECKING:  # matplotlib takes half a second to load, and most commands draw nothing
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LEAST_LOSS = 1e-4  # nats; a loss below is drawn here, zero has no logarithm
CHART, SQUARE = (345.0, 224.0), (280.0, 230.0)  # width, height in SVG units; text is 10, and the page shows both at about 1.26 px a unit
ROW, ROWS_WIDTH = 26.0, 345.0  # height and width of a row of `intervals`
LARGEST_DOT, SMALLEST_DOT = 20.0, 5.0  # diameters in SVG units: of a dot with all photos, and of one that can still be seen

INK, QUIET, LINE, ACCENT, FONT = "#000001", "#000002", "#000003", "#000004", "DejaVu Sans"  # DejaVu comes with matplotlib
OF_THE_PAGE = {
    INK: "var(--ink)",
    QUIET: "var(--quiet)",
    LINE: "var(--line)",
    ACCENT: "var(--accent)",
    f"'{FONT}'": "system-ui, sans-serif",
}  # matplotlib knows no CSS variables: it draws with the left side, the page gets the right
STYLE: dict[str, Any] = {
    "axes.autolimit_mode": "round_numbers",
    "axes.axisbelow": True,
    "axes.edgecolor": QUIET,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.labelcolor": INK,
    "axes.linewidth": 1,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": INK,
    "axes.titlelocation": "left",
    "axes.titlepad": 10,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.xmargin": 0,
    "axes.ymargin": 0,
    "figure.constrained_layout.wspace": 0.06,
    "font.family": FONT,
    "font.size": 10,
    "grid.color": LINE,
    "grid.linewidth": 0.75,
    "text.parse_math": False,  # a folder may be named $1$
    "svg.fonttype": "none",  # text stays text: searchable, in the page's font, a tenth of the size
    "xtick.color": INK,
    "xtick.major.pad": 6,
    "xtick.major.size": 0,
    "ytick.color": INK,
    "ytick.major.pad": 6,
    "ytick.major.size": 0,
}


@dataclass(frozen=True)
class Scale:
    """The ends of the axes, so that charts of several runs can be compared by eye."""

    loss: tuple[float, float]  # whole decades
    accuracy: float  # the lowest; the highest is 1


def scale_of(history: Iterable[Point]) -> Scale:
    """One that holds all of these points."""
    points = list(history)
    losses = [max(loss, LEAST_LOSS) for point in points for loss in (point.train_loss, point.validation_loss)]
    lowest = min(min(point.train_accuracy, point.validation_accuracy) for point in points)
    decades = 10.0 ** math.floor(math.log10(min(losses))), 10.0 ** math.ceil(math.log10(max(losses)) + 1e-9)
    return Scale(decades, min(math.floor(lowest * 10) / 10, 0.9))


def curves(history: Sequence[Point], best: Point, scale: Scale | None = None, name: str = "") -> str:
    """Loss and accuracy over the steps of one phase, the kept one marked: two `<svg>`, side by side where there is room.

    `name` tells the charts of a page apart where a phase occurs twice.
    """
    kept = list(history).index(best)
    alt = f"on training and validation photos over the steps of training, {f'{name}, ' if name else ''}{best.phase}"
    with _style():
        upper = _figure(CHART)
        loss = upper.subplots()
        loss.set_yscale("log")
        _lines(loss, [[max(value, LEAST_LOSS) for value in series] for series in _series(history, "loss")], kept)
        loss.set_title("loss (nats)")
        loss.yaxis.set_major_formatter("{x:g}")
        loss.minorticks_off()
        lower = _figure(CHART)
        accuracy = lower.subplots()
        _lines(accuracy, _series(history, "accuracy"), kept)
        accuracy.set_title("accuracy")
        accuracy.yaxis.set_major_formatter("{x:g}")
        accuracy.locator_params("y", nbins=5)
        accuracy.set_ylim(bottom=scale.accuracy if scale else None, top=1)
        if scale:
            loss.set_ylim(*scale.loss)
        return _inline(upper, f"Loss {alt}") + _inline(lower, f"Accuracy {alt}")


def reliability(logits: NDArray[np.float64], labels: Labels, temperature: float) -> str:
    """How often answers were right against how sure they were, before the temperature and after; more photos, larger dot."""
    with _style():
        figure = _figure(SQUARE)
        axes = figure.subplots()
        axes.set(title="how often it was right", xlabel="how sure it was", xlim=(0, 1), ylim=(0, 1))
        axes.plot([0, 1], [0, 1], color=QUIET, linewidth=1.5, dashes=(3, 3))
        if temperature != 1:
            _dots(axes, softmax(logits), labels, facecolors="none", edgecolors=QUIET, linewidths=1.5)
        _dots(axes, softmax(logits / temperature), labels, color=ACCENT, alpha=0.85, linewidths=0)
        return _inline(figure, "Accuracy against confidence on test photos, before and after the temperature")


def risks(validation: tuple[Probabilities, Labels], test: tuple[Probabilities, Labels], threshold: float | None) -> str:
    """The share of wrong answers against the share of photos answered, the least sure left out first; a dot at the threshold."""
    with _style():
        figure = _figure(SQUARE)
        axes = figure.subplots()
        axes.set(title="share of answers that are wrong", xlabel="share of photos answered", xlim=(0, 1))
        axes.axhline(TARGET_RISK, color=QUIET, linewidth=1.5, dashes=(3, 3))
        shown = [(*risk_coverage(*split), split[0].max(1)) for split in (validation, test)]
        # of the surest tenth one mistake is a tower: it is cut off
        top = 1.1 * max(TARGET_RISK, *(float(risk[coverage >= 0.1].max()) for coverage, risk, _ in shown))
        for (coverage, risk, confidence), color, width in zip(shown, (QUIET, ACCENT), (1.5, 2), strict=True):
            axes.step([0, *coverage], np.minimum([risk[0], *risk], top), where="pre", color=color, linewidth=width, clip_on=False)
            answered = threshold is not None and float((confidence >= threshold).mean())
            if answered:
                axes.plot(
                    answered,
                    risk[np.searchsorted(coverage, answered - 1e-9)],
                    "o",
                    color=color,
                    markersize=8,
                    markeredgewidth=0,
                    clip_on=False,
                )
        axes.set_ylim(0, top)
        axes.locator_params("y", nbins=5)
        axes.yaxis.set_major_formatter(lambda share, _: f"{100 * share:g} %")
        return _inline(figure, "Share of wrong answers against the share of photos answered, on validation and test photos")


def intervals(rows: Sequence[tuple[str, float, float, float]]) -> str:
    """A row each: its name, and a share in 0..1 with the ends of its interval."""
    with _style():
        figure = _figure((ROWS_WIDTH, ROW * len(rows) + 40))
        axes = figure.subplots()
        places = range(len(rows))
        for place, (_, share, low, high) in zip(places, rows, strict=True):
            axes.plot([low, high], [place, place], color=QUIET, linewidth=3, solid_capstyle="round", clip_on=False)
            axes.plot(share, place, "o", color=ACCENT, markersize=9, markeredgewidth=0, clip_on=False)
        axes.set_yticks(places, [name if len(name) <= 16 else f"{name[:15]}…" for name, *_ in rows])
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.grid(axis="x")
        axes.grid(visible=False, axis="y")
        axes.set_xlim(min(low for *_, low, _ in rows), 1)
        axes.locator_params("x", nbins=5)
        axes.xaxis.set_major_formatter(lambda share, _: f"{100 * share:g} %")
        return _inline(figure, "Test accuracy of each run with its interval")


def _dots(axes: Axes, probabilities: Probabilities, labels: Labels, **look: Any) -> None:
    """A dot for each bin of confidence that has photos."""
    confidence, right = probabilities.max(1), probabilities.argmax(1) == labels
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    groups = [bins == index for index in np.unique(bins)]
    axes.scatter(
        [confidence[group].mean() for group in groups],
        [right[group].mean() for group in groups],
        [max(LARGEST_DOT**2 * group.mean(), SMALLEST_DOT**2) for group in groups],
        clip_on=False,
        zorder=3,
        **look,
    )


def _series(history: Sequence[Point], what: str) -> list[list[float]]:
    return [[getattr(point, f"{side}_{what}") for point in history] for side in ("train", "validation")]


def _lines(axes: Axes, series: Sequence[Sequence[float]], kept: int) -> None:
    """Training quiet, validation in the accent; unclipped, or a line along the edge would be half a line."""
    steps = range(1, len(series[0]) + 1)
    for values, color, width in zip(series, (QUIET, ACCENT), (1.5, 2), strict=True):
        axes.plot(steps, values, color=color, linewidth=width, marker="." if len(values) == 1 else "", clip_on=False)
    axes.plot(kept + 1, series[1][kept], "o", color=ACCENT, markersize=8, markeredgewidth=0, clip_on=False)
    axes.set_xlim(0, max(len(steps), 5))
    axes.set_xlabel("step")
    axes.locator_params("x", integer=True)


def _style() -> AbstractContextManager[None]:
    """Our style over matplotlib's own defaults, whatever the user's matplotlibrc says; undone on leaving."""
    from matplotlib import style

    return style.context(["default", STYLE])


def _figure(size: tuple[float, float]) -> Figure:
    """One that no global state knows; `pyplot` would keep it."""
    from matplotlib.figure import Figure

    return Figure((size[0] / 72, size[1] / 72), layout="constrained")  # 72 units an inch in matplotlib's SVG


def _inline(figure: Figure, alt: str) -> str:
    """The figure as an `<svg>` for the middle of a page: same figure, same bytes; names shared with no other chart's."""
    from matplotlib import rc_context

    stream = io.StringIO()
    with rc_context({"svg.hashsalt": alt}):
        figure.savefig(stream, format="svg", transparent=True, metadata=dict.fromkeys(("Creator", "Date", "Format", "Type")))
    text = stream.getvalue()
    for drawn, of_the_page in OF_THE_PAGE.items():
        text = text.replace(drawn, of_the_page)
    svg = ElementTree.fromstring(text)
    svg.attrib = {"role": "img", "aria-label": alt, "viewBox": svg.attrib["viewBox"]}
    for element in svg.iter():
        for child in [child for child in element if child.tag.endswith(("}style", "}metadata"))]:
            element.remove(child)  # a style in an inline SVG would hold for the whole page
        element.tag = _without_namespace(element.tag)
        element.attrib = {_without_namespace(name): value for name, value in element.attrib.items()}
        if element.tag == "g":
            element.attrib.pop("id", None)  # "axes_1", the same in every chart; nothing refers to it
    return ElementTree.tostring(svg, encoding="unicode")


def _without_namespace(name: str) -> str:
    """In HTML an `<svg>` needs none."""
    return name.rpartition("}")[2]
