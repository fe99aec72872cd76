"""Charts as inline SVG that take the page's colours and font: legible light, dark, printed and read aloud.

matplotlib draws them; what is ours is the style and the way into the page. A new chart is a function that fills a
`_figure` inside `_style()` and returns `_inline(figure, alt)`; colours are the ones named here, no others.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from train.fit import Point
from train.metrics import BINS, softmax

if TYPE_CHECKING:  # matplotlib takes half a second to load, and most commands draw nothing
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LEAST_LOSS = 1e-4  # nats; a loss below is drawn here, zero has no logarithm
CURVES, RELIABILITY = (712.0, 224.0), (280.0, 230.0)  # width, height in SVG units; text is 10, and the page shows both at 1.26 px a unit
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
    "svg.fonttype": "none",  # text stays text: searchable, in the page's font, a tenth of the size
    "xtick.color": INK,
    "xtick.major.pad": 6,
    "xtick.major.size": 0,
    "ytick.color": INK,
    "ytick.major.pad": 6,
    "ytick.major.size": 0,
}


def curves(history: Sequence[Point], best: Point) -> str:
    """Loss and accuracy over the steps of one phase, the kept one marked."""
    kept = list(history).index(best)
    with _style():
        figure = _figure(CURVES)
        loss, accuracy = figure.subplots(1, 2)
        loss.set_yscale("log")
        _lines(loss, [[max(value, LEAST_LOSS) for value in series] for series in _series(history, "loss")], kept)
        loss.set_title("loss (nats)")
        loss.yaxis.set_major_formatter("{x:g}")
        loss.minorticks_off()
        _lines(accuracy, _series(history, "accuracy"), kept)
        accuracy.set_title("accuracy")
        accuracy.yaxis.set_major_formatter("{x:g}")
        accuracy.locator_params("y", nbins=5)
        accuracy.set_ylim(top=1)
        return _inline(figure, f"Loss and accuracy on training and validation photos over the steps of training, {best.phase}")


def reliability(logits: NDArray[np.float64], labels: NDArray[np.int64], temperature: float) -> str:
    """How often answers were right against how sure they were, after the temperature; more photos, larger dot."""
    probabilities = softmax(logits / temperature)
    confidence, right = probabilities.max(1), probabilities.argmax(1) == labels
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    groups = [bins == index for index in np.unique(bins)]
    with _style():
        figure = _figure(RELIABILITY)
        axes = figure.subplots()
        axes.set(title="how often it was right", xlabel="how sure it was", xlim=(0, 1), ylim=(0, 1))
        axes.plot([0, 1], [0, 1], color=QUIET, linewidth=1.5, dashes=(3, 3))
        axes.scatter(
            [confidence[group].mean() for group in groups],
            [right[group].mean() for group in groups],
            [max(LARGEST_DOT**2 * group.mean(), SMALLEST_DOT**2) for group in groups],
            color=ACCENT,
            alpha=0.85,
            linewidths=0,
            clip_on=False,
            zorder=3,
        )
        return _inline(figure, "Accuracy against confidence on test photos; on the dashed line both agree")


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
